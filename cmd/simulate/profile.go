package main

import (
	"errors"
	"path/filepath"

	"holdfast/reports"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/network"
	"holdfast/scenarios/profile"
)

// notMeasured is how a command ends whose store could not be measured.
func notMeasured(err error) error {
	if _, unsound := errors.AsType[*profile.UnsoundError](err); unsound {
		return &exitError{exitStoreAtFault, err}
	}
	return couldNotRun("%w", err)
}

// saveProfile writes what was measured of a store into a file.
func saveProfile(file, store string, m *profile.Measured) (*profile.Saved, error) {
	if err := writeProfile(file, m.Profile); err != nil {
		return nil, couldNotRun("write the profile: %w", err)
	}
	return &profile.Saved{Store: store, File: file, Fit: m.Fit, Agrees: m.Agrees}, nil
}

func writeProfile(file string, p *network.Profile) error {
	text, err := p.Encode()
	if err != nil {
		return err
	}
	return reports.WriteBytes(file, text)
}

// saveProfileOf writes how fast the store of a run was into the run's directory, if the run has
// shown it.
func saveProfileOf(dir string, p *play, m *measure.Measurement) error {
	prof, err := measure.ProfileOf(&p.point, m, filepath.Join(dir, reports.HistoryFile))
	if err != nil || prof == nil {
		return err
	}
	return writeProfile(filepath.Join(dir, reports.ProfileFile), prof)
}

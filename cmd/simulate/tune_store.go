package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"holdfast/reports"
	"holdfast/scenarios"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/network"
	"holdfast/scenarios/profile"
	"holdfast/scenarios/tuning"
)

// asksStore reports whether a store other than the embedded one is to be tuned for.
func (o *tuneOptions) asksStore() bool { return o.run.store != measure.Embedded }

// profileStore measures the store and gives its profile to the run that is tuned, unless the
// user has given one.
func (a *app) profileStore(ctx context.Context, o *tuneOptions, p *play, changed func(string) bool) (*tuning.Profile, error) {
	if !o.asksStore() || changed("latency") {
		return nil, nil
	}
	dir, err := reports.NewDirectory(o.out, p.point.Run.Scenario.Name, measure.NewID(), time.Now())
	if err != nil {
		return nil, couldNotRun("--out: %w", err)
	}
	file := filepath.Join(dir, reports.ProfileFile)
	m, err := a.measureProfile(ctx, o.run.target(), "simulate tune", file, o.run.output)
	if err != nil {
		return nil, err
	}
	l, err := network.ParseLatency(file)
	if err != nil {
		return nil, couldNotRun("--out: %w", err)
	}
	s := *p.point.Run.Scenario
	s.Latency = (*scenarios.Latency)(&l)
	p.point.Run.Scenario, o.run.latency = &s, file
	return &tuning.Profile{Store: o.run.store, File: file, Fit: m.Fit, Agrees: m.Agrees}, nil
}

// measureProfile measures a store, and writes its profile into a file.
func (a *app) measureProfile(ctx context.Context, target measure.Target, by, file string, o outputOptions) (*profile.Measured, error) {
	progress := a.startProgress(o, "measure "+target.Name())
	m, err := target.Profile(ctx, by, profile.Config{Progress: progress.update})
	progress.stop()
	if err != nil {
		return nil, couldNotRun("%w", err)
	}
	text, err := m.Profile.Encode()
	if err == nil {
		err = writeFile(file, func(w io.Writer) error { _, err := w.Write(text); return err })
	}
	if err != nil {
		return nil, couldNotRun("write the profile: %w", err)
	}
	if !o.quiet {
		fmt.Fprintf(a.stderr, "measure: the profile of %s is %s\n", target.Name(), file)
	}
	return m, nil
}

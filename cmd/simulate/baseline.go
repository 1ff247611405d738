package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"holdfast/reports"
	"holdfast/reports/compare"
)

// readBaseline reads what the runs are to be compared with, before anything is played. There
// may be none yet if it is to be renewed: nil.
func (o *runOptions) readBaseline() (*reports.Contender, error) {
	switch _, err := os.Stat(o.baseline); {
	case o.renew && o.baseline == "":
		return nil, usage("--renew-baseline needs --baseline FILE: which is to be renewed")
	case o.baseline == "":
		return nil, nil
	case o.renew && o.world != virtual:
		return nil, usage("--renew-baseline is for --world virtual: no seed decides what happens in the real world")
	case o.renew && errors.Is(err, fs.ErrNotExist):
		return nil, nil
	}
	c, err := readContender("--baseline", o.baseline)
	if err != nil {
		return nil, err
	}
	return &c, nil
}

// settings are all that decides what is played; nil: they can't be listed.
func (p *play) settings() map[string]string {
	all, err := p.point.Run.Settings(p.point.World)
	if err != nil {
		return nil
	}
	return all
}

// against compares runs with the baseline, which is nil if there was none, and makes them the
// baseline if that is asked for and they pass by themselves.
func (o *runOptions) against(baseline *reports.Contender, result *reports.Result, settings []map[string]string) error {
	own := result.Class()
	if baseline != nil {
		result.Against(*baseline, settings, !o.renew, compare.Defaults())
	}
	if !o.renew || own != reports.Passed {
		return nil
	}
	b, err := reports.NewBaseline(reports.Contender{Source: o.baseline, Result: *result, Settings: settings})
	if err != nil {
		return couldNotRun("renew the baseline: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(o.baseline), 0o755); err != nil {
		return couldNotRun("renew the baseline: %w", err)
	}
	if err := reports.WriteFile(o.baseline, b.Write); err != nil {
		return couldNotRun("renew the baseline: %w", err)
	}
	if result.Comparison != nil {
		result.Comparison.Renew()
		result.Passed = true
	}
	return nil
}

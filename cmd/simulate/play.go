package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"holdfast/reports"
	"holdfast/scenarios"
	"holdfast/scenarios/explore"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/sandbox"
)

// play plays one scenario, judges it and saves what it has shown. It returns a measurement
// also when something failed after it.
func (a *app) play(ctx context.Context, o runOptions, p *play) (*measure.Measurement, error) {
	p.point.Target.ID = sandbox.NewID()
	p.load = reports.BeginLoad()
	p.cleaning = a.leaving(ctx, &o.storeOptions, p)
	dir := ""
	history := func() (file string, err error) { // when there is something to be kept
		if o.out == "" {
			scratch, err := os.MkdirTemp("", "simulate-")
			if err != nil {
				return "", couldNotRun("keep the history until it is judged: %w", err)
			}
			p.scratch = scratch
			return filepath.Join(scratch, reports.HistoryFile), nil
		}
		if dir, err = reports.NewDirectory(o.out, p.point.Run.Scenario.Name, p.point.Target.ID, time.Now()); err != nil {
			return "", couldNotRun("--out: %w", err)
		}
		return filepath.Join(dir, reports.HistoryFile), nil
	}
	defer func() { _ = os.RemoveAll(p.scratch) }() // the system clears it up in the end
	keep := func(m *measure.Measurement) error {
		m.Shows, m.Directory = p.point.Run.Scenario.Shows, dir
		if dir == "" { // it was interrupted before there was anything, or nothing can be kept
			return nil
		}
		return save(o.out, dir, p, m)
	}
	// Saved at once, too: whoever does not wait until a real store is left as it was has it.
	m, playErr := a.measure(ctx, o.output, p, history, func(m *measure.Measurement) { _ = keep(m) })
	var exit *exitError
	if playErr != nil && !errors.As(playErr, &exit) {
		playErr = couldNotRun("play %s: %w", p.name, o.later(playErr))
	}
	if m == nil {
		return nil, playErr
	}
	if err := keep(m); err != nil && playErr == nil {
		playErr = couldNotRun("save the result of %s: %w", p.name, err)
	}
	return m, playErr
}

// measure plays a scenario, or its schedule, into the file of a history, which it asks for
// once the store is open. Judged, which may be nil, is told what a run in the real world has
// shown before its store is cleaned up.
func (a *app) measure(ctx context.Context, o outputOptions, p *play, history func() (string, error), judged func(*measure.Measurement)) (*measure.Measurement, error) {
	progress := a.startProgress(o, p.point.Run.Scenario.Name)
	defer progress.stop()
	if len(p.schedule) > 0 {
		file, err := history()
		if err != nil {
			return nil, err
		}
		m, err := explore.Measure(ctx, &p.point, p.schedule, file)
		return only(m), err
	}
	c := measure.Config{
		History:  func(int) (string, error) { return history() },
		Progress: p.showing(progress), Allowance: p.allowance,
		Cleaning: func(point int, where string, objects int, within time.Duration) {
			progress.stop()
			if p.cleaning != nil {
				p.cleaning(point, where, objects, within)
			}
		},
	}
	if judged != nil {
		c.Judged = func(_ int, m *measure.Measured) { judged(&m.Measurement) }
	}
	all, err := measure.Play(ctx, measure.Plan{Points: []measure.Point{p.point}}, c)
	if len(all) == 0 {
		return nil, err
	}
	return only(all[0]), err
}

// only is what was measured without its numbers; nil: nothing was.
func only(m *measure.Measured) *measure.Measurement {
	if m == nil {
		return nil
	}
	return &m.Measurement
}

// showing says how far a run is: by its repetitions where they take no time of ours, else by
// the clock if that ends it, else by its operations, of which retries and reloads make the
// number an estimate.
func (p *play) showing(to *progress) func(measure.Progress) {
	run := &p.point.Run
	s, repetitions := run.Scenario, float64(run.Repetitions)
	if p.point.World == scenarios.RealWorld {
		to.ends(time.Duration(repetitions * float64(s.Duration)))
	}
	return func(done measure.Progress) {
		of, share := "", done.Share
		switch {
		case p.point.World != scenarios.RealWorld:
			of = fmt.Sprintf("%d of %d repetitions, ", done.Repetitions, run.Repetitions)
		case s.Duration == 0:
			share = float64(done.Operations) / max(repetitions*float64(s.Operations()), 1)
		}
		to.update(share, fmt.Sprintf("%s%d operations, %d conflicts", of, done.Operations, done.Conflicts))
	}
}

// save writes the run's files and lets "latest" point to them.
func save(out, dir string, p *play, m *measure.Measurement) error {
	result := reports.NewResult(reports.NewEnvironment(m.Settings), *m)
	result.Environment.Load = p.load.Ended()
	scenario, err := p.point.Resolved()
	if err != nil {
		return err
	}
	repetitions, err := p.point.Repetitions()
	if err != nil {
		return err
	}
	repetitions.Each = m.Each
	in := func(name string) string { return filepath.Join(dir, name) }
	var distribution error
	if len(m.Latencies) > 0 {
		distribution = reports.WriteFile(in(reports.DistributionFile), m.WriteDistribution)
	}
	return reports.First(
		reports.Save(dir, result),
		saveProfileOf(dir, p, m),
		distribution,
		reports.WriteFile(in(reports.RepetitionsFile), repetitions.Write),
		reports.WriteBytes(in(reports.ScenarioFile), scenario),
		reports.PointLatest(out, dir),
	)
}

// settings are what decided how requests were sent; nil: none were.
func settings(runs []measure.Measurement) *measure.Settings {
	if len(runs) == 0 {
		return nil
	}
	return runs[len(runs)-1].Settings
}

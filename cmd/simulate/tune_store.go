package main

import (
	"context"
	"path/filepath"
	"time"

	"holdfast/reports"
	"holdfast/scenarios"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/network"
	"holdfast/scenarios/profile"
	"holdfast/scenarios/sandbox"
)

// asksStore reports whether a store other than the embedded one is to be tuned for.
func (o *tuneOptions) asksStore() bool { return o.run.store != measure.Embedded }

// profileStore measures the store and gives its profile to the run that is tuned, unless the
// user has given one. A store that ignores conditions is refused.
func (a *app) profileStore(ctx context.Context, o *tuneOptions, p *play, changed func(string) bool) (*profile.Saved, error) {
	if !o.asksStore() {
		return nil, nil
	}
	if err := a.trust(ctx, o.run.storeOptions, nil); err != nil || changed("latency") {
		return nil, err
	}
	dir, err := reports.NewDirectory(o.out, p.point.Run.Scenario.Name, sandbox.NewID(), time.Now())
	if err != nil {
		return nil, couldNotRun("--out: %w", err)
	}
	progress := a.startProgress(o.run.output, "measure "+o.run.store)
	m, err := o.run.target().Profile(ctx, "simulate tune", p.point.Replay, profile.Config{Progress: progress.update})
	progress.stop()
	if err != nil {
		return nil, notMeasured(err)
	}
	saved, err := saveProfile(filepath.Join(dir, reports.ProfileFile), o.run.store, m)
	if err != nil {
		return nil, err
	}
	l, err := network.ParseLatency(saved.File)
	if err != nil {
		return nil, couldNotRun("--out: %w", err)
	}
	s := *p.point.Run.Scenario
	s.Latency = (*scenarios.Latency)(&l)
	p.point.Run.Scenario, o.run.latency = &s, saved.File
	return saved, nil
}

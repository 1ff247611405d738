package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/pflag"

	"holdfast/reports"
	"holdfast/scenarios"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/network"
	"holdfast/scenarios/profile"
)

// asksStore reports whether a store other than the embedded one is to be tuned for.
func (o *tuneOptions) asksStore() bool { return o.run.store != measure.Embedded }

// profileStore measures the store and gives its profile to the run that is tuned, unless the
// user has given one. A store that ignores conditions is refused.
func (a *app) profileStore(ctx context.Context, o *tuneOptions, p *play, flags *pflag.FlagSet) (*profile.Saved, error) {
	if !o.asksStore() {
		return nil, nil
	}
	if err := a.trust(ctx, o.run.storeOptions, o.allowance); err != nil || flags.Changed("latency") {
		return nil, err
	}
	dir, err := o.directory(p.point.Run.Scenario.Name)
	if err != nil {
		return nil, err
	}
	progress := a.startProgress(o.run.output, "measure "+o.run.store)
	m, err := o.run.target().Profile(ctx, "simulate tune", p.point.Replay, o.allowance, profile.Config{Progress: progress.update})
	progress.stop()
	switch {
	case o.allowance.Spent():
		return nil, o.spent(o.run.later(err))
	case err != nil:
		return nil, notMeasured(o.run.later(err))
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

// spent is what comes of a store that may be asked no more; the error, which may be nil, came
// with it.
func (o *tuneOptions) spent(err error) error {
	enough := fmt.Errorf("all of %d requests were sent: --max-requests allows more", o.allowance.Most())
	if leaves(err) {
		enough = fmt.Errorf("%w: %w", enough, err)
	}
	return &exitError{exitInconclusive, enough}
}

// intent is what the store is about to be asked: the measurement, and the confirmation of two
// policies, which are estimated by the scenario's own. Nil: it is the embedded one.
func (o *tuneOptions) intent(ctx context.Context, p *play, flags *pflag.FlagSet) (*reports.Intended, error) {
	confirmed := *p
	confirmed.point.World = real
	confirmed.point.Run.Repetitions = o.confirmRuns
	var beside []measure.Estimate
	if !flags.Changed("latency") {
		beside = append(beside, measure.ProfileEstimate)
	}
	return o.run.intent(ctx, flags, []*play{&confirmed, &confirmed}, beside...)
}

package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"holdfast/reports"
	"holdfast/scenarios"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/network"
	"holdfast/scenarios/tuning"
)

// defaultConfirmRuns tells a model that is off by a tenth from one that is not, and
// takes about a minute for each policy with 30 writers.
const defaultConfirmRuns = 20

// legsOnly is the latency of both worlds where the scenario's can't be had in the real
// one, which serves as fast as it does: that of the published experiment on backoff.
const legsOnly = "normal(10ms,2ms)"

// confirm plays the recommendation, an incumbent and architectures in both worlds, and tells
// the result.
func (a *app) confirm(ctx context.Context, o tuneOptions, c tuning.Config, p *play, r *tuning.Result) error {
	s := *p.point.Run.Scenario
	l, err := o.modelled(&p.point.Run)
	if err != nil {
		return couldNotRun("--confirm: %w", err)
	}
	s.Latency = (*scenarios.Latency)(&l)
	c.Run.Scenario = &s
	confirmation := &tuning.Confirmation{Latency: l.Label(), Repetitions: o.confirmRuns, Level: tuning.ConfirmLevel, Tolerance: tuning.Tolerance, Agrees: true}
	if o.asksStore() {
		confirmation.Store, confirmation.Tolerance = o.run.store, tuning.ProfileTolerance
	}
	runs, err := toConfirm(c, r)
	if err != nil {
		return couldNotRun("--confirm: %w", err)
	}
	for _, at := range runs {
		c.Run = at.run
		measured, err := a.measureReal(ctx, o, c.Run, p.point.Replay)
		if measured != nil && measured.Verdict.Final() { // whatever came after it
			r.Withhold(measured, "simulate check "+filepath.Join(measured.Directory, reports.HistoryFile))
			return err
		}
		if o.allowance.Spent() && ctx.Err() == nil {
			return o.spent(err)
		}
		if err != nil || ctx.Err() != nil {
			return err
		}
		overhead := time.Duration(0) // a profile has all that calls take
		if !o.asksStore() {
			overhead = max(measured.CallTime-l.Request.Mean()-l.Reply.Mean(), 0)
		}
		predicted, err := tuning.Predict(ctx, slower(c, l, overhead), at.run.Policy, o.confirmRuns)
		if err != nil || ctx.Err() != nil {
			return err
		}
		confirmed := predicted.Confirm(at.name, measured, confirmation.Tolerance)
		confirmed.Overhead = float64(overhead) / float64(time.Millisecond)
		confirmation.Agrees = confirmation.Agrees && confirmed.Agrees
		confirmation.Policies = append(confirmation.Policies, confirmed)
		r.AdviseOnSettings(measured.Settings.MaxAttempts)
	}
	r.Confirm(confirmation)
	return nil
}

// modelled is the latency of the model: the scenario's where the store is one that has it, and
// else legs that the embedded one can be given.
func (o *tuneOptions) modelled(run *scenarios.Run) (network.Latency, error) {
	given := run.AddedLatency()
	if o.asksStore() || given.Name != "" && given.Read.IsZero() && given.Write.IsZero() {
		return given, nil
	}
	return network.ParseLatency(legsOnly)
}

// confirmed is a run that is played in both worlds.
type confirmed struct {
	name string
	run  scenarios.Run
}

// toConfirm are the recommendation, the first incumbent and, of the architectures if all were
// compared, those with a queue that were played.
func toConfirm(c tuning.Config, r *tuning.Result) ([]confirmed, error) {
	var all []confirmed
	if r.Recommendation != nil {
		for _, policy := range append([]tuning.Incumbent{{Name: tuning.Recommended, Policy: r.Recommendation.Promised.Policy}}, c.Incumbents[:1]...) {
			run := c.Run
			run.Policy = policy.Policy
			all = append(all, confirmed{policy.Name, run})
		}
	}
	if r.Architectures == nil || !r.Architectures.Complete {
		return all, nil
	}
	for _, name := range []string{tuning.FIFOSingles, tuning.Batches, tuning.FIFOBatches} {
		if row := r.Architectures.Of(name); row.LeftOut == "" {
			run, err := row.Run(c.Run)
			if err != nil {
				return nil, err
			}
			all = append(all, confirmed{name, run})
		}
	}
	return all, nil
}

// slower is the model with legs that are longer, together by the time that a call takes
// beyond them in the real world.
func slower(c tuning.Config, l network.Latency, overhead time.Duration) tuning.Config {
	s := *c.Run.Scenario
	l.Request, l.Reply = l.Request.Plus(overhead/2), l.Reply.Plus(overhead/2)
	s.Latency = (*scenarios.Latency)(&l)
	c.Run.Scenario = &s
	return c
}

// measureReal plays repetitions in the real world. A history that violates an invariant is
// kept.
func (a *app) measureReal(ctx context.Context, o tuneOptions, run scenarios.Run, replay string) (*measure.Measurement, error) {
	run.Repetitions = o.confirmRuns
	s := *run.Scenario
	s.Codec = scenarios.JSON // as a real store holds
	if o.asksStore() {
		s.Latency = nil // it is as fast as it is
	}
	run.Scenario = &s
	dir, err := os.MkdirTemp("", "simulate-tune-")
	if err != nil {
		return nil, couldNotRun("--confirm: %w", err)
	}
	p := &play{point: measure.Point{World: real, Run: run, Target: o.run.target(), Replay: replay}, allowance: o.allowance}
	m, err := a.measure(ctx, o.run.output, p, func() (string, error) { return filepath.Join(dir, reports.HistoryFile), nil }, nil)
	if err != nil {
		err = couldNotRun("--confirm: play %s in the real world: %w", run.Scenario.Name, o.run.later(err))
	}
	if m != nil && m.Verdict.Final() {
		m.Directory = dir
		return m, err
	}
	_ = os.RemoveAll(dir) // nobody needs it, and the system clears it up in the end
	return m, err
}

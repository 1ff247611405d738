package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"holdfast/archive"
	"holdfast/reports"
	"holdfast/reports/tuning"
	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
)

// defaultConfirmRuns tells a model that is off by a tenth from one that is not, and
// takes about a minute for each policy with 30 writers.
const defaultConfirmRuns = 20

// legsOnly is the latency of both worlds where the scenario's can't be had in the real
// one, which serves as fast as it does: that of the published experiment on backoff.
const legsOnly = "normal(10ms,2ms)"

// confirm plays the recommendation and the incumbents in both worlds, and tells the
// result.
func (a *app) confirm(ctx context.Context, o tuneOptions, c tuning.Config, p *play, r *tuning.Result) error {
	s := *p.run.Scenario
	s.Codec = scenarios.JSON // as a real store holds
	l, err := network.ParseLatency(legsOnly)
	if err != nil {
		return couldNotRun("--confirm: %w", err)
	}
	if given := p.run.AddedLatency(); given.Name != "" && given.Read.IsZero() && given.Write.IsZero() {
		l = given
	}
	s.Latency = (*scenarios.Latency)(&l)
	c.Run.Scenario = &s
	confirmation := &tuning.Confirmation{Latency: l.Name, Repetitions: o.confirmRuns, Level: tuning.ConfirmLevel, Agrees: true}
	policies := append([]tuning.Incumbent{{Name: "recommended", Policy: r.Recommendation.Promised.Policy}}, c.Incumbents[:1]...)
	for _, policy := range policies {
		measured, took, settings, err := a.measure(ctx, o, c.Run, policy.Policy)
		if err != nil || ctx.Err() != nil {
			return err
		}
		if measured.Verdict == check.Violated {
			r.Withhold(measured, "simulate check "+filepath.Join(measured.Directory, reports.HistoryFile))
			return nil
		}
		overhead := max(took-l.Request.Mean()-l.Reply.Mean(), 0)
		predicted, err := tuning.Predict(ctx, slower(c, l, overhead), policy.Policy, o.confirmRuns)
		if err != nil || ctx.Err() != nil {
			return err
		}
		confirmed := predicted.Confirm(policy.Name, measured)
		confirmed.Overhead = float64(overhead) / float64(time.Millisecond)
		confirmation.Agrees = confirmation.Agrees && confirmed.Agrees
		confirmation.Policies = append(confirmation.Policies, confirmed)
		r.AdviseOnSettings(settings)
	}
	r.Confirm(confirmation)
	return nil
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

// measure plays repetitions in the real world, and returns how long a call took on
// average and the number of requests that the SDK makes for one. A history that violates
// an invariant is kept.
func (a *app) measure(ctx context.Context, o tuneOptions, run scenarios.Run, policy archive.Policy) (*reports.Run, time.Duration, int, error) {
	run.Policy, run.Repetitions = policy, o.confirmRuns
	dir, err := os.MkdirTemp("", "simulate-tune-")
	if err != nil {
		return nil, 0, 0, couldNotRun("--confirm: %w", err)
	}
	keep := false
	defer func() {
		if !keep {
			_ = os.RemoveAll(dir) // nobody needs it, and the system clears it up in the end
		}
	}()
	target, err := openTarget(ctx, storeOptions{store: "fake"}, &run, newRunID())
	if err != nil {
		return nil, 0, 0, err
	}
	p := &play{world: real, run: run, settings: target.settings}
	err = a.record(ctx, o.run, p, "fake", target.world, dir)
	if err = errors.Join(err, target.close(ctx)); err != nil {
		return nil, 0, 0, couldNotRun("--confirm: play %s in the real world: %w", run.Scenario.Name, err)
	}
	measured, err := reports.FromFile(filepath.Join(dir, reports.HistoryFile))
	if err != nil {
		return nil, 0, 0, couldNotRun("--confirm: judge %s: %w", run.Scenario.Name, err)
	}
	if measured.Verdict == check.Violated {
		measured.Directory, keep = dir, true
		return &measured, 0, 0, nil
	}
	took, err := callTime(filepath.Join(dir, reports.HistoryFile))
	return &measured, took, target.settings.MaxAttempts, err
}

// callTime is how long the store calls of a history took, on average.
func callTime(path string) (time.Duration, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	rd, err := history.NewReader(f, path)
	if err != nil {
		return 0, err
	}
	var total int64
	calls := int64(0)
	for e, err := range rd.Events() {
		if err != nil {
			return 0, err
		}
		if e.Op > 0 && (e.Kind == history.Get || e.Kind == history.Put) {
			total, calls = total+e.At-e.Start, calls+1
		}
	}
	return time.Duration(total / max(calls, 1)), nil
}

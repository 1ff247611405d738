package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"holdfast/reports"
	"holdfast/scenarios/campaign"
	"holdfast/scenarios/campaign/load"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/sandbox"
)

// loadKind are runs in the real world, whose shards play together on the same objects. It is
// planned as a run; its job is a [load.Job].
func loadKind() *campaignKind {
	return &campaignKind{name: load.Kind, together: workLoad, merge: mergeLoad}
}

// plannedLoad is a run in the real world as a load of many shards.
func (o runOptions) plannedLoad(p *play) (planned, error) {
	job := load.Job{Point: p.point}
	switch {
	case len(p.schedule) > 0:
		return planned{}, usage("%s replays a schedule, which is played once: simulate run does so", p.name)
	case p.point.Target.Name() == measure.Embedded:
		return planned{}, usage("a campaign plays runs in virtual worlds (add --world virtual), or a load in the real one, on a store that all shards reach (add --store s3://bucket/prefix)")
	}
	return planned{
		kind: load.Kind, job: job,
		unitsOf: func(shards int) (int, error) {
			if err := job.Validate(shards); err != nil {
				return 0, usage("%w", err)
			}
			return shards, nil
		},
		about: fmt.Sprintf("a load of %s on %s, which begins when all shards are there", reports.Plural(p.point.Run.Scenario.Clients(), "client"), p.point.Target.Name()),
	}, nil
}

// workLoad plays shards of a load, all of them at the same time.
func workLoad(ctx context.Context, a *app, o *workOptions, c *campaign.Campaign, shards []int, attempt int) error {
	l, err := load.Open(c)
	if err != nil {
		return err
	}
	progress := a.startProgress(o.output, "campaign "+c.Plan.Kind)
	defer progress.stop()
	var once sync.Once
	var all sync.WaitGroup
	failures := make([]error, len(shards))
	for i, index := range shards {
		s, err := c.Shard(index, attempt)
		if err != nil {
			return err
		}
		progress.update(0, fmt.Sprintf("waiting for all %d shards", c.Plan.Shards))
		w := load.Worker{Barrier: o.barrier, Began: func() {
			once.Do(func() { progress.ends(time.Since(progress.start) + time.Duration(l.Job.Point.Run.Scenario.Duration)) })
		}}
		if i == 0 { // which stands for the others of this process
			w.Progress = func(done measure.Progress) {
				progress.update(0, fmt.Sprintf("shard %d: %d operations, %d conflicts", index, done.Operations, done.Conflicts))
			}
		}
		all.Go(func() {
			defer s.Begin(ctx)()
			failures[i] = l.Play(ctx, s, w)
		})
	}
	all.Wait()
	progress.stop()
	return a.workedLoad(ctx, o, c, shards, failures)
}

// workedLoad says what became of shards, and returns the error that decides the exit code.
func (a *app) workedLoad(ctx context.Context, o *workOptions, c *campaign.Campaign, shards []int, failures []error) error {
	var first error
	stopped := false
	for i, err := range failures {
		var late *load.BegunError
		switch {
		case err == nil:
			a.say(o.output, "shard %d of %d: all that it has recorded is published", shards[i], c.Plan.Shards)
		case errors.As(err, &late): // starting it again is no use
			a.say(o.output, "%v", late)
		case errors.Is(err, campaign.ErrStopped):
			stopped = true
		case first == nil:
			first = err
		}
	}
	switch {
	case first != nil && ctx.Err() != nil:
		return &exitError{exitInterrupted, errors.New("interrupted: the load was ended here, and what was recorded is published; a shard that has begun is not played again")}
	case first != nil:
		return campaignError(first)
	case stopped:
		a.say(o.output, "the campaign is stopped; what was recorded is published")
	}
	return nil
}

// mergeLoad judges what all shards have recorded as one run, and leaves the store as it was.
func mergeLoad(ctx context.Context, a *app, m *merging) error {
	l, err := load.Open(m.campaign)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "simulate-")
	if err != nil {
		return couldNotRun("keep the histories until they are judged: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }() // the system clears it up in the end
	c, err := l.Collect(ctx, scratch, m.wait)
	var absent *load.AbsentError
	switch {
	case errors.As(err, &absent):
		return &exitError{exitInconclusive, fmt.Errorf("%w: %s --index %s", absent, m.again("work", m.campaign), indexOf(absent.Shards))}
	case err != nil:
		return err
	}
	if m.status != nil { // as it stands when all that was waited for is there
		if m.status, err = m.campaign.Status(ctx); err != nil {
			return err
		}
	}
	point := l.Job.Point
	dir, err := reports.NewDirectory(m.out, point.Run.Scenario.Name, sandbox.NewID(), time.Now())
	if err != nil {
		return couldNotRun("--out: %w", err)
	}
	run, err := c.Judge(filepath.Join(dir, reports.HistoryFile))
	if err != nil {
		return couldNotRun("judge the load: %w", err)
	}
	run.Shows, run.Directory = point.Run.Scenario.Shows, dir
	m.tellShards(c, &run.Measurement)
	var failure error
	if err := reports.First(save(m.out, dir, &play{point: point, load: m.load}, &run.Measurement), m.keepBeside(dir)); err != nil {
		failure = couldNotRun("save the result: %w", err)
	}
	if c.Final != "" {
		failure = errors.Join(failure, m.clean(ctx, &point.Target, l))
	}
	result := reports.NewResult(reports.NewEnvironment(nil), run.Measurement)
	result.TookMS, result.Environment.Load = milliseconds(time.Since(m.begin)), m.load.Ended()
	return a.tellRuns(ctx, m.output, result, failure)
}

// tellShards adds to what a load has shown what became of its shards, as far as their histories
// do not say so.
func (m *merging) tellShards(c *load.Collected, run *measure.Measurement) {
	for i := range c.Shards {
		switch p := &c.Shards[i]; p.State {
		case load.Cut:
			run.Notes = append(run.Notes, fmt.Sprintf("shard %d was told to end before its time", p.Shard))
		case load.Failed:
			run.Notes = append(run.Notes, fmt.Sprintf("shard %d could not go on: %s", p.Shard, p.Failure))
		}
	}
	playing := c.In(load.Playing)
	if len(playing) == 0 {
		return
	}
	who := fmt.Sprintf("shards %s are", reports.Few(playing))
	if len(playing) == 1 {
		who = fmt.Sprintf("shard %d is", playing[0])
	}
	run.Lacks(fmt.Sprintf("%s still playing, or died less than a minute ago: %s --wait 10m", who, m.again("merge", m.campaign)))
}

// clean removes what the shards have left in the store.
func (m *merging) clean(ctx context.Context, t *measure.Target, l *load.Load) error {
	store := storeOptions{store: t.Store, endpoint: t.Endpoint, pathStyle: t.PathStyle}
	return store.ended(ctx, l.Clean(ctx, nil))
}

package load

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/campaign"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

// Worker says how a shard is played.
type Worker struct {
	// Barrier is for how long it waits for the others; 0: [DefaultBarrier].
	Barrier time.Duration
	// Began, which may be nil, is told when all shards start.
	Began func()
	// Progress, which may be nil, is told now and then how far the shard is.
	Progress func(measure.Progress)
	// Clock is that of the history; nil: the wall clock.
	Clock archive.Clock
}

// stopEvery is the time between two looks for a stop.
const stopEvery = 5 * time.Second

// Play plays a shard, of which the caller says by [campaign.Shard.Begin] that it is at work on
// it, and returns when all that it has recorded is published. Its error is an
// [AbsentError] if not all shards came, a [BegunError] if the load has begun with another
// attempt, [campaign.ErrStopped] if the campaign was stopped; if ctx has ended, why: then and
// after a stop the clients have ended before their time, and all they did is published.
func (l *Load) Play(ctx context.Context, s *campaign.Shard, w Worker) error {
	switch stopped, err := l.Stopped(ctx); {
	case err != nil:
		return err
	case stopped:
		return campaign.ErrStopped
	}
	if g, err := l.begun(ctx); err != nil {
		return err
	} else if g != nil {
		return l.late(ctx, g, s.Index)
	}
	point, err := l.point(ctx)
	if err != nil {
		return err
	}
	me, err := l.claim(ctx, s.Index, max(s.Attempt, 1))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go l.watch(ctx, cancel)
	return l.play(ctx, s, point, me, w)
}

func (l *Load) play(ctx context.Context, s *campaign.Shard, point measure.Point, me member, w Worker) error {
	if w.Barrier <= 0 {
		w.Barrier = DefaultBarrier
	}
	b := &barrier{Load: l, member: me, clock: archive.WallClock{}, timeout: w.Barrier}
	var recorded *segments
	err := point.PlayShard(ctx, measure.Shard{
		Shard: scenarios.Shard{Number: me.shard, Attempt: me.attempt, Of: l.Plan.Shards},
		Meet:  b.meet,
		History: func(h history.Header, stop func(error)) (_ history.Sink, err error) {
			if recorded, err = l.record(ctx, me, h, stop); err != nil {
				return nil, err
			}
			if w.Began != nil {
				w.Began()
			}
			return recorded, nil
		},
		Progress: w.Progress, Clock: w.Clock,
	})
	if recorded == nil { // it did not get so far
		if err == nil {
			err = context.Cause(ctx)
		}
		return err
	}
	return l.finish(ctx, s, recorded, err)
}

// finish publishes what is left and says that the shard has ended.
func (l *Load) finish(ctx context.Context, s *campaign.Shard, recorded *segments, failed error) error {
	within := campaign.PublishFor
	if ctx.Err() != nil {
		within = campaign.LastFor
	}
	n, err := recorded.close(ctx, within)
	if err != nil {
		return errors.Join(failed, err)
	}
	e := end{Segments: n, Interrupted: ctx.Err() != nil}
	if failed != nil {
		e.Failure = failed.Error()
	}
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	if err := l.Create(last, recorded.ended(), body); err != nil {
		return errors.Join(failed, err)
	}
	s.Over(last)
	if failed != nil {
		return failed
	}
	return context.Cause(ctx)
}

// claim takes the first attempt at a shard, from one on, that nobody has.
func (l *Load) claim(ctx context.Context, shard, from int) (member, error) {
	token := []byte(rand.Text())
	for m := (member{shard, from}); ; m.attempt++ {
		if err := l.Create(ctx, m.claim(), token); !errors.Is(err, campaign.ErrExists) {
			return m, err
		}
	}
}

// watch ends a shard of a campaign that is stopped.
func (l *Load) watch(ctx context.Context, cancel func(error)) {
	for pause(ctx, stopEvery) {
		if stopped, err := l.Stopped(ctx); err == nil && stopped {
			cancel(campaign.ErrStopped)
			return
		}
	}
}

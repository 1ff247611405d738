package measure

import (
	"context"
	"fmt"
	"sync"
	"time"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/history"
	"holdfast/scenarios/sandbox"
)

// Shard is how a point in the real world is played as one of several that share its objects,
// see [scenarios.Shard]. All of them are given the same [Target.ID]: that of their sandbox,
// which none of them removes.
type Shard struct {
	scenarios.Shard
	// Meet returns when all shards are to start, and says at what times of the history this one
	// was about to say that it is ready, and had learned that all are.
	Meet func(ctx context.Context, now func() int64) (ready, start int64, err error)
	// History is where the history goes once its header is known, which is when all start. A
	// shard that does not get so far has none. Stop ends the run, if the history can't be kept.
	History func(h history.Header, stop func(error)) (history.Sink, error)
	// Progress, which may be nil, is told now and then how far the shard is.
	Progress func(Progress)
	// Clock is that of the shard; nil: the wall clock.
	Clock archive.Clock
}

// Recorders is how many watch a load of so many shards: beside them whoever reads the final
// state, see [Point.ReadFinal].
func Recorders(shards int) int { return shards + 1 }

// header is that of what a shard records.
func (p *Point) shardHeader(of int, s history.Shard) history.Header {
	h := p.Header()
	h.Recorders, h.Shards = Recorders(of), []history.Shard{s}
	h.Deletes = p.Run.Scenario.Deletes()
	return h
}

// PlayShard plays one of the shards of a point. An interrupt is no error.
func (p *Point) PlayShard(ctx context.Context, s Shard) (err error) {
	if !p.real() || p.Target.Name() == Embedded {
		return fmt.Errorf("shards of %s need a store that all of them reach: --world real --store s3://bucket/prefix", p.Run.Scenario.Name)
	}
	whole := ctx
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	c := Config{shared: true}
	target, err := c.open(ctx, 0, p, stop)
	if err != nil {
		return err
	}
	defer func() {
		if left := target.leave(); err == nil {
			err = left
		}
	}()
	if s.Clock != nil {
		target.clock = s.Clock
	}
	sink := &delayed{}
	run := p.Run
	shard := s.Shard
	shard.Meet = func(ctx context.Context, now func() int64) error {
		ready, start, err := s.Meet(ctx, now)
		if err != nil {
			return err
		}
		h := p.shardHeader(s.Of, history.Shard{Number: s.Number, Attempt: s.Attempt, Ready: ready, Go: start})
		h.Prices = target.prices(&p.Target).name()
		to, err := s.History(h, stop)
		if err != nil {
			return err
		}
		sink.begin(to)
		return nil
	}
	run.Shard = &shard
	_, err = run.Play(ctx, target.world, &counted{Sink: sink, told: newTold(Plan{[]Point{*p}}, s.Progress)})
	if why := context.Cause(ctx); err == nil && whole.Err() == nil && why != nil {
		return &TargetError{why}
	}
	return err
}

// delayed keeps events until it is known where they go: they are few until then.
type delayed struct {
	mu   sync.Mutex
	kept []*history.Event
	to   history.Sink
}

// Add implements [history.Sink].
func (d *delayed) Add(e *history.Event) {
	d.mu.Lock()
	if d.to == nil {
		d.kept = append(d.kept, e.Clone())
		d.mu.Unlock()
		return
	}
	d.mu.Unlock()
	d.to.Add(e)
}

func (d *delayed) begin(to history.Sink) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.kept {
		to.Add(e)
	}
	d.kept, d.to = nil, to
}

// leave closes the store and leaves what is there to the others.
func (o *opened) leave() error {
	var err error
	if o.network != nil {
		err = o.network.Close() // what is late arrives first
	}
	if o.box != nil {
		o.box.Leave()
	}
	if closed := o.disconnect(); err == nil {
		err = closed
	}
	if err != nil {
		return &TargetError{err}
	}
	return nil
}

// ReadFinal reads what the shards of a point have left of objects, which the keys of its
// histories name, and records that as the recorder after the last shard. All shards must have
// ended.
func (p *Point) ReadFinal(ctx context.Context, shards int, keys []string, to func(history.Header) (history.Sink, error)) error {
	store, closed, err := p.Target.Open(ctx)
	if err != nil {
		return err
	}
	sink, err := to(p.shardHeader(shards, history.Shard{Number: shards, Attempt: 1}))
	if err == nil {
		err = p.Run.ReadFinal(ctx, sandbox.World(store, p.Target.ID, 1), keys, sink)
	}
	if closing := closed(); err == nil && closing != nil {
		err = &TargetError{closing}
	}
	return err
}

// Remove removes the sandbox that the shards of a point have shared. Told, which may be nil, is
// [sandbox.Config.Cleaning]. One that is gone is no error.
func (p *Point) Remove(ctx context.Context, told func(where string, objects int, within time.Duration)) error {
	store, closed, err := p.Target.Open(ctx)
	if err != nil {
		return err
	}
	found, err := sandbox.Find(ctx, store, p.Target.Name(), p.Target.ID)
	for i := range found {
		if err == nil {
			_, err = found[i].Remove(ctx, store, p.Target.Name(), told)
		}
	}
	if closing := closed(); err == nil {
		err = closing
	}
	if err != nil {
		return &TargetError{err}
	}
	return nil
}

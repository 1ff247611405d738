package campaign

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Shard is the share of a campaign that one worker plays.
type Shard struct {
	*Campaign
	Index   int
	Attempt int // of the engine's, for people
	// Workers play units at the same time; 0: as many as there are processors.
	Workers int
	// Every is the time after which what is complete is published; 0: [DefaultEvery]; less: a
	// shard is published when it is complete.
	Every time.Duration
	// Progress, which may be nil, is told how many units of the stage's shard are complete, those of
	// others included, and how many it has.
	Progress func(complete, units int)

	// For heartbeats: of the stage's shard, and what this worker has played of all stages.
	complete, units, played atomic.Int64
}

const (
	// DefaultEvery is how much work a worker that is killed loses at most. A shard that takes
	// less is one piece.
	DefaultEvery = 3 * time.Minute
	// PublishFor is for how long a store that is out of reach is waited for before what was
	// played is given up.
	PublishFor = 5 * time.Minute
	// LastFor is the same for a worker that was told to end: engines kill it soon after.
	LastFor = 20 * time.Second
)

// publishBytes is how much is kept in memory before it is published.
var publishBytes = 16 << 20

// Shard is one of the campaign's.
func (c *Campaign) Shard(index, attempt int) (*Shard, error) {
	if index < 0 || index >= c.Plan.Shards {
		return nil, fmt.Errorf("there is no shard %d: %s has %d, from 0 to %d", index, c.name, c.Plan.Shards, c.Plan.Shards-1)
	}
	return &Shard{Campaign: c, Index: index, Attempt: attempt}, nil
}

// ErrStopped ends a worker of a campaign that was stopped.
var ErrStopped = errors.New("the campaign was stopped")

// LostError says which results could not be published.
type LostError struct {
	Shard, First, Last int // units of the stage
	Err                error
}

func (e *LostError) Error() string {
	which := fmt.Sprintf("units %d to %d", e.First, e.Last)
	if e.First == e.Last {
		which = fmt.Sprintf("unit %d", e.First)
	}
	return fmt.Sprintf("%s of shard %d: played and not published, so to be played again (all that was published before is there): %v", which, e.Shard, e.Err)
}

func (e *LostError) Unwrap() error { return e.Err }

// Play has the shard's units of a stage played, of as many as the stage has, but for those that are published,
// and publishes what they have shown. It returns nil when all of them are, whoever has played them.
//
// Play is called with the number of a unit in the stage, by several goroutines. Its result must
// depend on the plan and that number alone. Its error ends the work, as the end of ctx does
// and [ErrStopped]: what is complete in a row is published before, also after ctx has ended.
func (s *Shard) Play(ctx context.Context, stage Stage, units int, play func(ctx context.Context, unit int) ([]byte, error)) error {
	first, end := Range(s.Index, s.Plan.Shards, units)
	w := &work{Shard: s, stage: stage, of: units, first: first, units: end - first, published: s.clock.Now()}
	if err := w.undisputedShard(ctx, stage, s.Index); err != nil {
		return err
	}
	if err := w.resume(ctx); err != nil {
		return err
	}
	if w.next == w.units {
		w.mark(ctx) // whoever has published the last piece may have been killed before
		return nil
	}
	err := w.finish(ctx, w.play(ctx, play))
	w.tell(w.next) // what could not be published is not complete
	if differs, lost := errors.AsType[*DeterminismError](err); lost {
		return w.dispute(ctx, differs)
	}
	return err
}

// Over says that the shard is done, of a campaign whose shards have one unit each and publish
// what that has shown by themselves: its piece holds nothing. That it can't be said is no error:
// then [Campaign.Status] does not know.
func (s *Shard) Over(ctx context.Context) {
	w := &work{Shard: s, stage: Whole, of: s.Plan.Units, units: 1, results: [][]byte{nil}}
	_ = w.publish(ctx, nil)
	w.tell(1)
}

package campaign

import (
	"context"
	"strconv"
	"strings"
	"time"

	"holdfast/archive"
)

// State is how a shard is.
type State string

// The states of a shard.
const (
	Done    State = "done"    // all its units are published
	Running State = "running" // a worker has shown itself within [Dead], and has not ended
	Silent  State = "silent"  // one has begun and not ended, and shows itself no more
	Missing State = "missing" // nobody is at work on it: none has begun, or all have ended
)

// ShardState is what the names of objects show of a shard in a stage.
type ShardState struct {
	Shard     int
	State     State
	Published int // units of the shard
	Units     int // of the shard
	// Seen is when a worker has shown itself last, by the store's clock; zero: none has.
	Seen   time.Time
	worker string // the key of its heartbeat
}

// Survey is what the names of objects show of a stage.
type Survey struct {
	Shards []ShardState
	// Now is the time by the store's clock. If the store does not tell it, as Clock says, it is
	// the newest time of any of its objects, and a worker that has died last of all seems to run.
	Now   time.Time
	Clock bool
}

// Survey looks at a stage of so many units. Its requests are listings of a thousand names each, one for the time, and one for each
// shard whose worker has died just when it published.
func (c *Campaign) Survey(ctx context.Context, stage Stage, units int) (*Survey, error) {
	s := &Survey{Shards: make([]ShardState, c.Plan.Shards)}
	for i := range s.Shards {
		first, end := Range(i, c.Plan.Shards, units)
		s.Shards[i] = ShardState{Shard: i, State: Missing, Units: end - first}
	}
	for _, look := range []func(context.Context, *Survey, Stage) error{c.surveyWorkers, c.surveyMarks, c.surveyPieces} {
		if err := look(ctx, s, stage); err != nil {
			return nil, err
		}
	}
	now, err := c.Now(ctx)
	if err != nil {
		return nil, err
	}
	if !now.IsZero() {
		s.Now, s.Clock = now, true
	}
	for i := range s.Shards {
		s.Shards[i].judge(s.Now)
	}
	return s, nil
}

// judge says what became of the shard, as it stands at a time.
func (s *ShardState) judge(now time.Time) {
	switch {
	case s.Published >= s.Units:
		s.State = Done
	case s.worker == "":
		s.State = Missing
	case now.Sub(s.Seen) < Dead:
		s.State = Running
	default:
		s.State = Silent
	}
}

// newer has the survey know that it is not earlier than that.
func (s *Survey) newer(o archive.Listed) {
	if o.Modified.After(s.Now) {
		s.Now = o.Modified
	}
}

// surveyWorkers finds the worker of each shard that has shown itself last and not ended.
func (c *Campaign) surveyWorkers(ctx context.Context, s *Survey, _ Stage) error {
	all, err := c.List(ctx, beats)
	if err != nil {
		return err
	}
	for i, o := range all {
		s.newer(o)
		shard, _, ok := strings.Cut(strings.TrimPrefix(o.Key, beats), "/")
		n, err := strconv.Atoi(shard)
		if !ok || err != nil || n < 0 || n >= len(s.Shards) || strings.HasSuffix(o.Key, ended) {
			continue
		}
		state := &s.Shards[n]
		if over := i+1 < len(all) && all[i+1].Key == o.Key+ended; over || o.Modified.Before(state.Seen) {
			continue
		}
		state.Seen, state.worker = o.Modified, o.Key
	}
	return nil
}

func (c *Campaign) surveyMarks(ctx context.Context, s *Survey, stage Stage) error {
	all, err := c.List(ctx, stage.marks())
	if err != nil {
		return err
	}
	for _, o := range all {
		s.newer(o)
		shard, done, _, ok := stage.readMark(o.Key)
		if !ok || shard >= len(s.Shards) || done > s.Shards[shard].Units {
			continue
		}
		state := &s.Shards[shard]
		state.Published = max(state.Published, done)
	}
	return nil
}

// surveyPieces finds the pieces that no mark is about. Their names say where they begin.
func (c *Campaign) surveyPieces(ctx context.Context, s *Survey, stage Stage) error {
	all, err := c.List(ctx, string(stage)+"shards/")
	if err != nil {
		return err
	}
	for _, o := range all {
		shard, first, ok := stage.readPiece(o.Key)
		if !ok || shard >= len(s.Shards) || first < s.Shards[shard].Published || first >= s.Shards[shard].Units {
			continue
		}
		state := &s.Shards[shard]
		found, err := c.fetch(ctx, piece{stage, shard, first}, state.Units)
		if err != nil {
			continue // whoever merges it is told why
		}
		state.Published = first + len(found)
	}
	return nil
}

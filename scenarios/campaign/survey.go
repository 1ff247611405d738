package campaign

import (
	"context"
	"slices"
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
	for _, look := range []func(context.Context, *Survey, Stage) error{c.surveyWorkers, c.surveyPieces} {
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
	if s.State = s.life(now); s.Published >= s.Units {
		s.State = Done
	}
}

// life says whether anybody is at work on the shard.
func (s *ShardState) life(now time.Time) State {
	switch {
	case s.worker == "":
		return Missing
	case now.Sub(s.Seen) < Dead:
		return Running
	}
	return Silent
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

// surveyPieces finds out how far shards are: a piece's name says where it begins, and a mark's
// where one ends. Marks of pieces that somebody has deleted say nothing.
func (c *Campaign) surveyPieces(ctx context.Context, s *Survey, stage Stage) error {
	marks, err := c.List(ctx, stage.marks())
	if err != nil {
		return err
	}
	pieces, err := c.List(ctx, string(stage)+"shards/")
	if err != nil {
		return err
	}
	ends := make([][]int, len(s.Shards)) // ascending, as names are
	for _, o := range marks {
		s.newer(o)
		if shard, done, _, ok := stage.readMark(o.Key); ok && shard < len(s.Shards) {
			ends[shard] = append(ends[shard], done)
		}
	}
	for _, o := range pieces {
		s.newer(o)
		shard, first, ok := stage.readPiece(o.Key)
		if !ok || shard >= len(s.Shards) || first != s.Shards[shard].Published || first >= s.Shards[shard].Units {
			continue
		}
		state := &s.Shards[shard]
		if end, _ := slices.BinarySearch(ends[shard], first+1); end < len(ends[shard]) {
			state.Published = min(ends[shard][end], state.Units)
		} else if found, err := c.fetch(ctx, piece{stage, shard, first}, state.Units); err == nil { // else whoever merges it is told why
			state.Published += len(found)
		}
	}
	return nil
}

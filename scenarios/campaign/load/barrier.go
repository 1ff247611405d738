package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/campaign"
	"holdfast/scenarios/units"
)

const (
	// readyEvery is how often who waits says that it is there; who has not for readyDead, by the
	// store's clock, is not.
	readyEvery = 4 * time.Second
	readyDead  = 20 * time.Second
	// lookEvery is the time between two looks for go of few shards; of many it is longer, so that
	// all together make about a thousand requests a second.
	lookEvery   = 100 * time.Millisecond
	lookLongest = 5 * time.Second
	// listers is how many shards list who is ready in each round: of many, they take turns.
	listers = 50
)

// AbsentError says who did not come to the barrier.
type AbsentError struct {
	Shards []int // that were missing
	Of     int
	Waited time.Duration
}

func (e *AbsentError) Error() string {
	after := ""
	if waited := e.Waited.Round(time.Second); waited > 0 {
		after = fmt.Sprintf("after %v ", waited)
	}
	return fmt.Sprintf("the load has not begun: %s%d of %d shards were not ready (%s): all of them must run at the same time; start those, or plan fewer shards",
		after, len(e.Shards), e.Of, few(e.Shards))
}

// barrier is where an attempt waits for the other shards.
type barrier struct {
	*Load
	member
	clock   archive.Clock
	timeout time.Duration
	said    time.Time // when it has said last that it is ready
}

// meet returns when all are to start, with the times of the history when this one was about to
// say that it is ready, and had learned that all are.
func (b *barrier) meet(ctx context.Context, now func() int64) (ready, start int64, err error) {
	defer func() {
		if err != nil {
			b.leave(ctx)
		}
	}()
	began, every := b.clock.Now(), b.lookEvery()
	for round := 0; ; round++ {
		if b.clock.Now().Sub(b.said) >= readyEvery {
			if b.said.IsZero() {
				ready = now() // before, since others may start before this call is answered
			}
			if err := b.Put(ctx, b.ready(), nil); err != nil {
				return 0, 0, err
			}
			b.said = b.clock.Now()
		}
		g, err := b.begun(ctx)
		switch {
		case err != nil:
			return 0, 0, err
		case g != nil && g.Attempts[b.shard] != b.attempt:
			return 0, 0, b.late(ctx, g, b.shard)
		case g != nil:
			return ready, now(), nil
		}
		waited := b.clock.Now().Sub(began)
		over := waited >= b.timeout
		if turns := 1 + b.Plan.Shards/listers; over || (round+b.shard)%turns == 0 {
			absent, err := b.look(ctx)
			switch {
			case err != nil:
				return 0, 0, err
			case len(absent) == 0:
				continue // go is there
			case over:
				return 0, 0, &AbsentError{absent, b.Plan.Shards, waited}
			}
		}
		if err := b.clock.Sleep(ctx, every); err != nil {
			return 0, 0, context.Cause(ctx)
		}
	}
}

func (b *barrier) lookEvery() time.Duration {
	return min(max(lookEvery, time.Duration(b.Plan.Shards)*time.Millisecond), lookLongest)
}

// look finds who is not ready. If all are, it has them start.
func (b *barrier) look(ctx context.Context) (absent []int, err error) {
	attempts, err := b.present(ctx)
	if err != nil {
		return nil, err
	}
	for shard, attempt := range attempts {
		if attempt == 0 {
			absent = append(absent, shard)
		}
	}
	if len(absent) > 0 {
		return absent, nil
	}
	body, err := json.Marshal(gone{attempts})
	if err != nil {
		return nil, err
	}
	if err := b.Create(ctx, goKey, body); !errors.Is(err, campaign.ErrExists) {
		return nil, err
	}
	return nil, nil // somebody else was faster
}

// present are, for each shard, the latest attempt that is ready; 0: none is.
func (l *Load) present(ctx context.Context) ([]int, error) {
	all, err := l.List(ctx, readyDir)
	if err != nil {
		return nil, err
	}
	var now time.Time // those who wait have just written theirs
	for _, o := range all {
		if o.Modified.After(now) {
			now = o.Modified
		}
	}
	attempts := make([]int, l.Plan.Shards)
	for i, o := range all {
		m, ok := readMember(strings.TrimPrefix(o.Key, readyDir))
		if !ok || m.shard >= len(attempts) || now.Sub(o.Modified) >= readyDead {
			continue
		}
		if i+1 < len(all) && all[i+1].Key == o.Key+left {
			continue
		}
		attempts[m.shard] = max(attempts[m.shard], m.attempt)
	}
	return attempts, nil
}

// leaveFor is how long who gives up takes to say so.
const leaveFor = 2 * time.Second

// leave takes back that it is ready. If that fails, it grows old.
func (b *barrier) leave(ctx context.Context) {
	if b.said.IsZero() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveFor)
	defer cancel()
	_ = b.Put(ctx, b.ready()+left, nil)
}

// mostRanges of shards are named.
const mostRanges = 8

// few names shards, or the first of them.
func few(shards []int) string {
	all := units.Ranges(shards)
	if len(all) > mostRanges {
		all = append(all[:mostRanges:mostRanges], "…")
	}
	return strings.Join(all, ", ")
}

package archive

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"holdfast/archive/internal/testclock"
)

// slow is a store whose every call takes a second of a clock and answers the same.
type slow struct {
	Store
	clock *testclock.Clock
	err   error
}

func (s slow) take() error {
	s.clock.Pass(time.Second)
	return s.err
}

func (s slow) Get(context.Context, string) ([]byte, string, error) { return nil, `"e"`, s.take() }
func (s slow) Put(context.Context, string, []byte, Condition) (string, error) {
	return `"e"`, s.take()
}

// TestRoundTrips: what the store has answered about the object is a round trip. A
// refused write is one, as it was compared with what is stored; how soon a store turns a
// request away, or fails, says nothing of how long a write is at risk.
func TestRoundTrips(t *testing.T) {
	for _, tt := range []struct {
		err           error
		reads, writes int
	}{
		{nil, 1, 1},
		{ErrPreconditionFailed, 0, 1}, {ErrConflict, 0, 1},
		{ErrThrottled, 0, 0}, {ErrUnavailable, 0, 0}, {ErrOutcomeUnknown, 0, 0}, {ErrNotFound, 0, 0},
		{context.Canceled, 0, 0}, {errors.New("403"), 0, 0},
	} {
		err := tt.err
		if err != nil {
			err = fmt.Errorf("wrapped: %w", err)
		}
		clock := &testclock.Clock{}
		var trips tripTimes
		s := timedStore{slow{clock: clock, err: err}, clock, &trips}
		_, _, _ = s.Get(t.Context(), "k")
		if trips.reads.n != tt.reads || trips.writes.n != 0 {
			t.Errorf("a read that ends with %v: %d, %d", err, trips.reads.n, trips.writes.n)
		}
		_, _ = s.Put(t.Context(), "k", nil, Condition{})
		if trips.reads.n != tt.reads || trips.writes.n != tt.writes {
			t.Errorf("a write that ends with %v: %d, %d", err, trips.reads.n, trips.writes.n)
		}
		if tt.writes == 1 && trips.writes.typical() != time.Second {
			t.Errorf("it took %v", trips.writes.typical())
		}
	}
}

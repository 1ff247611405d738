package archive

import (
	"context"
	"slices"
	"time"
)

// longestSpan bounds what is measured: beyond it the clock was set forward.
const longestSpan = time.Hour

// tripTimes are the round trips of a call's requests, as far as they were answered.
type tripTimes struct{ reads, writes lastTrips }

// exposure is half the round trip of a read and half that of a write. The first
// read may have paid for a connection, so until there is another it must not make
// the estimate longer than the write does; nor must a write that met a stall, until
// there is another, make it much longer than the reads do.
func (t *tripTimes) exposure() time.Duration {
	read, write := t.reads.typical(), t.writes.typical()
	switch {
	case t.writes.n == 0:
		return read
	case t.reads.n == 1:
		return min(read, write)
	case t.writes.n == 1:
		write = min(write, 4*read)
	}
	return read/2 + write/2
}

// lastTrips are the latest round trips of one kind.
type lastTrips struct {
	n    int // ever
	last [9]time.Duration
}

func (l *lastTrips) add(d time.Duration) {
	if d <= 0 {
		return // the clock was set back
	}
	l.last[l.n%len(l.last)] = min(d, longestSpan)
	l.n++
}

// typical is the median, the shorter one of two: a store that stalls, or a clock
// that is set forward, moves a few of the times by any amount.
func (l *lastTrips) typical() time.Duration {
	n := min(l.n, len(l.last))
	if n == 0 {
		return 0
	}
	sorted := l.last
	slices.Sort(sorted[:n])
	return sorted[(n-1)/2]
}

// timedStore measures the round trips of a call.
type timedStore struct {
	Store
	clock Clock
	trips *tripTimes
}

// Get implements [Store].
func (s timedStore) Get(ctx context.Context, key string) ([]byte, string, error) {
	start := s.clock.Now()
	body, etag, err := s.Store.Get(ctx, key)
	if err == nil {
		s.trips.reads.add(s.clock.Now().Sub(start))
	}
	return body, etag, err
}

// Put implements [Store].
func (s timedStore) Put(ctx context.Context, key string, body []byte, cond Condition) (string, error) {
	start := s.clock.Now()
	etag, err := s.Store.Put(ctx, key, body, cond)
	if err == nil || refused(err) {
		s.trips.writes.add(s.clock.Now().Sub(start))
	}
	return etag, err
}

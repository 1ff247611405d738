package archive

import (
	"errors"
	"math/rand/v2"
	"time"
)

// pacer is a policy at work in one call: it says when the call sends its next
// write. Retries and deadline are the update loop's.
//
// Only [Adaptive] postpones writes. It counts versions by the length of their histories,
// which is why documents tell theirs, and it measures round trips in front of the store of its
// call, so that the other kinds take no time stamps.
type pacer interface {
	// backoff returns how long to wait after the n-th attempt, which ended in err.
	backoff(n int, err error) time.Duration
	// postpone is asked after a read, when everything is ready for the write. If it
	// reports true, the write would probably be in vain: the call is to wait for so
	// long and read again.
	postpone(current Snapshot) (time.Duration, bool)
}

// fixed waits as [Policy.Wait] says, whatever the call meets.
type fixed struct {
	archive  *Archive
	previous time.Duration
}

func (f *fixed) backoff(n int, _ error) time.Duration {
	f.archive.randMu.Lock()
	defer f.archive.randMu.Unlock()
	f.previous = f.archive.policy.Wait(n, f.previous, f.archive.rand)
	return f.previous
}

func (f *fixed) postpone(Snapshot) (time.Duration, bool) { return 0, false }

// follow makes the call follow the archive's policy.
func (c *call) follow() {
	if c.policy.Kind != Adaptive {
		c.fixed = fixed{archive: c.Archive}
		c.pacer, c.store = &c.fixed, c.Archive.store
		return
	}
	p := newAdaptive(c.policy, c.clock, rand.New(guarded{c.Archive}))
	c.pacer, c.store = p, timedStore{c.Archive.store, c.clock, &p.trips}
}

// guarded is an archive's random source, for one of its calls.
type guarded struct{ archive *Archive }

func (g guarded) Uint64() uint64 {
	g.archive.randMu.Lock()
	defer g.archive.randMu.Unlock()
	return g.archive.rand.Uint64()
}

// refused reports whether a write failed because another got in between.
func refused(err error) bool {
	return errors.Is(err, ErrPreconditionFailed) || errors.Is(err, ErrConflict)
}

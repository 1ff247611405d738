package archive

import (
	"errors"
	"math/rand/v2"
	"time"
)

// pacer is a policy at work in one call: it says when the call sends its next
// write. Retries and deadline are the update loop's.
type pacer interface {
	// backoff returns how long to wait after the n-th attempt, which ended in err.
	backoff(n int, err error, rng *rand.Rand) time.Duration
	// postpone is asked after a read, when everything is ready for the write. If it
	// reports true, the write would probably be in vain: the call is to wait for so
	// long and read again.
	postpone(current Snapshot, rng *rand.Rand) (time.Duration, bool)
}

// fixed waits as [Policy.Wait] says, whatever the call meets.
type fixed struct {
	policy   Policy
	previous time.Duration
}

func (f *fixed) backoff(n int, _ error, rng *rand.Rand) time.Duration {
	f.previous = f.policy.Wait(n, f.previous, rng)
	return f.previous
}

func (f *fixed) postpone(Snapshot, *rand.Rand) (time.Duration, bool) { return 0, false }

// refused reports whether a write failed because another got in between.
func refused(err error) bool {
	return errors.Is(err, ErrPreconditionFailed) || errors.Is(err, ErrConflict)
}

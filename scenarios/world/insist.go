package world

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/network"
)

// The bounds of a call that the harness makes for itself: a server that restarts is
// waited for, one that is gone is not.
const (
	InsistTries = 12
	InsistFor   = 30 * time.Second

	insistFirst   = 50 * time.Millisecond // before the second try; then twice as long each time
	insistLongest = 2 * time.Second
)

// Patient is what [Insist] needs of a world.
type Patient interface {
	archive.Clock
	WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc)
}

// Insist makes a call of the harness's own, which nobody measures, and repeats it while
// the store asks for that or gives no usable answer. The call must be one that may be
// made again. The error says what was being done, which should name the key, and how
// often it was tried.
func Insist(ctx context.Context, w Patient, what string, call func(ctx context.Context) error) error {
	start := w.Now()
	bounded, cancel := w.WithTimeout(ctx, InsistFor)
	defer cancel()
	pause := insistFirst
	for try := 1; ; try++ {
		err := call(bounded)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil || !passing(err):
			return fmt.Errorf("%s: %w", what, err)
		case try == InsistTries || w.Sleep(bounded, pause) != nil:
			return fmt.Errorf("%s: given up after %d tries in %v: %w", what, try, w.Now().Sub(start).Round(time.Millisecond), err)
		}
		pause = min(2*pause, insistLongest)
	}
}

// passing reports whether a failure may be over the next time. Who has been waited for
// long enough is not waited for again by each call.
func passing(err error) bool {
	if _, gone := errors.AsType[*network.OutageError](err); gone {
		return false
	}
	for _, kind := range []error{archive.ErrConflict, archive.ErrThrottled, archive.ErrUnavailable, archive.ErrOutcomeUnknown} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

package archive

import (
	"context"
	"time"
)

// Clock is where the core takes the time from and how it waits.
type Clock interface {
	Now() time.Time
	// Sleep returns nil after d has passed, or ctx's error as soon as ctx ends.
	Sleep(ctx context.Context, d time.Duration) error
	// WithTimeout is [context.WithTimeout] by this clock.
	WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc)
}

// WallClock is the real time.
type WallClock struct{}

// Now returns the current time; its monotonic part measures durations.
func (WallClock) Now() time.Time { return time.Now() }

// Sleep waits for d or until ctx ends, whichever is first.
func (WallClock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// WithTimeout implements [Clock].
func (WallClock) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d)
}

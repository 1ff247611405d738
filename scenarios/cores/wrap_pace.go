package cores

import (
	"context"
	"time"

	"holdfast/archive"
)

// withPolicy is the production core with another policy than it was given.
func withPolicy(change func(*archive.Policy)) func(Environment) (Core, error) {
	return func(e Environment) (Core, error) {
		if e.Policy.Retries > 0 { // of a single attempt nothing can be taken away
			change(&e.Policy)
		}
		return production(e)
	}
}

// sleepFunc is a wait with a bug; c is the clock below it.
type sleepFunc func(ctx context.Context, c archive.Clock, d time.Duration) error

// badClock is a clock whose waits go through a bug.
type badClock struct {
	archive.Clock
	sleep sleepFunc
}

func (b badClock) Sleep(ctx context.Context, d time.Duration) error { return b.sleep(ctx, b.Clock, d) }

// sleeping is the production core with a bug between it and its clock.
func sleeping(sleep sleepFunc) func(Environment) (Core, error) {
	return func(e Environment) (Core, error) {
		e.Clock = badClock{e.Clock, sleep}
		return production(e)
	}
}

func twice(ctx context.Context, c archive.Clock, d time.Duration) error { return c.Sleep(ctx, 2*d) }

func notAtAll(ctx context.Context, _ archive.Clock, _ time.Duration) error { return ctx.Err() }

// undisturbed waits to the end, whoever has left.
func undisturbed(ctx context.Context, c archive.Clock, d time.Duration) error {
	return c.Sleep(context.WithoutCancel(ctx), d)
}

// obstinate does what it was asked for, whoever has left.
type obstinate struct{ Core }

func newObstinate(e Environment) (Core, error) {
	core, err := production(e)
	return obstinate{core}, err
}

func (o obstinate) Append(ctx context.Context, id string, edit archive.Edit) (archive.Snapshot, error) {
	return o.Core.Append(context.WithoutCancel(ctx), id, edit)
}

func (o obstinate) Save(ctx context.Context, id string, base archive.Snapshot, edit archive.Edit) (archive.Snapshot, error) {
	return o.Core.Save(context.WithoutCancel(ctx), id, base, edit)
}

package world

import (
	"context"
	"sync"
	"time"

	"holdfast/archive"
)

// Real is the real world: tasks are goroutines, time is that of a clock which all
// share, the wall clock but in tests, and so is the store. Schedules vary from run
// to run.
type Real struct {
	archive.Clock
	store  archive.Store
	tasks  sync.WaitGroup
	settle func()
}

var _ World = (*Real)(nil)

// NewReal returns a world around a store. Settle, which may be nil, waits until
// the transport has sent what it had held back.
func NewReal(clock archive.Clock, store archive.Store, settle func()) *Real {
	return &Real{Clock: clock, store: store, settle: settle}
}

// Settle implements [World].
func (r *Real) Settle(context.Context) {
	if r.settle != nil {
		r.settle()
	}
}

// Store implements [World].
func (r *Real) Store(string) archive.Store { return r.store }

// Run implements [World]. Its error is always nil.
func (r *Real) Run(ctx context.Context, main func(context.Context)) error {
	main(ctx)
	r.tasks.Wait()
	return nil
}

// Go implements [World].
func (r *Real) Go(task func()) { r.tasks.Go(task) }

// WithTimeout implements [World].
func (r *Real) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d)
}

// NewSignal implements [World].
func (r *Real) NewSignal() Signal { return &realSignal{raised: make(chan struct{})} }

type realSignal struct {
	once   sync.Once
	raised chan struct{}
}

func (s *realSignal) Raise() { s.once.Do(func() { close(s.raised) }) }

func (s *realSignal) Wait(ctx context.Context) error {
	select {
	case <-s.raised:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

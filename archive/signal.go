package archive

import (
	"context"
	"sync"
)

// Signal is something that happens once, and that callers wait for.
type Signal interface {
	// Raise wakes all who wait, now and later. Raising again does nothing. It does not block.
	Raise()
	// Wait returns nil once the signal is raised, or ctx's error when that ends first.
	Wait(ctx context.Context) error
}

// NewSignal returns a signal for goroutines.
func NewSignal() Signal { return &signal{raised: make(chan struct{})} }

type signal struct {
	once   sync.Once
	raised chan struct{}
}

func (s *signal) Raise() { s.once.Do(func() { close(s.raised) }) }

func (s *signal) Wait(ctx context.Context) error {
	select {
	case <-s.raised:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

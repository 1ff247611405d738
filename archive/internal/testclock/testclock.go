// Package testclock is the clock of the tests of archive and of the packages around it.
package testclock

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Clock is an archive.Clock that moves only when somebody sleeps, or by Pass.
type Clock struct {
	Waits   []time.Duration // that were slept
	OnSleep func(n int)     // runs after the n-th sleep, n = 1 first

	mu    sync.Mutex
	now   time.Time
	timed []*timed
}

// At returns a clock that stands at a time.
func At(now time.Time) *Clock { return &Clock{now: now} }

// timed is a context that ends by the clock.
type timed struct {
	context.Context
	end     context.CancelFunc
	due     time.Time
	expired atomic.Bool
}

func (c *timed) Deadline() (time.Time, bool) { return c.due, true }

func (c *timed) Err() error {
	if c.expired.Load() {
		return context.DeadlineExceeded
	}
	return c.Context.Err()
}

// WithTimeout returns a context that ends by the clock.
func (c *Clock) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := &timed{due: c.now.Add(d)}
	m.Context, m.end = context.WithCancel(ctx)
	c.timed = append(c.timed, m)
	return m, m.end
}

// Pass lets time go by, as it does while a request is under way.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.timed = slices.DeleteFunc(c.timed, func(m *timed) bool {
		due := !m.due.After(c.now)
		if due {
			m.expired.Store(true)
			m.end()
		}
		return due || m.Context.Err() != nil
	})
}

// Now returns the time at which the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep lets the time pass at once. It returns the context's error if that has ended.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	c.Waits = append(c.Waits, d)
	n, hook := len(c.Waits), c.OnSleep
	c.mu.Unlock()
	c.Pass(d)
	if hook != nil {
		hook(n)
	}
	return ctx.Err()
}

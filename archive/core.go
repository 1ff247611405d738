package archive

import (
	"context"
	"sync"
	"sync/atomic"
)

// Core is what an [Archive] does, as the parts around it need it: [Uploader] and
// [Backend] work with any implementation of it, but what they promise is true of
// one only that honours [Edit.Once] and appends no id twice.
type Core interface {
	// Layout is that of the documents; nil: the archive's own.
	Layout() *Layout
	// Load, Create, Append and Save are those of [Archive].
	Load(ctx context.Context, id string) (Snapshot, error)
	Create(ctx context.Context, id string, doc Document, mods ...Modification) (Snapshot, error)
	Append(ctx context.Context, id string, edit Edit) (Snapshot, error)
	Save(ctx context.Context, id string, base Snapshot, edit Edit) (Snapshot, error)
}

var _ Core = (*Archive)(nil)

// Parallel calls do(0), …, do(n-1), several at the same time, and returns when
// all have returned. It is where concurrency comes from: nothing else in this
// package starts a goroutine. It does not catch a panic of do.
type Parallel func(n int, do func(i int))

// Goroutines is a [Parallel] of at most so many goroutines; fewer than two are none
// at all: the caller does everything, in order.
func Goroutines(most int) Parallel {
	return func(n int, do func(i int)) {
		if most < 2 || n < 2 {
			for i := range n {
				do(i)
			}
			return
		}
		var wg sync.WaitGroup
		var next atomic.Int64
		for range min(most, n) {
			wg.Go(func() {
				for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
					do(i)
				}
			})
		}
		wg.Wait()
	}
}

package delivery

import (
	"context"
	"sync"
	"sync/atomic"

	"holdfast/archive"
)

// Core is what an [archive.Archive] does, as the parts around it need it: [Uploader] and
// [Backend] work with any implementation of it, but what they promise is true of
// one only that honours [archive.Edit.Once] and appends no id twice.
type Core interface {
	// Layout is that of the documents; nil: the archive's own.
	Layout() *archive.Layout
	// Load, Create, Append and Save are those of [archive.Archive].
	Load(ctx context.Context, id string) (archive.Snapshot, error)
	Create(ctx context.Context, id string, doc archive.Document, mods ...archive.Modification) (archive.Snapshot, error)
	Append(ctx context.Context, id string, edit archive.Edit) (archive.Snapshot, error)
	Save(ctx context.Context, id string, base archive.Snapshot, edit archive.Edit) (archive.Snapshot, error)
}

var _ Core = (*archive.Archive)(nil)

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

package delivery

import (
	"sync"
	"sync/atomic"
)

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

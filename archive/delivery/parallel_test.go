package delivery

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

func TestGoroutines(t *testing.T) {
	tests := []struct{ most, n, together int }{
		{8, 0, 0}, {8, 1, 1}, {8, 3, 3}, {8, 8, 8}, {3, 100, 3}, {2, 2, 2},
		{1, 20, 1}, {0, 20, 1}, {-1, 20, 1},
	}
	for _, tt := range tests {
		done := make([]atomic.Int32, tt.n)
		var running, most atomic.Int32
		full := make(chan struct{}) // closed when as many run as are expected
		var once sync.Once
		Goroutines(tt.most)(tt.n, func(i int) {
			now := running.Add(1)
			for was := most.Load(); now > was && !most.CompareAndSwap(was, now); was = most.Load() {
			}
			if int(now) == tt.together {
				once.Do(func() { close(full) })
			}
			<-full
			done[i].Add(1)
			running.Add(-1)
		})
		if int(most.Load()) != tt.together || running.Load() != 0 {
			t.Errorf("%d of %d: %d at the same time, %d still run", tt.most, tt.n, most.Load(), running.Load())
		}
		for i := range done {
			if done[i].Load() != 1 {
				t.Errorf("%d of %d: %d was done %d times", tt.most, tt.n, i, done[i].Load())
			}
		}
	}
}

// TestGoroutinesAreBounded: when nothing can go on any more, as many run as are allowed.
func TestGoroutinesAreBounded(t *testing.T) {
	for _, tt := range []struct{ most, n, want int }{{3, 100, 3}, {2, 3, 2}, {8, 3, 3}, {defaultParallel, 1000, 8}} {
		synctest.Test(t, func(t *testing.T) {
			var running atomic.Int32
			hold := make(chan struct{})
			all := make(chan struct{})
			go func() {
				defer close(all)
				Goroutines(tt.most)(tt.n, func(int) { running.Add(1); <-hold })
			}()
			synctest.Wait()
			if got := int(running.Load()); got != tt.want {
				t.Errorf("%d of %d: %d at the same time, want %d", tt.most, tt.n, got, tt.want)
			}
			close(hold)
			<-all
			if got := int(running.Load()); got != tt.n {
				t.Errorf("%d of %d: %d were done", tt.most, tt.n, got)
			}
		})
	}
}

func TestFewerThanTwoGoroutinesAreNone(t *testing.T) {
	for _, most := range []int{-1, 0, 1} {
		var order []int // no lock: the race detector would tell
		Goroutines(most)(5, func(i int) { order = append(order, i) })
		if d := cmp.Diff([]int{0, 1, 2, 3, 4}, order); d != "" {
			t.Errorf("%d: %s", most, d)
		}
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the caller's panic was lost")
			}
		}()
		Goroutines(1)(1, func(int) { panic("do") })
	}()
}

func TestSlowOnesDoNotHoldUpOthers(t *testing.T) {
	var mu sync.Mutex
	var order []int
	rest := make(chan struct{})
	Goroutines(2)(5, func(i int) {
		if i == 0 {
			<-rest
		}
		mu.Lock()
		defer mu.Unlock()
		if order = append(order, i); len(order) == 4 {
			close(rest)
		}
	})
	if !slices.Equal(order, []int{1, 2, 3, 4, 0}) {
		t.Errorf("done in the order %v", order)
	}
}

package scenarios

import (
	"sync"

	"holdfast/scenarios/world"
)

// barrier is where actors wait before their first write until all of them are there, or
// have left: a conflict that needs no luck.
type barrier struct {
	mu       sync.Mutex
	expected int
	open     world.Signal
}

// leave lets the others no longer wait for one of them.
func (b *barrier) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.expected--; b.expected == 0 {
		b.open.Raise()
	}
}

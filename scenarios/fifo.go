package scenarios

import (
	"context"
	"sync"

	"holdfast/scenarios/world"
)

// fifoMutex lets one task through at a time, in the order of their arrival. A [sync.Mutex]
// would stop a virtual world, whose tasks share a thread.
type fifoMutex struct {
	mu      sync.Mutex
	taken   bool
	waiting []world.Signal
}

func (t *fifoMutex) lock(w world.World) {
	t.mu.Lock()
	if !t.taken {
		t.taken = true
		t.mu.Unlock()
		return
	}
	turn := w.NewSignal()
	t.waiting = append(t.waiting, turn)
	t.mu.Unlock()
	_ = turn.Wait(context.Background()) // whoever has it unlocks it
}

func (t *fifoMutex) unlock() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) == 0 {
		t.taken = false
		return
	}
	t.waiting[0].Raise()
	t.waiting = t.waiting[1:]
}

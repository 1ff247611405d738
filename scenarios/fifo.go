package scenarios

import (
	"context"
	"sync"

	"holdfast/scenarios/world"
)

// turns lets so many tasks through at a time, one if most is 0, in the order of their
// arrival. A [sync.Mutex] would stop a virtual world, whose tasks share a thread.
type turns struct {
	most    int
	mu      sync.Mutex
	taken   int
	waiting []world.Signal
}

func (t *turns) lock(w world.World) {
	t.mu.Lock()
	if t.taken < max(t.most, 1) {
		t.taken++
		t.mu.Unlock()
		return
	}
	turn := w.NewSignal()
	t.waiting = append(t.waiting, turn)
	t.mu.Unlock()
	_ = turn.Wait(context.Background()) // whoever has it unlocks it
}

func (t *turns) unlock() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) == 0 {
		t.taken--
		return
	}
	t.waiting[0].Raise()
	t.waiting = t.waiting[1:]
}

package scenarios

import (
	"context"
	"sync"

	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// rendezvous is where actors wait before their first write until all of them are there,
// or have left: a conflict that needs no luck.
type rendezvous struct {
	mu       sync.Mutex
	expected int
	begun    world.Signal
}

// convene calls the rendezvous of those who are to begin together.
func (p *repetition) convene() {
	for i := range p.actors {
		f := &p.actors[i]
		if f.actor.Load == nil || !f.actor.Load.FirstWritesTogether {
			continue
		}
		if p.rendezvous == nil {
			p.rendezvous = &rendezvous{begun: p.world.NewSignal()}
		}
		p.rendezvous.expected++
		f.awaited = true
	}
}

// gather holds the actor if it is awaited.
func (f *performer) gather(ctx context.Context, call network.Method) {
	if !f.awaited || call != network.MethodPut {
		return
	}
	asked := f.repetition.rec.Now()
	f.excuse()
	_ = f.repetition.rendezvous.begun.Wait(ctx) // whose end the call itself will notice
	f.client.Held(asked)
}

// excuse lets the others no longer wait for the actor.
func (f *performer) excuse() {
	if !f.awaited {
		return
	}
	f.awaited = false
	m := f.repetition.rendezvous
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.expected--; m.expected == 0 {
		m.begun.Raise()
	}
}

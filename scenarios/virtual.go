package scenarios

import (
	"context"
	"math/rand/v2"

	"holdfast/archive"
	"holdfast/scenarios/history"
	"holdfast/scenarios/world"
)

// VirtualPlayer plays repetitions of a run, each in a virtual world of its own, one after
// the other on the caller's goroutine. What happens in a repetition depends on the run and
// the repetition's number only.
type VirtualPlayer struct {
	player *Player
	crew   world.Crew
}

// Virtual returns a player for virtual worlds, which must be closed.
func (r *Run) Virtual() *VirtualPlayer { return &VirtualPlayer{player: r.VirtualPlayer()} }

// Play plays a repetition. It is a history of its own, which begins at time 0 with
// operation 1, and takes its end along. An error is why it could not go on, unless it was
// interrupted.
func (v *VirtualPlayer) Play(ctx context.Context, repetition int, sink history.Sink) (Played, error) {
	p := v.player
	if p.unsuited != nil {
		return Played{}, p.unsuited
	}
	var w world.World = p.virtualWorld(&v.crew)
	if between := p.compiled.Run.Between; between != nil {
		w = fronted{p.virtual, between(repetition)}
	}
	steps, interrupted, err := p.Play(ctx, repetition, w, sink)
	if err != nil {
		p.virtual = nil // somebody may still be in it
	}
	return Played{Interrupted: interrupted, Steps: steps}, err
}

// fronted is a world with something in front of its store.
type fronted struct {
	*world.Virtual
	between func(archive.Store) archive.Store
}

// Store implements [world.World].
func (f fronted) Store(actor string) archive.Store {
	s := f.Virtual.Store(actor)
	if world.Harness(actor) {
		return s
	}
	return f.between(s)
}

// Close ends what the player has started.
func (v *VirtualPlayer) Close() { v.crew.Close() }

// virtualWorld returns a world that is new, in the memory of the last repetition's.
func (p *Player) virtualWorld(crew *world.Crew) *world.Virtual {
	p.network.used = 0
	if p.virtual != nil {
		p.virtual.Renew()
		return p.virtual
	}
	r := p.compiled.Run
	p.virtual = world.NewVirtual(world.Config{
		Latency: r.Latency(), Throttle: r.Scenario.Throttle().Throttle, RequestTimeout: r.RequestTimeout(), Crew: crew,
		GrowingETags: r.Scenario.ETags == GrowingETags,
		Rand: func(actor string) *rand.Rand {
			return r.networkStream(p.network.next(), p.repetition.number, actor)
		},
	})
	return p.virtual
}

// PlayAgain plays one repetition of a virtual run again. What it does was observed
// when it was played first.
func (r *Run) PlayAgain(ctx context.Context, repetition int, sink history.Sink) error {
	again := *r
	again.Observe = nil
	v := again.Virtual()
	defer v.Close()
	_, err := v.Play(ctx, repetition, sink)
	return err
}

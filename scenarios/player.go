package scenarios

import (
	"context"
	"errors"
	"fmt"

	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// Play plays the repetitions one after the other in real worlds and records them
// as one history. The error says why the run could not be set up or brought to its
// end; what clients met on the way is in the history.
func (r *Run) Play(ctx context.Context, open func(repetition int) world.World, sink history.Sink) (Played, error) {
	var played Played
	if err := r.Validate(); err != nil {
		return played, err
	}
	if r.Core.VirtualOnly {
		return played, fmt.Errorf("core %s plays in a virtual world only", r.Core.Name)
	}
	var rec *history.Recorder
	p := r.player((*Run).realEncoding)
	for n := 1; n <= r.Repetitions && ctx.Err() == nil; n++ {
		w := open(n)
		if rec == nil {
			rec = history.NewRecorderWith(sink, w, p.compiled.describe)
			if r.Shard != nil {
				rec.TellReads()
			}
		}
		steps, err := p.play(ctx, n, w, rec)
		played.Steps = append(played.Steps, steps...)
		if err = whyFailed(ctx, err); err != nil {
			rec.Fail(err)
			return played, err
		}
	}
	played.Interrupted = ctx.Err() != nil
	if rec != nil {
		rec.End(played.Interrupted)
	}
	return played, nil
}

// whyFailed is why a repetition that ended with err could not be brought to its end; nil:
// it was, or was interrupted.
func whyFailed(ctx context.Context, err error) error {
	gone := outageOf(ctx)
	if gone == nil && ctx.Err() == nil {
		return err
	}
	return gone
}

// outageOf is the outage of the store that has ended a run; nil: none has.
func outageOf(ctx context.Context) error {
	if gone, ok := errors.AsType[*network.OutageError](context.Cause(ctx)); ok {
		return gone
	}
	return nil
}

// Player plays repetitions of a run on one goroutine, and keeps what is the same
// in all of them, and the memory of what is not. A repetition depends on its number only:
// every random stream is made of seed, scenario, repetition and actor, so repetitions can
// be played on all processors in any order.
type Player struct {
	compiled compiled
	unsuited error // why the run can't be played

	// What each repetition needs anew, kept for its memory.
	repetition repetition
	rec        history.Recorder
	performers []performer    // by number of the role
	virtual    *world.Virtual // nil: none yet
	network    sources        // of the virtual world
}

// VirtualPlayer returns a player for virtual worlds.
func (r *Run) VirtualPlayer() *Player { return r.player((*Run).virtualEncoding) }

func (r *Run) player(encoding func(*Run) encoding) *Player {
	p := &Player{compiled: compiled{Run: r}}
	p.unsuited = p.compiled.compile(encoding)
	p.performers = make([]performer, len(p.compiled.roles))
	return p
}

// Play plays one repetition in a world whose tasks share a goroutine, as a history
// of its own.
func (p *Player) Play(ctx context.Context, repetition int, w world.World, sink history.Sink) (steps []StepResult, interrupted bool, err error) {
	p.rec.Renew(sink, w, p.compiled.describe)
	steps, err = p.play(ctx, repetition, w, &p.rec)
	interrupted = ctx.Err() != nil
	if err != nil && !interrupted {
		p.rec.Fail(err)
	} else {
		p.rec.End(interrupted)
	}
	return steps, interrupted, err
}

func (p *Player) play(ctx context.Context, n int, w world.World, rec *history.Recorder) (steps []StepResult, err error) {
	if p.unsuited != nil {
		return nil, p.unsuited
	}
	rep := &p.repetition
	rep.begin(&p.compiled, w, rec, n)
	stuck := w.Run(ctx, func(ctx context.Context) { err = rep.play(ctx, p.performers) })
	return rep.steps, errors.Join(err, stuck)
}

// play lets the actors, whom it gives their roles, play the repetition.
func (p *repetition) play(ctx context.Context, actors []performer) error {
	var s *service
	if p.Scenario.Via == ViaAPI {
		s = newService(p)
	}
	if err := p.objects.open(ctx); err != nil {
		return err
	}
	if p.Scenario.Queued() {
		p.sendQueue = newSendQueue(p)
	}
	if err := p.cast(s, actors); err != nil {
		return err
	}
	if s != nil {
		if err := s.openAPI(actors); err != nil {
			return err
		}
		defer s.close()
	}
	if p.Scenario.Group.Processes > 0 {
		if err := startProcesses(ctx, p, actors); err != nil {
			return err
		}
	}
	if p.Shard != nil {
		if err := p.Shard.Meet(ctx, p.rec.Now); err != nil {
			return err
		}
	}
	p.rec.Begin(p.number)
	p.start = p.world.Now()
	p.tasks = world.NewGroup(p.world)
	if !p.AnyOrder {
		raiseBarrier(p, actors)
	}
	switch {
	case len(p.Scenario.Timeline) > 0 && p.AnyOrder:
		startSteps(ctx, p, actors)
	case len(p.Scenario.Timeline) > 0:
		playTimeline(ctx, p, actors)
	case s != nil:
		startServiceLoads(ctx, s, actors)
	case p.sendQueue != nil:
		startQueuedLoads(ctx, p.sendQueue, actors)
	default:
		startLoads(ctx, p, actors)
	}
	p.tasks.Wait()
	gone := outageOf(ctx)
	ctx = context.WithoutCancel(ctx)
	if gone == nil {
		p.world.Settle(ctx)
	}
	if p.sendQueue != nil {
		p.rec.Requested(p.sendQueue.requests)
	}
	if s != nil {
		s.recordLeft()
	}
	if gone != nil { // and so would each read of the final state end, after as long a wait
		return gone
	}
	if p.Shard != nil {
		return nil
	}
	return p.readFinalState(ctx)
}

// cast makes a performer of each role and tells the disturbed ones who interferes
// with them.
func (p *repetition) cast(s *service, actors []performer) error {
	for i := range actors {
		if err := actors[i].enter(p, s, &p.roles[i]); err != nil {
			return err
		}
	}
	for i := range actors {
		f := &actors[i]
		if f.actor.Interferes == nil {
			continue
		}
		d := disturber{network.Method(f.actor.Interferes.Before), f.disturb}
		for k := range actors {
			if other := &actors[k]; other.actor.Name == f.actor.Interferes.With {
				other.disturbers = append(other.disturbers, d)
			}
		}
	}
	return nil
}

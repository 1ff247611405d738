package scenarios

import (
	"context"
	"errors"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/world"
)

// startLoads lets all loads start together.
func startLoads(ctx context.Context, p *repetition, actors []performer) {
	for i := range actors {
		if f := &actors[i]; f.actor.Load != nil {
			p.tasks.Go(func() { f.runLoad(ctx) })
		}
	}
}

// startServiceLoads lets the users act and the back ends work. When no user is left who
// could upload anything, and the reconciler has told whom it had to, the back ends work
// until the queue is empty.
func startServiceLoads(ctx context.Context, s *service, actors []performer) {
	senders, reconcilers := world.NewGroup(s.world), world.NewGroup(s.world)
	for i := range actors {
		f := &actors[i]
		switch {
		case f.actor.Kind == reconciles:
			reconcilers.Go(func() { f.reconcile(ctx) })
		case f.actor.Load == nil:
		case f.actor.Kind == Backend:
			s.tasks.Go(func() { f.work(ctx) })
		default:
			senders.Go(func() { f.runLoad(ctx) })
		}
	}
	s.tasks.Go(func() {
		senders.Wait()
		s.uploaded.Store(true)
		reconcilers.Wait()
		s.queue.Close()
	})
}

// raiseBarrier is for those who are to begin their first writes together.
func raiseBarrier(p *repetition, actors []performer) {
	for i := range actors {
		f := &actors[i]
		if f.actor.Load == nil || !f.actor.Load.FirstWritesTogether {
			continue
		}
		if p.barrier == nil {
			p.barrier = &barrier{open: p.world.NewSignal()}
		}
		p.barrier.expected++
		f.awaited = true
	}
}

// runLoad acts freely until the load's operations are done or its time is up, and
// records those that it was to begin and did not.
func (f *performer) runLoad(ctx context.Context) {
	a := f.arrivals()
	why := f.playLoad(ctx, &a)
	if f.actor.Kind == Outsider {
		return // what it does is no operation of any core
	}
	end := f.repetition.start.Add(time.Duration(f.repetition.Scenario.Duration))
	if now := f.repetition.world.Now(); ctx.Err() != nil && now.Before(end) {
		end = now // what was due later was not yet to be begun
	}
	switch missed, batched := a.left(end), f.batched(); {
	case missed == 0:
	case batched != nil:
		batched.Skip(f.name, missed, why)
	default:
		f.client.Skip(missed, why)
	}
}

// Why operations were never begun.
const (
	stillBusy       = "their clients were still busy with earlier ones when the time was up"
	cutShort        = "the run was interrupted"
	tooManyFailures = "their clients stopped after too many failures in a row"
	clientDied      = "their clients had died"
)

// playLoad returns why it ended, which matters if it is before its end.
func (f *performer) playLoad(ctx context.Context, a *arrivals) (why string) {
	p, clock, l := f.repetition, f.repetition.world, f.actor.Load
	defer f.leaveBarrier() // whoever does nothing more writes nothing either
	failures := 0
	if l.After > 0 && clock.Sleep(ctx, time.Duration(l.After)) != nil {
		return cutShort
	}
	for l.Operations == 0 || a.begun < l.Operations {
		pause := time.Duration(0)
		switch {
		case l.Rate > 0:
			pause = a.next().Sub(clock.Now())
		case a.begun > 0 && l.Think > 0:
			pause = time.Duration(f.rng.ExpFloat64() * float64(l.Think))
		}
		// Checked before the pause: one that is longer than what is left would
		// only make the run longer than was asked for.
		left := time.Duration(p.Scenario.Duration) - clock.Now().Sub(p.start)
		if l.Operations == 0 && left <= max(pause, 0) {
			return stillBusy
		}
		if pause > 0 && clock.Sleep(ctx, pause) != nil {
			return cutShort
		}
		var intended int64
		if l.Rate > 0 {
			intended = p.rec.Now() - clock.Now().Sub(a.due).Nanoseconds()
		}
		a.begin()
		err := f.operate(ctx, intended)
		switch outcome := archive.OutcomeOf(err); {
		case errors.Is(err, context.DeadlineExceeded) && l.GiveUpAfter > 0: // it was the actor's own will
		case outcome == archive.Failed, outcome == archive.Gone, outcome == archive.Contradiction:
			failures++
		default:
			failures = 0
		}
		switch {
		case ctx.Err() != nil:
			return cutShort
		case errors.Is(err, errDied):
			return clientDied
		case failures >= mostFailures:
			return tooManyFailures
		}
	}
	return ""
}

// longestPause, a thousand hours, keeps the sum of many from overflowing.
const longestPause = float64(1000 * time.Hour)

// mostFailures in a row, and an actor stops: a store that refuses everything
// (no permission, no bucket), or an object that is not there, would only fill
// the history.
const mostFailures = 10

// operate does one operation of a load.
func (f *performer) operate(ctx context.Context, due int64) error {
	objects := f.repetition.objects
	n := objects.pick(f.member, f.rng)
	id := objects.current(n)
	var err error
	switch f.actor.Kind {
	case Creator:
		return f.create(ctx, id, due)
	case Outsider:
		return f.remove(ctx, id)
	case Stranger:
		return f.sendBadRequest(ctx, id)
	case Backend:
		if f.enqueues() {
			return f.enqueue(ctx, n, id, due)
		}
		if f.actor.Load.Edits == SharedEdits {
			err = f.share(ctx, id, due)
		} else {
			err = f.append(ctx, id, nil, due)
		}
	case User:
		err = f.loadAndSave(ctx, id, due)
	}
	if err == nil {
		if f.repetition.Shard != nil {
			objects.seen(n, id, f.length)
		}
		err = objects.updated(ctx, n, id)
	}
	return err
}

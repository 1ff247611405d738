package scenarios

import (
	"context"
	"errors"
	"time"

	"holdfast/archive"
)

// runLoad acts freely until the load's operations are done or its time is up.
func (f *performer) runLoad(ctx context.Context) {
	p, clock, l := f.repetition, f.repetition.world, f.actor.Load
	defer f.excuse() // whoever does nothing more writes nothing either
	due := p.start.Add(time.Duration(l.After))
	failures := 0
	if l.After > 0 && clock.Sleep(ctx, time.Duration(l.After)) != nil {
		return
	}
	for n := 0; l.Operations == 0 || n < l.Operations; n++ {
		pause := time.Duration(0)
		switch {
		case l.Rate > 0:
			due = due.Add(time.Duration(min(f.rng.ExpFloat64()/l.Rate*float64(time.Second), longestPause)))
			pause = due.Sub(clock.Now())
		case n > 0 && l.Think > 0:
			pause = time.Duration(f.rng.ExpFloat64() * float64(l.Think))
		}
		// Checked before the pause: one that is longer than what is left would
		// only make the run longer than was asked for.
		left := time.Duration(p.Scenario.Duration) - clock.Now().Sub(p.start)
		if l.Operations == 0 && left <= max(pause, 0) {
			return
		}
		if pause > 0 && clock.Sleep(ctx, pause) != nil {
			return
		}
		var intended int64
		if l.Rate > 0 {
			intended = p.rec.Now() - clock.Now().Sub(due).Nanoseconds()
		}
		err := f.operate(ctx, intended)
		switch outcome := archive.OutcomeOf(err); {
		case errors.Is(err, context.DeadlineExceeded) && l.GiveUpAfter > 0: // it was the actor's own will
		case outcome == archive.Failed, outcome == archive.Gone:
			failures++
		default:
			failures = 0
		}
		if ctx.Err() != nil || failures >= mostFailures || errors.Is(err, errDied) {
			return
		}
	}
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
	n := objects.pick(f.rng)
	id := objects.current(n)
	var err error
	switch f.actor.Kind {
	case Creator:
		return f.create(ctx, id, due)
	case Outsider:
		return f.remove(ctx, id)
	case Stranger:
		return f.bother(ctx, id)
	case Backend:
		err = f.append(ctx, id, sets{}, "", due)
	case User:
		err = f.edit(ctx, id, due)
	}
	if err == nil {
		err = objects.updated(ctx, n, id)
	}
	return err
}

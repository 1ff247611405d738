package scenarios

import (
	"context"
	"errors"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/network"
)

// mostSweeps after the last upload: a reconciler that a store refuses for ever ends too.
const mostSweeps = 20

// reconcile looks for customers who were forgotten while users upload, and once more
// when they have ended and whatever they left behind is old enough.
func (f *performer) reconcile(ctx context.Context) {
	s, q := f.service, &f.repetition.Scenario.Queue
	sweeper, err := f.sweeper()
	for err == nil && !s.uploaded.Load() {
		if _, sweeper, err = f.sweep(ctx, sweeper); err == nil {
			err = s.world.Sleep(ctx, time.Duration(q.Reconcile))
		}
	}
	if err == nil {
		err = s.world.Sleep(ctx, q.GraceOf())
	}
	clean := false
	for n := 0; err == nil && !clean && n < mostSweeps; n++ {
		if clean, sweeper, err = f.sweep(ctx, sweeper); err == nil && !clean {
			err = s.world.Sleep(ctx, time.Duration(q.Reconcile))
		}
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, errDied) {
		f.repetition.failed(StepResult{"the reconciler", "to be started", err.Error(), false})
	}
}

// sweep reports whether all that was forgotten is told. A process that dies and starts
// again begins anew, with a reconciler that remembers nothing.
func (f *performer) sweep(ctx context.Context, with cores.Sweeper) (clean bool, next cores.Sweeper, err error) {
	ctx = context.WithValue(ctx, actorKey{}, f)
	crash := catchCrash(func() {
		swept, failed := with.Sweep(ctx)
		clean = failed == nil && swept.Failed == 0
	})
	if crash == nil {
		return clean, with, ctx.Err()
	}
	if err := f.restart(ctx, crash); err != nil {
		return false, nil, err
	}
	next, err = f.sweeper()
	return false, next, err
}

// sweeper is the reconciler of a process that has just started.
func (f *performer) sweeper() (cores.Sweeper, error) {
	p := f.repetition
	lister, ok := p.world.Store(f.name + "/listing").(archive.Lister)
	if !ok {
		return nil, errors.New("the store of this world can't be listed")
	}
	return p.Core.NewReconciler(archive.ReconcilerOptions{
		Core: recorded{f}, Store: network.Store{Doer: triggerStore{}}, Lister: lister, Policy: p.Policy, Clock: p.world,
		Rand: stream(p.Seed, p.Scenario.Name, p.number, f.name+"\x00waits"), Parallel: f.service.parallel, Grace: p.Scenario.Queue.GraceOf(),
		Done: func(_ context.Context, r archive.Reconciled) { f.client.Looked(r, f.api.loadedAt, f.api.customers()) },
	})
}

// customers are those of the version that was loaded last.
func (a *apiState) customers() []string {
	if change := a.loaded.Change(); change != nil {
		return customers(change)
	}
	return nil
}

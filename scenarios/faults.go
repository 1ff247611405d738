package scenarios

import (
	"context"
	"errors"
	"fmt"

	"holdfast/archive"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// intercepted makes the store calls of the client's core: what is to happen before and
// after each does.
type intercepted performer

// Do implements [network.Doer].
func (i *intercepted) Do(ctx context.Context, c network.Call) network.Reply {
	f := (*performer)(i)
	ctx, crash, err := f.beforeCall(ctx, &c)
	if err != nil {
		return network.Reply{Err: err}
	}
	r := c.On(ctx, &f.client)
	panicIfDead(crash, r.Err)
	if c.Method == network.MethodDelete && f.api != nil && r.Err != nil &&
		!errors.Is(r.Err, archive.ErrNotFound) && !errors.Is(r.Err, archive.ErrPreconditionFailed) {
		f.api.stays = r.Err
	}
	return r
}

// crashed is what ends a client wherever it stands in its code.
type crashed struct{ fault *network.Fault }

// panicIfDead ends a client after a call whose answer it is not to see.
func panicIfDead(crash *network.Fault, err error) {
	if crash != nil {
		panic(crashed{crash})
	}
	if died, dead := err.(*world.Died); dead { //nolint:errorlint // nobody has wrapped it
		panic(crashed{&died.Fault})
	}
}

// beforeCall holds the client if the timeline says so, lets others interfere, and
// draws what befalls the call, see [performer.strike].
func (f *performer) beforeCall(ctx context.Context, c *network.Call) (context.Context, *network.Fault, error) {
	f.gather(ctx, c.Method)
	if len(f.disturbers) > 0 || f.cue != nil {
		asked := f.repetition.rec.Now()
		defer func() { f.client.Held(asked) }()
	}
	for _, d := range f.disturbers {
		if d.actor.Interferes.Before == string(c.Method) {
			d.disturb(ctx, f.baseID)
		}
	}
	if f.cue != nil {
		if err := f.cue.hold(ctx, string(c.Method)); err != nil {
			return ctx, nil, err
		}
	}
	return f.strike(ctx, c)
}

// strike draws what befalls a call: a fault of the network is carried to the store by
// the context that it returns, the crash that it returns comes after the call.
func (f *performer) strike(ctx context.Context, c *network.Call) (context.Context, *network.Fault, error) {
	p := f.repetition
	sent := ctx
	if p.throttle.Kind != "" && p.throttle.Covers(p.world.Now().Sub(p.start)) {
		sent = network.Metered(ctx)
	}
	if f.faults == nil {
		return sent, nil, nil
	}
	return f.inject(ctx, sent, c)
}

// inject is strike for a client whom faults can befall, whose call is sent in that context.
func (f *performer) inject(ctx, sent context.Context, c *network.Call) (context.Context, *network.Fault, error) {
	p := f.repetition
	f.faultsMu.Lock()
	fault, strikes := f.faults.Call(c.Method, c.Conditional(), p.world.Now().Sub(p.start))
	f.faultsMu.Unlock()
	if !strikes {
		if f.counted {
			sent = network.WithFault(sent, network.Fault{})
		}
		return sent, nil, nil
	}
	switch fault.Kind {
	case network.Crash:
		f.struck(fault)
		if fault.When == network.After {
			return sent, &fault, nil
		}
		panicIfDead(&fault, nil)
	case network.Delete:
		f.struck(fault)
		asked := p.rec.Now()
		defer func() { f.client.Held(asked) }()
		outside := p.rec.Client(f.name+"/outside", p.prefix, p.world.Store(f.name+"/outside"))
		_ = outside.Delete(ctx, c.Key, archive.Condition{}) // its answer is in the history
		return sent, nil, ctx.Err()
	}
	return network.WithFault(sent, fault), nil, nil
}

// struck records that a planned fault has struck that no store call can tell of.
func (f *performer) struck(fault network.Fault) {
	if fault.Nth > 0 {
		f.repetition.rec.Struck(f.name, fault.String())
	}
}

// errDied ends what a client does that died and does not start again.
var errDied = errors.New("the client died")

// submit has the core do what the client wants, and records it. A client that
// dies and starts again begins anew if somebody still wants it: the queue delivers
// a back end's message again, but nobody presses a user's button again.
func (f *performer) submit(ctx context.Context, in *intent) (archive.Snapshot, error) {
	if f.api != nil && f.actor.Kind != Backend && in.op.Do != "load" {
		in.op.Customers = f.concerned(in)
	}
	for {
		f.client.Begin(in.op)
		done, crash, err := f.survive(ctx, in)
		if crash == nil {
			f.finish(ctx, done, err)
			return done, err
		}
		f.client.Crash()
		if !crash.Restarts {
			return archive.Snapshot{}, errDied
		}
		if err := f.repetition.world.Sleep(ctx, crash.Restart); err != nil {
			return archive.Snapshot{}, err
		}
		if err := f.start(); err != nil {
			return archive.Snapshot{}, err
		}
		if f.actor.Kind == User {
			return archive.Snapshot{}, errRestarted
		}
	}
}

// finish records what the client was told. Whatever it was told after an interrupt is
// marked as such: the interrupt may be the reason.
func (f *performer) finish(ctx context.Context, done archive.Snapshot, err error) {
	if ctx.Err() != nil {
		f.client.Interrupted()
	}
	f.client.Finish(done, err)
}

// errRestarted ends what a user did whose page is gone.
var errRestarted = errors.New("the client died and started again")

// survive returns the crash of a client that died of it.
func (f *performer) survive(ctx context.Context, in *intent) (done archive.Snapshot, crash *network.Fault, err error) {
	crash = outlive(func() { done, err = f.do(ctx, in) })
	return done, crash, err
}

// outlive returns the crash that ended do.
func outlive(do func()) (crash *network.Fault) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case crashed:
			crash = r.fault
		default:
			panic(r)
		}
	}()
	do()
	return nil
}

// redeliver has the queue deliver a back end's message a second time, to another
// worker, if a fault says so.
func (f *performer) redeliver(ctx context.Context, in *intent) {
	p := f.repetition
	if f.faults == nil || f.actor.Kind != Backend {
		return
	}
	fault, strikes := f.faults.Operation(p.world.Now().Sub(p.start))
	if !strikes {
		return
	}
	f.struck(fault)
	f.copies++
	again := &performer{repetition: p, actor: f.actor, customer: f.customer, name: fmt.Sprintf("%s-again-%d", f.name, f.copies)}
	p.rec.Enlist(&again.client, again.name, p.prefix, p.world.Store(again.name))
	again.rng = stream(p.Seed, p.Scenario.Name, p.number, again.name)
	again.intent = *in
	p.tasks.Go(func() {
		if p.world.Sleep(ctx, fault.After) == nil && again.start() == nil {
			_, _ = again.submit(ctx, &again.intent) // its outcome is in the history
		}
	})
}

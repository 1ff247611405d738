package scenarios

import (
	"context"
	"errors"
	"fmt"

	"holdfast/archive"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// gate lets something happen before and after each store call of a client.
type gate struct {
	archive.Store
	client *performer
}

func (g *gate) Get(ctx context.Context, key string) ([]byte, string, error) {
	ctx, crash, err := g.client.beforeCall(ctx, network.CallGet, key, false)
	if err != nil {
		return nil, "", err
	}
	body, etag, err := g.Store.Get(ctx, key)
	live(crash, err)
	return body, etag, err
}

func (g *gate) Head(ctx context.Context, key string) (string, error) {
	ctx, crash, err := g.client.beforeCall(ctx, network.CallHead, key, false)
	if err != nil {
		return "", err
	}
	etag, err := g.Store.Head(ctx, key)
	live(crash, err)
	return etag, err
}

func (g *gate) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	ctx, crash, err := g.client.beforeCall(ctx, network.CallPut, key, cond != archive.Condition{})
	if err != nil {
		return "", err
	}
	etag, err := g.Store.Put(ctx, key, body, cond)
	live(crash, err)
	return etag, err
}

func (g *gate) Delete(ctx context.Context, key string, cond archive.Condition) error {
	ctx, crash, err := g.client.beforeCall(ctx, network.CallDelete, key, cond != archive.Condition{})
	if err != nil {
		return err
	}
	err = g.Store.Delete(ctx, key, cond)
	live(crash, err)
	if api := g.client.api; api != nil && err != nil && !errors.Is(err, archive.ErrNotFound) && !errors.Is(err, archive.ErrPreconditionFailed) {
		api.stays = err
	}
	return err
}

// crashed is what ends a client wherever it stands in its code.
type crashed struct{ fault network.Fault }

// live ends a client after a call whose answer it is not to see.
func live(crash *network.Fault, err error) {
	if crash != nil {
		panic(crashed{*crash})
	}
	if died, dead := err.(*world.Died); dead { //nolint:errorlint // nobody has wrapped it
		panic(crashed{died.Fault})
	}
}

// beforeCall holds the client if the timeline says so, lets others interfere, and
// draws what befalls the call, see [performer.strike].
func (f *performer) beforeCall(ctx context.Context, call network.Call, key string, conditional bool) (context.Context, *network.Fault, error) {
	f.gather(ctx, call)
	if len(f.disturbers) > 0 || f.cue != nil {
		asked := f.repetition.rec.Now()
		defer func() { f.client.Held(asked) }()
	}
	for _, d := range f.disturbers {
		if d.actor.Interferes.Before == Point(call) {
			d.disturb(ctx, f.baseID)
		}
	}
	if f.cue != nil {
		if err := f.cue.hold(ctx, string(call)); err != nil {
			return ctx, nil, err
		}
	}
	return f.strike(ctx, call, key, conditional)
}

// strike draws what befalls a call: a fault of the network is carried to the store by
// the context that it returns, the crash that it returns comes after the call.
func (f *performer) strike(ctx context.Context, call network.Call, key string, conditional bool) (context.Context, *network.Fault, error) {
	p := f.repetition
	sent := ctx
	if p.throttle.Kind != "" && p.throttle.Covers(p.world.Now().Sub(p.start)) {
		sent = network.Metered(ctx)
	}
	if f.faults == nil {
		return sent, nil, nil
	}
	f.faultsMu.Lock()
	fault, strikes := f.faults.Call(call, conditional, p.world.Now().Sub(p.start))
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
		live(&fault, nil)
	case network.Delete:
		f.struck(fault)
		asked := p.rec.Now()
		defer func() { f.client.Held(asked) }()
		outside := p.rec.Client(f.name+"/outside", p.prefix, p.world.Store(f.name+"/outside"))
		_ = outside.Delete(ctx, key, archive.Condition{}) // its answer is in the history
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
			crash = &r.fault
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

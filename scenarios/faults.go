package scenarios

import (
	"context"
	"errors"

	"holdfast/archive"
	"holdfast/scenarios/network"
)

// intercepted makes the store calls of the client's core: what is to happen before and
// after each does.
type intercepted performer

// Do implements [network.Doer].
func (i *intercepted) Do(ctx context.Context, m network.Method, key string, body []byte, cond archive.Condition) (read []byte, etag string, err error) {
	f := (*performer)(i)
	ctx, crash, err := f.beforeCall(ctx, m, key, cond != archive.Condition{})
	if err != nil {
		return nil, "", err
	}
	read, etag, err = network.Do(ctx, &f.client, m, key, body, cond)
	panicIfDead(crash, err)
	if m == network.MethodDelete && f.api != nil && err != nil &&
		!errors.Is(err, archive.ErrNotFound) && !errors.Is(err, archive.ErrPreconditionFailed) {
		f.api.stays = append(f.api.stays, key)
	}
	return read, etag, err
}

// beforeCall holds the client if the timeline says so, lets others interfere, and
// draws what befalls the call, see [performer.strike].
func (f *performer) beforeCall(ctx context.Context, m network.Method, key string, conditional bool) (context.Context, *network.Fault, error) {
	f.awaitBarrier(ctx, m)
	if len(f.disturbers) > 0 || f.cue != nil {
		asked := f.repetition.rec.Now()
		defer func() { f.client.Held(asked) }()
	}
	for _, d := range f.disturbers {
		if d.before == m {
			d.act(ctx, f.baseID)
		}
	}
	if f.cue != nil {
		if err := f.cue.hold(ctx, string(m)); err != nil {
			return ctx, nil, err
		}
	}
	return f.strike(ctx, m, key, conditional)
}

// strike draws what befalls a call: a fault of the network is carried to the store by
// the context that it returns, the crash that it returns comes after the call.
func (f *performer) strike(ctx context.Context, m network.Method, key string, conditional bool) (context.Context, *network.Fault, error) {
	p := f.repetition
	sent := ctx
	if p.throttle.Kind != "" && p.throttle.Covers(p.world.Now().Sub(p.start)) {
		sent = network.Metered(ctx)
	}
	if f.faults == nil {
		if f.counted {
			sent = network.WithFault(sent, network.Fault{})
		}
		return sent, nil, nil
	}
	return f.inject(ctx, sent, m, key, conditional)
}

// inject is strike for a client whom faults can befall, whose call is sent in that context.
func (f *performer) inject(ctx, sent context.Context, m network.Method, key string, conditional bool) (context.Context, *network.Fault, error) {
	p := f.repetition
	f.faultsMu.Lock()
	fault, strikes := f.faults.Call(m, conditional, p.world.Now().Sub(p.start))
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

// awaitBarrier holds the actor before its first write, if others wait for it.
func (f *performer) awaitBarrier(ctx context.Context, m network.Method) {
	if !f.awaited || m != network.MethodPut {
		return
	}
	asked := f.repetition.rec.Now()
	f.leaveBarrier()
	_ = f.repetition.barrier.open.Wait(ctx) // whose end the call itself will notice
	f.client.Held(asked)
}

// leaveBarrier lets the others no longer wait for the actor.
func (f *performer) leaveBarrier() {
	if f.awaited {
		f.awaited = false
		f.repetition.barrier.leave()
	}
}

package scenarios

import (
	"cmp"
	"context"

	"holdfast/archive"
	"holdfast/archive/delivery"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// enter makes f the performer of a role in a repetition, whatever it was before:
// it keeps nothing but its memory.
func (f *performer) enter(p *repetition, s *service, r *role) error {
	*f = performer{
		repetition: p, service: s, actor: r.actor, name: r.name, member: cmp.Or(r.member, r.name), customer: r.customer,
		client: f.client, disturbers: f.disturbers[:0], stamp: f.stamp,
	}
	p.rec.Enlist(&f.client, r.name, p.prefix, p.world.Store(r.name))
	if r.actor.Kind == consumes {
		f.client.Serve(p.sendQueue.batches)
	}
	f.rng = f.source.start(r.seed.of(p.Seed, p.Scenario.Name, p.number, r.name))
	_, f.counted = p.world.(*world.Real)
	if len(p.Scenario.Faults) > 0 {
		f.faults = network.NewInjector(p.Scenario.faults(), f.member, r.actor.Name, stream(p.Seed, p.Scenario.Name, p.number, r.name+"\x00faults"))
	}
	if p.Shard != nil {
		f.ids = history.NewIDs(p.Seed, p.Scenario.Name, r.name)
	}
	return f.start()
}

// start gives the performer a core of its own, as the start of a process does.
func (f *performer) start() (err error) {
	p := f.repetition
	f.store.Doer = (*intercepted)(f)
	f.core, err = p.Core.New(cores.Environment{
		Store: f.throughStore(), Policy: p.Policy, Clock: p.world, Rand: f.rng, Observer: f.observer(), Layout: p.Layout.Archive(), Codec: p.codec,
		Crowd: &p.crowd, Exposure: p.exposure,
	})
	f.base = archive.Snapshot{}
	if f.service != nil {
		f.api = &apiState{triggers: p.world.Store(f.name + "/triggers")}
	}
	return err
}

// throughStore is the store of the performer's core.
func (f *performer) throughStore() archive.Store {
	if f.actor.Kind == consumes && f.repetition.Scenario.Queue.WriteThrough {
		return delivery.NewWriteThrough(&f.store)
	}
	return &f.store
}

// observer records what the core does and tells whoever else wants to know.
func (f *performer) observer() archive.Observer {
	recorder := f.client.Observer()
	if f.repetition.Observe == nil {
		return recorder
	}
	return archive.Observers(recorder, f.repetition.Observe(f.name, f.actor.Kind))
}

// restart is what follows the crash of the performer's process: whatever it had begun and
// read is gone. The error is errDied if it does not start again.
func (f *performer) restart(ctx context.Context, crash *network.Fault) error {
	f.client.Crash()
	if !crash.Restarts {
		return errDied
	}
	if err := f.repetition.world.Sleep(ctx, crash.Restart); err != nil {
		return err
	}
	return f.start()
}

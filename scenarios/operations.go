package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"holdfast/archive"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
)

// submit has the core do what the client wants, and records it. A client that
// dies and starts again begins anew if somebody still wants it: the queue delivers
// a back end's message again, but nobody presses a user's button again.
func (f *performer) submit(ctx context.Context, in *intent) (archive.Snapshot, error) {
	if f.api != nil && f.actor.Kind != Backend && in.op.Do != "load" {
		in.op.Customers = f.concerned(in)
	}
	if f.process != nil {
		return f.appendInGroup(ctx, in)
	}
	for {
		f.client.Begin(in.op)
		done, crash, err := f.survive(ctx, in)
		if crash == nil {
			f.finish(ctx, done, err)
			if err == nil && done.Document != nil {
				f.length = done.Document.HistoryLen()
			}
			return done, err
		}
		if err := f.restart(ctx, crash); err != nil {
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

// survive returns the crash of a client that died of it.
func (f *performer) survive(ctx context.Context, in *intent) (done archive.Snapshot, crash *network.Fault, err error) {
	crash = catchCrash(func() { done, err = f.do(ctx, in) })
	return done, crash, err
}

func (f *performer) do(ctx context.Context, in *intent) (archive.Snapshot, error) {
	if f.api != nil && f.actor.Kind != Backend {
		return f.request(ctx, in)
	}
	if patience := in.op.GiveUp; patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = f.repetition.world.WithTimeout(ctx, patience)
		defer cancel()
	}
	switch in.op.Do {
	case "load":
		return f.core.Load(ctx, in.op.ID)
	case "save":
		return f.core.Save(ctx, in.op.ID, in.base, in.edit)
	case "append":
		return f.core.Append(ctx, in.op.ID, in.edit)
	case "update":
		return cores.Update(ctx, f.core, in.op.ID, in.make)
	}
	return f.core.Create(ctx, in.op.ID, in.document, in.edit.Modifications...)
}

// load reads the document as a user does who opens the edit page.
func (f *performer) load(ctx context.Context, id string) error {
	f.baseID = id // before the read: others may interfere with it
	loaded, err := f.submit(ctx, f.meaning(intent{op: history.Operation{Do: "load", ID: id}}))
	f.base = loaded
	return err
}

// save submits fields against what the user has loaded, or was answered last.
func (f *performer) save(ctx context.Context, set fields, due int64, types ...string) error {
	if f.api != nil {
		types = nil // a form can't choose them
	}
	in := f.meaning(intent{
		op:   history.Operation{Do: "save", ID: f.baseID, Base: f.base.ETag, Due: due},
		base: f.base,
		edit: set.withEntries(f.modifications(types, archive.Updated)),
	})
	in.op.Wants(f.repetition.Layout.Archive(), in.edit, in.base.Document)
	saved, err := f.submit(ctx, in)
	if err == nil {
		f.base = saved // as the edit page does
	}
	return err
}

// append adds a modification as a back end does.
func (f *performer) append(ctx context.Context, id string, set fields, due int64, types ...string) error {
	if id == "" {
		id = f.repetition.objects.current(0)
	}
	in := f.meaning(f.appends(id, set, due, types...))
	f.redeliver(ctx, in)
	_, err := f.submit(ctx, in)
	return err
}

// appends is what a back end means to add to an object.
func (f *performer) appends(id string, set fields, due int64, types ...string) intent {
	f.baseID = id
	if l := f.actor.Load; l != nil && l.Edits == OwnEdits {
		f.edits++
		set = fields{"x_" + f.name: json.RawMessage(strconv.Itoa(f.edits))}
	}
	in := intent{
		op:   history.Operation{Do: "append", ID: id, Due: due},
		edit: set.withEntries(f.modifications(types, archive.Processed)),
	}
	if l := f.actor.Load; l != nil && l.Edits == InvalidEdits {
		in.op.Invalid = true
		in.edit.Modifications[0].Timestamp = "no time"
	}
	in.op.Wants(f.repetition.Layout.Archive(), in.edit, nil)
	return in
}

// batched is the record of the actor's operations if others make its store calls; nil: it
// makes them itself.
func (f *performer) batched() *history.Batches {
	switch {
	case f.process != nil:
		return f.process.batches
	case f.enqueues():
		return f.repetition.sendQueue.batches
	}
	return nil
}

// enqueues reports whether the actor's operations go to a queue.
func (f *performer) enqueues() bool {
	return f.repetition.sendQueue != nil && f.actor.Kind == Backend && f.actor.Load != nil
}

// enqueue sends what a back end means to add to the document of a slot, and again, as the
// queue of another may, if a fault says so.
func (f *performer) enqueue(ctx context.Context, slot int, id string, due int64) error {
	p := f.repetition
	in := f.appends(id, nil, due)
	stored := func(ctx context.Context) error { return p.objects.updated(ctx, slot, id) }
	if f.faults != nil {
		if fault, strikes := f.faults.Operation(p.world.Now().Sub(p.start)); strikes {
			f.struck(fault)
			f.copies++
			again := fmt.Sprintf("%s-again-%d", f.name, f.copies)
			p.tasks.Go(func() {
				if p.world.Sleep(ctx, fault.After) == nil {
					_ = p.sendQueue.send(ctx, again, &in, false, nil) // its outcome is in the history
				}
			})
		}
	}
	return p.sendQueue.send(ctx, f.name, &in, f.actor.Load.Rate == 0, stored)
}

// create stores the whole document.
func (f *performer) create(ctx context.Context, id string, due int64) error {
	f.baseID = id
	doc, err := withID(f.repetition.Document, id)
	if err != nil {
		return err
	}
	in := f.meaning(intent{
		op:       history.Operation{Do: "create", ID: id, Due: due},
		document: f.repetition.encoded(doc),
		edit:     archive.Edit{Modifications: f.modifications(nil, archive.Created)},
	})
	in.op.WantsDocument(doc, f.api == nil, in.edit.Modifications...) // the API takes no history from a form
	_, err = f.submit(ctx, in)
	return err
}

// remove deletes the object from outside: no operation of any core.
func (f *performer) remove(ctx context.Context, id string) error {
	key, err := f.repetition.Layout.Archive().Key(id)
	if err != nil {
		return err
	}
	return f.client.Delete(ctx, key, archive.Condition{})
}

// modifications are one of each type, or else one of a type that fits.
func (f *performer) modifications(types []string, otherwise string) []archive.Modification {
	all := make([]archive.Modification, max(len(types), 1))
	for i := range all {
		m := &all[i]
		*m = archive.Modification{
			ID: f.newID(), UserID: f.name, Type: otherwise,
			Timestamp: f.stamp.of(f.repetition.world.Now()),
		}
		if i < len(types) && types[i] != "" {
			m.Type = types[i]
		}
		if f.api != nil && (f.actor.Kind == User || f.actor.Kind == Creator) {
			m.Notify = true // it is an upload
		}
		if m.Type == archive.Processed && f.actor.Kind == Backend {
			m.CustomerCode = f.customer
		}
		if l := f.repetition.Layout; l != nil && f.api == nil { // the service makes entries of its own
			m.Fields = l.more
		}
	}
	return all
}

// newID is the id of the performer's next modification.
func (f *performer) newID() string {
	if f.ids != nil {
		return f.ids.Next()
	}
	return archive.NewModificationID(f.rng)
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
	again := &performer{repetition: p, service: f.service, process: f.process, actor: f.actor, customer: f.customer, name: fmt.Sprintf("%s-again-%d", f.name, f.copies)}
	p.rec.Enlist(&again.client, again.name, p.prefix, p.world.Store(again.name))
	again.rng = stream(p.Seed, p.Scenario.Name, p.number, again.name)
	again.intent = *in
	p.tasks.Go(func() {
		if p.world.Sleep(ctx, fault.After) == nil && again.start() == nil {
			_, _ = again.submit(ctx, &again.intent) // its outcome is in the history
		}
	})
}

// loadAndSave is what a user does with the edit page: a load, and one save or several on
// top of each other. Told of a conflict, the user reloads, looks, and saves again.
func (f *performer) loadAndSave(ctx context.Context, id string, due int64) error {
	stale := true
	for saves := max(f.actor.Load.Saves, 1); saves > 0; {
		if stale {
			if err := f.load(ctx, id); err != nil {
				return err
			}
		}
		set, err := f.chooseFields()
		if err != nil {
			return err
		}
		err = f.save(ctx, set, due)
		var mismatch *archive.ETagMismatchError
		switch stale = errors.As(err, &mismatch); {
		case err == nil:
			saves--
		case !stale:
			return err
		}
	}
	return nil
}

// disturb commits an update, unless it was done often enough.
func (f *performer) disturb(ctx context.Context, id string) {
	f.turn.lock(f.repetition.world)
	defer f.turn.unlock()
	if i := f.actor.Interferes; i.Times == 0 || f.disturbs < i.Times {
		f.disturbs++
		_ = f.append(ctx, id, nil, 0) // its outcome is in the history
	}
}

package scenarios

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// performer is one client: an actor, the core it uses and what it remembers.
type performer struct {
	repetition *repetition
	actor      *Actor
	name       string
	customer   string
	client     history.Client
	core       cores.Core
	store      network.Store // of the core
	rng        *rand.Rand
	source     source            // of rng
	faults     *network.Injector // nil: none
	counted    bool              // the requests of each call are, which HTTP makes
	intent     intent
	stamp      timestamp
	edits      int
	awaited    bool       // at the rendezvous before the first writes
	copies     int        // of its messages that were delivered again
	faultsMu   sync.Mutex // an upload's triggers are written at the same time
	api        *apiState  // with via: api

	base   archive.Snapshot // what the user has loaded
	baseID string
	fields []string // text fields that a user can edit
	cue    *cue     // set while it plays in a timeline
	// disturbers commit an update each before this one's store calls.
	disturbers []*performer
	turn       turnstile // several that it disturbs may call at once
	disturbs   int       // times that it has interfered
}

// editable are the fields that people edit as text, of changes and announcements.
var editable = []string{
	"changeTitle", "changeReason", "implementationPlan", "testPlan", "customerImpact", "rollbackPlan",
	"title", "summary", "content",
}

// editableFields are those that a document has.
func editableFields(l *Layout, doc *archive.Change) []string {
	var fields []string
	for _, field := range editable {
		field = l.Field(field)
		if _, ok := doc.Field(field); ok {
			fields = append(fields, field)
		}
	}
	return fields
}

// enter makes f the performer of a role in a repetition, whatever it was before:
// it keeps nothing but its memory.
func (f *performer) enter(p *repetition, r *role) error {
	*f = performer{
		repetition: p, actor: r.actor, name: r.name, customer: r.customer, fields: p.player.fields,
		client: f.client, disturbers: f.disturbers[:0], stamp: f.stamp,
	}
	p.rec.Enlist(&f.client, r.name, p.prefix, p.world.Store(r.name))
	f.rng = f.source.start(r.seed.of(p.Seed, p.Scenario.Name, p.number, r.name))
	if len(p.Scenario.Faults) > 0 {
		f.faults = network.NewInjector(p.Scenario.faults(), r.name, r.actor.Name, stream(p.Seed, p.Scenario.Name, p.number, r.name+"\x00faults"))
		_, f.counted = p.world.(*world.Real)
	}
	return f.start()
}

// start gives the performer a core of its own, as the start of a process does.
func (f *performer) start() (err error) {
	p := f.repetition
	f.store.Doer = (*intercepted)(f)
	f.core, err = p.Core.New(cores.Environment{
		Store: &f.store, Policy: p.Policy, Clock: p.world, Rand: f.rng, Observer: f.observer(), Layout: p.Layout.Archive(), Codec: p.player.docs.codec,
		Crowd: &p.crowd, Exposure: p.player.exposure,
	})
	f.base = archive.Snapshot{}
	if p.service != nil {
		f.api = &apiState{triggers: p.world.Store(f.name + "/triggers")}
	}
	return err
}

// observer records what the core does and tells whoever else wants to know.
func (f *performer) observer() archive.Observer {
	recorder := f.client.Observer()
	if f.repetition.Observe == nil {
		return recorder
	}
	return archive.Observers(recorder, f.repetition.Observe(f.name, f.actor.Kind))
}

// disturb commits an update, unless it was done often enough.
func (f *performer) disturb(ctx context.Context, id string) {
	f.turn.enter(f.repetition.world)
	defer f.turn.leave()
	if i := f.actor.Interferes; i.Times == 0 || f.disturbs < i.Times {
		f.disturbs++
		_ = f.append(ctx, id, nil, 0) // its outcome is in the history
	}
}

// intent is what a client wants of its core. It stays the same, modification ids
// included, however often the client has to begin again.
type intent struct {
	op       history.Operation
	base     archive.Snapshot
	document archive.Document // of a create
	edit     archive.Edit
	make     func(current archive.Snapshot) (archive.Edit, error) // of an update
}

// meaning is where f keeps what it wants until its operation has ended.
func (f *performer) meaning(in intent) *intent {
	if l := f.actor.Load; l != nil {
		in.op.GiveUp = time.Duration(l.GiveUpAfter)
	}
	f.intent = in
	return &f.intent
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
		edit: set.edit(f.modifications(types, archive.Updated)),
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
	f.baseID = id
	in := f.meaning(intent{
		op:   history.Operation{Do: "append", ID: id, Due: due},
		edit: set.edit(f.modifications(types, archive.Processed)),
	})
	in.op.Wants(f.repetition.Layout.Archive(), in.edit, nil)
	f.redeliver(ctx, in)
	_, err := f.submit(ctx, in)
	return err
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
		document: f.repetition.player.docs.encoded(doc),
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
			ID: archive.NewModificationID(f.rng), UserID: f.name, Type: otherwise,
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

// timestamp is a time to the second, written once for all modifications of it.
type timestamp struct {
	second int64
	text   string
}

func (t *timestamp) of(now time.Time) string {
	if s := now.Unix(); s != t.second || t.text == "" {
		*t = timestamp{s, now.UTC().Format(time.RFC3339)}
	}
	return t.text
}

// edit is a user's load, and one save or several on top of each other. Told of a
// conflict, the user reloads, looks, and saves again.
func (f *performer) edit(ctx context.Context, id string, due int64) error {
	stale := true
	for saves := max(f.actor.Load.Saves, 1); saves > 0; {
		if stale {
			if err := f.load(ctx, id); err != nil {
				return err
			}
		}
		set, err := f.change()
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

package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
)

// performer is one client: an actor, the core it uses and what it remembers.
type performer struct {
	repetition *repetition
	actor      *Actor
	name       string
	customer   string
	client     *history.Client
	core       cores.Core
	rng        *rand.Rand
	edits      int

	base   archive.Snapshot // what the user has loaded
	baseID string
	fields []string // text fields that a user can edit
	cue    *cue     // set while it plays in a timeline
	// disturbers commit an update each before this one's store calls.
	disturbers []*performer
	turn       sync.Mutex // several that it disturbs may call at once
	disturbs   int        // times that it has interfered
}

// editable are the fields that people edit as text, of changes and announcements.
var editable = []string{
	"changeTitle", "changeReason", "implementationPlan", "testPlan", "customerImpact", "rollbackPlan",
	"title", "summary", "content",
}

// editableFields are those that a document has.
func editableFields(doc *archive.Change) []string {
	var fields []string
	for _, field := range editable {
		if _, ok := doc.Field(field); ok {
			fields = append(fields, field)
		}
	}
	return fields
}

func (p *repetition) newPerformer(a *Actor, name string, n int) (*performer, error) {
	f := &performer{
		repetition: p, actor: a, name: name,
		client: p.rec.Client(name, p.prefix, p.store),
		rng:    stream(p.Seed, p.Scenario.Name, p.number, name),
	}
	if codes := customers(p.Document); len(codes) > 0 {
		f.customer = codes[n%len(codes)]
	}
	f.fields = editableFields(p.Document)
	core, err := p.Core.New(cores.Environment{
		Store: gate{f.client, f.beforeCall}, Policy: p.Policy, Clock: p.Clock, Rand: f.rng, Observer: f.client.Observer(),
	})
	f.core = core
	return f, err
}

// gate lets something happen before each read and write of a client.
type gate struct {
	archive.Store
	before func(ctx context.Context, call string) error
}

func (g gate) Get(ctx context.Context, key string) ([]byte, string, error) {
	if err := g.before(ctx, "get"); err != nil {
		return nil, "", err
	}
	return g.Store.Get(ctx, key)
}

func (g gate) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if err := g.before(ctx, "put"); err != nil {
		return "", err
	}
	return g.Store.Put(ctx, key, body, cond)
}

// beforeCall holds the client if the timeline says so, and lets others interfere.
func (f *performer) beforeCall(ctx context.Context, call string) error {
	for _, d := range f.disturbers {
		if d.actor.Interferes.Before == call {
			d.disturb(ctx, f.baseID)
		}
	}
	if f.cue != nil {
		return f.cue.hold(ctx, call)
	}
	return nil
}

// disturb commits an update, unless it was done often enough.
func (f *performer) disturb(ctx context.Context, id string) {
	f.turn.Lock()
	defer f.turn.Unlock()
	if i := f.actor.Interferes; i.Times == 0 || f.disturbs < i.Times {
		f.disturbs++
		_ = f.append(ctx, id, nil, "", 0) // its outcome is in the history
	}
}

// load reads the document as a user does who opens the edit page.
func (f *performer) load(ctx context.Context, id string) error {
	f.baseID = id // before the read: others may interfere with it
	f.client.Begin(history.Operation{Do: "load", ID: id})
	loaded, err := f.core.Load(ctx, id)
	f.client.Finish(loaded.ETag, err)
	f.base = loaded
	return err
}

// save submits fields against what the user has loaded.
func (f *performer) save(ctx context.Context, fields map[string]json.RawMessage, kind string, due int64) error {
	m := f.modification(kind, archive.Updated)
	f.client.Begin(history.Operation{
		Do: "save", ID: f.baseID, IDs: []string{m.ID}, Sets: slices.Sorted(maps.Keys(fields)), Base: f.base.ETag, Due: due,
	})
	saved, err := f.core.Save(ctx, f.baseID, f.base, archive.Edit{Fields: fields, Modifications: []archive.Modification{m}})
	f.client.Finish(saved.ETag, err)
	return err
}

// append adds a modification as a back end does.
func (f *performer) append(ctx context.Context, id string, fields map[string]json.RawMessage, kind string, due int64) error {
	if id == "" {
		id = f.repetition.objects.current(0)
	}
	f.baseID = id
	m := f.modification(kind, archive.Processed)
	if m.Type == archive.Processed {
		m.CustomerCode = f.customer
	}
	f.client.Begin(history.Operation{
		Do: "append", ID: id, IDs: []string{m.ID}, Sets: slices.Sorted(maps.Keys(fields)), Due: due,
	})
	stored, err := f.core.Append(ctx, id, archive.Edit{Fields: fields, Modifications: []archive.Modification{m}})
	f.client.Finish(stored.ETag, err)
	return err
}

// create stores the whole document.
func (f *performer) create(ctx context.Context, id string, due int64) error {
	f.baseID = id
	doc, err := withID(f.repetition.Document, id)
	if err != nil {
		return err
	}
	m := f.modification("", archive.Created)
	f.client.Begin(history.Operation{Do: "create", ID: id, IDs: append(history.EntryIDs(doc), m.ID), Due: due})
	created, err := f.core.Create(ctx, id, doc, m)
	f.client.Finish(created.ETag, err)
	return err
}

func (f *performer) modification(kind, otherwise string) archive.Modification {
	if kind == "" {
		kind = otherwise
	}
	return archive.Modification{
		ID: archive.NewModificationID(f.rng), UserID: f.name, Type: kind,
		Timestamp: f.repetition.Clock.Now().UTC().Format(time.RFC3339),
	}
}

// runLoad acts freely until the load's operations are done or its time is up.
func (f *performer) runLoad(ctx context.Context, start time.Time) {
	clock, l := f.repetition.Clock, f.actor.Load
	due := start
	failures := 0
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
		left := time.Duration(f.repetition.Scenario.Duration) - clock.Now().Sub(start)
		if l.Operations == 0 && left <= max(pause, 0) {
			return
		}
		if pause > 0 && clock.Sleep(ctx, pause) != nil {
			return
		}
		var intended int64
		if l.Rate > 0 {
			intended = f.repetition.rec.Now() - clock.Now().Sub(due).Nanoseconds()
		}
		err := f.operate(ctx, intended)
		switch archive.OutcomeOf(err) {
		case archive.Failed, archive.Gone:
			failures++
		default:
			failures = 0
		}
		if ctx.Err() != nil || failures >= mostFailures {
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
	case Backend:
		err = f.append(ctx, id, nil, "", due)
	case User:
		err = f.edit(ctx, id, due)
	}
	if err == nil {
		err = objects.updated(ctx, n, id)
	}
	return err
}

// edit is a user's load and save. Told of a conflict, the user reloads, looks,
// and saves again.
func (f *performer) edit(ctx context.Context, id string, due int64) error {
	for {
		if err := f.load(ctx, id); err != nil {
			return err
		}
		f.edits++
		field := f.fields[f.rng.IntN(len(f.fields))]
		text, err := json.Marshal(fmt.Sprintf("Edit %d by %s, repetition %d.", f.edits, f.name, f.repetition.number))
		if err != nil {
			return err
		}
		err = f.save(ctx, map[string]json.RawMessage{field: text}, "", due)
		var mismatch *archive.ETagMismatchError
		if !errors.As(err, &mismatch) {
			return err
		}
	}
}

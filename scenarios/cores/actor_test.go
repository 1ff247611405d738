package cores_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"holdfast/archive"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
)

// actor is a client of the world.
type actor struct {
	*world
	name    string
	client  *history.Client
	core    cores.Core
	base    archive.Snapshot
	updates int
	creates bool
	pause   func() // nil: it is not scheduled, its calls are made at once
	// beforePut lets others interfere.
	beforePut func()
}

func (w *world) actor(name string) *actor {
	a := &actor{world: w, name: name, client: w.rec.Client(name, "", w.server())}
	a.start()
	w.actors = append(w.actors, a)
	return a
}

// start makes the actor's core; after a crash, anew.
func (a *actor) start() {
	core, err := a.spec.New(cores.Environment{
		Store: gate{a}, Policy: a.policy, Clock: a.world, Rand: rand.New(rand.NewPCG(1, 1)), Observer: a.client.Observer(),
	})
	if err != nil {
		a.t.Fatal(err)
	}
	a.core = core
}

func (a *actor) modification(kind string) archive.Modification {
	a.updates++
	return archive.Modification{
		ID: fmt.Sprintf("m-%s-%d", a.name, a.updates), UserID: a.name, Type: kind, Timestamp: "2025-10-18T09:00:00Z",
	}
}

func (a *actor) load() {
	a.client.Begin(history.Operation{Do: "load", ID: objectID})
	loaded, err := a.core.Load(a.t.Context(), objectID)
	a.client.Finish(loaded, err)
	a.base = loaded
}

// removed stands for the value of a field that a save removes.
var removed any = struct{}{}

// save sets fields to texts, given in pairs. Users whose load failed have nothing to save.
func (a *actor) save(pairs ...any) error {
	if a.base.Document == nil {
		return nil
	}
	fields, remove := map[string]json.RawMessage{}, []string(nil)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == removed {
			remove = append(remove, pairs[i].(string))
			continue
		}
		fields[pairs[i].(string)], _ = json.Marshal(pairs[i+1])
	}
	m := a.modification(archive.Updated)
	op := history.Operation{Do: "save", ID: objectID, Base: a.base.ETag}
	edit := archive.Edit{Fields: fields, Remove: remove, Modifications: []archive.Modification{m}}
	op.Wants(edit, a.base.Document)
	a.client.Begin(op)
	saved, err := a.core.Save(a.t.Context(), objectID, a.base, edit)
	a.client.Finish(saved, err)
	if err == nil {
		a.base = saved
	}
	return err
}

// count counts a field up.
func (a *actor) count() {
	m := a.modification(archive.Processed)
	op := history.Operation{Do: "update", ID: objectID}
	op.WantsFields([]archive.Modification{m}, "x_count")
	a.client.Begin(op)
	done, err := cores.Update(a.t.Context(), a.core, objectID, func(current archive.Snapshot) (archive.Edit, error) {
		n := 0
		if raw, there := current.Document.Field("x_count"); there {
			_ = json.Unmarshal(raw, &n)
		}
		raw, err := json.Marshal(n + 1)
		edit := archive.Edit{Fields: map[string]json.RawMessage{"x_count": raw}, Modifications: []archive.Modification{m}, Once: m.ID}
		a.client.Made(edit, current)
		return edit, err
	})
	a.client.Finish(done, err)
}

// append adds a modification. An actor that crashes is started again, and its
// message delivered again.
func (a *actor) append(kind string, fields map[string]json.RawMessage, also ...string) {
	mods := []archive.Modification{a.modification(kind)}
	for _, kind := range also {
		mods = append(mods, a.modification(kind))
	}
	for i := range mods {
		mods[i].CustomerCode = "hts"
	}
	for !a.deliver(mods, fields) {
		a.start()
	}
}

type crash struct{}

func (a *actor) deliver(mods []archive.Modification, fields map[string]json.RawMessage) (done bool) {
	defer func() {
		if !done {
			if r := recover(); r != (crash{}) {
				panic(r)
			}
			a.client.Finish(archive.Snapshot{}, &archive.OutcomeUnknownError{}) // nobody was told anything
		}
	}()
	op := history.Operation{Do: "append", ID: objectID}
	edit := archive.Edit{Fields: fields, Modifications: mods}
	op.Wants(edit, nil)
	a.client.Begin(op)
	stored, err := a.core.Append(a.t.Context(), objectID, edit)
	a.client.Finish(stored, err)
	return true
}

func (a *actor) create() {
	m := a.modification(archive.Created)
	op := history.Operation{Do: "create", ID: objectID}
	op.WantsDocument(original, true, m)
	a.client.Begin(op)
	created, err := a.core.Create(a.t.Context(), objectID, original, m)
	a.client.Finish(created, err)
}

// gate is where an actor waits for its turn before each call to the store, and
// where it crashes.
type gate struct{ *actor }

func (g gate) turn() {
	if g.pause != nil {
		g.pause()
	}
	g.perhapsCrash()
}

func (g gate) perhapsCrash() {
	if g.crashes && g.faulty(6) {
		panic(crash{})
	}
}

func (g gate) Get(ctx context.Context, key string) ([]byte, string, error) {
	g.turn()
	body, etag, err := g.client.Get(ctx, key)
	g.perhapsCrash()
	return body, etag, err
}

func (g gate) Head(ctx context.Context, key string) (string, error) {
	g.turn()
	return g.client.Head(ctx, key)
}

func (g gate) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if g.beforePut != nil {
		g.beforePut()
	}
	g.turn()
	etag, err := g.client.Put(ctx, key, body, cond)
	g.perhapsCrash()
	return etag, err
}

func (g gate) Delete(ctx context.Context, key string, cond archive.Condition) error {
	g.turn()
	return g.client.Delete(ctx, key, cond)
}

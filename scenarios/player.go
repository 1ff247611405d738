package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// Played says how playing went; what happened is in the history.
type Played struct {
	// Interrupted: the context ended first. The history is complete up to there.
	Interrupted bool
	Steps       []StepResult
}

// StepResult compares a step that expects an outcome with the one it had.
type StepResult struct {
	Step    string // "T4 bob save"
	Want    string
	Got     string
	AsAsked bool
}

// Play plays the repetitions one after the other in real worlds and records them
// as one history. The error says why the run could not be set up or brought to its
// end; what clients met on the way is in the history.
func (r *Run) Play(ctx context.Context, open func(repetition int) world.World, sink history.Sink) (Played, error) {
	var played Played
	if err := r.Validate(); err != nil {
		return played, err
	}
	if r.Core.VirtualOnly {
		return played, fmt.Errorf("core %s plays in a virtual world only", r.Core.Name)
	}
	var rec *history.Recorder
	p := r.player((*Run).realDocuments)
	for n := 1; n <= r.Repetitions && ctx.Err() == nil; n++ {
		w := open(n)
		if rec == nil {
			rec = history.NewRecorderWith(sink, w, p.docs.describe)
		}
		steps, err := p.play(ctx, n, w, rec)
		played.Steps = append(played.Steps, steps...)
		if err != nil && ctx.Err() == nil {
			rec.Fail(err)
			return played, err
		}
	}
	played.Interrupted = ctx.Err() != nil
	if rec != nil {
		rec.End(played.Interrupted)
	}
	return played, nil
}

// Player plays repetitions of a run on one goroutine, and keeps what is the same
// in all of them.
type Player struct {
	run      *Run
	docs     documents
	document *archive.Change // see [Run.document]
	unsuited error           // why there is none
	// roles are the clients, in the order of the scenario's actors.
	roles  []role
	fields []string // text fields that a user can edit
	sets   []fields // what the steps of the timeline set
	// exposure is for how long a write is at risk on average, see [cores.Environment].
	exposure time.Duration

	// What each repetition needs anew, kept for its memory.
	repetition repetition
	rec        history.Recorder
	harness    history.Client // of the documents at the beginning, of the final reads
	performers []performer    // by number of the role
	virtual    *world.Virtual // nil: none yet
	network    sources        // of the virtual world
}

// fields are to be set, to these values, or removed, if the value is nil.
type fields map[string]json.RawMessage

// edit is that of the fields, with these entries.
func (f fields) edit(mods []archive.Modification) archive.Edit {
	e := archive.Edit{Fields: f, Modifications: mods}
	for name, value := range f {
		if value == nil {
			e.Remove = append(e.Remove, name)
		}
	}
	if len(e.Remove) > 0 {
		slices.Sort(e.Remove)
		e.Fields = maps.Clone(f)
		maps.DeleteFunc(e.Fields, func(_ string, value json.RawMessage) bool { return value == nil })
	}
	return e
}

// role is what a client is in every repetition.
type role struct {
	actor    *Actor
	name     string
	customer string
	seed     streamSeed
}

// VirtualPlayer returns a player for virtual worlds.
func (r *Run) VirtualPlayer() *Player { return r.player((*Run).virtualDocuments) }

func (r *Run) player(docs func(*Run) documents) *Player {
	p := &Player{run: r}
	if p.unsuited = r.Validate(); p.unsuited != nil {
		return p
	}
	p.docs = docs(r)
	p.fields, p.exposure = editableFields(r.Layout, r.Document), r.Latency().Exposure()
	for i := range r.Scenario.Timeline {
		p.sets = append(p.sets, r.Layout.set(r.Scenario.Timeline[i].fields()))
	}
	if p.document, p.unsuited = r.document(); p.unsuited != nil {
		return p
	}
	codes := customers(p.document)
	for i := range r.Scenario.Actors {
		a := &r.Scenario.Actors[i]
		for n := range max(a.Count, 1) {
			part := role{actor: a, name: a.memberName(n)}
			if len(codes) > 0 {
				part.customer = codes[n%len(codes)]
			}
			p.roles = append(p.roles, part)
		}
	}
	if r.Scenario.Queue.Reconcile > 0 {
		p.roles = append(p.roles, role{actor: &Actor{Name: Reconciler, Kind: reconciles}, name: Reconciler})
	}
	p.performers = make([]performer, len(p.roles))
	return p
}

// Play plays one repetition in a world whose tasks share a goroutine, as a history
// of its own.
func (p *Player) Play(ctx context.Context, repetition int, w world.World, sink history.Sink) (steps []StepResult, interrupted bool, err error) {
	p.rec.Renew(sink, w, p.docs.describe)
	steps, err = p.play(ctx, repetition, w, &p.rec)
	interrupted = ctx.Err() != nil
	if err != nil && !interrupted {
		p.rec.Fail(err)
	} else {
		p.rec.End(interrupted)
	}
	return steps, interrupted, err
}

func (p *Player) play(ctx context.Context, n int, w world.World, rec *history.Recorder) (steps []StepResult, err error) {
	if p.unsuited != nil {
		return nil, p.unsuited
	}
	rep := &p.repetition
	rep.begin(p, w, rec, n)
	stuck := w.Run(ctx, func(ctx context.Context) { err = rep.play(ctx) })
	return rep.steps, errors.Join(err, stuck)
}

// repetition is one playing of the scenario.
type repetition struct {
	*Run
	player  *Player
	number  int
	prefix  string // of its keys in the history
	world   world.World
	rec     *history.Recorder
	objects *pool
	actors  []performer
	tasks   *world.Group
	start   time.Time // of the actors
	steps   []StepResult
	// faultsMu guards steps while loads run, which add what went wrong.
	faultsMu sync.Mutex
	opened   time.Time // when the documents began to be stored
	service  *service  // with via: api
	crowd    cores.Crowd
	// throttle is what the store does to whoever comes too fast; of no kind: nothing.
	throttle network.Fault
	// rendezvous is of those whose first writes begin together; nil: there are none.
	rendezvous *rendezvous
}

// begin makes p the repetition of a number, whatever it was before.
func (p *repetition) begin(player *Player, w world.World, rec *history.Recorder, n int) {
	r := player.run
	*p = repetition{Run: r, player: player, number: n, world: w, rec: rec, objects: p.objects, actors: player.performers}
	p.throttle = r.Scenario.Throttle()
	if r.Repetitions > 1 {
		p.prefix = fmt.Sprintf("r%05d/", n)
	}
	if p.objects == nil {
		p.objects = newPool(r.Scenario.Objects, player.document, player.docs.encoded, p.setUp)
	}
	p.objects.reset()
}

func (p *repetition) play(ctx context.Context) error {
	p.opened = p.world.Now()
	if p.Scenario.Via == ViaAPI {
		p.openService()
	}
	if err := p.objects.open(ctx); err != nil {
		return err
	}
	if err := p.cast(); err != nil {
		return err
	}
	if p.service != nil {
		if err := p.service.serve(); err != nil {
			return err
		}
		defer p.service.close()
	}
	p.rec.Begin(p.number)
	p.start = p.world.Now()
	p.tasks = world.NewGroup(p.world)
	if !p.AnyOrder {
		p.convene()
	}
	switch {
	case len(p.Scenario.Timeline) == 0:
		p.startLoads(ctx)
	case p.AnyOrder:
		p.startSteps(ctx)
	default:
		p.playTimeline(ctx)
	}
	p.tasks.Wait()
	return p.readFinalState(ctx)
}

// cast makes a performer of each role and tells the disturbed ones who interferes
// with them.
func (p *repetition) cast() error {
	for i := range p.actors {
		if err := p.actors[i].enter(p, &p.player.roles[i]); err != nil {
			return err
		}
	}
	for i := range p.actors {
		f := &p.actors[i]
		if f.actor.Interferes != nil {
			f.interfere(p.actors)
		}
	}
	return nil
}

// interfere tells those whom f disturbs.
func (f *performer) interfere(actors []performer) {
	for i := range actors {
		if other := &actors[i]; other.actor.Name == f.actor.Interferes.With {
			other.disturbers = append(other.disturbers, f)
		}
	}
}

// startLoads lets all loads start together.
func (p *repetition) startLoads(ctx context.Context) {
	if p.service != nil {
		p.service.startLoads(ctx)
		return
	}
	for i := range p.actors {
		if f := &p.actors[i]; f.actor.Load != nil {
			p.tasks.Go(func() { f.runLoad(ctx) })
		}
	}
}

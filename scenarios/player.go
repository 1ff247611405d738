package scenarios

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/world"
)

// Run is a scenario with all that playing it needs. All fields are required.
type Run struct {
	Scenario    *Scenario
	Document    *archive.Change
	Core        cores.Spec
	Policy      archive.Policy
	Seed        uint64
	Repetitions int
	// AnyOrder lets each actor of a timeline do its own steps in their order, but
	// without waiting for those of the others.
	AnyOrder bool
}

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

// finalReadTimeout bounds the reads after a run, which happen also when the
// run was interrupted.
const finalReadTimeout = 15 * time.Second

// Play plays the repetitions one after the other and records them as one
// history. Each has a world of its own, whose clocks must agree. The error says
// why the run could not be set up or brought to its end; what clients met on the
// way is in the history.
func (r *Run) Play(ctx context.Context, open func(repetition int) world.World, sink history.Sink) (Played, error) {
	var played Played
	var rec *history.Recorder
	docs := RealDocuments()
	for n := 1; n <= r.Repetitions && ctx.Err() == nil; n++ {
		w := open(n)
		if rec == nil {
			rec = history.NewRecorderWith(sink, w, docs.describe)
		}
		steps, err := r.playOne(ctx, n, w, rec, docs)
		played.Steps = append(played.Steps, steps...)
		if err != nil && ctx.Err() == nil {
			rec.End(true)
			return played, err
		}
	}
	played.Interrupted = ctx.Err() != nil
	if rec != nil {
		rec.End(played.Interrupted)
	}
	return played, nil
}

// PlayOnce plays one repetition in a world, as a history of its own.
func (r *Run) PlayOnce(ctx context.Context, repetition int, w world.World, docs Documents, sink history.Sink) (steps []StepResult, interrupted bool, err error) {
	rec := history.NewRecorderWith(sink, w, docs.describe)
	steps, err = r.playOne(ctx, repetition, w, rec, docs)
	interrupted = ctx.Err() != nil
	rec.End(interrupted || err != nil)
	return steps, interrupted, err
}

// playOne plays a repetition in a world.
func (r *Run) playOne(ctx context.Context, n int, w world.World, rec *history.Recorder, docs Documents) (steps []StepResult, err error) {
	p := newRepetition(r, w, rec, n, docs)
	stuck := w.Run(ctx, func(ctx context.Context) { err = p.play(ctx) })
	return p.steps, errors.Join(err, stuck)
}

// repetition is one playing of the scenario.
type repetition struct {
	*Run
	number  int
	prefix  string // of its keys in the history
	world   world.World
	rec     *history.Recorder
	docs    Documents
	objects *pool
	actors  []*performer
	tasks   *world.Group
	start   time.Time // of the actors
	steps   []StepResult
}

func newRepetition(r *Run, w world.World, rec *history.Recorder, n int, docs Documents) *repetition {
	p := &repetition{Run: r, number: n, world: w, rec: rec, docs: docs}
	if r.Repetitions > 1 {
		p.prefix = fmt.Sprintf("r%05d/", n)
	}
	setup := func() archive.Store { return rec.Client(history.SetupActor, p.prefix, w.Store(history.SetupActor)) }
	p.objects = newPool(r.Scenario.Objects, r.Document, docs.encoded, setup)
	return p
}

func (p *repetition) play(ctx context.Context) error {
	if err := p.objects.open(ctx); err != nil {
		return err
	}
	if err := p.cast(); err != nil {
		return err
	}
	p.rec.Begin(p.number)
	p.start = p.world.Now()
	p.tasks = world.NewGroup(p.world)
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

// readFinalState reads every object, when no write is under way any more. The
// judge needs it also, and most of all, after an interrupt.
func (p *repetition) readFinalState(ctx context.Context) error {
	ctx, cancel := p.world.WithTimeout(context.WithoutCancel(ctx), finalReadTimeout)
	defer cancel()
	p.world.Settle(ctx)
	final := p.rec.Client(history.FinalActor, p.prefix, p.world.Store(history.FinalActor))
	for _, id := range p.objects.all() {
		key, err := archive.Key(id)
		if err != nil {
			return err
		}
		if _, _, err := final.Get(ctx, key); err != nil && !errors.Is(err, archive.ErrNotFound) {
			return fmt.Errorf("read the final state of %s: %w", id, err)
		}
	}
	return nil
}

// cast makes a performer of each actor and tells the disturbed ones who
// interferes with them.
func (p *repetition) cast() error {
	byName := map[string][]*performer{}
	for i := range p.Scenario.Actors {
		a := &p.Scenario.Actors[i]
		for n := range max(a.Count, 1) {
			f, err := p.newPerformer(a, a.memberName(n), n)
			if err != nil {
				return err
			}
			p.actors = append(p.actors, f)
			byName[a.Name] = append(byName[a.Name], f)
		}
	}
	for _, f := range p.actors {
		if i := f.actor.Interferes; i != nil {
			for _, disturbed := range byName[i.With] {
				disturbed.disturbers = append(disturbed.disturbers, f)
			}
		}
	}
	return nil
}

// startLoads lets all loads start together.
func (p *repetition) startLoads(ctx context.Context) {
	for _, f := range p.actors {
		if f.actor.Load != nil {
			p.tasks.Go(func() { f.runLoad(ctx) })
		}
	}
}

package scenarios

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
)

// Run is a scenario with all that playing it needs. All fields are required.
type Run struct {
	Scenario    *Scenario
	Document    *archive.Change
	Core        cores.Spec
	Policy      archive.Policy
	Seed        uint64
	Repetitions int
	// Store returns the store of a repetition, counted from 1: each must be
	// empty and apart from the others.
	Store func(repetition int) archive.Store
	Clock archive.Clock
	Sink  history.Sink
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

// Play plays the scenario in the real world, with a goroutine for each actor.
// The error says why the run could not be set up or brought to its end; what
// clients met on the way is in the history.
func (r *Run) Play(ctx context.Context) (Played, error) {
	rec := history.NewRecorder(r.Sink, r.Clock)
	var played Played
	for n := 1; n <= r.Repetitions && ctx.Err() == nil; n++ {
		p := newRepetition(r, rec, n)
		err := p.play(ctx)
		played.Steps = append(played.Steps, p.steps...)
		if err != nil && ctx.Err() == nil {
			rec.End(true)
			return played, err
		}
	}
	played.Interrupted = ctx.Err() != nil
	rec.End(played.Interrupted)
	return played, nil
}

// repetition is one playing of the scenario.
type repetition struct {
	*Run
	number  int
	prefix  string // of its keys in the history
	rec     *history.Recorder
	store   archive.Store
	objects *pool
	actors  []*performer
	steps   []StepResult
}

func newRepetition(r *Run, rec *history.Recorder, n int) *repetition {
	p := &repetition{Run: r, number: n, rec: rec, store: r.Store(n)}
	if r.Repetitions > 1 {
		p.prefix = fmt.Sprintf("r%05d/", n)
	}
	setup := func() archive.Store { return rec.Client(history.SetupActor, p.prefix, p.store) }
	p.objects = newPool(r.Scenario.Objects, r.Document, setup)
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
	if len(p.Scenario.Timeline) > 0 {
		p.playTimeline(ctx)
	} else {
		p.playLoads(ctx)
	}
	// The judge needs the final state also, and most of all, after an interrupt.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finalReadTimeout)
	defer cancel()
	final := p.rec.Client(history.FinalActor, p.prefix, p.store)
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
			name := a.Name
			if a.Count > 1 {
				name = fmt.Sprintf("%s-%0*d", a.Name, len(fmt.Sprint(a.Count)), n+1)
			}
			f, err := p.newPerformer(a, name, n)
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

// playLoads lets all loads start together and waits until they have ended.
func (p *repetition) playLoads(ctx context.Context) {
	start := p.Clock.Now()
	var wg sync.WaitGroup
	for _, f := range p.actors {
		if f.actor.Load != nil {
			wg.Go(func() { f.runLoad(ctx, start) })
		}
	}
	wg.Wait()
}

// stream returns the random stream of one actor: the same for the same seed,
// scenario, repetition and name, whatever else runs.
func stream(seed uint64, scenario string, repetition int, actor string) *rand.Rand {
	h := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%d\x00%s", seed, scenario, repetition, actor))
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(h[:8]), binary.BigEndian.Uint64(h[8:16])))
}

package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"holdfast/archive"
)

// cue is how the timeline and one actor hand over to each other: the actor
// works between being given a step, or resumed, and its next report. A step
// makes at most two reports, so that no report ever blocks.
type cue struct {
	steps   chan *Step
	reports chan report
	resume  chan struct{}
	held    string // the call before which to stop; owned by whoever works
}

// report is an actor's word that its step has ended, or that it is held.
type report struct {
	held bool
	err  error
}

// hold stops the actor if it is to be held before this call.
func (c *cue) hold(ctx context.Context, call string) error {
	if c.held != call {
		return nil
	}
	c.held = ""
	c.reports <- report{held: true}
	select {
	case <-c.resume:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// playTimeline plays the steps in exactly their order: each begins when the one
// before it has ended or is held.
func (p *repetition) playTimeline(ctx context.Context) {
	var wg sync.WaitGroup
	byName := map[string]*performer{}
	for _, f := range p.actors {
		f.cue = &cue{steps: make(chan *Step), reports: make(chan report, 2), resume: make(chan struct{}, 1)}
		byName[f.name] = f
		wg.Go(func() { f.follow(ctx) })
	}
	for i := range p.Scenario.Timeline {
		if !p.playStep(ctx, byName[p.Scenario.Timeline[i].Actor], &p.Scenario.Timeline[i]) {
			break
		}
	}
	for _, f := range p.actors {
		select {
		case f.cue.resume <- struct{}{}: // a timeline that broke off may have left it held
		default:
		}
		close(f.cue.steps)
	}
	wg.Wait()
}

// playStep reports whether the timeline can go on.
func (p *repetition) playStep(ctx context.Context, f *performer, s *Step) bool {
	f.cue.held = s.Hold
	if s.Do == DoResume {
		f.cue.resume <- struct{}{}
	} else {
		f.cue.steps <- s
	}
	var r report
	select {
	case r = <-f.cue.reports:
	case <-ctx.Done():
		return false
	}
	f.cue.held = ""
	label := strings.TrimSpace(fmt.Sprintf("%s %s %s", s.At, s.Actor, s.Do))
	switch {
	case s.Hold != "" && !r.held:
		p.steps = append(p.steps, StepResult{label, "held before its " + s.Hold, "ended without one: " + explain(r.err), false})
		return false
	case r.held || s.Expect == "":
		return true
	}
	p.steps = append(p.steps, s.compare(label, r.err))
	return true
}

// compare holds the outcome of a step against what it expects.
func (s *Step) compare(label string, err error) StepResult {
	want, got := string(s.Expect), string(archive.OutcomeOf(err))
	if got != want {
		got = explain(err)
	}
	asAsked := archive.OutcomeOf(err) == s.Expect
	if len(s.Conflicts) > 0 {
		want += " on " + strings.Join(s.Conflicts, ", ")
		named := conflictFields(err)
		asAsked = asAsked && slices.Equal(named, s.Conflicts)
		if len(named) > 0 {
			got += " on " + strings.Join(named, ", ")
		}
	}
	return StepResult{label, want, got, asAsked}
}

// explain names an outcome; of a failure, whose name says nothing, also the reason.
func explain(err error) string {
	outcome := archive.OutcomeOf(err)
	if outcome == archive.Failed {
		return fmt.Sprintf("%s (%v)", outcome, err)
	}
	return string(outcome)
}

func conflictFields(err error) []string {
	var mismatch *archive.ETagMismatchError
	var names []string
	if errors.As(err, &mismatch) {
		for _, f := range mismatch.Fields {
			names = append(names, f.Field)
		}
	}
	return names
}

// follow does the steps that the actor is given.
func (f *performer) follow(ctx context.Context) {
	for s := range f.cue.steps {
		f.cue.reports <- report{err: f.perform(ctx, s)}
	}
}

func (f *performer) perform(ctx context.Context, s *Step) error {
	id := f.repetition.objects.current(0)
	fields, err := rawFields(s.Set)
	if err != nil {
		return err
	}
	f.baseID = id
	switch s.Do {
	case DoLoad:
		return f.load(ctx, id)
	case DoSave:
		return f.save(ctx, fields, s.Type, 0)
	case DoAppend:
		return f.append(ctx, id, fields, s.Type, 0)
	}
	return f.create(ctx, id, 0)
}

// rawFields turns the YAML values of a step into JSON.
func rawFields(set map[string]any) (map[string]json.RawMessage, error) {
	fields := make(map[string]json.RawMessage, len(set))
	for name, value := range set {
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("the value of %s can't be written as JSON: %w", name, err)
		}
		fields[name] = raw
	}
	return fields, nil
}

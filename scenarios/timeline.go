package scenarios

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"holdfast/archive"
	"holdfast/scenarios/world"
)

// cue is how the timeline and one actor hand over to each other: the actor
// works between being given a step, or resumed, and its next report.
type cue struct {
	held   string       // the call before which to stop; owned by whoever works
	report report       // what the actor reported last
	spoken world.Signal // the actor has reported
	resume world.Signal // the actor that is held may go on
}

// report is an actor's word that its step has ended, or that it is held.
type report struct {
	held bool
	err  error
}

// hold stops the actor if it is to be held before this call. An interrupt does not let
// it go on by itself, since the timeline may just be giving out a step.
func (c *cue) hold(ctx context.Context, call string) error {
	if c.held != call {
		return nil
	}
	c.held = ""
	c.report = report{held: true}
	resume := c.resume
	c.spoken.Raise()                            // from here on the cue is the timeline's
	_ = resume.Wait(context.WithoutCancel(ctx)) // a timeline that breaks off lets it go on
	return ctx.Err()
}

// playTimeline plays the steps in exactly their order: each begins when the one
// before it has ended or is held.
func (p *repetition) playTimeline(ctx context.Context) {
	byName := map[string]*performer{}
	for i := range p.actors {
		f := &p.actors[i]
		f.cue = &cue{}
		byName[f.name] = f
	}
	for i := range p.Scenario.Timeline {
		if !p.playStep(ctx, byName[p.Scenario.Timeline[i].Actor], i) {
			break
		}
	}
	for i := range p.actors {
		if f := &p.actors[i]; f.cue.resume != nil {
			f.cue.resume.Raise() // a timeline that broke off may have left it held
		}
	}
}

// playStep reports whether the timeline can go on.
func (p *repetition) playStep(ctx context.Context, f *performer, i int) bool {
	s := &p.Scenario.Timeline[i]
	c := f.cue
	resumed, spoken := c.resume, p.world.NewSignal()
	c.held, c.spoken, c.resume = string(s.Hold), spoken, p.world.NewSignal()
	if s.Do == DoResume {
		resumed.Raise()
	} else {
		p.tasks.Go(func() {
			err := f.perform(ctx, i)
			c.report = report{err: err}
			c.spoken.Raise()
		})
	}
	if spoken.Wait(ctx) != nil || ctx.Err() != nil {
		return false // whatever the step came to, it may be the interrupt's doing
	}
	r := c.report
	c.held = ""
	label := strings.TrimSpace(fmt.Sprintf("%s %s %s", s.At, s.Actor, s.Do))
	switch {
	case s.Hold != "" && !r.held:
		p.stepped(StepResult{label, "held before its " + string(s.Hold), "ended without one: " + explain(r.err), false})
		return false
	case s.leavesNothing(r.err):
		// The first cause: whatever its actor did next would fail of it.
		p.stepped(StepResult{label, cmp.Or(string(s.Expect), "a version to work on"), explain(r.err), false})
		return false
	case r.held || s.Expect == "":
		return true
	}
	p.stepped(s.compare(p.Layout, label, r.err))
	return true
}

// leavesNothing reports whether the step is a load that failed, and was not meant to:
// its actor has nothing to go on with.
func (s *Step) leavesNothing(err error) bool {
	return s.Do == DoLoad && err != nil && archive.OutcomeOf(err) != s.Expect
}

func (p *repetition) stepped(s StepResult) {
	p.steps = append(p.steps, s)
	p.rec.Step(s.Step, s.Want, s.Got, !s.AsAsked)
}

// startSteps lets each actor do its own steps, one after the other.
func (p *repetition) startSteps(ctx context.Context) {
	for i := range p.actors {
		f := &p.actors[i]
		p.tasks.Go(func() {
			for i := range p.Scenario.Timeline {
				if s := &p.Scenario.Timeline[i]; s.Actor == f.name && s.Do != DoResume {
					err := f.perform(ctx, i)
					if err == errDied || err == errRestarted || s.leavesNothing(err) { //nolint:errorlint // as submit returns them
						return // the page is gone, and with it what was meant to be done on it
					}
				}
			}
		})
	}
}

// compare holds the outcome of a step against what it expects.
func (s *Step) compare(l *Layout, label string, err error) StepResult {
	want, got := string(s.Expect), string(archive.OutcomeOf(err))
	if got != want {
		got = explain(err)
	}
	asAsked := archive.OutcomeOf(err) == s.Expect
	if len(s.Conflicts) > 0 {
		meant := l.named(s.Conflicts)
		want += " on " + strings.Join(meant, ", ")
		named := conflictFields(err)
		asAsked = asAsked && slices.Equal(named, meant)
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

// perform does a step of the timeline.
func (f *performer) perform(ctx context.Context, i int) error {
	s, set := &f.repetition.Scenario.Timeline[i], f.repetition.player.sets[i]
	id := f.repetition.objects.current(0)
	f.baseID = id
	switch s.Do {
	case DoLoad:
		return f.load(ctx, id)
	case DoSave:
		if s.WithoutBase {
			f.base.Document = nil
		}
		return f.save(ctx, set, 0, s.types()...)
	case DoAppend:
		if f.api != nil && f.actor.Kind == Backend {
			return f.handleNext(ctx, set, s.Type)
		}
		return f.append(ctx, id, set, 0, s.types()...)
	}
	return f.create(ctx, id, 0)
}

// types are those of the step's modifications; none: one, as fits.
func (s *Step) types() []string {
	if s.Type == "" && len(s.Also) == 0 {
		return nil
	}
	return append([]string{s.Type}, s.Also...)
}

// fields are what the step sets, as JSON, and removes. [Step.checkFields] has seen that they can be.
func (s *Step) fields() fields {
	if len(s.Set)+len(s.SetJSON)+len(s.Remove) == 0 {
		return nil
	}
	all := make(fields, len(s.Set)+len(s.SetJSON)+len(s.Remove))
	for name, value := range s.Set {
		all[name], _ = json.Marshal(value)
	}
	for name, text := range s.SetJSON {
		all[name] = json.RawMessage(text)
	}
	for _, name := range s.Remove {
		all[name] = nil
	}
	return all
}

// checkFields reports why the step's fields can't be set, and which key is at fault.
func (s *Step) checkFields() (key string, err error) {
	for _, name := range slices.Sorted(maps.Keys(s.Set)) {
		if _, err := json.Marshal(s.Set[name]); err != nil {
			return ".set", fmt.Errorf("the value of %s can't be written as JSON: %w", name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.SetJSON)) {
		if _, twice := s.Set[name]; twice {
			return ".set_json", fmt.Errorf("%s is among set already", name)
		}
		if !json.Valid([]byte(s.SetJSON[name])) {
			return ".set_json", fmt.Errorf("the value of %s is not JSON: text must stand in double quotes, within the single ones of YAML", name)
		}
	}
	return "", nil
}

package scenarios

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"holdfast/archive"
)

// playTimeline plays the steps in exactly their order: each begins when the one
// before it has ended or is held.
func playTimeline(ctx context.Context, p *repetition, actors []performer) {
	byName := map[string]*performer{}
	for i := range actors {
		f := &actors[i]
		f.cue = &cue{}
		byName[f.name] = f
	}
	for i := range p.Scenario.Timeline {
		if !playStep(ctx, p, byName[p.Scenario.Timeline[i].Actor], i) {
			break
		}
	}
	for i := range actors {
		if f := &actors[i]; f.cue.resume != nil {
			f.cue.resume.Raise() // a timeline that broke off may have left it held
		}
	}
}

// playStep reports whether the timeline can go on.
func playStep(ctx context.Context, p *repetition, f *performer, i int) bool {
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

// startSteps lets each actor do its own steps, one after the other.
func startSteps(ctx context.Context, p *repetition, actors []performer) {
	for i := range actors {
		f := &actors[i]
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
	s, set := &f.repetition.Scenario.Timeline[i], f.repetition.sets[i]
	id := f.repetition.objects.current(0)
	f.baseID = id
	f.step = cmp.Or(s.At, strconv.Itoa(i+1))
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

package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"holdfast/archive"
)

// invalidError is a scenario that can't be played. Path names the place in the
// file, such as .timeline[2].actor.
type invalidError struct {
	path, reason string
}

func (e *invalidError) Error() string {
	return fmt.Sprintf("%s: %s", strings.TrimPrefix(e.path, "."), e.reason)
}

func invalid(path, format string, args ...any) error {
	return &invalidError{path, fmt.Sprintf(format, args...)}
}

var goodName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Validate reports the first reason why the scenario can't be played.
func (s *Scenario) Validate() error {
	switch {
	case !goodName.MatchString(s.Name):
		return invalid(".name", "the name %q must be lower-case letters, digits and single hyphens", s.Name)
	case s.Shows == "":
		return invalid(".name", "say under shows: what a passing run has shown")
	case len(s.Actors) == 0:
		return invalid(".name", "there are no actors")
	case s.Objects.Count < 0:
		return invalid(".objects.count", "count must not be negative")
	case s.Objects.FreshAfter < 0:
		return invalid(".objects.fresh_after", "fresh_after must not be negative")
	case s.Expect.MinConflicts < 0:
		return invalid(".expect.min_conflicts", "min_conflicts must not be negative")
	}
	for i := range s.Actors {
		if err := s.validateActor(i); err != nil {
			return err
		}
	}
	for i := range s.Timeline {
		if err := s.validateStep(i); err != nil {
			return err
		}
	}
	return s.validateHolds()
}

func (s *Scenario) validateActor(i int) error {
	a := &s.Actors[i]
	path := fmt.Sprintf(".actors[%d]", i)
	switch {
	case !goodName.MatchString(a.Name):
		return invalid(path+".name", "the actor's name %q must be lower-case letters, digits and single hyphens", a.Name)
	case slices.ContainsFunc(s.Actors[:i], func(b Actor) bool { return b.Name == a.Name }):
		return invalid(path+".name", "there are two actors named %s", a.Name)
	case !slices.Contains([]Kind{User, Backend, Creator}, a.Kind):
		return invalid(path+".kind", "an actor is of kind user, backend or creator, not %q", a.Kind)
	case a.Count < 0:
		return invalid(path+".count", "count must not be negative")
	case a.Count > 1 && a.Load == nil:
		return invalid(path+".count", "only an actor with a load can stand for several")
	case a.Load != nil && a.Interferes != nil:
		return invalid(path+".interferes", "an actor has a load or interferes, not both")
	case a.Load != nil && len(s.Timeline) > 0:
		return invalid(path+".load", "a scenario has a timeline or loads, not both")
	}
	if a.Interferes != nil {
		return s.validateInterferes(path+".interferes", a)
	}
	if a.Load != nil {
		return s.validateLoad(path+".load", a)
	}
	if len(s.Timeline) == 0 {
		return invalid(path, "actor %s does nothing: it has neither load nor interferes, and there is no timeline", a.Name)
	}
	return nil
}

func (s *Scenario) validateLoad(path string, a *Actor) error {
	l := a.Load
	switch {
	case l.Operations < 0:
		return invalid(path+".operations", "operations must not be negative")
	case l.Operations == 0 && s.Duration == 0:
		return invalid(path, "say how many operations each actor does, or give the scenario a duration")
	case l.Rate < 0:
		return invalid(path+".rate", "rate must not be negative")
	case l.Rate > 0 && l.Think > 0:
		return invalid(path+".rate", "a load has a rate or a think time, not both")
	case a.Kind == Creator && l.Operations != 1:
		return invalid(path+".operations", "a creator creates once: operations must be 1")
	}
	return nil
}

func (s *Scenario) validateInterferes(path string, a *Actor) error {
	f := a.Interferes
	switch {
	case s.actor(f.With) == nil || f.With == a.Name:
		return invalid(path+".with", "%q is no other actor of this scenario", f.With)
	case f.Before != "get" && f.Before != "put":
		return invalid(path+".before", "want get or put, not %q", f.Before)
	case f.Times < 0:
		return invalid(path+".times", "times must not be negative")
	case a.Kind != Backend:
		return invalid(path, "only a backend can interfere")
	}
	return nil
}

func (s *Scenario) validateStep(i int) error {
	step := &s.Timeline[i]
	path := fmt.Sprintf(".timeline[%d]", i)
	outcomes := []archive.Outcome{"", archive.Committed, archive.Conflict, archive.Exhausted, archive.Gone, archive.Unknown, archive.Failed}
	switch {
	case s.actor(step.Actor) == nil:
		return invalid(path+".actor", "there is no actor %q", step.Actor)
	case s.actor(step.Actor).Interferes != nil:
		return invalid(path+".actor", "actor %s interferes, so it can't act in the timeline", step.Actor)
	case !slices.Contains([]Do{DoLoad, DoSave, DoAppend, DoCreate, DoResume}, step.Do):
		return invalid(path+".do", "a step does load, save, append, create or resume, not %q", step.Do)
	case len(step.Set) > 0 && step.Do != DoSave && step.Do != DoAppend:
		return invalid(path+".set", "only save and append set fields")
	case step.Hold != "" && step.Hold != "get" && step.Hold != "put":
		return invalid(path+".hold", "want get or put, not %q", step.Hold)
	case !slices.Contains(outcomes, step.Expect):
		return invalid(path+".expect", "%q is no outcome (committed, conflict, exhausted, gone, unknown, failed)", step.Expect)
	case len(step.Conflicts) > 0 && step.Expect != archive.Conflict:
		return invalid(path+".conflicts", "fields in conflict need expect: conflict")
	}
	if step.Do == DoSave && !s.loadedBefore(i) {
		return invalid(path+".do", "%s saves without having loaded", step.Actor)
	}
	return nil
}

func (s *Scenario) loadedBefore(i int) bool {
	return slices.ContainsFunc(s.Timeline[:i], func(earlier Step) bool {
		return earlier.Actor == s.Timeline[i].Actor && earlier.Do == DoLoad
	})
}

// validateHolds checks that only held actors are resumed, and that no actor
// acts while it is held.
func (s *Scenario) validateHolds() error {
	held := map[string]bool{}
	for i, step := range s.Timeline {
		path := fmt.Sprintf(".timeline[%d].do", i)
		if held[step.Actor] != (step.Do == DoResume) {
			if step.Do == DoResume {
				return invalid(path, "%s is not held, so it can't be resumed", step.Actor)
			}
			return invalid(path, "%s is held and must be resumed first", step.Actor)
		}
		held[step.Actor] = step.Hold != ""
	}
	for i, step := range s.Timeline {
		if held[step.Actor] {
			return invalid(fmt.Sprintf(".timeline[%d].hold", i), "%s is never resumed", step.Actor)
		}
	}
	return nil
}

// actor finds an actor by name.
func (s *Scenario) actor(name string) *Actor {
	for i := range s.Actors {
		if s.Actors[i].Name == name {
			return &s.Actors[i]
		}
	}
	return nil
}

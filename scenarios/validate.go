package scenarios

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"holdfast/archive"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/network"
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
	case s.Name == "latest":
		return invalid(".name", "the name latest is taken: it is what points to the last run")
	case s.Shows == "":
		return invalid(".name", "say under shows: what a passing run has shown")
	case len(s.Actors) == 0:
		return invalid(".name", "there are no actors")
	case s.Objects.Count < 0:
		return invalid(".objects.count", "count must not be negative")
	case s.Objects.FreshAfter < 0:
		return invalid(".objects.fresh_after", "fresh_after must not be negative")
	case s.Objects.FreshAfter > 0 && s.Objects.Absent:
		return invalid(".objects.fresh_after", "absent documents can't be replaced by fresh ones")
	case s.Objects.Entries < 0 || s.Objects.Entries > mostEntries:
		return invalid(".objects.entries", "entries must be from 0 to %d", mostEntries)
	case s.Objects.Size < 0 || s.Objects.Size > mostSize:
		return invalid(".objects.size", "size must be from 0 to %d bytes", mostSize)
	case s.Expect.MinConflicts < 0:
		return invalid(".expect.min_conflicts", "min_conflicts must not be negative")
	case s.ETags != "" && s.ETags != ContentETags && s.ETags != GrowingETags:
		return invalid(".etags", "ETags are content or growing, not %q", s.ETags)
	case s.Codec != "" && s.Codec != JSON && s.Codec != Compact:
		return invalid(".codec", "documents are json or compact, not %q", s.Codec)
	}
	if err := s.validateVia(); err != nil {
		return err
	}
	if s.Core != "" {
		if _, err := cores.Find(s.Core); err != nil {
			return invalid(".core", "%v", err)
		}
	}
	for i := range s.Actors {
		if err := s.validateActor(i); err != nil {
			return err
		}
	}
	for i := range s.Faults {
		if err := s.validateFault(i); err != nil {
			return err
		}
	}
	for i := range s.Timeline {
		if err := s.validateStep(i); err != nil {
			return err
		}
	}
	if err := s.validateHolds(); err != nil {
		return err
	}
	return s.validateViolations()
}

func (s *Scenario) validateVia() error {
	switch {
	case s.Via != "" && s.Via != ViaCore && s.Via != ViaAPI:
		return invalid(".via", "clients reach the archive via core or api, not %q", s.Via)
	case s.Via == ViaAPI && s.Codec == Compact:
		return invalid(".codec", "the API sends and receives json documents")
	case s.Via != ViaAPI && s.Queue != Queue{}:
		return invalid(".queue", "there is a queue only with via: api")
	case s.Queue.Receives < 0:
		return invalid(".queue.receives", "receives must not be negative")
	case s.Queue.Grace > 0 && s.Queue.Reconcile == 0:
		return invalid(".queue.grace", "grace is the reconciler's: say with reconcile: how often it looks")
	case s.Queue.Reconcile > 0 && !s.has(Backend):
		return invalid(".queue.reconcile", "a reconciler tells back ends, and there are none")
	case s.Queue.Reconcile > 0 && len(s.Timeline) > 0:
		return invalid(".queue.reconcile", "a reconciler works beside loads, and not in a timeline")
	case s.Queue.Reconcile > 0 && s.actor(Reconciler) != nil:
		return invalid(".queue.reconcile", "there is an actor named %s, which is what the one that reconciles is called", Reconciler)
	}
	return nil
}

// mostEntries and mostSize are more than any document in use has.
const (
	mostEntries = 1_000_000
	mostSize    = 64 << 20
)

// mostClients is more than one machine can play; a number above it is a slip
// that would only fill the memory.
const mostClients = 100_000

func (s *Scenario) validateActor(i int) error {
	a := &s.Actors[i]
	path := fmt.Sprintf(".actors[%d]", i)
	switch {
	case !goodName.MatchString(a.Name):
		return invalid(path+".name", "the actor's name %q must be lower-case letters, digits and single hyphens", a.Name)
	case slices.ContainsFunc(s.Actors[:i], func(b Actor) bool { return b.Name == a.Name }):
		return invalid(path+".name", "there are two actors named %s", a.Name)
	case !slices.Contains([]Kind{User, Backend, Creator, Outsider, Stranger}, a.Kind):
		return invalid(path+".kind", "an actor is of kind user, backend, creator, outsider or stranger, not %q", a.Kind)
	case a.Kind == Stranger && s.Via != ViaAPI:
		return invalid(path+".kind", "a stranger sends requests, so it needs via: api")
	case a.Kind == Stranger && a.Load == nil:
		return invalid(path+".kind", "a stranger acts in a load only")
	case a.Count < 0:
		return invalid(path+".count", "count must not be negative")
	case a.Count > mostClients:
		return invalid(path+".count", "count must be at most %d", mostClients)
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
	case !(l.Rate >= 0) || math.IsInf(l.Rate, 0):
		return invalid(path+".rate", "rate must be a number of operations per second, 0 or more")
	case l.Rate > 0 && l.Think > 0:
		return invalid(path+".rate", "a load has a rate or a think time, not both")
	case l.Saves < 0:
		return invalid(path+".saves", "saves must not be negative")
	case l.Saves > 0 && a.Kind != User:
		return invalid(path+".saves", "only a user saves")
	case !slices.Contains([]Edits{"", TextEdits, AnyEdits, SharedEdits}, l.Edits):
		return invalid(path+".edits", "a user's edits are text or any, a back end's shared; not %q", l.Edits)
	case l.Edits == SharedEdits && (a.Kind != Backend || s.Via == ViaAPI):
		return invalid(path+".edits", "only back ends without via: api have shared edits")
	case l.Edits != "" && l.Edits != SharedEdits && a.Kind != User:
		return invalid(path+".edits", "only a user edits")
	case l.FirstWritesTogether && a.Kind == Outsider:
		return invalid(path+".first_writes_together", "an outsider only deletes")
	case l.GiveUpAfter > 0 && a.Kind == Outsider:
		return invalid(path+".give_up_after", "an outsider deletes through no core, so there is no call to give up")
	case l.GiveUpAfter > 0 && s.Via == ViaAPI:
		return invalid(path+".give_up_after", "with via: api it is a server that calls the core, and it goes on when its client hangs up")
	case a.Kind == Creator && l.Operations != 1:
		return invalid(path+".operations", "a creator creates once: operations must be 1")
	}
	return nil
}

// validateFault checks that a fault names somebody whom it can befall.
func (s *Scenario) validateFault(i int) error {
	f := &s.Faults[i]
	path := fmt.Sprintf(".faults[%d]", i)
	switch {
	case f.Kind == network.ByLoad && slices.ContainsFunc(s.Faults[:i], func(g Fault) bool { return g.Kind == network.ByLoad }):
		return invalid(path, "there are two throttle faults: a store has one limit, state both rates in it")
	case f.Kind == network.ByLoad && s.Schedule != "":
		return invalid(path, "throttle counts requests in a second, and a schedule has no time: leave it out, or the schedule")
	case f.Actor == "", f.Actor == Reconciler && s.Queue.Reconcile > 0:
		return nil
	}
	for k := range s.Actors {
		a := &s.Actors[k]
		for n := range max(a.Count, 1) {
			if f.Actor == a.Name || f.Actor == a.memberName(n) {
				return nil
			}
		}
	}
	return invalid(path, "there is no actor %q", f.Actor)
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
	case s.disturbed(a) == nil:
		return invalid(path+".with", "%s never acts: the actors only interfere with each other", a.Name)
	}
	return nil
}

// disturbed is the actor at the end of a chain of interferences, which acts by
// itself. Nil: there is none, they go round in a circle.
func (s *Scenario) disturbed(a *Actor) *Actor {
	for range s.Actors {
		if a == nil || a.Interferes == nil {
			return a
		}
		a = s.actor(a.Interferes.With)
	}
	return nil
}

// validateViolations checks the names in expect.violations.
func (s *Scenario) validateViolations() error {
	for _, core := range slices.Sorted(maps.Keys(s.Expect.Violations)) {
		path := ".expect.violations." + core
		if _, err := cores.Find(core); err != nil {
			return invalid(path, "%v", err)
		}
		for _, name := range s.Expect.Violations[core] {
			if check.Invariant(name).Title() == "" {
				return invalid(path, "there is no invariant %q", name)
			}
		}
	}
	return nil
}

// Suits reports why the scenario can't be played on a document of a layout.
func (s *Scenario) Suits(l *Layout, doc *archive.Change) error {
	for _, a := range s.Actors {
		if a.Load != nil && a.Kind == User && len(editableFields(l, doc)) == 0 {
			return fmt.Errorf("user %s has nothing to edit: document %s has none of the fields %s",
				a.Name, doc.ID(), strings.Join(editable, ", "))
		}
		if a.Kind == Backend && s.Via == ViaAPI && doc.Layout().Customers == "" {
			return fmt.Errorf("nobody would tell back end %s of anything: the layout names no field with customers", a.Name)
		}
	}
	return nil
}

func (s *Scenario) validateStep(i int) error {
	step := &s.Timeline[i]
	path := fmt.Sprintf(".timeline[%d]", i)
	outcomes := append([]archive.Outcome{""}, archive.Outcomes()...)
	switch {
	case s.actor(step.Actor) == nil:
		return invalid(path+".actor", "there is no actor %q", step.Actor)
	case s.actor(step.Actor).Interferes != nil:
		return invalid(path+".actor", "actor %s interferes, so it can't act in the timeline", step.Actor)
	case !slices.Contains([]Do{DoLoad, DoSave, DoAppend, DoCreate, DoResume}, step.Do):
		return invalid(path+".do", "a step does load, save, append, create or resume, not %q", step.Do)
	case len(step.Set) > 0 && step.Do != DoSave && step.Do != DoAppend:
		return invalid(path+".set", "only save and append set fields")
	case len(step.Remove) > 0 && step.Do != DoSave && step.Do != DoAppend:
		return invalid(path+".remove", "only save and append remove fields")
	case len(step.SetJSON) > 0 && step.Do != DoSave && step.Do != DoAppend:
		return invalid(path+".set_json", "only save and append set fields")
	case step.WithoutBase && step.Do != DoSave:
		return invalid(path+".without_base", "only a save has a base")
	case len(step.Also) > 0 && step.Do != DoSave && step.Do != DoAppend:
		return invalid(path+".also", "only save and append add modifications of a type")
	case len(step.Also) > 0 && s.Via == ViaAPI:
		return invalid(path+".also", "an upload makes one modification")
	case step.Hold != "" && step.Hold != "get" && step.Hold != "put":
		return invalid(path+".hold", "want get or put, not %q", step.Hold)
	case !slices.Contains(outcomes, step.Expect):
		return invalid(path+".expect", "%q is no outcome (committed, conflict, exhausted, gone, unknown, failed)", step.Expect)
	case len(step.Conflicts) > 0 && step.Expect != archive.Conflict:
		return invalid(path+".conflicts", "fields in conflict need expect: conflict")
	}
	if at, err := step.checkFields(); err != nil {
		return invalid(path+at, "%v", err)
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

package scenarios

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"holdfast/scenarios/network"
)

// mostClients is more than one machine can play; a number above it is a slip
// that would only fill the memory.
const mostClients = 100_000

func (c *checker) checkActor(i int) {
	a := &c.Actors[i]
	path := fmt.Sprintf(".actors[%d]", i)
	switch {
	case !c.sure(path + ".name"):
	case !goodName.MatchString(a.Name):
		c.add(path+".name", "the actor's name %q must be lower-case letters, digits and single hyphens", a.Name)
	case slices.ContainsFunc(c.Actors[:i], func(b Actor) bool { return b.Name == a.Name }):
		c.add(path+".name", "there are two actors named %s", a.Name)
	}
	switch {
	case !c.sure(path + ".kind"):
	case !oneOf(a.Kind):
		c.invalid(path+".kind", "an actor is of kind %s, not %q", either(a.Kind), a.Kind)
	case a.Kind == Stranger && c.Via != ViaAPI && c.sure(".via"):
		c.invalid(path+".kind", "a stranger sends requests, so it needs via: api")
	case a.Kind == Stranger && a.Load == nil && c.sure(path+".load"):
		c.invalid(path+".kind", "a stranger acts in a load only")
	}
	switch {
	case a.Count < 0:
		c.invalid(path+".count", "count must not be negative")
	case a.Count > mostClients:
		c.invalid(path+".count", "count must be at most %d", mostClients)
	case a.Count > 1 && a.Load == nil && c.sure(path+".load"):
		c.add(path+".count", "only an actor with a load can stand for several")
	}
	switch {
	case a.Load != nil && a.Interferes != nil:
		c.invalid(path+".interferes", "an actor has a load or interferes, not both")
	case a.Load != nil && len(c.Timeline) > 0:
		c.invalid(path+".load", "a scenario has a timeline or loads, not both")
	case a.Load != nil:
		c.checkLoad(path+".load", a)
	case a.Interferes != nil:
		c.checkInterferes(path+".interferes", a)
	case len(c.Timeline) == 0 && c.sure(".timeline", path+".load", path+".interferes", path+".kind"):
		c.add(path, "actor %s does nothing: it has neither load nor interferes, and there is no timeline", a.Name)
	}
}

func (c *checker) checkLoad(path string, a *Actor) {
	l := a.Load
	kind := strings.TrimSuffix(path, "load") + "kind"
	switch {
	case l.Operations < 0:
		c.invalid(path+".operations", "operations must not be negative")
	case l.Operations == 0 && !c.sure(path+".operations"):
	case l.Operations == 0 && c.Duration == 0 && c.sure(".duration"):
		c.invalid(path, "say how many operations each actor does, or give the scenario a duration")
	case a.Kind == Creator && l.Operations != 1:
		c.invalid(path+".operations", "a creator creates once: operations must be 1")
	}
	switch {
	case !(l.Rate >= 0) || math.IsInf(l.Rate, 0):
		c.invalid(path+".rate", "rate must be a number of operations per second, 0 or more")
	case l.Rate > 0 && l.Think > 0:
		c.invalid(path+".rate", "a load has a rate or a think time, not both")
	}
	switch {
	case l.Arrivals.Process == Poisson || !c.sure(path+".arrivals"):
	case l.Rate == 0 && c.sure(path+".rate"):
		c.invalid(path+".arrivals", "arrivals say how the operations of a rate come: give a rate")
	case l.Arrivals.varies() && l.Operations > 0:
		c.invalid(path+".operations", "a rate that varies does so over the scenario's duration: leave operations out")
	}
	switch {
	case l.Saves < 0:
		c.invalid(path+".saves", "saves must not be negative")
	case l.Saves > 0 && a.Kind != User && c.sure(kind):
		c.invalid(path+".saves", "only a user saves")
	}
	switch {
	case !oneOrNone(l.Edits):
		c.invalid(path+".edits", "a user's edits are text or any, a back end's shared, own or invalid; not %q", l.Edits)
	case !c.sure(kind):
	case l.Edits == SharedEdits && (a.Kind != Backend || c.Via == ViaAPI):
		c.invalid(path+".edits", "only back ends without via: api have shared edits")
	case (l.Edits == InvalidEdits || l.Edits == OwnEdits) && (a.Kind != Backend || c.Via == ViaAPI):
		c.invalid(path+".edits", "only back ends without via: api have %s edits", l.Edits)
	case (l.Edits == TextEdits || l.Edits == AnyEdits) && a.Kind != User:
		c.invalid(path+".edits", "only a user edits")
	}
	if l.FirstWritesTogether && a.Kind == Outsider {
		c.invalid(path+".first_writes_together", "an outsider only deletes")
	}
	switch {
	case l.GiveUpAfter > 0 && a.Kind == Outsider:
		c.invalid(path+".give_up_after", "an outsider deletes through no core, so there is no call to give up")
	case l.GiveUpAfter > 0 && c.Via == ViaAPI:
		c.invalid(path+".give_up_after", "with via: api it is a server that calls the core, and it goes on when its client hangs up")
	}
}

// checkFault checks that a fault names somebody whom it can befall.
func (c *checker) checkFault(i int) {
	f := &c.Faults[i]
	path := fmt.Sprintf(".faults[%d]", i)
	switch {
	case f.Kind == network.ByLoad && slices.ContainsFunc(c.Faults[:i], func(g Fault) bool { return g.Kind == network.ByLoad }):
		c.invalid(path, "there are two throttle faults: a store has one limit, state both rates in it")
	case f.Kind == network.ByLoad && c.Schedule != "":
		c.invalid(path, "throttle counts requests in a second, and a schedule has no time: leave it out, or the schedule")
	case f.Actor == "", f.Actor == Reconciler && c.Queue.Reconcile > 0, c.hasMember(f.Actor):
	case (&Scenario{Actors: c.writers()}).hasMember(f.Actor):
	case c.sureOfActors("name", "count") && c.sure(".queue", ".group"):
		c.invalid(path, "there is no actor %q", f.Actor)
	}
}

// writers are the actors that no file names, and that write for back ends.
func (s *Scenario) writers() (all []Actor) {
	if s.Queued() {
		all = append(all, consumer(&s.Queue))
	}
	if s.Group.Processes > 0 {
		all = append(all, processActor(&s.Group))
	}
	return all
}

// hasMember reports whether an actor, or one of those that it stands for, has the name.
func (s *Scenario) hasMember(name string) bool {
	for k := range s.Actors {
		a := &s.Actors[k]
		for n := range max(a.Count, 1) {
			if name == a.Name || name == a.memberName(n) {
				return true
			}
		}
	}
	return false
}

func (c *checker) checkInterferes(path string, a *Actor) {
	f := a.Interferes
	switch {
	case !c.sure(path + ".with"):
	case c.actor(f.With) == nil || f.With == a.Name:
		if c.sureOfActors("name") {
			c.invalid(path+".with", "%q is no other actor of this scenario", f.With)
		}
	case c.circular(a):
		c.invalid(path+".with", "%s never acts: the actors only interfere with each other", a.Name)
	}
	if c.sure(path+".before") && !oneOf(f.Before) {
		c.invalid(path+".before", "want %s, not %q", either(f.Before), f.Before)
	}
	if f.Times < 0 {
		c.invalid(path+".times", "times must not be negative")
	}
	if a.Kind != Backend && c.sure(strings.TrimSuffix(path, "interferes")+"kind") {
		c.invalid(path, "only a backend can interfere")
	}
}

// circular reports whether a chain of interferences has no end: somebody who acts by
// itself.
func (s *Scenario) circular(a *Actor) bool {
	for range s.Actors {
		if a == nil || a.Interferes == nil {
			return false
		}
		a = s.actor(a.Interferes.With)
	}
	return true
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

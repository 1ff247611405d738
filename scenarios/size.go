package scenarios

import (
	"fmt"
	"slices"
	"time"
)

// Clients is the number of actors.
func (s *Scenario) Clients() int {
	n := 0
	for _, a := range s.Actors {
		n += max(a.Count, 1)
	}
	return n
}

// Operations is the number of operations that one repetition begins, without
// those that follow a conflict; 0 if it ends by the clock.
func (s *Scenario) Operations() int {
	n := 0
	for _, step := range s.Timeline {
		if step.Do != DoResume {
			n++
		}
	}
	for _, a := range s.Actors {
		if a.Load == nil {
			continue
		}
		each := a.Load.Operations
		if a.Kind == User {
			each *= 1 + max(a.Load.Saves, 1) // a load and its saves
		}
		n += each * max(a.Count, 1)
	}
	return n
}

// scalable is the actor whose number --clients sets: of those with a load the
// one that stands for most. Nil if there is none, or no one such.
func (s *Scenario) scalable() *Actor {
	var most *Actor
	tied := false
	for i := range s.Actors {
		a := &s.Actors[i]
		switch {
		case a.Load == nil:
		case most == nil || a.Count > most.Count:
			most, tied = a, false
		case a.Count == most.Count:
			tied = true
		}
	}
	if tied {
		return nil
	}
	return most
}

// Scale sets the number of clients of the actor that stands for several.
func (s *Scenario) Scale(clients int) error {
	a := s.scalable()
	switch {
	case clients < 1 || clients > mostClients:
		return fmt.Errorf("the number of clients must be from 1 to %d, not %d", mostClients, clients)
	case a == nil:
		return fmt.Errorf("scenario %s has no single actor with a load whose number could be set", s.Name)
	}
	a.Count = clients
	return nil
}

// Scalable is the number of clients of the actor whose number [Scenario.Scale] sets; 0:
// there is none.
func (s *Scenario) Scalable() int {
	if a := s.scalable(); a != nil {
		return max(a.Count, 1)
	}
	return 0
}

// Limit sets how long the loads run.
func (s *Scenario) Limit(d time.Duration) error {
	switch {
	case d <= 0:
		return fmt.Errorf("the duration must be positive, not %v", d)
	case s.Duration == 0:
		return fmt.Errorf("scenario %s does a fixed number of operations, so it has no duration to set", s.Name)
	}
	s.Duration = Duration(d)
	return nil
}

// Bound limits the operations of each actor with a load.
func (s *Scenario) Bound(operations int) error {
	if operations < 1 {
		return fmt.Errorf("the number of operations must be 1 or more, not %d", operations)
	}
	for i := range s.Actors {
		if l := s.Actors[i].Load; l != nil && (l.Operations == 0 || l.Operations > operations) {
			bounded := *l
			bounded.Operations = operations
			s.Actors[i].Load = &bounded
		}
	}
	s.Duration = 0
	return nil
}

// Deletes reports whether some actor deletes objects.
func (s *Scenario) Deletes() bool {
	return slices.ContainsFunc(s.Actors, func(a Actor) bool { return a.Kind == Outsider })
}

package scenarios

import "fmt"

// memberName is the name of the n-th client of an actor, from 0.
func (a *Actor) memberName(n int) string {
	if a.Count <= 1 {
		return a.Name
	}
	return fmt.Sprintf("%s-%0*d", a.Name, len(fmt.Sprint(a.Count)), n+1)
}

// ActorOf maps the name of each client to the actor of the scenario that it is one of, or
// to itself if a fault strikes it alone: clients of the same are placed alike.
func (s *Scenario) ActorOf() map[string]string {
	all := map[string]string{}
	for k := range s.Actors {
		a := &s.Actors[k]
		for n := range max(a.Count, 1) {
			all[a.memberName(n)] = a.Name
		}
	}
	for _, f := range s.Faults {
		if _, ok := all[f.Actor]; ok {
			all[f.Actor] = f.Actor
		}
	}
	return all
}

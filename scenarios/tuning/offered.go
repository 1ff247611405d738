package tuning

import (
	"slices"
	"time"

	"holdfast/scenarios"
)

// open reports whether an actor begins operations at a rate for as long as the scenario
// lasts, whether or not the earlier ones have ended. One that does a certain number of them
// is done with them some time, however fast they come.
func open(a *scenarios.Actor) bool {
	return a.Load != nil && a.Load.Rate > 0 && a.Load.Operations == 0
}

// offered is how many operations a second the open loads of a scenario begin together; 0:
// it has none.
func offered(sc *scenarios.Scenario) float64 {
	total := 0.0
	for i := range sc.Actors {
		if a := &sc.Actors[i]; open(a) {
			total += a.Load.Rate * float64(max(a.Count, 1)*max(a.Load.Saves, 1))
		}
	}
	return total
}

// openClients are the clients with an open load.
func openClients(sc *scenarios.Scenario) int {
	n := 0
	for i := range sc.Actors {
		if a := &sc.Actors[i]; open(a) {
			n += max(a.Count, 1)
		}
	}
	return n
}

// offeredToOne is what of it the object gets that gets most.
func offeredToOne(sc *scenarios.Scenario) float64 { return offered(sc) * mostPopular(sc) }

// mostPopular is the share of what is offered that the object gets that gets most.
func mostPopular(sc *scenarios.Scenario) float64 {
	shares := make([]float64, max(sc.Objects.Count, 1))
	total := 0.0
	for i := range sc.Actors {
		a := &sc.Actors[i]
		if !open(a) {
			continue
		}
		for n, clients := range sc.ClientsOf(a) {
			each := clients * a.Load.Rate * float64(max(a.Load.Saves, 1))
			shares[n] += each
			total += each
		}
	}
	if total == 0 {
		return 1
	}
	return slices.Max(shares) / total
}

// rescale makes open loads come so many times as fast. The scenario must be a changed copy.
func rescale(sc *scenarios.Scenario, by float64) {
	for i := range sc.Actors {
		if a := &sc.Actors[i]; open(a) {
			a.Load.Rate *= by
		}
	}
}

// perSecond is how often something fits into a second that takes so long.
func perSecond(each time.Duration) float64 { return float64(time.Second) / float64(max(each, 1)) }

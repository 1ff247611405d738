package network

import (
	"math/rand/v2"
	"time"
)

// Injector decides which fault befalls each call of one actor. Its decisions
// depend on its random stream and on the sequence of calls only. It is for one
// goroutine at a time. A nil Injector never strikes.
type Injector struct {
	calls, operations []candidate
}

// candidate is a fault that can concern the actor.
type candidate struct {
	fault Fault
	fits  int // fitting calls so far
	// rng is the fault's own, so that neither the other faults nor what they
	// fit move its decisions.
	rng *rand.Rand
}

// NewInjector returns the injector of an actor of a group; both names match
// [Fault.Actor]. It seeds a stream for each fault from rng and doesn't keep rng.
// Nil if no fault can concern the actor. The faults must be valid.
func NewInjector(faults []Fault, actor, group string, rng *rand.Rand) *Injector {
	var i Injector
	for _, f := range faults {
		// Drawn for all, so that actors don't shift each other's.
		c := candidate{fault: f, rng: rand.New(rand.NewPCG(rng.Uint64(), rng.Uint64()))}
		switch {
		case f.Actor != "" && f.Actor != actor && f.Actor != group:
		case f.Kind == ByLoad: // the store decides
		case f.Kind == Duplicate:
			i.operations = append(i.operations, c)
		default:
			i.calls = append(i.calls, c)
		}
	}
	if i.calls == nil && i.operations == nil {
		return nil
	}
	return &i
}

// Call counts a call and returns the fault that befalls it, if one does: of
// those that strike, the first in the list. Elapsed is the time since the start.
func (i *Injector) Call(call Method, conditional bool, elapsed time.Duration) (Fault, bool) {
	if i == nil {
		return Fault{}, false
	}
	return strike(i.calls, elapsed, func(f *Fault) bool { return f.befalls(call, conditional) })
}

// Operation counts an operation and returns the [Duplicate] that befalls it, if
// one does.
func (i *Injector) Operation(elapsed time.Duration) (Fault, bool) {
	if i == nil {
		return Fault{}, false
	}
	return strike(i.operations, elapsed, func(*Fault) bool { return true })
}

// strike asks all candidates, also after one has struck, so that what the
// others count and draw doesn't depend on it.
func strike(all []candidate, elapsed time.Duration, fits func(*Fault) bool) (struck Fault, ok bool) {
	for k := range all {
		c := &all[k]
		if !c.fault.Covers(elapsed) || !fits(&c.fault) {
			continue
		}
		c.fits++
		strikes := c.fits == c.fault.Nth
		if c.fault.Rate > 0 {
			strikes = c.rng.Float64() < c.fault.Rate
		}
		if strikes && !ok {
			struck, ok = c.fault, true
		}
	}
	return struck, ok
}

// Covers reports whether the window of the fault contains a time since the start.
func (f *Fault) Covers(elapsed time.Duration) bool {
	return elapsed >= f.From && (f.To == 0 || elapsed < f.To)
}

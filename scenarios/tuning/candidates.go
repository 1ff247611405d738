package tuning

import (
	"math"
	"slices"
	"time"

	"holdfast/archive"
)

// kind is a policy kind with the parameters that it has.
type kind struct {
	name      archive.Kind
	base, cap bool
}

// kinds are those that are searched. A new kind joins here.
var kinds = []kind{
	{archive.Full, true, true},
	{archive.Equal, true, true},
	{archive.Decorrelated, true, true},
	{archive.Exponential, true, true},
	{archive.Constant, true, false},
	{archive.None, false, false},
	{archive.Adaptive, false, true},
}

// steps of a parameter's first grid, as multiples of the time that an attempt takes.
// A coarse one is for small plans.
var (
	baseSteps       = []float64{1. / 16, 1. / 4, 1. / 2, 1, 2, 4, 8}
	capSteps        = []float64{2, 4, 8, 16, 32, 64}
	coarseBaseSteps = []float64{1. / 4, 1, 4}
	coarseCapSteps  = []float64{4, 16, 64}
)

// grid lists the first candidates for a store where an attempt takes so long. All
// have the same bounds, which are so wide that they hardly matter.
func grid(attempt time.Duration, coarse bool, bounds archive.Policy) []archive.Policy {
	bases, caps := baseSteps, capSteps
	if coarse {
		bases, caps = coarseBaseSteps, coarseCapSteps
	}
	attempt = max(attempt, time.Millisecond) // a store without latency still has a scale
	var all []archive.Policy
	for _, k := range kinds {
		for _, b := range times(attempt, k.base, bases) {
			for _, c := range times(attempt, k.cap, caps) {
				if p, ok := k.policy(b, c, bounds); ok {
					all = append(all, p)
				}
			}
		}
	}
	return unique(all)
}

func times(unit time.Duration, has bool, steps []float64) []time.Duration {
	if !has {
		return []time.Duration{0}
	}
	var all []time.Duration
	for _, s := range steps {
		all = append(all, readable(scaled(unit, s)))
	}
	return all
}

// policy returns the candidate, unless its cap would leave nothing of its base.
func (k kind) policy(base, most time.Duration, bounds archive.Policy) (archive.Policy, bool) {
	p := bounds
	p.Kind, p.Base, p.Cap = k.name, base, most
	if k.base && !k.cap {
		p.Cap = base
	}
	return p, p.Validate() == nil && (!k.cap || p.Cap >= 2*p.Base)
}

// neighbours are the candidates around one, half way to those of the grid.
func neighbours(p archive.Policy) []archive.Policy {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == p.Kind })
	if i < 0 {
		return nil
	}
	around := []float64{1 / math.Sqrt2, 1, math.Sqrt2}
	var all []archive.Policy
	for _, b := range times(p.Base, kinds[i].base, around) {
		for _, c := range times(p.Cap, kinds[i].cap, around) {
			if near, ok := kinds[i].policy(b, c, p); ok && near != p {
				all = append(all, near)
			}
		}
	}
	return unique(all)
}

func scaled(d time.Duration, by float64) time.Duration { return time.Duration(float64(d) * by) }

// readable rounds to two digits, so that a recommendation can be said and typed.
func readable(d time.Duration) time.Duration {
	unit := time.Microsecond
	for d >= 100*unit {
		unit *= 10
	}
	if d >= 10*time.Millisecond {
		unit = max(unit, time.Millisecond)
	}
	return max(d.Round(unit), time.Microsecond)
}

// unique drops repetitions and keeps the order.
func unique(all []archive.Policy) []archive.Policy {
	seen := map[archive.Policy]bool{}
	return slices.DeleteFunc(all, func(p archive.Policy) bool {
		was := seen[p]
		seen[p] = true
		return was
	})
}

package tuning

import (
	"math"
	"slices"
	"time"

	"holdfast/archive"
)

// kinds are those that are searched. A new kind joins here.
var kinds = []archive.Kind{
	archive.Full, archive.Equal, archive.Decorrelated, archive.Exponential, archive.Constant, archive.None, archive.Adaptive,
}

// The first candidates: so many bases and caps, evenly spread on a logarithmic scale, which
// the search then refines.
const (
	firstBases = 5
	firstCaps  = 4
)

// crowd is what theory knows of a scenario before anything is played.
type crowd struct {
	attempt time.Duration // that meets nobody
	// window is the time that all writers of an object need one after the other: their
	// number times the exposure of a write. Who waits a part 1/p of it on average meets
	// p others: a commit costs about p writes (docs/adaptive.md, "Derivation").
	window time.Duration
	puts   float64 // the most writes for each commit; 0: no limit
}

// rangesOf are the least and the largest base and cap among the first candidates, which
// reach from a sixteenth of an attempt to what lets everybody write once in turn, and
// leave out what theory calls hopeless.
func (c crowd) rangesOf() (bases, caps [2]time.Duration) {
	attempt := max(c.attempt, time.Millisecond) // a store without latency still has a scale
	bases = [2]time.Duration{attempt / 16, max(8*attempt, c.window)}
	caps = [2]time.Duration{2 * attempt, max(64*attempt, 2*c.window)}
	if c.puts > 0 {
		caps[0] = max(caps[0], c.narrowest())
		bases[0] = max(bases[0], scaled(caps[0], math.Exp2(-c.puts))) // to grow into a cap takes writes too
	}
	return bases, caps
}

// narrowest is the shortest wait that may keep the limit of writes; theory is trusted to a
// factor of four. 0: there is no limit.
func (c crowd) narrowest() time.Duration {
	if c.puts <= 0 {
		return 0
	}
	return scaled(c.window, 1/(4*c.puts))
}

// grid lists the first candidates. All have the same bounds.
func (c crowd) grid(bounds archive.Policy) []archive.Policy {
	baseRange, capRange := c.rangesOf()
	bases, caps := spread(baseRange, firstBases), spread(capRange, firstCaps)
	var all []archive.Policy
	for _, k := range kinds {
		if !k.Waits() && c.narrowest() > max(c.attempt, time.Millisecond) {
			continue
		}
		for i, b := range having(k.HasBase(), bases) {
			if k == archive.Exponential && i%2 == 1 {
				continue // which is no contender where writers collide
			}
			for _, most := range having(k.HasCap(), caps) {
				if p, ok := candidate(k, b, most, bounds); ok {
					all = append(all, p)
				}
			}
		}
	}
	return unique(all)
}

// spacing is the ratio of two neighbours of the grid, the larger one of bases and caps.
func (c crowd) spacing() float64 {
	bases, caps := c.rangesOf()
	ratio := func(of [2]time.Duration, n int) float64 {
		return math.Pow(float64(of[1])/float64(of[0]), 1/float64(n-1))
	}
	return max(ratio(bases, firstBases), ratio(caps, firstCaps))
}

// spread is a range in even steps of a logarithmic scale.
func spread(of [2]time.Duration, n int) []time.Duration {
	ratio := math.Pow(float64(of[1])/float64(of[0]), 1/float64(n-1))
	var all []time.Duration
	for i := range n {
		all = append(all, readable(scaled(of[0], math.Pow(ratio, float64(i)))))
	}
	return all
}

func having(has bool, all []time.Duration) []time.Duration {
	if !has {
		return []time.Duration{0}
	}
	return all
}

// candidate returns the policy, unless its cap would leave nothing of its base.
func candidate(k archive.Kind, base, most time.Duration, bounds archive.Policy) (archive.Policy, bool) {
	p := bounds
	p.Kind, p.Base, p.Cap = k, base, most
	if k.HasBase() && !k.HasCap() {
		p.Cap = base
	}
	return p, p.Validate() == nil && (!k.HasCap() || p.Cap >= 2*p.Base)
}

// neighbours are the candidates around one: base and cap a step smaller and larger.
func neighbours(p archive.Policy, step float64) []archive.Policy {
	if !slices.Contains(kinds, p.Kind) {
		return nil
	}
	around := func(d time.Duration) []time.Duration {
		return []time.Duration{readable(scaled(d, 1/step)), d, readable(scaled(d, step))}
	}
	var all []archive.Policy
	for _, b := range having(p.Kind.HasBase(), around(p.Base)) {
		for _, c := range having(p.Kind.HasCap(), around(p.Cap)) {
			if near, ok := candidate(p.Kind, b, c, p); ok && near != p {
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

package explore

import (
	"cmp"
	"math/rand/v2"
)

// changes is how often a schedule of [PCT] changes its priorities: bugs that need
// so many unlucky orders, and one more, are found with a known probability.
const changes = 3

// priorities lets always the same client go first, up to a few random places at
// which that client goes last from then on.
type priorities struct {
	random
	of     map[int32]int // by client; late writes have their own
	places []int
	step   int
	lowest int
}

func newPriorities(rng *rand.Rand, faults, length int) *priorities {
	p := &priorities{random: random{rng, faults, length}, of: map[int32]int{}}
	for range changes {
		p.places = append(p.places, rng.IntN(length))
	}
	return p
}

func (p *priorities) choose(s *stage, moves []move) (move, bool) {
	best := moves[0]
	for _, m := range moves {
		if !m.fault() && cmp.Compare(p.priority(m), p.priority(best)) > 0 {
			best = m
		}
	}
	p.step++
	for _, at := range p.places {
		if at == p.step {
			p.lowest--
			p.of[key(best)] = p.lowest
		}
	}
	if s.budget > 0 && p.rng.IntN(p.length) < p.faults {
		var ways []move
		for _, m := range moves {
			if m.fault() && m.call == best.call {
				ways = append(ways, m)
			}
		}
		if len(ways) > 0 {
			return ways[p.rng.IntN(len(ways))], true
		}
	}
	return best, true
}

func (p *priorities) priority(m move) int {
	k := key(m)
	if _, known := p.of[k]; !known {
		p.of[k] = 1 + p.rng.IntN(1<<30)
	}
	return p.of[k]
}

// key tells clients and their late writes apart.
func key(m move) int32 {
	if m.variant == landing {
		return -m.client
	}
	return m.client
}

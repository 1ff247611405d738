package explore

import (
	"context"
	"math/rand/v2"
)

// first makes the first possible move.
type first struct{}

func (first) choose(_ *stage, moves []move) (move, bool) { return moves[0], true }

// draw plays the schedules of a part, each chosen at random. It depends on the seed and its
// number only.
func (p *Player) draw(ctx context.Context, u Unit, shown *Shown, left func() bool, judged func()) error {
	c := p.config
	for n := u.First; n <= u.Last; n++ {
		if left() {
			return nil
		}
		rng := rand.New(rand.NewPCG(c.Run.Seed, uint64(n-1)))
		var choice chooser = &random{rng: rng, faults: c.Faults, length: p.length}
		if c.Strategy == PCT {
			choice = newPriorities(rng, c.Faults, p.length)
		}
		report, err := p.runner.play(ctx, choice)
		if err != nil {
			return err
		}
		judged()
		if i := c.violates(&report); i != "" {
			shown.Violation = &Violation{Invariant: i, Number: n}
			for _, t := range p.runner.taken {
				shown.Violation.Moves = append(shown.Violation.Moves, t.name)
			}
			return nil
		}
	}
	return nil
}

// random makes any possible move. Faults are spread over the length of a schedule.
type random struct {
	rng    *rand.Rand
	faults int
	length int
}

func (r *random) choose(s *stage, moves []move) (move, bool) {
	faulty := len(withoutFaults(moves))
	if s.budget > 0 && faulty < len(moves) && r.rng.IntN(r.length) < r.faults {
		return moves[faulty+r.rng.IntN(len(moves)-faulty)], true
	}
	return moves[r.rng.IntN(faulty)], true
}

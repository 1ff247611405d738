package explore

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// sample plays schedules that are chosen at random. Each depends on the seed and
// its number only; of those with a violation the one with the lowest number counts.
func (c *Config) sample(ctx context.Context) (Result, error) {
	length, err := c.longest(ctx)
	if err != nil {
		return Result{}, err
	}
	var next, found atomic.Int64
	found.Store(int64(c.Schedules))
	if c.Schedules == 0 {
		found.Store(1 << 62)
	}
	results := make([]branch, c.Workers)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() {
			p := c.newRunner()
			p.keeping = true
			defer p.close()
			results[i].err = p.sample(ctx, c, length, &next, &found, &results[i])
		})
	}
	wg.Wait()
	var total branch
	for i := range results {
		b := &results[i]
		if b.err != nil {
			return Result{}, b.err
		}
		first := total.witness
		total.witness = nil
		total.schedules += b.schedules
		total.tally.add(b.tally)
		if total.witness = b.witness; first != nil && (b.witness == nil || first.Found < b.witness.Found) {
			total.witness = first
		}
	}
	total.unseen = true // there are always others
	r := total.result(ctx, c)
	if r.Witness != nil {
		r.Schedules = r.Witness.Found
	}
	return r, nil
}

// longest is the number of moves of a first schedule, in which everybody goes on
// as far as possible: about how long the others are.
func (c *Config) longest(ctx context.Context) (int, error) {
	p := c.newRunner()
	defer p.close()
	p.keeping = true
	_, err := p.play(ctx, first{})
	return max(len(p.taken), 1), err
}

// first makes the first possible move.
type first struct{}

func (first) choose(_ *stage, moves []move) (move, bool) { return moves[0], true }

func (p *runner) sample(ctx context.Context, c *Config, length int, next, found *atomic.Int64, b *branch) error {
	for ctx.Err() == nil {
		n := next.Add(1) - 1
		if n >= found.Load() {
			break
		}
		rng := rand.New(rand.NewPCG(c.Run.Seed, uint64(n)))
		var choice chooser = &random{rng: rng, faults: c.Faults, length: length}
		if c.Strategy == PCT {
			choice = newPriorities(rng, c.Faults, length)
		}
		report, err := p.play(ctx, choice)
		if err != nil {
			return err
		}
		b.schedules++
		if c.Progress != nil && n%progressEvery == progressEvery-1 {
			c.Progress(int(n) + 1)
		}
		if i := c.violates(&report); i != "" {
			lower(found, n)
			b.witness = &Witness{Invariant: i, Found: int(n) + 1, Longest: len(p.taken)}
			for _, t := range p.taken {
				b.witness.moves = append(b.witness.moves, t.name)
			}
			break
		}
	}
	b.tally = p.tally
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

package explore

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/stat/distuv"

	"holdfast/scenarios/check"
)

// DefaultContinuations bounds a share's 95 % interval to ±3.2 % where it is sampled.
const DefaultContinuations = 1000

// mostContinued bounds the calls that are played to find out where a violation became
// inevitable, for about two seconds on a core. It counts calls and not time, so that the
// same witness always has the same shares.
const mostContinued = 500_000

// Prefix says what may come after the first moves of a witness: with no more faults than
// those that are among them, for without its faults many a violation can't happen, and with
// more any could. A continuation violates if it violates the invariant of the witness,
// whoever's modification it is then.
type Prefix struct {
	Moves int `json:"moves"`
	// Move is the last of them as a schedule names it, and Call what was asked of the store;
	// both are empty of the prefix without moves.
	Move string `json:"move,omitempty"`
	Call string `json:"call,omitempty"`
	// Continuations that were played, and those of them that violate. Complete: there are no
	// others; if not, each of their moves was drawn evenly from those that were possible.
	Continuations int  `json:"continuations"`
	Violating     int  `json:"violating"`
	Complete      bool `json:"complete"`
	// Share is how probable a violation is if each next move is drawn so: exact if complete,
	// else estimated, between Low and High with 95 % confidence (Clopper and Pearson). It is
	// not Violating/Continuations of a complete one, whose orders are not equally probable.
	Share float64 `json:"share"`
	Low   float64 `json:"share_low_95"`
	High  float64 `json:"share_high_95"`
}

// Escapes reports whether a continuation was seen that does not violate.
func (p *Prefix) Escapes() bool { return p.Violating < p.Continuations }

// InevitableAfter is the number of moves from which on none was seen to escape; false: some
// escape from the whole schedule, because it needs an actor that is never heard of again, or
// there are no prefixes.
func InevitableAfter(prefixes []Prefix) (moves int, inevitable bool) {
	i := len(prefixes)
	for i > 0 && !prefixes[i-1].Escapes() {
		i--
	}
	return i, i < len(prefixes)
}

// prefixes finds out what may come after each prefix of a witness, also after none and after
// all. It is nothing if it was interrupted, or continuations go on for ever.
func (c *Config) prefixes(ctx context.Context, w *Witness) ([]Prefix, error) {
	all := make([]Prefix, len(w.Schedule)+1)
	failures := make([]error, len(all))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(c.Workers, len(all)) {
		wg.Go(func() {
			p := newRunner(c.Run, c.Run.UntimedHeader(), w.Schedule.Faults())
			defer p.close()
			for i := next.Add(1) - 1; i < int64(len(all)); i = next.Add(1) - 1 {
				all[i], failures[i] = p.prefix(ctx, c, w, int(i), mostContinued/len(all))
			}
		})
	}
	wg.Wait()
	err := errors.Join(failures...)
	if ctx.Err() != nil || errors.Is(err, errEndless) {
		all, err = nil, nil
	}
	return all, err
}

// prefix plays all continuations of the first moves, or some if they are too many, in so many
// calls at most.
func (p *runner) prefix(ctx context.Context, c *Config, w *Witness, moves, calls int) (Prefix, error) {
	play := continued{p: p, invariant: w.Invariant, prefix: w.Schedule[:moves]}
	found, err := play.every(ctx, c.Continuations, calls/2)
	if err == nil && !found.Complete {
		rng := rand.New(rand.NewPCG(c.Run.Seed, uint64(moves)))
		found, err = play.some(ctx, rng, c.Continuations, calls/2)
	}
	found.Moves = moves
	if moves > 0 {
		found.Move, found.Call = w.Schedule[moves-1].String(), play.call
	}
	return found, err
}

// continued plays continuations of a prefix.
type continued struct {
	p         *runner
	invariant check.Invariant
	prefix    Schedule

	at    follower
	then  chooser
	call  string // of the last move of the prefix
	calls int    // that were played
}

// choose is its part in a schedule.
func (c *continued) choose(s *stage, moves []move) (move, bool) {
	if c.at.at == len(c.prefix) {
		return c.then.choose(s, withoutFaults(moves))
	}
	m, ok := c.at.choose(s, moves)
	if ok {
		c.call = string(m.call.method)
	}
	return m, ok
}

// withoutFaults are the moves before the first that is a fault.
func withoutFaults(moves []move) []move {
	for i, m := range moves {
		if m.fault() {
			return moves[:i]
		}
	}
	return moves
}

// play plays one, and reports whether it violates the invariant.
func (c *continued) play(ctx context.Context, then chooser) (violates bool, err error) {
	c.at, c.then = follower{schedule: c.prefix}, then
	report, err := c.p.play(ctx, c)
	c.calls += int(c.p.stage.steps)
	if err == nil && c.at.missed {
		err = errStrayed
	}
	return report.Found[c.invariant] > 0, err
}

// every plays all continuations. It is not complete if they are more, or need more calls,
// than are wanted.
func (c *continued) every(ctx context.Context, most, calls int) (Prefix, error) {
	var found Prefix
	d := &search{full: true}
	for ctx.Err() == nil && found.Continuations < most && c.calls < calls {
		violates, err := c.play(ctx, d)
		if err == nil && d.strayed {
			err = errStrayed
		}
		if err != nil {
			return Prefix{}, err
		}
		found.Continuations++
		if violates {
			found.Violating++
			found.Share += d.probability()
		}
		if !d.next() {
			found.Complete = true
			if !found.Escapes() {
				found.Share = 1 // which the sum is but for rounding
			}
			found.Low, found.High = found.Share, found.Share
			return found, nil
		}
	}
	return Prefix{}, ctx.Err()
}

// probability is that of the schedule under way, if each move is drawn evenly.
func (d *search) probability() float64 {
	p := 1.0
	for i := range d.nodes {
		p /= float64(len(d.nodes[i].moves))
	}
	return p
}

// some draws so many continuations, or as many as the calls are enough for; one at least.
func (c *continued) some(ctx context.Context, rng *rand.Rand, most, calls int) (Prefix, error) {
	var found Prefix
	c.calls = 0
	for found.Continuations == 0 || found.Continuations < most && c.calls < calls {
		if ctx.Err() != nil {
			return Prefix{}, ctx.Err()
		}
		violates, err := c.play(ctx, &random{rng: rng})
		if err != nil {
			return Prefix{}, err
		}
		found.Continuations++
		if violates {
			found.Violating++
		}
	}
	k, n := float64(found.Violating), float64(found.Continuations)
	found.Share, found.Low, found.High = k/n, 0, 1
	if k > 0 {
		found.Low = distuv.Beta{Alpha: k, Beta: n - k + 1}.Quantile(0.025)
	}
	if k < n {
		found.High = distuv.Beta{Alpha: k + 1, Beta: n - k}.Quantile(0.975)
	}
	return found, nil
}

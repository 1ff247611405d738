package tuning

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// entrant is a candidate in a race.
type entrant struct {
	number int
	// scores are the values of the batches so far: a row for each constraint, and
	// one for the metric to minimize.
	scores [][]float64
	out    exit
}

// exit says how a candidate left a race.
type exit string

const (
	running exit = ""
	apart   exit = "told apart" // significantly worse than the leader, or beyond a limit
	cut     exit = "cut"        // by rank, when only so many could go on
)

// race lets candidates play the same seeds, round by round, and drops those that
// can't win any more: most of the plays go to the few that are close.
type race struct {
	objective Objective
	// play plays the next batches of candidates, the same seeds for all, and returns the
	// scores of each: after an error, of those that were played.
	play func(ctx context.Context, all []turn) ([][]float64, error)
}

// turn is a batch of a candidate.
type turn struct {
	entrant *entrant
	batch   int
}

// raceLevel is the level of each comparison within a race. There are hundreds of
// them: at 5 % a good candidate would be dropped by chance in each round.
const raceLevel = 0.001

// fewestLeft go on however clear it is who leads, so that there is a runner-up.
const fewestLeft = 3

// round lets each entrant that is still running have so many batches. Then those leave
// that are told apart from the leader, and of the rest, by rank, all but so many.
func (r *race) round(ctx context.Context, entrants []*entrant, batches, keep int) error {
	var turns []turn
	for _, e := range r.running(entrants) {
		for have := e.batches(); have < batches; have++ {
			turns = append(turns, turn{e, have})
		}
	}
	scores, err := r.play(ctx, turns)
	for i, s := range scores {
		turns[i].entrant.add(s)
	}
	if err != nil {
		return err
	}
	ranked := r.rank(entrants)
	for i, e := range ranked {
		switch {
		case i < fewestLeft:
		case r.worse(e, ranked[0]):
			e.out = apart
		case i >= keep:
			e.out = cut
		}
	}
	return nil
}

func (e *entrant) add(scores []float64) {
	if e.scores == nil {
		e.scores = make([][]float64, len(scores))
	}
	for i, s := range scores {
		e.scores[i] = append(e.scores[i], s)
	}
}

func (e *entrant) batches() int {
	if len(e.scores) == 0 {
		return 0
	}
	return len(e.scores[0])
}

func (e *entrant) minimized() []float64 { return e.scores[len(e.scores)-1] }

// rank sorts the entrants that are running, the best first: by how far they are
// beyond the limits, then by the metric, then by their number.
func (r *race) rank(entrants []*entrant) []*entrant {
	in := r.running(entrants)
	slices.SortStableFunc(in, func(a, b *entrant) int {
		return cmp.Or(
			cmp.Compare(r.beyond(a), r.beyond(b)),
			cmp.Compare(average(a.minimized()), average(b.minimized())),
			cmp.Compare(a.number, b.number),
		)
	})
	return in
}

// beyond is how far the means are beyond the limits, together.
func (r *race) beyond(e *entrant) float64 {
	total := 0.0
	for i, c := range r.objective.Constraints {
		mean := average(e.scores[i])
		if math.IsInf(mean, 0) {
			return missing
		}
		total += excess(c, mean)
	}
	return total
}

func average(values []float64) float64 {
	mean, _ := meanHalf(values)
	return mean
}

// worse reports whether an entrant is told apart from the leader: it is beyond a limit
// that the leader keeps, or the leader keeps all and it has more of the metric. t tests
// over the batches, paired between the two.
func (r *race) worse(e, leader *entrant) bool {
	if r.beyond(leader) > 0 {
		return false
	}
	for i, c := range r.objective.Constraints {
		if excess(c, average(e.scores[i])) > 0 && differs(e.scores[i], c.Limit) {
			return true
		}
	}
	d := paired(e.minimized(), leader.minimized())
	return d.Value > 0 && d.P < raceLevel
}

// differs reports whether the mean of values differs from a limit.
func differs(values []float64, limit float64) bool {
	return paired(values, slices.Repeat([]float64{limit}, len(values))).P < raceLevel
}

// running are the entrants that have not left.
func (r *race) running(entrants []*entrant) []*entrant {
	return slices.DeleteFunc(slices.Clone(entrants), func(e *entrant) bool { return e.out != running })
}

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
	// late, which may be nil, is how far a candidate is beyond what others wait for a call,
	// as a share of it; 0: it is not.
	late func(*entrant) float64
	// margin: who is worse by less than this share is not dropped, as somebody near may be
	// better than the leader.
	margin float64
	// value, which may be nil, is a score of a candidate over all of its batches together;
	// without it, their average. It is what ranks: of a quantile the average is another number.
	value func(e *entrant, score int) float64
	few   int // batches that a newcomer plays at first
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

// round lets each entrant that is still running have so many batches; who has none plays
// a few first. Then those leave that are told apart from the leader, and of the rest, by
// rank, all but so many.
func (r *race) round(ctx context.Context, entrants []*entrant, batches, keep int) error {
	if fresh := slices.DeleteFunc(r.running(entrants), func(e *entrant) bool { return e.batches() > 0 }); len(fresh) < len(entrants) {
		if err := r.playTo(ctx, fresh, min(r.few, batches)); err != nil {
			return err
		}
		r.drop(entrants)
	}
	if err := r.playTo(ctx, r.running(entrants), batches); err != nil {
		return err
	}
	r.drop(entrants)
	for i, e := range r.rank(entrants) {
		if i >= max(keep, fewestLeft) {
			e.out = cut
		}
	}
	return nil
}

// playTo lets entrants have so many batches.
func (r *race) playTo(ctx context.Context, entrants []*entrant, batches int) error {
	var turns []turn
	for have := range batches { // the same seeds for all, even if it is stopped
		for _, e := range entrants {
			if have >= e.batches() {
				turns = append(turns, turn{e, have})
			}
		}
	}
	scores, err := r.play(ctx, turns)
	for i, s := range scores {
		turns[i].entrant.add(s)
	}
	return err
}

// drop lets those leave that are told apart from the leader: the best of those that have
// played most.
func (r *race) drop(entrants []*entrant) {
	ranked, most := r.rank(entrants), 0
	for _, e := range ranked {
		most = max(most, e.batches())
	}
	leader := slices.IndexFunc(ranked, func(e *entrant) bool { return e.batches() == most })
	for i, e := range ranked {
		if i >= fewestLeft && i != leader && r.worse(e, ranked[leader]) {
			e.out = apart
		}
	}
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
			cmp.Compare(r.minimized(a), r.minimized(b)),
			cmp.Compare(a.number, b.number),
		)
	})
	return in
}

func (r *race) of(e *entrant, score int) float64 {
	if r.value != nil {
		return r.value(e, score)
	}
	return average(e.scores[score])
}

func (r *race) minimized(e *entrant) float64 { return r.of(e, len(r.objective.Constraints)) }

// beyond is how far a candidate is beyond the limits, together.
func (r *race) beyond(e *entrant) float64 {
	total := 0.0
	for i, c := range r.objective.Constraints {
		v := r.of(e, i)
		if math.IsInf(v, 0) {
			return missing
		}
		total += excess(c, v)
	}
	if r.late != nil {
		total += r.late(e)
	}
	return total
}

// merit is the metric, made worse by what is beyond the limits: of two neighbours on
// different sides of a limit the better one may be the way to the best.
func (r *race) merit(e *entrant) float64 {
	return r.minimized(e) * (1 + r.beyond(e))
}

func average(values []float64) float64 {
	mean, _ := meanHalf(values)
	return mean
}

// worse reports whether an entrant is told apart from the leader by more than the margin:
// it is beyond a limit that the leader keeps, or the leader keeps all and it has more of
// the metric. t tests over the batches, paired between the two.
func (r *race) worse(e, leader *entrant) bool {
	if r.beyond(leader) > 0 {
		return false
	}
	for i, c := range r.objective.Constraints {
		if excess(c, r.of(e, i)) > r.margin && differs(e.scores[i], c.Limit) {
			return true
		}
	}
	allowed := slices.Clone(leader.minimized())
	for i := range allowed {
		allowed[i] *= 1 + r.margin
	}
	d := paired(e.minimized(), allowed)
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

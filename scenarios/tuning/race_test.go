package tuning

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"holdfast/scenarios"
)

// contest is a race whose truth is known: candidates have a mean of a limited and of a
// minimized metric, and share the noise of each batch but for a part.
type contest struct {
	limited, minimized []float64
	played             []int
}

func (c *contest) play(_ context.Context, turns []turn) (scores [][]float64, err error) {
	for _, t := range turns {
		candidate := t.entrant.number
		c.played[candidate]++
		common := rand.New(rand.NewPCG(7, uint64(t.batch)))
		own := rand.New(rand.NewPCG(uint64(candidate)+100, uint64(t.batch)))
		scores = append(scores, []float64{
			c.limited[candidate] + 0.05*own.NormFloat64(),
			c.minimized[candidate] + 50*common.NormFloat64() + 2*own.NormFloat64(),
		})
	}
	return scores, nil
}

func TestARacePicksTheBestAndSparesTheRest(t *testing.T) {
	const candidates, best = 60, 17
	c := &contest{played: make([]int, candidates)}
	var entrants []*entrant
	for i := range candidates {
		c.limited = append(c.limited, 1)
		c.minimized = append(c.minimized, 100+float64((i-best)*(i-best)))
		entrants = append(entrants, &entrant{number: i})
	}
	c.limited[best-1], c.minimized[best-1] = 3, 10 // the fastest by far, but beyond the limit
	r := race{objective: limits(t, "attempts.mean<2, min latency_ms.p99"), play: c.play}
	for _, round := range []struct{ batches, keep int }{{5, 20}, {15, 8}, {60, 4}} {
		if err := r.round(t.Context(), entrants, round.batches, round.keep); err != nil {
			t.Fatal(err)
		}
	}
	ranked := r.rank(entrants)
	if ranked[0].number != best {
		t.Errorf("the winner is %d, not %d", ranked[0].number, best)
	}
	if entrants[best-1].out == running {
		t.Error("who is beyond the limit is still in")
	}
	if len(ranked) < fewestLeft {
		t.Errorf("%d are left, so there may be no runner-up", len(ranked))
	}
	total := 0
	for _, n := range c.played {
		total += n
	}
	if all := candidates * 60; total > all/4 {
		t.Errorf("%d batches were played; without dropping any it is %d", total, all)
	}
}

// TestEqualsAreNotToldApart: the intervals are respected. Of candidates that are the
// same but for noise, hardly any is dropped as worse.
func TestEqualsAreNotToldApart(t *testing.T) {
	dropped := 0
	const candidates = 40
	c := &contest{played: make([]int, candidates)}
	var entrants []*entrant
	for i := range candidates {
		c.limited, c.minimized = append(c.limited, 1), append(c.minimized, 100)
		entrants = append(entrants, &entrant{number: i})
	}
	r := race{objective: limits(t, "attempts.mean<2, min latency_ms.p99"), play: c.play}
	if err := r.round(t.Context(), entrants, 40, candidates); err != nil {
		t.Fatal(err)
	}
	for _, e := range entrants {
		if e.out == apart {
			dropped++
		}
	}
	// The leader is the luckiest, so the level is not that of a single comparison.
	if dropped > candidates/8 {
		t.Errorf("%d of %d equals were told apart", dropped, candidates)
	}
}

// TestAMarginKeepsWhoIsNear: while steps are large somebody near may be better than the
// leader, so that only those leave that are worse by more.
func TestAMarginKeepsWhoIsNear(t *testing.T) {
	for margin, want := range map[float64]int{0: fewestLeft, 0.25: 5} {
		c := &contest{played: make([]int, 7), limited: slices.Repeat([]float64{1}, 7), minimized: []float64{100, 105, 110, 115, 120, 150, 200}}
		r := race{objective: limits(t, "attempts.mean<2, min latency_ms.p99"), play: c.play, margin: margin, few: 2}
		var entrants []*entrant
		for i := range c.played {
			entrants = append(entrants, &entrant{number: i})
		}
		if err := r.round(t.Context(), entrants, 60, len(entrants)); err != nil {
			t.Fatal(err)
		}
		if left := len(r.running(entrants)); left != want {
			t.Errorf("with a margin of %v %d are left, want %d", margin, left, want)
		}
	}
}

func TestOnlyPairsAreComparedAndCommonNoiseCancels(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var a, b []float64
	for range 20 {
		noise := 100 * rng.NormFloat64()
		a, b = append(a, noise+1+0.1*rng.NormFloat64()), append(b, noise)
	}
	d := paired(a, b)
	if d.P > 1e-6 || d.Low > 1 || d.High < 1 {
		t.Errorf("a difference of 1 is measured as %+v", d)
	}
	if d := paired(a[:1], b); d.P != 1 {
		t.Errorf("one pair tells nothing, but p is %v", d.P)
	}
	if d := paired([]float64{missing, missing}, b); d.P != 1 {
		t.Errorf("missing values tell nothing, but p is %v", d.P)
	}
}

// limits is an objective without the limit of give-ups that all have.
func limits(t *testing.T, text string) Objective {
	t.Helper()
	o := objective(t, text)
	o.Constraints = slices.DeleteFunc(o.Constraints, func(c scenarios.Threshold) bool { return c.Metric == exhaustedRate })
	return o
}

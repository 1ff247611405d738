package tuning

import (
	"math"
	"math/rand/v2"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

// drawn is a measurement of operations whose attempts are drawn; those beyond the
// bound of the policy give up.
func drawn(p archive.Policy, batches, operations int, draw func(*rand.Rand) int) *measured {
	m := &measured{policy: p, numbers: measure.NewCollector()}
	rng := rand.New(rand.NewPCG(3, 4))
	for range batches {
		c := measure.NewCollector()
		for op := 1; op <= operations; op++ {
			needs := draw(rng)
			c.Add(&history.Event{Kind: history.Invoke, Op: op, Do: "append"})
			outcome := history.Committed
			for n := 1; n <= needs; n++ {
				if n > p.MaxAttempts() {
					outcome = history.Exhausted
					break
				}
				c.Add(&history.Event{Kind: history.Put, Op: op, Answer: history.OK})
			}
			c.Add(&history.Event{Kind: history.Return, Op: op, At: int64(needs) * 1e6, Outcome: outcome})
		}
		r := measure.Measurement{Repetitions: 1}
		c.Fill(&r, check.Counts{})
		if r.Counts.Exhausted > 0 {
			m.affected++
		}
		m.batches = append(m.batches, r)
		m.numbers.Merge(c)
	}
	return m
}

func geometric(chance float64) func(*rand.Rand) int {
	return func(rng *rand.Rand) int {
		n := 1
		for rng.Float64() > chance {
			n++
		}
		return n
	}
}

func TestTheTailIsExtrapolatedAtItsUpperLimit(t *testing.T) {
	const chance = 0.4
	m := drawn(archive.Policy{Kind: archive.None, Retries: 60}, 20, 2000, geometric(chance))
	for _, k := range []int{3, 10, 20, 30} {
		truth := math.Pow(1-chance, float64(k))
		got, ok := newTail(m).beyond(k)
		if !ok || truth < got.Low/2 || truth > got.High {
			t.Errorf("beyond %d attempts: %+v, %v; in truth %.3g", k, got, ok, truth)
		}
	}
	n, ok := retriesFor(m, 1e-7)
	if truth := math.Pow(1-chance, float64(n+1)); !ok || truth > 1e-7 || n > 45 {
		t.Errorf("%d retries, %v: in truth %.3g give up", n, ok, truth)
	}
	g := exhaustion(m)
	if g.Method != Extrapolated || g.High > 1e-10 || g.Counted < 3e-5 || g.Counted > 1e-4 || g.Assumption == "" {
		t.Errorf("%+v", g)
	}
}

// TestATailThatGetsHeavierIsNotExtrapolated: the chance of an attempt falls with the
// attempts made.
func TestATailThatGetsHeavierIsNotExtrapolated(t *testing.T) {
	m := drawn(archive.Policy{Kind: archive.None, Retries: 20_000}, 20, 2000, func(rng *rand.Rand) int {
		return int(min(math.Ceil(math.Pow(1-rng.Float64(), -1/1.5)), 15_000)) // Pareto
	})
	if got, ok := newTail(m).beyond(20_000); ok {
		t.Errorf("a tail that gets heavier is extrapolated to %+v", got)
	}
	if g := exhaustion(m); g.Method != Bounded || g.High != g.Counted {
		t.Errorf("%+v", g)
	}
}

// TestAMixtureIsNotUnderestimated: some operations rarely commit.
func TestAMixtureIsNotUnderestimated(t *testing.T) {
	m := drawn(archive.Policy{Kind: archive.None, Retries: 400}, 20, 2000, func(rng *rand.Rand) int {
		if rng.Float64() < 0.002 {
			return geometric(0.05)(rng)
		}
		return geometric(0.7)(rng)
	})
	truth := 0.002 * math.Pow(0.95, 200)
	if got, ok := newTail(m).beyond(200); ok && got.High < truth {
		t.Errorf("%+v; in truth %.3g", got, truth)
	}
}

func TestGiveUpsThatHappenAreCounted(t *testing.T) {
	m := drawn(archive.Policy{Kind: archive.None, Retries: 2}, 40, 500, geometric(0.5))
	g := exhaustion(m)
	if g.Method != Counted || g.Low > 0.125 || g.High < 0.125 || g.High-g.Low > 0.02 {
		t.Errorf("%+v; in truth 1 of 8 gives up", g)
	}
	rare := drawn(archive.Policy{Kind: archive.None, Retries: 12}, 40, 500, geometric(0.5))
	truth := math.Pow(0.5, 13)
	if g := exhaustion(rare); g.Method != Counted || g.Low > truth || g.High < truth {
		t.Errorf("%+v; in truth %.3g", g, truth)
	}
}

// TestGiveUpsInEveryRepetition: how many there are in each still varies.
func TestGiveUpsInEveryRepetition(t *testing.T) {
	m := drawn(archive.Policy{Kind: archive.None, Retries: 2}, 12, 500, geometric(0.3))
	truth := math.Pow(0.7, 3)
	if g := exhaustion(m); m.affected != 12 || g.Low >= truth || g.High <= truth || g.High <= g.Value {
		t.Errorf("%+v; in truth %.3g, in %d repetitions", g, truth, m.affected)
	}
}

func TestTheRuleOfThree(t *testing.T) {
	if limit := ruleOfThree(3_000_000); math.Abs(limit-1e-6) > 2e-9 {
		t.Errorf("3,000,000 operations show less than %g", limit)
	}
	if n := trialsFor(1e-6); n < 2_995_000 || n > 2_996_000 {
		t.Errorf("1e-6 takes %d operations", n)
	}
}

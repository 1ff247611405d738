package tuning

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

// drawn is a measurement of operations whose attempts are drawn; those beyond the
// bound of the policy give up.
func drawn(p archive.Policy, batches, operations int, draw func(*rand.Rand) int) *measured {
	return drawnBy(p, batches, operations, func(rng *rand.Rand) (string, int) { return "writer", draw(rng) })
}

// drawnBy draws the actor too.
func drawnBy(p archive.Policy, batches, operations int, draw func(*rand.Rand) (string, int)) *measured {
	m := &measured{policy: p, numbers: measure.NewCollector()}
	rng := rand.New(rand.NewPCG(3, 4))
	for range batches {
		c := measure.NewCollector()
		for op := 1; op <= operations; op++ {
			actor, needs := draw(rng)
			c.Add(&history.Event{Kind: history.Invoke, Op: op, Do: "append"})
			outcome := history.Committed
			for n := 1; n <= needs; n++ {
				if n > p.MaxAttempts() {
					outcome = history.Exhausted
					break
				}
				c.Add(&history.Event{Kind: history.Put, Op: op, Answer: history.OK})
			}
			c.Add(&history.Event{Kind: history.Return, Op: op, Actor: actor, At: int64(needs) * 1e6, Outcome: outcome})
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
	for _, k := range []int64{3, 10, 20, 30} {
		truth := math.Pow(1-chance, float64(k))
		if got := newTail(m).beyond(k); truth < got.Low/2 || truth > got.High {
			t.Errorf("beyond %d attempts: %+v; in truth %.3g", k, got, truth)
		}
	}
	n, ok := retriesFor(m, 1e-7)
	if truth := math.Pow(1-chance, float64(n+1)); !ok || truth > 1e-7 || n > 90 {
		t.Errorf("%d retries, %v: in truth %.3g give up", n, ok, truth)
	}
	g := exhaustion(m)
	if g.Method != Extrapolated || g.High > 1e-6 || g.Counted < 3e-5 || g.Counted > 1e-4 || g.Assumption == "" {
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
	if got := newTail(m).beyond(200); got.High < truth {
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

// TestActorsAreJudgedApart: one of twenty writers is far away, and of those hundreds of
// operations the tail of all shows little.
func TestActorsAreJudgedApart(t *testing.T) {
	const near, far, share = 0.5, 0.2, 0.05
	draw := func(rng *rand.Rand) (string, int) {
		if rng.Float64() < share {
			return "far", geometric(far)(rng)
		}
		return "near", geometric(near)(rng)
	}
	truth := share * math.Pow(1-far, 81)
	m := drawnBy(archive.Policy{Kind: archive.None, Retries: 80}, 20, 2000, draw)
	g := exhaustion(m)
	if g.Method != Extrapolated || g.High < truth || len(g.ByActor) != 2 {
		t.Fatalf("%+v; in truth %.3g", g, truth)
	}
	slices.SortFunc(g.ByActor, func(a, b ActorGiveUps) int { return strings.Compare(a.Actor, b.Actor) })
	f, n := g.ByActor[0], g.ByActor[1]
	if f.Actor != "far" || f.High < math.Pow(1-far, 81) || f.High < 1000*n.High || f.Operations+n.Operations != g.Operations {
		t.Errorf("%+v", g.ByActor)
	}
	if sum := (f.High*float64(f.Operations) + n.High*float64(n.Operations)) / float64(g.Operations); math.Abs(sum-g.High) > 1e-12 {
		t.Errorf("%.3g of all, and %.3g of the actors together", g.High, sum)
	}
	counted := exhaustion(drawnBy(archive.Policy{Kind: archive.None, Retries: 20}, 20, 2000, draw))
	for _, a := range counted.ByActor {
		if (a.Observed > 0) != (a.Actor == "far") || counted.Method != Counted {
			t.Errorf("%+v", counted)
		}
	}
}

// distant are writers near the store, and one that is far away.
const distant = `
name: distant
shows: Twenty writers near the store and one that is far away lose nothing.
why: For tests.
actors:
  - {name: near, kind: backend, count: 20, load: {operations: 20}}
  - {name: far, kind: backend, load: {operations: 20}}
faults: ['slow(rate=1,actor=far,call=any,by=20ms)']
`

// TestAFarWriterIsNotOverlooked: what few plays say of the rarest is true of many.
func TestAFarWriterIsNotOverlooked(t *testing.T) {
	numbers(t)
	const samples = 20
	p := policy(t, "full(base=100ms,cap=400ms,retries=1000)")
	var few []*measured
	over, operations := map[int64]float64{}, 0.0
	bounds := []int64{30, 40, 50}
	for seed := range uint64(samples) {
		r := written(t, distant, "normal(10ms,2ms)")
		r.Seed = seed + 1
		m := playedBy(t, r, p, 5, 4)
		few = append(few, m)
		operations += float64(m.pooled().Counts.Acknowledged)
		for needed, n := range m.pooled().Attempts.Histogram {
			for _, bound := range bounds {
				if int64(needed) > bound {
					over[bound] += float64(n)
				}
			}
		}
	}
	for _, bound := range bounds {
		truth, below := over[bound]/operations, 0
		for _, m := range few {
			if newTail(m).beyond(bound).High < truth {
				below++
			}
		}
		t.Logf("of %.0f operations %.2g needed more than %d attempts: %d of %d bounds are below that", operations, truth, bound, below, samples)
		if truth == 0 || below > samples/20 {
			t.Errorf("of %.0f operations %.2g needed more than %d attempts: %d of %d bounds are below that", operations, truth, bound, below, samples)
		}
	}
}

package tuning

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

// lasting is a measurement of operations that take so many milliseconds.
func lasting(batches, operations int, draw func(batch int) float64) *measured {
	m := &measured{numbers: measure.NewCollector()}
	for b := range batches {
		c := measure.NewCollector()
		for op := 1; op <= operations; op++ {
			c.Add(&history.Event{Kind: history.Invoke, Op: op, Do: "append"})
			c.Add(&history.Event{Kind: history.Return, Op: op, At: int64(draw(b) * 1e6), Outcome: history.Committed})
		}
		r := measure.Measurement{Repetitions: 1}
		c.Fill(&r, check.Counts{})
		m.batches = append(m.batches, r)
		m.numbers.Merge(c)
	}
	return m
}

// coverage of an interval, over so many samples.
const samples = 200

// TestIntervalsOfQuantilesHoldTheTruth as often as they say, also if operations of a
// batch hang together.
func TestIntervalsOfQuantilesHoldTheTruth(t *testing.T) {
	numbers(t)
	for name, c := range map[string]struct {
		common float64 // share of the variance that a batch's operations have in common
		least  int
	}{
		"independent": {0, 184},
		"clustered":   {0.2, 180},
	} {
		rng := rand.New(rand.NewPCG(1, 2))
		truth := 100 + 20*2.3263 // p99 of a normal distribution
		held := 0
		for range samples {
			shared := make([]float64, 20)
			for i := range shared {
				shared[i] = rng.NormFloat64()
			}
			m := lasting(len(shared), 120, func(b int) float64 {
				return 100 + 20*(math.Sqrt(c.common)*shared[b]+math.Sqrt(1-c.common)*rng.NormFloat64())
			})
			if i := m.interval(latencyP99); i.Low <= truth && truth <= i.High {
				held++
			}
		}
		t.Logf("%s: %d of %d hold the truth", name, held, samples)
		if held < c.least {
			t.Errorf("%s: %d of %d hold the truth", name, held, samples)
		}
	}
}

// TestTheSlowestAreExtrapolatedAtTheirUpperLimit, also where the tail is heavy.
func TestTheSlowestAreExtrapolatedAtTheirUpperLimit(t *testing.T) {
	numbers(t)
	rng := rand.New(rand.NewPCG(5, 6))
	const alpha = 1.5
	for name, c := range map[string]struct {
		draw     func() float64
		deadline float64 // that one of 100,000 does not keep
	}{
		"normal":      {func() float64 { return 100 + 20*rng.NormFloat64() }, 100 + 20*4.2649},
		"exponential": {func() float64 { return 100 * rng.ExpFloat64() }, 100 * math.Log(1e5)},
		"lognormal":   {func() float64 { return 10 * math.Exp(rng.NormFloat64()) }, 10 * math.Exp(4.2649)},
		"power law":   {func() float64 { return 10 * math.Pow(1-rng.Float64(), -1/alpha) }, 10 * math.Pow(1e5, 1/alpha)},
	} {
		for _, operations := range []int{50, 500} {
			below, refused := 0, 0
			for range samples {
				m := lasting(20, operations, func(int) float64 { return max(c.draw(), 0.001) })
				high, ok := latencyBeyond(m, time.Duration(c.deadline*float64(time.Millisecond)))
				switch {
				case !ok:
					refused++
				case high < 1e-5:
					below++
				}
			}
			t.Logf("%s, %d operations: %d of %d below the truth, %d refused", name, 20*operations, below, samples, refused)
			if below > 8 || refused > samples/20 {
				t.Errorf("%s, %d operations: %d of %d below the truth, %d refused", name, 20*operations, below, samples, refused)
			}
		}
	}
}

// TestFewSlowOperationsAreNotOverlooked: some take longer for another reason, which
// those that make the bulk say nothing of.
func TestFewSlowOperationsAreNotOverlooked(t *testing.T) {
	numbers(t)
	rng := rand.New(rand.NewPCG(7, 8))
	const rare, truth = 0.0005, 0.0005 / 5
	for range 20 {
		m := lasting(20, 2000, func(int) float64 {
			if rng.Float64() < rare {
				return 1000 + 5000*rng.Float64()
			}
			return 100 + rng.Float64()
		})
		if high, ok := latencyBeyond(m, 5*time.Second); ok && high < truth {
			t.Errorf("it is extrapolated to %g, in truth %g", high, truth)
		}
	}
}

func TestADeadlineThatHolds(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	m := lasting(20, 2000, func(int) float64 { return 100 * rng.ExpFloat64() })
	tail, ok := newSlowTail(m)
	if !ok {
		t.Fatal("refused")
	}
	d := tail.deadline(1e-6)
	if truth := 100 * math.Log(1e6); ms(d) < truth || ms(d) > 5*truth {
		t.Errorf("%v, in truth %.0f ms", d, truth)
	}
	if high, ok := tail.beyond(d); !ok || math.Abs(high-1e-6) > 1e-8 {
		t.Errorf("%g, %v", high, ok)
	}
}

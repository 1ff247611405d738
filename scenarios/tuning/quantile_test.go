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
		if late := latencyBeyond(m, 5*time.Second); late.High < truth {
			t.Errorf("it is extrapolated to %g, in truth %g", late.High, truth)
		}
	}
}

func TestALikelyDeadline(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	m := lasting(20, 2000, func(int) float64 { return 100 * rng.ExpFloat64() })
	tail, ok := newSlowTail(m)
	if !ok {
		t.Fatal("refused")
	}
	d := tail.likely(1e-6)
	if truth := 100 * math.Log(1e6); ms(d) < truth/2 || ms(d) > 2*truth {
		t.Errorf("%v, in truth %.0f ms", d, truth)
	}
	if late := tail.beyond(d.Microseconds()); late.Value > 1e-6 || late.Value < 0.9e-6 {
		t.Errorf("%+v", late)
	}
}

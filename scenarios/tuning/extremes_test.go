package tuning

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// law is how a number is distributed: attempts, or microseconds.
type law struct {
	name     string
	times    bool
	draw     func(*rand.Rand) int64
	survival func(x float64) float64
}

// writers of whom a share has so many times less of a chance than the others.
type minority struct{ share, unluckier float64 }

// mixture of writers whose attempts, or units of time, each end with a chance.
func mixture(name string, chance float64, minorities ...minority) law {
	return law{
		name, chance < 0.01,
		func(rng *rand.Rand) int64 {
			of, u := chance, rng.Float64()
			for _, m := range minorities {
				if u >= 0 && u < m.share {
					of /= m.unluckier
				}
				u -= m.share
			}
			return int64(max(1, math.Ceil(math.Log(1-rng.Float64())/math.Log1p(-of))))
		},
		func(x float64) float64 {
			beyond := func(chance float64) float64 { return math.Exp(x * math.Log1p(-chance)) }
			sum, rest := 0.0, 1.0
			for _, m := range minorities {
				sum, rest = sum+m.share*beyond(chance/m.unluckier), rest-m.share
			}
			return sum + rest*beyond(chance)
		},
	}
}

// usual is the scale of latencies, in microseconds.
const usual = 1e5

func quantileLaw(name string, quantile, survival func(float64) float64) law {
	times := survival(usual) > 0.1
	return law{name, times, func(rng *rand.Rand) int64 { return int64(math.Ceil(quantile(1 - rng.Float64()))) }, survival}
}

func powerLaw(name string, least, index float64) law {
	return quantileLaw(name,
		func(s float64) float64 { return least * math.Pow(s, -1/index) },
		func(x float64) float64 { return math.Pow(x/least, -index) })
}

func normalLaw(name string, number func(z float64) float64, score func(x float64) float64) law {
	return law{
		name, true,
		func(rng *rand.Rand) int64 { return int64(max(1, math.Ceil(number(rng.NormFloat64())))) },
		func(x float64) float64 { return math.Erfc(score(x)/math.Sqrt2) / 2 },
	}
}

func lognormalLaw(name string, sigma float64) law {
	return normalLaw(name,
		func(z float64) float64 { return usual * math.Exp(sigma*z) },
		func(x float64) float64 { return math.Log(x/usual) / sigma })
}

func weibullLaw(name string, shape float64) law {
	return quantileLaw(name,
		func(s float64) float64 { return usual * math.Pow(-math.Log(s), 1/shape) },
		func(x float64) float64 { return math.Exp(-math.Pow(x/usual, shape)) })
}

// laws of each kind that a bound is to hold for.
func laws() map[string][]law {
	all := map[string][]law{
		"heavy tail": {
			powerLaw("attempts, index 1.5", 1, 1.5), powerLaw("attempts, index 3", 1, 3),
			powerLaw("time, index 1.5", usual, 1.5), powerLaw("time, index 3", usual, 3), powerLaw("time, index 6", usual, 6),
			lognormalLaw("lognormal 1", 1), lognormalLaw("lognormal 2", 2), weibullLaw("Weibull 0.5", 0.5),
		},
		"deadline": {
			mixture("exponential", 1/usual), lognormalLaw("lognormal 0.5", 0.5), weibullLaw("Weibull 1.5", 1.5),
			normalLaw("normal", func(z float64) float64 { return usual * (1 + z/5) }, func(x float64) float64 { return 5 * (x/usual - 1) }),
		},
	}
	for _, chance := range []float64{0.1, 0.4, 0.7} {
		all["homogeneous"] = append(all["homogeneous"], mixture(fmt.Sprint(chance), chance))
	}
	for _, share := range []float64{0.001, 0.01, 0.1} {
		for _, chance := range []float64{0.1, 0.4, 0.7} {
			all["two parts"] = append(all["two parts"],
				mixture(fmt.Sprintf("%v, of %v a third", chance, share), chance, minority{share, unluckier}))
			all["three parts"] = append(all["three parts"],
				mixture(fmt.Sprintf("%v, of %v a half and of %v a third", chance, share, share), chance, minority{share, 2}, minority{share, unluckier}))
		}
		all["deadline, two parts"] = append(all["deadline, two parts"],
			mixture(fmt.Sprintf("exponential, of %v a third", share), 1/usual, minority{share, unluckier}))
		all["deadline, three parts"] = append(all["deadline, three parts"],
			mixture(fmt.Sprintf("exponential, of %v a half and of %v a third", share, share), 1/usual, minority{share, 2}, minority{share, unluckier}))
	}
	return all
}

// rarest is the smallest number that a share does not exceed.
func (l law) rarest(share float64) int64 {
	low, high := 0.0, 1e15
	for high-low > 1e-3 {
		if middle := (low + high) / 2; l.survival(middle) > share {
			low = middle
		} else {
			high = middle
		}
	}
	return int64(math.Ceil(high))
}

// cell is how bounds compare with a truth.
type cell struct {
	samples, below int // below the truth
	// extrapolated are those that say more than the rule of three.
	extrapolated, belowExtrapolated int
	ratios                          []float64 // bound/truth
}

// tried judges samples of a law at numbers that so many of a sample are expected beyond.
func tried(l law, samples, operations int, expected []float64) []cell {
	cells := make([]cell, len(expected))
	rng := rand.New(rand.NewPCG(1, uint64(operations)))
	numbers := make([]int64, operations)
	for range samples {
		for i := range numbers {
			numbers[i] = l.draw(rng)
		}
		slices.Sort(numbers)
		e := newExtremes(numbers, 0, outside, func(int64) float64 { return 1 })
		if l.times {
			e.fitPower()
		}
		for i, n := range expected {
			x := l.rarest(n / float64(operations))
			truth, bound := l.survival(float64(x)), e.beyond(x).High
			c := &cells[i]
			c.samples++
			c.ratios = append(c.ratios, bound/truth)
			more := e.over(x) == 0 && bound < ruleOfThree(float64(operations))
			if more {
				c.extrapolated++
			}
			if bound < truth {
				c.below++
				if more {
					c.belowExtrapolated++
				}
			}
		}
	}
	return cells
}

// TestBoundsHold: at most one of twenty is below the truth, whatever the writers are like.
// HOLDFAST_EXPERIMENT=full tries more and larger samples, and tells how tight they are.
func TestBoundsHold(t *testing.T) {
	numbers(t)
	samples, sizes := 40, []int{1000, 4000}
	if os.Getenv("HOLDFAST_EXPERIMENT") == "full" {
		samples, sizes = 200, []int{1000, 10_000, 50_000}
	}
	expected := []float64{0.3, 0.01, 1e-4}
	kinds := laws()
	for _, kind := range []string{"homogeneous", "two parts", "three parts", "heavy tail", "deadline", "deadline, two parts", "deadline, three parts"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			for _, size := range sizes {
				for _, l := range kinds[kind] {
					for i, c := range tried(l, samples, size, expected) {
						slices.Sort(c.ratios)
						text := fmt.Sprintf("%s: %s, %d operations, truth %.2g: %d of %d below it, of %d extrapolated %d; median bound/truth %.3g",
							kind, l.name, size, expected[i]/float64(size), c.below, c.samples, c.extrapolated, c.belowExtrapolated, c.ratios[c.samples/2])
						t.Log(text)
						if 20*c.below > c.samples {
							t.Error(text)
						}
					}
				}
			}
		})
	}
}

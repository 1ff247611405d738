package compare

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// TestSignedRankReference: Hollander and Wolfe's depression scale, on which R's wilcox.test is
// documented: V = 40 of nine differences, one-sided p = 0.01953.
func TestSignedRankReference(t *testing.T) {
	first := []float64{1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30}
	second := []float64{0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29}
	var d []float64
	for i := range first {
		d = append(d, second[i]-first[i])
	}
	near(t, "p", signedRank(d), 2*0.01953125, 1e-12)
}

// TestSignedRankCountsSigns: it is the share of all ways to give the differences signs that are
// as lopsided, ties and zeros included.
func TestSignedRankCountsSigns(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		d := make([]float64, 1+random.IntN(10))
		for i := range d {
			d[i] = float64(random.IntN(9) - 4)
		}
		near(t, "p", signedRank(d), byEnumeration(d), 1e-12)
	}
	if p := signedRank([]float64{0, 0, 0}); p != 1 {
		t.Errorf("of no difference p is %v", p)
	}
	if p := signedRank(nil); p != 1 {
		t.Errorf("of nothing p is %v", p)
	}
}

// byEnumeration is the signed-rank test by its definition.
func byEnumeration(differences []float64) float64 {
	d := slices.DeleteFunc(slices.Clone(differences), func(x float64) bool { return x == 0 })
	rank := make([]float64, len(d))
	for i := range d {
		for k := range d {
			switch a, b := math.Abs(d[k]), math.Abs(d[i]); {
			case a < b:
				rank[i]++
			case a == b:
				rank[i] += 0.5
			}
		}
		rank[i] += 0.5
	}
	lopsided := func(positive func(i int) bool) float64 {
		sum, all := 0.0, 0.0
		for i := range d {
			all += rank[i]
			if positive(i) {
				sum += rank[i]
			}
		}
		return math.Abs(sum - all/2)
	}
	seen := lopsided(func(i int) bool { return d[i] > 0 })
	as := 0
	for signs := range 1 << len(d) {
		if lopsided(func(i int) bool { return signs>>i&1 == 1 }) >= seen-1e-9 {
			as++
		}
	}
	return float64(as) / float64(int(1)<<len(d))
}

// TestSignedRankApproximation: where the exact distribution is left, the normal one gives
// nearly the same.
func TestSignedRankApproximation(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		d := make([]float64, exactRanks)
		for i := range d {
			d[i] = random.NormFloat64() + 0.2
		}
		exact := signedRank(d)
		more := signedRank(append(d, 1e-9)) // one more difference, the smallest
		if math.Abs(math.Log(exact/more)) > 0.2 {
			t.Errorf("exactly %v, approximately %v", exact, more)
		}
	}
}

// TestSignedRankHoldsItsLevel: of repetitions that don't differ it seldom says that they do,
// and evenly so.
func TestSignedRankHoldsItsLevel(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	const series = 2000
	for _, n := range []int{20, 150} {
		alarms := 0
		for range series {
			d := make([]float64, n)
			for i := range d {
				d[i] = random.ExpFloat64() - random.ExpFloat64()
			}
			if signedRank(d) <= 0.05 {
				alarms++
			}
		}
		if share := float64(alarms) / series; share < 0.035 || share > 0.065 {
			t.Errorf("of %d differences %v are significant at 0.05", n, share)
		}
	}
}

func TestHolm(t *testing.T) {
	// The example of Holm's adjustment in R's p.adjust: 0.01, 0.02, 0.03, 0.04, 0.05.
	got := holm([]float64{0.03, 0.01, 0.05, 0.02, 0.04})
	for i, want := range []float64{0.09, 0.05, 0.09, 0.08, 0.09} {
		near(t, "adjusted", got[i], want, 1e-12)
	}
	if len(holm(nil)) != 0 {
		t.Error("of nothing there is nothing")
	}
}

func TestSuperiority(t *testing.T) {
	near(t, "of larger ones", superiority([]float64{1, 2}, []float64{3, 4}), 1, 0)
	near(t, "of smaller ones", superiority([]float64{3, 4}, []float64{1, 2}), 0, 0)
	near(t, "of ties", superiority([]float64{1, 2, 2}, []float64{2, 1, 2}), 0.5, 1e-12)
	near(t, "of three in four", superiority([]float64{1, 3}, []float64{2, 4}), 0.75, 0)
	near(t, "of pairs", pairedSuperiority([]float64{1, 0, -1, 2}), 0.625, 0)
}

// TestLeast: no data gives a smaller p than is said to be the least.
func TestLeast(t *testing.T) {
	near(t, "of 8 pairs", signedRank([]float64{1, 2, 3, 4, 5, 6, 7, 8}), leastPaired(8), 1e-12)
	near(t, "of 5 and 5", differ([]float64{1, 2, 3, 4, 5}, []float64{6, 7, 8, 9, 10}), leastUnpaired(5, 5), 1e-12)
	near(t, "of 3 and 6", differ([]float64{1, 2, 3}, []float64{6, 7, 8, 9, 10, 11}), leastUnpaired(3, 6), 1e-12)
}

// TestIntervalsCover: a ratio of means lies in its interval as often as is said.
func TestIntervalsCover(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	const series, alpha = 2000, 0.05
	paired, unpaired := 0, 0
	for range series {
		old, new := make([]float64, 40), make([]float64, 40)
		for i := range old {
			common := random.ExpFloat64()
			old[i] = 5 + common + random.NormFloat64()
			new[i] = 1.1 * (5 + common + random.NormFloat64())
		}
		if c := pairedChange(old, new, alpha); c.low <= 0.1 && 0.1 <= c.high {
			paired++
		}
		for i := range new {
			new[i] = 1.1 * (5 + random.ExpFloat64() + random.NormFloat64())
		}
		if c := unpairedChange(old, new, alpha); c.low <= 0.1 && 0.1 <= c.high {
			unpaired++
		}
	}
	near(t, "paired coverage", float64(paired)/series, 1-alpha, 0.015)
	near(t, "unpaired coverage", float64(unpaired)/series, 1-alpha, 0.015)
	if pairedChange([]float64{0, 0}, []float64{1, 2}, alpha) != nil || unpairedChange([]float64{1}, []float64{1}, alpha) != nil {
		t.Error("a change that can't be told is told")
	}
}

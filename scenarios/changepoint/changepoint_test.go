package changepoint

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// places are those of the changes of a single quantity.
func places(values []float64) []int {
	var at []int
	for _, c := range Find([][]float64{values})[0] {
		at = append(at, c.At)
	}
	return at
}

// nile is the annual flow at Aswan from 1871 to 1970, in 10⁸ m³, as R has it (datasets::Nile).
var nile = []float64{
	1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958, 1140,
	1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969,
	831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759,
	781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890,
	744, 749, 838, 1050, 918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
}

// TestPublishedSeries: what others have found in the same series is found.
func TestPublishedSeries(t *testing.T) {
	if m := mean(nile); m != 919.35 {
		t.Fatalf("the Nile's mean is %v", m)
	}
	for _, tt := range []struct {
		name   string
		values []float64
		want   []int
	}{
		// Cobb, "The problem of the Nile", Biometrika 65 (1978): it changed after 1898.
		{"the Nile", nile, []int{1899 - 1871}},
		// Apache Otava, tests/analysis_test.py, test_single_series_original.
		{"Otava's", []float64{
			1.02, 0.95, 0.99, 1.00, 1.12, 1.00, 1.01, 0.98, 1.01, 0.96, 0.50, 0.51, 0.48, 0.48, 0.55, 0.50, 0.49, 0.51, 0.50, 0.49,
		}, []int{10}},
	} {
		if got := places(tt.values); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	// MongoDB's signal-processing-algorithms, test_default_implementation_sanity, as far as
	// the lengths are significant.
	for n := Least / 2; n < 100; n += 7 {
		values := slices.Concat(make([]float64, n), slices.Repeat([]float64{1}, n))
		if got := places(values); !slices.Equal(got, []int{n}) {
			t.Errorf("%d zeros and %[1]d ones: %v", n, got)
		}
	}
}

// TestQ: the score is the paper's Q, computed as it is written there.
func TestQ(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-10, 10), 4, 30).Draw(t, "values")
		best, at := 0.0, 0
		for tau := shortest; tau <= len(values)-shortest; tau++ {
			if q := paperQ(values[:tau], values[tau:]); q > best {
				best, at = q, tau
			}
		}
		f := finder{n: len(values), distances: []matrix{distances(values)}}
		test := f.test([]int{0, len(values)})
		got := test.best(0, test.inOrder)
		if scale := meanDistance(values); scale > 0 {
			best /= scale
		}
		if math.Abs(got.score-best) > 1e-6*max(best, 1) || got.at != at && best > 1e-6 {
			t.Errorf("%+v, want %v at %d", got, best, at)
		}
	})
}

func paperQ(x, y []float64) float64 {
	across := 0.0
	for _, a := range x {
		for _, b := range y {
			across += math.Abs(a - b)
		}
	}
	n, m := float64(len(x)), float64(len(y))
	return n * m / (n + m) * (2*across/(n*m) - meanDistance(x) - meanDistance(y))
}

func meanDistance(values []float64) float64 {
	sum, pairs := 0.0, 0.0
	for i, a := range values {
		for _, b := range values[:i] {
			sum, pairs = sum+math.Abs(a-b), pairs+1
		}
	}
	return sum / pairs
}

// TestUnits: neither a unit nor a zero point decides what is found, and neither does another
// quantity that says the same.
func TestUnits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		step := rapid.SampledFrom([]float64{0, 1, 2, 5}).Draw(t, "step")
		values := normal(seed, 24, 0)
		for i := rapid.IntRange(0, 24).Draw(t, "at"); i < len(values); i++ {
			values[i] += step
		}
		scaled := make([]float64, len(values))
		for i, v := range values {
			scaled[i] = 1024*v + 4096
		}
		want := places(values)
		if got := places(scaled); !slices.Equal(got, want) {
			t.Errorf("in another unit %v, want %v", got, want)
		}
		both := Find([][]float64{values, scaled})
		for _, of := range both {
			if len(of) != len(want) {
				t.Errorf("twice the same: %v, want %v", of, want)
			}
		}
	})
}

// normal are so many normally distributed numbers, of a standard deviation of 1.
func normal(seed uint64, n int, mean float64) []float64 {
	r := rand.New(rand.NewPCG(seed, 0))
	values := make([]float64, n)
	for i := range values {
		values[i] = mean + r.NormFloat64()
	}
	return values
}

// TestSeveralChanges: each is found, and the means are those between them.
func TestSeveralChanges(t *testing.T) {
	values := slices.Concat(normal(11, 20, 100), normal(12, 12, 110), normal(13, 8, 90), normal(14, 20, 100))
	found := Find([][]float64{values})[0]
	if len(found) != 3 || found[0].At != 20 || found[1].At != 32 || found[2].At != 40 {
		t.Fatalf("found %+v", found)
	}
	if c := found[1]; c.Before != mean(values[20:32]) || c.After != mean(values[32:40]) || c.P > Significance || c.P < 1.0/(Permutations+1) {
		t.Errorf("the second is %+v", c)
	}
}

// TestOutlier: one value that differs is no change, two are.
func TestOutlier(t *testing.T) {
	values := slices.Repeat([]float64{5}, 40)
	values[39] = 50
	if got := places(values); got != nil {
		t.Errorf("one value at the end: %v", got)
	}
	values[38] = 50
	if got := places(values); !slices.Equal(got, []int{38}) {
		t.Errorf("two values at the end: %v", got)
	}
}

// TestBlind: it says from how many values on a change at the end is found, and from how
// many on any.
func TestBlind(t *testing.T) {
	for n := 2; n <= 40; n += 1 + n/10 {
		for k := 1; k <= min(n/2, Blind(n)+2); k++ {
			p := 1.0 // that the permutations drawn are about to find
			for i := range k {
				p *= float64(i+1) / float64(n-i)
			}
			if p *= 2; k > 1 && math.Abs(p/Significance-1) < 0.4 { // they may say either
				continue
			}
			values := slices.Concat(make([]float64, n-k), slices.Repeat([]float64{1}, k))
			if found, blind := places(values) != nil, Blind(n); found != (k > blind) {
				t.Errorf("%d of %d at the end: found is %v, though only %d can't be", k, n, found, blind)
			}
		}
	}
	if Blind(Least-1) != Least-1 || Blind(Least) >= Least/2 {
		t.Errorf("of %d values the last %d, of %d the last %d", Least-1, Blind(Least-1), Least, Blind(Least))
	}
}

// TestNothingToFind: neither an empty series nor one that does not vary has a change.
func TestNothingToFind(t *testing.T) {
	for _, quantities := range [][][]float64{nil, {nil}, {{1}}, {slices.Repeat([]float64{0.1}, 50)}} {
		for _, found := range Find(quantities) {
			if found != nil {
				t.Errorf("in %v: %v", quantities, found)
			}
		}
	}
}

// TestFalseAlarms: of series without a change, some of whose quantities have little to do
// with each other, one in a hundred has one.
func TestFalseAlarms(t *testing.T) {
	const series = 1000
	alarms := 0
	for i := range uint64(series) {
		a, b := normal(2*i, 30, 100), normal(2*i+1, 30, 0)
		both, skewed := make([]float64, 30), make([]float64, 30)
		for n := range both {
			both[n], skewed[n] = a[n]+b[n], math.Exp(2*b[n])
		}
		found := Find([][]float64{a, b, both, skewed})
		if slices.ContainsFunc(found, func(c []Change) bool { return c != nil }) {
			alarms++
		}
	}
	t.Logf("%d of %d", alarms, series)
	if alarms > 20 || alarms == 0 {
		t.Errorf("%d of %d series have a change that is none", alarms, series)
	}
}

// TestPower measures how soon a change is found, by its size in standard deviations between
// runs: the table of docs/trend.md. With HOLDFAST_EXPERIMENT=full.
func TestPower(t *testing.T) {
	if os.Getenv("HOLDFAST_EXPERIMENT") != "full" {
		t.Skip("it measures, and tests nothing")
	}
	const series = 1000
	for _, size := range []float64{1, 1.5, 2, 3, 5, 10} {
		for _, after := range []int{2, 3, 5, 10, 20, 30} {
			found, near := 0, 0
			for i := range uint64(series) {
				values := slices.Concat(normal(2*i, 30, 0), normal(2*i+1, after, size))
				if at := places(values); at != nil {
					found++
					if slices.ContainsFunc(at, func(p int) bool { return p >= 28 && p <= 32 }) {
						near++
					}
				}
			}
			t.Logf("%.1f standard deviations, 30 runs before, %d after: found in %.1f %%, within two runs in %.1f %%", size, after, 100*float64(found)/series, 100*float64(near)/series)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	values := slices.Concat(normal(1, Most/2, 100), normal(2, Most/2, 110))
	for b.Loop() {
		Find(slices.Repeat([][]float64{values}, 8))
	}
}

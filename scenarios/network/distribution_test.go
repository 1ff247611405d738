package network

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const ms = time.Millisecond

func parse(t testing.TB, text string) Distribution {
	t.Helper()
	d, err := ParseDistribution(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func write(t testing.TB, lines string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "latencies.txt")
	if err := os.WriteFile(path, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// draw returns sorted samples.
func draw(d Distribution, n int) []time.Duration {
	rng := rand.New(rand.NewPCG(1, 2))
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = d.Sample(rng)
	}
	slices.Sort(all)
	return all
}

// near compares within a share of what is wanted.
func near(t *testing.T, what string, got, want time.Duration, share float64) {
	t.Helper()
	if math.Abs(float64(got-want)) > share*float64(want) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// TestSamples compares samples with what the distribution's definition says.
func TestSamples(t *testing.T) {
	const n = 200_000
	for _, test := range []struct {
		text                    string
		mean, p1, p50, p90, p99 time.Duration
	}{
		{"constant(10ms)", 10 * ms, 10 * ms, 10 * ms, 10 * ms, 10 * ms},
		{"normal(10ms,2ms)", 10 * ms, 5347 * time.Microsecond, 10 * ms, 12563 * time.Microsecond, 14653 * time.Microsecond},
		// Half of a normal around 0: the quantiles of |Z| are those of Z at (1+p)/2.
		{"normal(0s,1s)", 797885 * time.Microsecond, 12533 * time.Microsecond, 674490 * time.Microsecond, 1644854 * time.Microsecond, 2575829 * time.Microsecond},
		{"normal(7ms,0s)", 7 * ms, 7 * ms, 7 * ms, 7 * ms, 7 * ms},
		// exp(mu + sigma·z) with sigma = ln(100/15)/2.32635 = 0.81549.
		{"lognormal(15ms,100ms)", 20918 * time.Microsecond, 2250 * time.Microsecond, 15 * ms, 42653 * time.Microsecond, 100 * ms},
		{"uniform(10ms,20ms)", 15 * ms, 10100 * time.Microsecond, 15 * ms, 19 * ms, 19900 * time.Microsecond},
	} {
		t.Run(test.text, func(t *testing.T) {
			d := parse(t, test.text)
			all := draw(d, n)
			if all[0] < 0 {
				t.Errorf("%v is negative", all[0])
			}
			sum := 0.0
			for _, v := range all {
				sum += float64(v)
			}
			near(t, "the mean of the samples", time.Duration(sum/n), test.mean, 0.01)
			near(t, "Mean", d.Mean(), test.mean, 0.0001)
			near(t, "p1", all[n/100], test.p1, 0.08)
			near(t, "p50", all[n/2], test.p50, 0.01)
			near(t, "p90", all[n*9/10], test.p90, 0.02)
			near(t, "p99", all[n*99/100], test.p99, 0.03)
		})
	}
}

func TestZeroDistribution(t *testing.T) {
	var d Distribution
	if !d.IsZero() || d.Sample(nil) != 0 || d.Mean() != 0 || d.String() != "" || d != parse(t, " ") {
		t.Errorf("%#v", d)
	}
	if d := parse(t, "constant(0s)"); d.IsZero() || d.String() != "constant(0s)" {
		t.Errorf("%#v", d)
	}
}

// TestTailIsCut: whatever the parameters, sums of samples can't overflow.
func TestTailIsCut(t *testing.T) {
	all := draw(parse(t, "lognormal(3601ms,1h)"), 2_000_000)
	if last := all[len(all)-1]; last != longestSample {
		t.Errorf("the longest sample is %v", last)
	}
}

func TestEmpirical(t *testing.T) {
	path := write(t, "# measured in the office\n12ms\n\n  8\n20.5 \n1s\n12ms")
	d := parse(t, "empirical("+path+")")
	seen := map[time.Duration]int{}
	const n = 100_000
	for _, v := range draw(d, n) {
		seen[v]++
	}
	for v, want := range map[time.Duration]int{12 * ms: n * 2 / 5, 8 * ms: n / 5, 20500 * time.Microsecond: n / 5, time.Second: n / 5} {
		if math.Abs(float64(seen[v]-want)) > n/100 {
			t.Errorf("%v came %d times of %d, want about %d", v, seen[v], n, want)
		}
	}
	if len(seen) != 4 || d.Mean() != 210500*time.Microsecond {
		t.Errorf("seen %v, mean %v", seen, d.Mean())
	}
	if d.String() != "empirical("+path+")" {
		t.Errorf("prints as %s", d)
	}
}

// TestEmpiricalPath: a path may hold what separates parameters elsewhere.
func TestEmpiricalPath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a, (b).txt")
	if err := os.WriteFile(path, []byte("5"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := parse(t, "empirical("+path+")")
	if again := parse(t, d.String()); again.String() != d.String() || again.Mean() != 5*ms {
		t.Errorf("%s reads as %s", d, again)
	}
}

func drawDistribution(t *rapid.T) Distribution {
	duration := func(name string, from, to time.Duration) time.Duration {
		return time.Duration(rapid.Int64Range(int64(from), int64(to)).Draw(t, name))
	}
	d := Distribution{shape: rapid.SampledFrom([]shape{zero, constant, normal, lognormal, uniform}).Draw(t, "shape")}
	switch d.shape {
	case constant:
		d.a = duration("a", 0, longest)
	case normal:
		d.a, d.b = duration("a", 0, longest), duration("b", 0, longest)
	case lognormal:
		median := duration("a", 1, longest)
		return around(median, duration("b", median, min(longest, 1000*median-1)))
	case uniform:
		d.a = duration("a", 0, longest)
		d.b = duration("b", d.a, longest)
	}
	return d
}

func TestDistributionRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDistribution(t)
		back, err := ParseDistribution(d.String())
		if err != nil || back != d || (d.String() == "") != (d == Distribution{}) {
			t.Errorf("%#v prints as %s and reads as %#v, %v", d, d, back, err)
		}
		if v := d.Sample(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))); v < 0 || v > longestSample {
			t.Errorf("%s: sampled %v", d, v)
		}
		if m := d.Mean(); m < 0 {
			t.Errorf("%s: the mean is %v", d, m)
		}
	})
}

func TestParseDistribution(t *testing.T) {
	for text, want := range map[string]Distribution{
		"\tnormal ( 10ms , 2ms )": {shape: normal, a: 10 * ms, b: 2 * ms},
		"uniform(0s,1h)":          {shape: uniform, b: time.Hour},
		"uniform(0,0)":            {shape: uniform},
		"lognormal(5ms,5ms)":      {shape: lognormal, a: 5 * ms, b: 5 * ms},
	} {
		if d, err := ParseDistribution(text); err != nil || d != want {
			t.Errorf("%q: %#v, %v", text, d, err)
		}
	}
}

func TestParseDistributionRefuses(t *testing.T) {
	bad := write(t, "# one\n\n12ms\nsoon\n")
	negative := write(t, "-1")
	huge := write(t, "1e300")
	nan := write(t, "NaN")
	empty := write(t, "# nothing\n\n")
	long := write(t, "1\n"+strings.Repeat("9", 70_000))
	for _, test := range []struct{ text, want string }{
		{"gauss(10ms,2ms)", `latency "gauss(10ms,2ms)": "gauss" is not known (known: constant(D), normal(MEAN,SD), `},
		{"Normal(10ms,2ms)", `"Normal" is not known`},
		{"10ms", `"10ms" is not known`},
		{"normal", "the parentheses are missing: want normal(MEAN,SD), such as normal(10ms,2ms)"},
		{"constant(10ms", "the parentheses are missing: want constant(D), such as constant(10ms)"},
		{"constant(10ms)x", "the parentheses are missing"},
		{"normal(10ms)", "want normal(MEAN,SD), such as normal(10ms,2ms)"},
		{"normal(10ms,2ms,1ms)", "want normal(MEAN,SD), such as"},
		{"constant(10ms,)", "want constant(D), such as"},
		{"constant()", `"" is no duration: want one such as 10ms`},
		{"constant(10)", `"10" is no duration: want one such as 10ms`},
		{"normal(10ms,2)", `"2" is no duration`},
		{"constant(-1ms)", "-1ms is out of range: want a duration from 0 to 1h"},
		{"constant(61m)", "1h1m0s is out of range"},
		{"uniform(2ms,1ms)", "MIN 2ms is above MAX 1ms"},
		{"lognormal(0s,1ms)", "the median must be positive"},
		{"lognormal(2ms,1ms)", "the p99 1ms is below the median 2ms"},
		{"lognormal(1ms,1s)", "the p99 1s is 1000 or more times the median 1ms"},
		{"empirical()", "no file is given: want empirical(FILE)"},
		{"empirical(/nonsense.txt)", "read the samples: open /nonsense.txt: no such file"},
		{"empirical(" + t.TempDir() + ")", "is a directory"},
		{"empirical(" + bad + ")", bad + `:4: "soon" is no duration: want one such as 12ms, or a number of milliseconds`},
		{"empirical(" + negative + ")", negative + ":1: -1ms is out of range"},
		{"empirical(" + huge + ")", huge + `:1: "1e300" is no duration`},
		{"empirical(" + nan + ")", nan + `:1: "NaN" is no duration`},
		{"empirical(" + empty + ")", empty + " has no durations: want one on a line, such as 12ms"},
		{"empirical(" + long + ")", long + ":2: bufio.Scanner: token too long: want one duration on a line"},
	} {
		_, err := ParseDistribution(test.text)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v; want one line with %q", test.text, err, test.want)
		}
		kept := Distribution{shape: constant, a: 1}
		if d := kept; d.UnmarshalText([]byte(test.text)) == nil || d != kept {
			t.Errorf("%q: UnmarshalText accepts it, or changes its target", test.text)
		}
	}
}

// TestSampleDoesNotAllocate also holds for the slowest shapes.
func TestSampleDoesNotAllocate(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, text := range []string{"constant(10ms)", "normal(10ms,2ms)", "lognormal(15ms,100ms)", "uniform(1ms,2ms)", "empirical(" + write(t, "1\n2") + ")"} {
		d := parse(t, text)
		if n := testing.AllocsPerRun(100, func() { d.Sample(rng) }); n != 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}

func BenchmarkSample(b *testing.B) {
	for _, text := range []string{"constant(10ms)", "normal(10ms,2ms)", "lognormal(15ms,100ms)", "uniform(1ms,2ms)"} {
		d := parse(b, text)
		b.Run(strings.ReplaceAll(text, "/", "_"), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 2))
			b.ReportAllocs()
			for b.Loop() {
				d.Sample(rng)
			}
		})
	}
}

func ExampleDistribution() {
	leg, err := ParseDistribution("normal(10ms,2ms)")
	if err != nil {
		fmt.Println(err)
	}
	rng := rand.New(rand.NewPCG(1, 2)) // a leg's own stream
	fmt.Println(leg.Mean(), leg.Sample(rng) == leg.Sample(rand.New(rand.NewPCG(1, 2))))
	// Output: 10ms true
}

func TestPlusMovesEveryDuration(t *testing.T) {
	for _, text := range []string{"", "constant(10ms)", "normal(10ms,2ms)", "lognormal(10ms,20ms)", "uniform(1ms,2ms)"} {
		d, err := ParseDistribution(text)
		if err != nil {
			t.Fatal(err)
		}
		later := d.Plus(3 * time.Millisecond)
		a, b := rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(1, 2))
		for range 10 {
			if got, want := later.Sample(a), d.Sample(b)+3*time.Millisecond; got != want {
				t.Errorf("%s: %v, want %v", text, got, want)
			}
		}
		if later.Mean() != d.Mean()+3*time.Millisecond || later.IsZero() {
			t.Errorf("%s: the mean is %v", text, later.Mean())
		}
	}
}

// TestTimes: every duration is so many times as long, what was added included.
func TestTimes(t *testing.T) {
	for _, text := range []string{"constant(10ms)", "normal(10ms,2ms)", "lognormal(8ms,60ms)", "uniform(1ms,9ms)", "empirical(" + write(t, "1ms\n7ms\n") + ")"} {
		d := parse(t, text)
		once, thrice := draw(d.Plus(ms), 1000), draw(d.Plus(ms).Times(3), 1000)
		for i := range once {
			if thrice[i] != 3*once[i] {
				t.Fatalf("%s: %v becomes %v", text, once[i], thrice[i])
			}
		}
		if got, want := d.Plus(ms).Times(3).Mean(), 3*d.Plus(ms).Mean(); got != want {
			t.Errorf("%s: the mean is %v, want %v", text, got, want)
		}
	}
	l, err := ParseLatency("s3-standard")
	if err != nil {
		t.Fatal(err)
	}
	if slow := l.Times(2); slow.Exposure() != 2*l.Exposure() || slow.Read.Mean() != 2*l.Read.Mean() || slow.Name != l.Name {
		t.Errorf("%+v", slow)
	}
}

package network

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const measuredProfile = `schema: holdfast.profile/v1
source:
  by: simulate doctor --measure
  store: s3://bucket/prefix
  endpoint: http://127.0.0.1:9000
  samples:
    get: 60
    put: 50
prices: s3-express
request: constant(1ms)
reply: constant(2ms)
read:
  small: quantiles(1ms,1ms,1ms,1ms,2ms,3ms,4ms,5ms,6ms,9ms,20ms)
  large: constant(14ms)
write:
  small: constant(10ms)
refusal: constant(3ms)
conflict_409: 0.25
waiting: constant(4ms)
capacity:
  reads: 500
  writes: 250
throttle:
  writes: 300
per_key:
  writes: 20
  burst: 1
seen:
  writers: 8
  writes_per_second: 60.5
  attempts_per_write: 4
  throttled: 0
`

func profileFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "store.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLatencyOfAProfile(t *testing.T) {
	path := profileFile(t, measuredProfile)
	l, err := ParseLatency(path)
	if err != nil {
		t.Fatal(err)
	}
	if l.Request.Mean() != ms || l.Reply.Mean() != 2*ms || l.Write.Mean() != 10*ms || l.Refusal.Mean() != 3*ms {
		t.Errorf("%+v", l)
	}
	if l.Conflict409 != 0.25 || l.Waiting.Mean() != 4*ms || l.Capacity.Turn(false) != 2*ms || l.Capacity.Turn(true) != 4*ms || l.Prices() != "s3-express" ||
		(l.Throttle != Throttle{Writes: 300}) || (l.PerKey != Throttle{Writes: 20, Burst: 1}) {
		t.Errorf("%+v", l)
	}
	if l.String() != path || !strings.Contains(l.Label(), path+" (profile "+l.Measured().Digest()) {
		t.Errorf("%s, %s", l, l.Label())
	}
	if slow := l.Times(2); slow.Capacity != (Capacity{250, 125}) || slow.Refusal.Mean() != 6*ms || slow.ReadLarge.Mean() != 28*ms {
		t.Errorf("twice as slow: %+v", slow)
	}
}

// TestAProfileIsSavedWhole: what was read from a file is the same without it, and elsewhere.
func TestAProfileIsSavedWhole(t *testing.T) {
	path := profileFile(t, measuredProfile)
	l, err := ParseLatency(path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := l.MarshalText()
	if err != nil || string(text) != measuredProfile {
		t.Errorf("%v\n%s", err, text)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	var back Latency
	if err := back.UnmarshalText(text); err != nil {
		t.Fatal(err)
	}
	if back.Content() != l.Content() || back.Label() != "profile "+l.Measured().Digest() {
		t.Errorf("%s\n%s", back.Label(), back.Content())
	}
	a, b := rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(1, 2))
	for range 100 {
		if x, y := l.Read.Sample(a), back.Read.Sample(b); x != y {
			t.Fatalf("%v, and %v of what was saved", x, y)
		}
	}
}

func TestContentFollowsTheProfile(t *testing.T) {
	path := profileFile(t, measuredProfile)
	before, err := ParseLatency(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(measuredProfile, "write:\n  small: constant(10ms)", "write:\n  small: constant(11ms)", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	after, err := ParseLatency(path)
	if err != nil || after.Content() == before.Content() || after.Label() == before.Label() {
		t.Errorf("%v: %s and %s", err, before.Label(), after.Label())
	}
}

func TestProfileMistakes(t *testing.T) {
	for _, test := range []struct{ was, is, want string }{
		{"reads: 500", "reads: many", `:21:10: want 0 or a number from 0.001 to 1000000, not "many"`},
		{"conflict_409: 0.25", "conflict_409: 2", `:18:15: want a share from 0 to 1, not "2"`},
		{"request: constant(1ms)", "request: constant(1)", `:10:10: latency "constant(1)": "1" is no duration`},
		{"request: constant(1ms)\n", "", "request and reply must be given"},
		{"write:\n  small: constant(10ms)\n", "", "read.small and write.small must be given"},
		{"capacity", "capazity", `:20:1: unknown field "capazity"`},
		{"  burst: 1\n", "  burst: 0.5\n", ":27:10: want a whole number, 0 to 1000000, not \"0.5\""},
		{"per_key:\n  writes: 20\n", "per_key:\n", "per_key: say what the store bears"},
		{"profile/v1", "profile/v2", "want a latency profile with schema: holdfast.profile/v1"},
		{"prices: s3-express", "prices: gold", `prices: there is no profile "gold"`},
		{"20ms)", "2ms)", ":13:10: latency \"quantiles(1ms,1ms,1ms,1ms,2ms,3ms,4ms,5ms,6ms,9ms,2ms)\": the quantiles must not fall: 2ms follows 9ms"},
		{"constant(14ms)", "empirical(/etc/hostname)", ":14:10: "},
		{"schema:", "\tschema:", ":1:7: "},
		{"  reads: 500", "  reads: 500\n  reads: 600", ":22:3: "},
	} {
		text := strings.Replace(measuredProfile, test.was, test.is, 1)
		path := profileFile(t, text)
		_, err := ParseLatency(path)
		if err == nil || !strings.HasPrefix(err.Error(), path) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v; want one line with %q", test.is, err, test.want)
		}
	}
	if _, err := ParseLatency("./nowhere.yaml"); err == nil || !strings.Contains(err.Error(), "read the latency profile: open ./nowhere.yaml") {
		t.Error(err)
	}
}

// TestForSizes: what 100 KB take longer counts in proportion, and not below 1 KB.
func TestForSizes(t *testing.T) {
	l := Latency{
		Read: Constant(10 * ms), ReadLarge: Constant(109 * ms), Write: Constant(5 * ms), Refusal: Constant(ms),
	}
	for bytes, want := range map[int]time.Duration{0: 10 * ms, 1 << 10: 10 * ms, LargeObject: 109 * ms, 34 << 10: 43 * ms, 199 << 10: 208 * ms} {
		got := l.For(bytes)
		if got.Read.Mean() != want || got.Write != l.Write || !got.ReadLarge.IsZero() {
			t.Errorf("%d bytes: %v, want %v", bytes, got.Read.Mean(), want)
		}
	}
}

// TestQuantiles: a table has the quantiles and the mean of what it was made of.
func TestQuantiles(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	from := Distribution{shape: lognormal, a: 10 * ms, b: 40 * ms, sigma: spread(10*ms, 40*ms)}
	samples := make([]time.Duration, 20_000)
	for i := range samples {
		samples[i] = from.Sample(rng)
	}
	d := Quantiles(samples)
	drawn := make([]time.Duration, 20_000)
	sum := 0.0
	for i := range drawn {
		drawn[i] = d.Sample(rng)
		sum += float64(drawn[i])
	}
	slices.Sort(samples)
	slices.Sort(drawn)
	for _, p := range []float64{0.01, 0.1, 0.5, 0.75, 0.95} {
		want, got := samples[int(p*20_000)], drawn[int(p*20_000)]
		if math.Abs(float64(got-want)) > 0.05*float64(want) {
			t.Errorf("quantile %v is %v, want %v", p, got, want)
		}
	}
	if mean := sum / 20_000; math.Abs(mean-float64(d.Mean())) > 0.03*mean || math.Abs(mean-float64(from.Mean())) > 0.02*mean {
		t.Errorf("a mean of %v, says %v, of samples from %v", time.Duration(mean), d.Mean(), from.Mean())
	}
	back := parse(t, d.String())
	if back.String() != d.String() || *back.table != *d.table {
		t.Errorf("%s reads as %s", d, back)
	}
	if half := parse(t, d.Half().String()); math.Abs(2*float64(half.Mean())-float64(d.Mean())) > 0.001*float64(d.Mean()) {
		t.Errorf("the half of %v is %v", d.Mean(), half.Mean())
	}
	if one := Quantiles([]time.Duration{3 * ms}); one.Mean() != 3*ms || one.Sample(rng) != 3*ms {
		t.Errorf("of one sample: %s", one)
	}
}

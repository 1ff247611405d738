package network

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseLatency(t *testing.T) {
	leg := Distribution{shape: normal, a: 10 * ms, b: 2 * ms}
	for text, want := range map[string]Latency{
		"":                    {},
		" normal(10ms, 2ms) ": {Name: "normal(10ms,2ms)", Request: leg, Reply: leg},
		" s3-express ":        profiles[1],
	} {
		if got, err := ParseLatency(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, test := range []struct{ text, want string }{
		{"s3", `latency "s3" is not known (known: s3-standard, s3-express, r2, gcs, azure, constant(D), normal(MEAN,SD),`},
		{"s3-standard()", `latency "s3-standard()" is not known`},
		{"(1ms)", `latency "(1ms)" is not known`},
		{"normal(10ms)", `latency "normal(10ms)": want normal(MEAN,SD), such as normal(10ms,2ms)`},
		{"normal", "the parentheses are missing"},
	} {
		_, err := ParseLatency(test.text)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v; want one line with %q", test.text, err, test.want)
		}
		if l := profiles[0]; l.UnmarshalText([]byte(test.text)) == nil || l != profiles[0] {
			t.Errorf("%q: UnmarshalText accepts it, or changes its target", test.text)
		}
	}
}

func TestLatencyRoundTrip(t *testing.T) {
	for _, text := range []string{"", "s3-standard", "s3-express", "r2", "gcs", "azure", "normal(10ms,2ms)", "lognormal(1.5ms,20ms)"} {
		l, err := ParseLatency(text)
		if err != nil {
			t.Fatal(err)
		}
		var back Latency
		encoded, _ := json.Marshal(l)
		if err := json.Unmarshal(encoded, &back); err != nil || back != l || l.String() != text {
			t.Errorf("%q is %s and reads as %+v, %v", text, encoded, back, err)
		}
	}
}

// TestProfilesAreCalibrated holds the profiles to the measured figures: a lone
// writer who sends conditional writes back to back.
func TestProfilesAreCalibrated(t *testing.T) {
	for _, test := range []struct {
		name              string
		slowest, fastest  float64 // writes a second
		shortest, longest time.Duration
		readMedian        [2]time.Duration
		readP99           [2]time.Duration
	}{
		{"s3-standard", 14.7, 15.3, 58 * ms, 68 * ms, [2]time.Duration{15 * ms, 20 * ms}, [2]time.Duration{80 * ms, 120 * ms}},
		{"s3-express", 68.6, 75.3, 14 * ms, 26 * ms, [2]time.Duration{2 * ms, 9 * ms}, [2]time.Duration{5 * ms, 10 * ms}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l, err := ParseLatency(test.name)
			if err != nil {
				t.Fatal(err)
			}
			mean := l.Request.Mean() + l.Write.Mean() + l.Reply.Mean()
			if rate := 1 / mean.Seconds(); rate < test.slowest || rate > test.fastest || mean < test.shortest || mean > test.longest {
				t.Errorf("by its means a lone writer writes %.1f times a second in %v", rate, mean)
			}
			const n = 100_000
			rng := rand.New(rand.NewPCG(3, 4))
			var writing time.Duration
			for range n {
				writing += l.Request.Sample(rng) + l.Write.Sample(rng) + l.Reply.Sample(rng)
			}
			mean = writing / n
			if rate := 1 / mean.Seconds(); rate < test.slowest || rate > test.fastest || mean < test.shortest || mean > test.longest {
				t.Errorf("a lone writer writes %.1f times a second in %v", rate, mean)
			}
			if served := l.Write.Mean(); served < mean*9/10 {
				t.Errorf("of %v only %v go into serving the write", mean, served)
			}
			reads := make([]time.Duration, n)
			for i := range reads {
				reads[i] = l.Request.Sample(rng) + l.Read.Sample(rng) + l.Reply.Sample(rng)
			}
			slices.Sort(reads)
			if median := reads[n/2]; median < test.readMedian[0] || median > test.readMedian[1] {
				t.Errorf("the median of reads is %v", median)
			}
			if p99 := reads[n*99/100]; p99 < test.readP99[0] || p99 > test.readP99[1] {
				t.Errorf("the p99 of reads is %v", p99)
			}
			if (l.Throttle != Throttle{Writes: 3500, Reads: 5500}) || l.Conflict409 != 1 {
				t.Errorf("%+v", l)
			}
		})
	}
}

// TestOtherStoresAreAsPublished: what is documented of them, and what was measured.
func TestOtherStoresAreAsPublished(t *testing.T) {
	one := Throttle{Writes: 1, Burst: 1}
	for _, test := range []struct {
		name             string
		throttle, perKey Throttle
		shortest         time.Duration // of the median of a lone writer's writes
		longest          time.Duration
		slowest, fastest float64 // writes a second, back to back; 0: not measured
	}{
		{"r2", Throttle{}, one, 0, time.Hour, 0, 0},
		{"gcs", Throttle{Writes: 1000, Reads: 5000}, one, 165 * ms, 175 * ms, 0, 0},
		{"azure", Throttle{Writes: 20_000, Reads: 20_000}, Throttle{}, 95 * ms, 105 * ms, 9.2, 10.2},
	} {
		l, err := ParseLatency(test.name)
		if err != nil || l.Throttle != test.throttle || l.PerKey != test.perKey || l.Conflict409 != 0 {
			t.Errorf("%+v, %v", l, err)
		}
		rng := rand.New(rand.NewPCG(3, 4))
		writes := make([]time.Duration, 100_001)
		sum := 0.0
		for i := range writes {
			writes[i] = l.Request.Sample(rng) + l.Write.Sample(rng) + l.Reply.Sample(rng)
			sum += writes[i].Seconds()
		}
		slices.Sort(writes)
		if median := writes[len(writes)/2]; median < test.shortest || median > test.longest {
			t.Errorf("%s: the median of writes is %v", test.name, median)
		}
		if rate := float64(len(writes)) / sum; test.fastest > 0 && (rate < test.slowest || rate > test.fastest) {
			t.Errorf("%s: a lone writer writes %.1f times a second", test.name, rate)
		}
	}
}

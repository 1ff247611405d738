package scenarios

import (
	"math"
	"strings"
	"testing"
)

func TestThresholds(t *testing.T) {
	for _, c := range []struct {
		text        string
		value       float64
		holds       bool
		writtenBack string
	}{
		{"attempts.p99<6", 5.99, true, ""},
		{"attempts.p99<6", 6, false, ""},
		{"attempts.p99<=6", 6, true, ""},
		{"attempts.p99<=6", 6.01, false, ""},
		{"conflict.rate>0.05", 0.05, false, ""},
		{"conflict.rate>0.05", 0.06, true, ""},
		{"conflict.rate>=0.05", 0.05, true, ""},
		{"counts.exhausted==0", 0, true, ""},
		{"counts.exhausted==0", 1, false, ""},
		{"  latency_ms.p999  <=  1e3 ", 1000, true, "latency_ms.p999<=1000"},
		{"counts.puts > -1", 0, true, "counts.puts>-1"},
		{"attempts.p99<6", math.NaN(), false, ""},
	} {
		parsed, err := ParseThreshold(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := parsed.Holds(c.value); got != c.holds {
			t.Errorf("%s holds for %v: %v, want %v", c.text, c.value, got, c.holds)
		}
		want := c.writtenBack
		if want == "" {
			want = c.text
		}
		if parsed.String() != want {
			t.Errorf("%q is written as %q, want %q", c.text, parsed, want)
		}
	}
}

func TestBadThresholds(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "want METRIC, one of < <= > >= ==, and a number",
		"attempts.p99":        "want METRIC",
		"attempts.p99<":       "want METRIC",
		"attempts.p99=6":      "want METRIC",
		"attempts.p99!=6":     "want METRIC",
		"6>attempts.p99":      "want METRIC",
		"attempts.p99<NaN":    "want METRIC",
		"attempts.p99<Inf":    "want METRIC",
		"attempts.p99<1-2":    `"1-2" is no number`,
		"attempts.p99<1e999":  `"1e999" is no number`,
		"attempts.p9<6":       "did you mean attempts.p90?",
		"conflicts.rate<6":    "did you mean conflict.rate?",
		"zzz<6":               "known: attempts.mean, ",
		"Attempts.P99<6":      "want METRIC",
		"attempts.p99<6 || 1": "want METRIC",
	} {
		if _, err := ParseThreshold(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want an error with %q, got %v", text, want, err)
		}
	}
}

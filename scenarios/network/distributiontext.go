package network

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"holdfast/archive/notation"
)

// form is how a distribution is written.
type form struct {
	shape   shape
	name    string
	params  string
	example string
}

var forms = []form{
	{constant, "constant", "D", "constant(10ms)"},
	{normal, "normal", "MEAN,SD", "normal(10ms,2ms)"},
	{lognormal, "lognormal", "MEDIAN,P99", "lognormal(15ms,100ms)"},
	{uniform, "uniform", "MIN,MAX", "uniform(5ms,15ms)"},
	{empirical, "empirical", "FILE", "empirical(latencies.txt)"},
	{quantiles, "quantiles", "MIN,P1,P5,P10,P25,P50,P75,P90,P95,P99,MAX", "quantiles(1ms,1ms,1ms,1ms,2ms,2ms,2ms,3ms,4ms,9ms,20ms)"},
}

const knownForms = "constant(D), normal(MEAN,SD), lognormal(MEDIAN,P99), uniform(MIN,MAX), empirical(FILE), quantiles(MIN,P1,P5,P10,P25,P50,P75,P90,P95,P99,MAX)"

// ParseDistribution reads one of
//
//	constant(D)           always D
//	normal(MEAN,SD)       |Normal|, as in the published backoff experiment
//	lognormal(MEDIAN,P99) most are short, few are long
//	uniform(MIN,MAX)      any from MIN to MAX
//	empirical(FILE)       any of the durations in a text file, one on a line
//	quantiles(MIN,P1,P5,P10,P25,P50,P75,P90,P95,P99,MAX)
//	                      as was measured; evenly between two of them
//
// with durations from 0 to 1h. In a file, a bare number is in milliseconds, and
// empty lines and lines that start with # don't count; its path is relative to
// the working directory. The empty text is the zero value.
func ParseDistribution(text string) (Distribution, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Distribution{}, nil
	}
	d, err := parseDistribution(text)
	if err != nil {
		return Distribution{}, fmt.Errorf("latency %q: %w", text, err)
	}
	return d, nil
}

func parseDistribution(text string) (Distribution, error) {
	term := notation.Split(text)
	f, known := formNamed(term.Kind)
	if !known {
		return Distribution{}, fmt.Errorf("%q is not known (known: %s)", term.Kind, knownForms)
	}
	if !term.Closed {
		return Distribution{}, fmt.Errorf("the parentheses are missing: want %s(%s), such as %s", f.name, f.params, f.example)
	}
	if f.shape == empirical {
		return readEmpirical(term.Args)
	}
	values := strings.Split(term.Args, ",")
	if names := strings.Split(f.params, ","); len(values) != len(names) {
		return Distribution{}, fmt.Errorf("want %s(%s), such as %s", f.name, f.params, f.example)
	}
	d := Distribution{shape: f.shape}
	if f.shape == quantiles {
		table, err := parseTable(values)
		d.table = table
		return d, err
	}
	for i, into := range []*time.Duration{&d.a, &d.b}[:len(values)] {
		v, err := parseLatency(strings.TrimSpace(values[i]))
		if err != nil {
			return Distribution{}, err
		}
		*into = v
	}
	return d.settle()
}

func formNamed(name string) (form, bool) {
	for _, f := range forms {
		if f.name == name {
			return f, true
		}
	}
	return form{}, false
}

func parseLatency(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is no duration: want one such as 10ms", text)
	}
	return d, inRange(d)
}

func inRange(d time.Duration) error {
	if d < 0 || d > longest {
		return fmt.Errorf("%v is out of range: want a duration from 0 to 1h", d)
	}
	return nil
}

// settle checks how the parameters go together, and computes what depends on them.
func (d Distribution) settle() (Distribution, error) {
	const widest = 1000 // beyond it the cut tail would move the mean
	switch {
	case d.shape == uniform && d.a > d.b:
		return Distribution{}, fmt.Errorf("MIN %v is above MAX %v", d.a, d.b)
	case d.shape != lognormal:
		return d, nil
	case d.a == 0:
		return Distribution{}, errors.New("the median must be positive")
	case d.b < d.a:
		return Distribution{}, fmt.Errorf("the p99 %v is below the median %v", d.b, d.a)
	case d.b/d.a >= widest:
		return Distribution{}, fmt.Errorf("the p99 %v is %d or more times the median %v", d.b, widest, d.a)
	}
	d.sigma = spread(d.a, d.b)
	return d, nil
}

// spread is the standard deviation of lognormal's logarithm.
func spread(median, p99 time.Duration) float64 {
	return math.Log(float64(p99)/float64(median)) / z99
}

// String returns the text that [ParseDistribution] reads; "" for the zero value.
func (d Distribution) String() string {
	for _, f := range forms {
		switch {
		case f.shape != d.shape:
		case f.shape == empirical:
			return f.name + "(" + d.file.path + ")"
		case f.shape == quantiles:
			return f.name + "(" + d.table.String() + ")"
		case f.shape == constant:
			return f.name + "(" + d.a.String() + ")"
		default:
			return f.name + "(" + d.a.String() + "," + d.b.String() + ")"
		}
	}
	return ""
}

// MarshalText implements encoding.TextMarshaler.
func (d Distribution) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Distribution) UnmarshalText(text []byte) error {
	parsed, err := ParseDistribution(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}

// milliseconds reads a bare number of milliseconds.
func milliseconds(text string) (time.Duration, bool) {
	ms, err := strconv.ParseFloat(text, 64)
	if err != nil || !(math.Abs(ms) <= float64(math.MaxInt64/time.Millisecond)) {
		return 0, false
	}
	return time.Duration(math.Round(ms * float64(time.Millisecond))), true
}

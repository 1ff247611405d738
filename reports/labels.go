package reports

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Labels are short names of a parameter's values, for tables and legends: as short
// as they can be and still differ. Of full(base=5ms,cap=2s) and none(retries=3) they
// are full and none; of full(base=5ms,cap=2s) and full(base=9ms,cap=2s), full(base=5ms)
// and full(base=9ms).
func (v Varied) Labels() []string {
	kinds := make([]string, len(v.Values))
	without := make([]string, len(v.Values))
	common := v.commonArguments()
	for i, value := range v.Values {
		kind, args := call(value)
		kinds[i] = kind
		args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return slices.Contains(common, a) })
		without[i] = kind
		if len(args) > 0 {
			without[i] = kind + "(" + strings.Join(args, ",") + ")"
		}
	}
	for _, labels := range [][]string{kinds, without} {
		if !repeats(labels) {
			return labels
		}
	}
	return v.Values
}

// Shortened reports whether a value has a label that is not itself.
func (v Varied) Shortened() bool { return !slices.Equal(v.Labels(), v.Values) }

// commonArguments are those that all values have that have any.
func (v Varied) commonArguments() []string {
	var common []string
	first := true
	for _, value := range v.Values {
		_, args := call(value)
		switch {
		case len(args) == 0:
		case first:
			common, first = slices.Clone(args), false
		default:
			common = slices.DeleteFunc(common, func(a string) bool { return !slices.Contains(args, a) })
		}
	}
	return common
}

// call takes kind(a,b) apart.
func call(value string) (kind string, args []string) {
	kind, rest, ok := strings.Cut(value, "(")
	inner, closed := strings.CutSuffix(rest, ")")
	if !ok || !closed {
		return value, nil
	}
	return kind, strings.Split(inner, ",")
}

func repeats(labels []string) bool {
	sorted := slices.Sorted(slices.Values(labels))
	return len(slices.Compact(sorted)) < len(labels)
}

// Numeric reports whether all values are numbers, or all durations.
func (v Varied) Numeric() bool {
	_, _, ok := v.Numbers()
	return ok
}

// Numbers are the values as numbers; of durations in the unit, which is that of the
// longest.
func (v Varied) Numbers() (values []float64, unit string, ok bool) {
	durations := 0
	for _, text := range v.Values {
		if n, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
			values = append(values, n)
			continue
		}
		d, err := time.ParseDuration(text)
		if err != nil {
			return nil, "", false
		}
		values, durations = append(values, d.Seconds()), durations+1
	}
	switch {
	case len(values) == 0 || durations > 0 && durations < len(values):
		return nil, "", false
	case durations == 0:
		return values, "", true
	case slices.Max(values) < 1:
		for i := range values {
			values[i] *= 1000
		}
		return values, "ms", true
	}
	return values, "s", true
}

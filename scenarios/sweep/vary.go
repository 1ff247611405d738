// Package sweep plays a scenario at every combination of some parameters' values,
// on all cores and so that it can go on after an interrupt. A point is a pure function
// of its parameters, the seed and the program: neither the number of cores nor an
// interrupt changes a byte of the result.
//
// Points are compared with common random numbers: a client's stream depends on its name, so
// writer-07 of 20 and of 90 draws the same. (Names have as many digits as the number of
// clients, so writer-007 of 100 does not.)
package sweep

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/scenarios"
)

// MostPoints bounds a sweep. More is a slip: it would take hours, and nobody reads it.
const MostPoints = 10_000

// ParseVary reads NAME=A,B,C. An element may be a range FROM:TO:STEP of numbers or
// durations, both ends included. Commas and colons in parentheses, brackets, braces
// and quotes belong to the value; quotes around a whole value are taken off.
func ParseVary(text string) (Varied, error) {
	name, rest, ok := strings.Cut(text, "=")
	v := Varied{Name: strings.TrimSpace(name)}
	switch {
	case !ok:
		return v, fmt.Errorf("want NAME=A,B,C or NAME=FROM:TO:STEP, not %q", text)
	case !scenarios.KeySyntax.MatchString(v.Name):
		return v, fmt.Errorf("%q can't be the name of a parameter", v.Name)
	}
	elements, err := split(rest, ',')
	if err != nil {
		return v, err
	}
	for _, e := range elements {
		values, err := expand(e)
		if err != nil {
			return v, err
		}
		v.Values = append(v.Values, values...)
		if len(v.Values) > MostPoints {
			return v, tooMany(len(v.Values))
		}
	}
	for i, value := range v.Values {
		if slices.Contains(v.Values[:i], value) {
			return v, fmt.Errorf("%s is given twice", value)
		}
	}
	return v, nil
}

func tooMany(n int) error {
	return fmt.Errorf("%d points are too many: a sweep has at most %d", n, MostPoints)
}

// split cuts a text at a separator that stands in no parentheses and no quotes.
func split(text string, at rune) ([]string, error) {
	var parts []string
	var closing []rune
	from := 0
	for i, c := range text {
		inQuotes := len(closing) > 0 && (closing[len(closing)-1] == '\'' || closing[len(closing)-1] == '"')
		switch {
		case len(closing) > 0 && c == closing[len(closing)-1]:
			closing = closing[:len(closing)-1]
		case inQuotes:
		case c == '\'' || c == '"':
			closing = append(closing, c)
		case strings.ContainsRune("([{", c):
			closing = append(closing, map[rune]rune{'(': ')', '[': ']', '{': '}'}[c])
		case strings.ContainsRune(")]}", c):
			return nil, fmt.Errorf("%q: %c closes nothing", text, c)
		case c == at && len(closing) == 0:
			parts, from = append(parts, text[from:i]), i+1
		}
	}
	if len(closing) > 0 {
		return nil, fmt.Errorf("%q: %c is missing", text, closing[len(closing)-1])
	}
	return append(parts, text[from:]), nil
}

// expand returns the values that an element of a list stands for.
func expand(element string) ([]string, error) {
	element = strings.TrimSpace(element)
	if element == "" {
		return nil, errors.New("a value is empty")
	}
	for _, quote := range []string{"'", `"`} {
		inner, opened := strings.CutPrefix(element, quote)
		if inner, closed := strings.CutSuffix(inner, quote); opened && closed && inner != "" && !strings.Contains(inner, quote) {
			return []string{inner}, nil
		}
	}
	parts, err := split(element, ':')
	if err != nil {
		return nil, err
	}
	if _, number := parseQuantity(strings.TrimSpace(parts[0])); len(parts) == 1 || !number {
		return []string{element}, nil
	}
	if len(parts) != 3 {
		return nil, fmt.Errorf("%s: a range is FROM:TO:STEP", element)
	}
	values, err := rangeOf(parts)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", element, err)
	}
	return values, nil
}

// rangeOf returns FROM, FROM+STEP, … up to TO. Arithmetic is exact, or 0.1 would
// become 0.30000000000000004.
func rangeOf(parts []string) ([]string, error) {
	var q [3]quantity
	for i, part := range parts {
		var ok bool
		if q[i], ok = parseQuantity(strings.TrimSpace(part)); !ok {
			return nil, fmt.Errorf("%q is neither a number nor a duration", part)
		}
	}
	from, to, step := q[0], q[1], q[2]
	switch {
	case from.duration != to.duration || from.duration != step.duration:
		return nil, errors.New("numbers and durations are mixed")
	case step.value.Sign() <= 0:
		return nil, errors.New("the step must be positive")
	case from.value.Cmp(to.value) > 0:
		return nil, errors.New("a range goes upward, so FROM can't be above TO")
	}
	steps := new(big.Rat).Sub(to.value, from.value)
	steps.Quo(steps, step.value)
	n := new(big.Int).Quo(steps.Num(), steps.Denom())
	if !n.IsInt64() || n.Int64() >= MostPoints {
		return nil, fmt.Errorf("the range has too many values: a sweep has at most %d points", MostPoints)
	}
	digits := max(from.digits, step.digits)
	var values []string
	for v := from.value; v.Cmp(to.value) <= 0; v = new(big.Rat).Add(v, step.value) {
		values = append(values, quantity{v, from.duration, digits}.String())
	}
	return values, nil
}

// quantity is a number, or a duration in nanoseconds.
type quantity struct {
	value    *big.Rat
	duration bool
	digits   int // after the point
}

var decimal = regexp.MustCompile(`^-?[0-9]+(?:\.([0-9]+))?$`)

func parseQuantity(text string) (quantity, bool) {
	if m := decimal.FindStringSubmatch(text); m != nil {
		v, ok := new(big.Rat).SetString(text)
		return quantity{v, false, len(m[1])}, ok
	}
	d, err := time.ParseDuration(text)
	return quantity{value: new(big.Rat).SetInt64(int64(d)), duration: true}, err == nil
}

func (q quantity) String() string {
	if q.duration {
		return plainDuration(time.Duration(q.value.Num().Int64()))
	}
	return q.value.FloatString(q.digits)
}

// plainDuration is the duration as people write it: 1m and not 1m0s.
func plainDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Product returns all combinations of the values, in the order given; the last
// parameter varies fastest.
func Product(vary []Varied) ([]Params, error) {
	if len(vary) == 0 {
		return nil, errors.New("say what to vary, such as --vary clients=10:190:10")
	}
	n := 1
	for i, v := range vary {
		if slices.ContainsFunc(vary[:i], func(w Varied) bool { return w.Name == v.Name }) {
			return nil, fmt.Errorf("--vary %s is given twice", v.Name)
		}
		if n *= len(v.Values); n > MostPoints {
			return nil, tooMany(n)
		}
	}
	points := []Params{nil}
	for _, v := range vary {
		var longer []Params
		for _, p := range points {
			for _, value := range v.Values {
				longer = append(longer, append(slices.Clone(p), Param{Name: v.Name, Value: value}))
			}
		}
		points = longer
	}
	return points, nil
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

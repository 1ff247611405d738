package reports

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// Metric returns the value of a metric that a threshold can name. A
// distribution without samples has no values.
func (r *Run) Metric(name string) (value float64, ok bool) {
	if v, isRate := r.Rates[name]; isRate {
		return v, true
	}
	group, field, _ := strings.Cut(name, ".")
	if group == "attempts" && r.Counts.Acknowledged == 0 {
		return 0, false
	}
	section := byTag(reflect.ValueOf(r).Elem(), group)
	if section.Kind() == reflect.Pointer {
		section = section.Elem()
	}
	if !section.IsValid() {
		return 0, false
	}
	switch v := byTag(section, field); v.Kind() {
	case reflect.Int:
		return float64(v.Int()), true
	case reflect.Float64:
		return v.Float(), true
	}
	return 0, false
}

// byTag finds a struct's field by its name in JSON.
func byTag(v reflect.Value, name string) reflect.Value {
	if v.Kind() != reflect.Struct {
		return reflect.Value{}
	}
	for i := range v.NumField() {
		tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if tag == name {
			return v.Field(i)
		}
	}
	return reflect.Value{}
}

// Judge compares the run with thresholds. One without a value is not met.
func (r *Run) Judge(thresholds []scenarios.Threshold) {
	r.Thresholds = []ThresholdResult{}
	for _, t := range thresholds {
		value, ok := r.Metric(t.Metric)
		r.Thresholds = append(r.Thresholds, ThresholdResult{t.String(), value, ok && t.Holds(value), !ok})
	}
}

// measured takes over what thresholds came to in the whole run.
func (r *Run) measured(all []history.Measured) {
	for _, m := range all {
		t := ThresholdResult{Expression: m.Expression, Passed: m.Passed, NoValue: m.Value == nil}
		if m.Value != nil {
			t.Value = *m.Value
		}
		r.Thresholds = append(r.Thresholds, t)
	}
}

// Demand compares the run with thresholds beside its own. If only a part of it was
// judged, one that is missed there is missed; one that is met there is not known to be
// met by the whole, so that nothing is proved.
func (r *Run) Demand(more []scenarios.Threshold) {
	for _, t := range more {
		if slices.ContainsFunc(r.Thresholds, func(own ThresholdResult) bool { return own.Expression == t.String() }) {
			continue
		}
		value, ok := r.Metric(t.Metric)
		result := ThresholdResult{t.String(), value, ok && t.Holds(value), !ok}
		r.Thresholds = append(r.Thresholds, result)
		if r.Judged == 0 || !result.Passed {
			continue
		}
		r.Reasons = append(r.Reasons, fmt.Sprintf(
			"%s is met in the %d of %d repetitions that the history holds, which says nothing of the others", result.Expression, r.Judged, r.Repetitions))
		if r.Verdict == check.OK {
			r.Verdict = check.Inconclusive
		}
	}
}

// formatNumber writes a value with as many digits as people read.
func formatNumber(v float64) string {
	switch {
	case v == float64(int64(v)) && v < 1e6 && v > -1e6:
		return strconv.FormatInt(int64(v), 10)
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

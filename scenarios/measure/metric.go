package measure

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// Metric returns the value of a metric that a threshold can name. A
// distribution without samples has no values.
func (m *Measurement) Metric(name string) (value float64, ok bool) {
	if v, isRate := m.Rates[name]; isRate {
		return v, true
	}
	group, field, _ := strings.Cut(name, ".")
	if group == "attempts" && m.Counts.Acknowledged == 0 {
		return 0, false
	}
	section := byTag(reflect.ValueOf(m).Elem(), group)
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
func (m *Measurement) Judge(thresholds []scenarios.Threshold) {
	m.Thresholds = []ThresholdResult{}
	for _, t := range thresholds {
		value, ok := m.Metric(t.Metric)
		m.Thresholds = append(m.Thresholds, ThresholdResult{t.String(), value, ok && t.Holds(value), !ok})
	}
}

// measured takes over what thresholds came to in the whole run.
func (m *Measurement) measured(all []history.Measured) {
	for _, of := range all {
		t := ThresholdResult{Expression: of.Expression, Passed: of.Passed, NoValue: of.Value == nil}
		if of.Value != nil {
			t.Value = *of.Value
		}
		m.Thresholds = append(m.Thresholds, t)
	}
}

// Demand compares the run with thresholds beside its own. If only a part of it was
// judged, one that is missed there is missed; one that is met there is not known to be
// met by the whole, so that nothing is proved.
func (m *Measurement) Demand(more []scenarios.Threshold) {
	for _, t := range more {
		if slices.ContainsFunc(m.Thresholds, func(own ThresholdResult) bool { return own.Expression == t.String() }) {
			continue
		}
		value, ok := m.Metric(t.Metric)
		result := ThresholdResult{t.String(), value, ok && t.Holds(value), !ok}
		m.Thresholds = append(m.Thresholds, result)
		if m.Judged == 0 || !result.Passed {
			continue
		}
		m.Reasons = append(m.Reasons, fmt.Sprintf(
			"%s is met in the %d of %d repetitions that the history holds, which says nothing of the others", result.Expression, m.Judged, m.Repetitions))
		if m.Verdict == check.OK {
			m.Verdict = check.Inconclusive
		}
	}
}

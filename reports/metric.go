package reports

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"holdfast/scenarios"
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

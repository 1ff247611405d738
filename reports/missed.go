package reports

import (
	"fmt"
	"strconv"

	"holdfast/scenarios/measure"
)

// missed lists the thresholds and steps that did not come out as they were to.
func missed(m *measure.Measurement) []string {
	var all []string
	for _, t := range m.Thresholds {
		if !t.Passed {
			value := "it is " + formatNumber(t.Value)
			if t.NoValue {
				value = "there are no samples"
			}
			all = append(all, "threshold "+t.Expression+" missed: "+value)
		}
	}
	for _, s := range m.Steps {
		if !s.Passed {
			all = append(all, s.Step+": want "+s.Want+", got "+s.Got)
		}
	}
	return all
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

package reports

import (
	"fmt"
	"strings"

	"holdfast/scenarios/measure"
)

// runNames tell runs apart, in their order: each is the name of its scenario, and of several of
// one scenario also what is different between them.
func runNames(runs []measure.Measurement) []string {
	traits := []func(m *measure.Measurement) string{
		func(m *measure.Measurement) string { return m.World },
		func(m *measure.Measurement) string { return strings.TrimSpace(via(m)) },
		func(m *measure.Measurement) string { return m.Core },
		func(m *measure.Measurement) string { return m.Policy },
		func(m *measure.Measurement) string { return strings.TrimSpace(layoutNamed(m.Layout)) },
		func(m *measure.Measurement) string { return m.Store },
		func(m *measure.Measurement) string { return Plural(m.Clients, "client") },
		func(m *measure.Measurement) string { return Plural(m.Repetitions, "repetition") },
		func(m *measure.Measurement) string { return fmt.Sprintf("seed %d", m.Seed) },
	}
	of := map[string][]int{}
	for i := range runs {
		of[runs[i].Scenario] = append(of[runs[i].Scenario], i)
	}
	names, seen := make([]string, len(runs)), map[string]int{}
	for i := range runs {
		m := &runs[i]
		var own []string
		for _, trait := range traits {
			value, differs := trait(m), false
			for _, k := range of[m.Scenario] {
				differs = differs || trait(&runs[k]) != value
			}
			if differs && value != "" {
				own = append(own, value)
			}
		}
		names[i] = m.Scenario
		if len(own) > 0 {
			names[i] += " (" + strings.Join(own, ", ") + ")"
		}
		if seen[names[i]]++; seen[names[i]] > 1 {
			names[i] += fmt.Sprintf(" #%d", seen[names[i]])
		}
	}
	return names
}

package reports

import (
	"fmt"
	"strings"

	"holdfast/scenarios/measure"
)

// runNames tell runs apart, in their order: each is the name of its scenario, and of several of
// one scenario also what is different between them, as little of it as is enough.
func runNames(runs []measure.Measurement) []string {
	of := map[string][]int{}
	for i := range runs {
		of[runs[i].Scenario] = append(of[runs[i].Scenario], i)
	}
	names := make([]string, len(runs))
	for scenario, same := range of {
		own := make([][]string, len(same)) // what is told of each
		for _, trait := range traits {
			more := make([][]string, len(same))
			for k, i := range same {
				more[k] = own[k]
				if value := trait(&runs[i]); value != "" {
					more[k] = append(more[k][:len(more[k]):len(more[k])], value)
				}
			}
			if distinct(more) > distinct(own) {
				own = more
			}
		}
		for k, i := range same {
			names[i] = scenario
			if len(own[k]) > 0 {
				names[i] += " (" + strings.Join(own[k], ", ") + ")"
			}
		}
	}
	seen := map[string]int{}
	for i, name := range names {
		if seen[name]++; seen[name] > 1 {
			names[i] += fmt.Sprintf(" #%d", seen[name])
		}
	}
	return names
}

// unit is what the runs are counted as: scenarios, if each is of one of its own.
func (r *Result) unit() string {
	seen := map[string]bool{}
	for i := range r.Runs {
		if seen[r.Runs[i].Scenario] {
			return "run"
		}
		seen[r.Runs[i].Scenario] = true
	}
	return "scenario"
}

// traits are what runs of a scenario differ in, what people tell them apart by first.
var traits = []func(m *measure.Measurement) string{
	func(m *measure.Measurement) string { return m.World },
	func(m *measure.Measurement) string { return strings.TrimSpace(via(m)) },
	func(m *measure.Measurement) string { return m.Core },
	func(m *measure.Measurement) string { return m.Store },
	func(m *measure.Measurement) string { return Plural(m.Clients, "client") },
	func(m *measure.Measurement) string { return strings.TrimSpace(layoutNamed(m.Layout)) },
	func(m *measure.Measurement) string { return fmt.Sprintf("seed %d", m.Seed) },
	func(m *measure.Measurement) string { return Plural(m.Repetitions, "repetition") },
	func(m *measure.Measurement) string { return m.Policy },
}

// distinct counts the lists that differ.
func distinct(all [][]string) int {
	seen := map[string]bool{}
	for _, list := range all {
		seen[strings.Join(list, "\x00")] = true
	}
	return len(seen)
}

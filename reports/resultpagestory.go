package reports

import (
	"fmt"
	"slices"

	"holdfast/reports/page"
	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
)

// violationBlocks tell the first violation of each invariant, the lowest first, and count the
// others.
func violationBlocks(m *measure.Measurement, prefix string) []page.Block {
	order := make([]int, len(m.Violations))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return byNumber(string(m.Violations[a].Invariant), string(m.Violations[b].Invariant))
	})
	var blocks []page.Block
	told := map[check.Invariant]bool{}
	for _, i := range order {
		v := m.Violations[i]
		if told[v.Invariant] {
			continue
		}
		s := page.Section{
			ID: fmt.Sprintf("%sviolation-%d", prefix, i+1), Title: fmt.Sprintf("%s %s: %s (%d×)", v.Invariant, v.Invariant.Title(), v.Anomaly, m.Violated[string(v.Invariant)]),
			Detail: len(told) > 0,
		}
		t := story{id: s.ID + "-story", Violation: v, scenario: m.Scenario}
		t.around(m.Windows, i, -1)
		s.Blocks = append(s.Blocks, t.lanes())
		told[v.Invariant] = true
		blocks = append(blocks, s)
	}
	return blocks
}

// findingBlocks tell what the store did, each kind with the calls that prove it.
func findingBlocks(m *measure.Measurement, prefix string) []page.Block {
	var blocks []page.Block
	for i, f := range m.StoreFindings {
		s := page.Section{ID: fmt.Sprintf("%sfinding-%d", prefix, i+1), Title: fmt.Sprintf("%s (%d×)", f.Kind, f.Count), Detail: i > 0}
		fault := faultOf(f.Kind)
		s.Blocks = append(s.Blocks, page.Prose(capital(fault.What)+". "+knownAs(f.KnownAs)+fault.Means))
		t := story{id: s.ID + "-story", Violation: check.Violation{Summary: f.Summary, Witness: f.Witness}, scenario: m.Scenario, conditions: true}
		t.around(m.Windows, -1, i)
		s.Blocks = append(s.Blocks, t.lanes())
		blocks = append(blocks, s)
	}
	return blocks
}

// knownAs says what the literature calls a thing.
func knownAs(name string) string {
	if name == "" {
		return ""
	}
	return "Known as " + name + ". "
}

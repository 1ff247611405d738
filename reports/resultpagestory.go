package reports

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/archive/storefault"
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
			Detail: len(told) > 0, Blocks: storyBlocks(v, false),
		}
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
		if slices.ContainsFunc(storefault.All(), func(known storefault.Fault) bool { return known.Kind == f.Kind }) {
			fault := storefault.Of(f.Kind)
			s.Blocks = append(s.Blocks, page.Prose(capital(fault.What)+". "+fault.Means))
		}
		s.Blocks = append(s.Blocks, storyBlocks(check.Violation{Summary: f.Summary, Witness: f.Witness}, true)...)
		blocks = append(blocks, s)
	}
	return blocks
}

// storyBlocks tell what happened, in a sentence and event by event.
func storyBlocks(v check.Violation, conditions bool) []page.Block {
	text := Text{conditions: conditions}
	blocks := []page.Block{page.Prose(capital(text.shortened(v)) + ".")}
	if len(v.Witness) == 0 {
		return blocks
	}
	names := shortNames(v)
	t := page.Table{
		Caption: "The events that show it, in the order in which they ended. Versions are v1, v2, … in the order in which the story names them.",
		Columns: []page.Column{{Name: "time (ms)", Number: true}, {Name: "who"}, {Name: "what happened"}},
	}
	for i := range v.Witness {
		e := &v.Witness[i]
		said := tell(e)
		if conditions {
			said += text.asked(e)
		}
		t.Rows = append(t.Rows, []string{strings.TrimSuffix(strings.TrimSpace(text.moment(e.At)), " ms"), e.Actor, names.Replace(said)})
	}
	return append(blocks, t)
}

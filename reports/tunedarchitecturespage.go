package reports

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/reports/page"
	"holdfast/scenarios/tuning"
	"holdfast/scenarios/units"
)

// architecturesSection compares what can be done about the object.
func (r Tuned) architecturesSection() page.Section {
	s := page.Section{ID: "architectures", Title: "What else can be done about the object"}
	a := r.Architectures
	if a == nil {
		return s
	}
	table := page.Table{
		Caption: "p99 is from when an update is due until it is stored. Failed: given up, or a dead letter. On the frontier: no other without demands has both a shorter p99 and a lower price.",
		Columns: withVerdicts(columns("architecture", "objective", "#p99 (ms)", "#± (ms)", "#failed", "#puts of an update", "#$/million updates", "carries", "order", "frontier", "note"), 1),
	}
	for i := range a.Rows {
		table.Rows = append(table.Rows, r.architectureRow(&a.Rows[i]))
	}
	s.Blocks = append(s.Blocks, table)
	if a.Complete {
		s.Blocks = append(s.Blocks, drawn(page.Figure{Title: "What each architecture costs, and how long an update takes", Drawing: r.architecturesChart(),
			Caption: "Each point is an architecture: further down, updates take less long; further left, they cost less."}, nil))
		s.Blocks = append(s.Blocks, page.Facts{{Name: "choose", Value: r.choice()}})
	}
	s.Blocks = append(append(s.Blocks, r.sensitivityTable()...), r.changeSections()...)
	return s
}

func (r Tuned) architectureRow(o *tuning.Architecture) []string {
	note := strings.Trim(o.Demands+"; "+strings.Join(o.Missed, ", "), "; ")
	if o.LeftOut != "" {
		return []string{o.Name, "not played", "–", "–", "–", "–", "–", "–", "–", "no", o.LeftOut}
	}
	met, p99, half, carries, frontier := "met", "none", "–", "–", "no"
	if !o.Meets() {
		met = "missed"
	}
	switch {
	case o.P99 != nil:
		p99, half = units.Number(o.P99.Value), units.Number((o.P99.High-o.P99.Low)/2)
	case o.Unstable:
		p99 = "unstable"
	}
	if c := o.Carries; c != nil {
		carries = units.Number(c.Most) + " " + c.Of
		if c.AndMore {
			carries = "≥ " + carries
		}
	}
	if slices.Contains(r.Architectures.Frontier, o.Name) {
		frontier = "yes"
	}
	return []string{o.Name, met, p99, half, units.Percent(o.NotStored), units.Number(o.Puts), fmt.Sprintf("%.2f", o.Price.Total()), carries, o.Ordering, frontier, note}
}

// sensitivityTable is p99 where things are not as they were played; none if nobody looked.
func (r Tuned) sensitivityTable() []page.Block {
	a := r.Architectures
	if len(a.Sensitivity) == 0 {
		return nil
	}
	names := []string{"architecture"}
	for _, at := range a.Sensitivity {
		names = append(names, "#"+at.Setting)
	}
	table := page.Table{Caption: "p99 with the same settings, where things are not as they were played († misses the objective)", Columns: columns(names...)}
	for _, c := range a.Sensitivity[0].Cells {
		row := []string{c.Name}
		for i := range a.Sensitivity {
			row = append(row, shifted(&a.Sensitivity[i], c.Name))
		}
		table.Rows = append(table.Rows, row)
	}
	return []page.Block{table}
}

// changeSections say what the user of each architecture does: the scenario's lines, and code.
func (r Tuned) changeSections() []page.Block {
	var blocks []page.Block
	for i := range r.Architectures.Rows {
		o := &r.Architectures.Rows[i]
		if o.LeftOut != "" || o.Name == tuning.AsIs || o.Change.What == "" {
			continue
		}
		s := page.Section{ID: fmt.Sprintf("architecture-%d", i+1), Title: o.Name, Folded: true, Detail: true, Blocks: []page.Block{page.Prose(capital(o.Change.What) + ".")}}
		if len(o.Change.Scenario) > 0 {
			s.Blocks = append(s.Blocks, page.Code{Title: "In the scenario", Text: strings.Join(o.Change.Scenario, "\n")})
		}
		if o.Change.Go != "" {
			s.Blocks = append(s.Blocks, page.Code{Title: "In the program", Text: o.Change.Go})
		}
		blocks = append(blocks, s)
	}
	return blocks
}

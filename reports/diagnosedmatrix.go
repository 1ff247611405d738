package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"holdfast/archive/storefault"
	"holdfast/scenarios/doctor"
)

// Matrix is what stores can be trusted with, as a table in Markdown: those that can be first.
func Matrix(stores []Diagnosed) string {
	stores = slices.Clone(stores)
	order := []doctor.Verdict{doctor.Safe, doctor.SafeWithLimits, doctor.Inconclusive, doctor.Unsafe}
	slices.SortStableFunc(stores, func(a, b Diagnosed) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Verdict), slices.Index(order, b.Verdict)), strings.Compare(a.Server, b.Server))
	})
	var rows []table.Row
	for i := range stores {
		d := &stores[i]
		rows = append(rows, table.Row{d.serverNamed(), d.Began.Format(time.DateOnly), "**" + strings.ToLower(d.word()) + "**",
			d.cell(storefault.Writes, d.Writes), d.cell(storefault.Reads, d.Reads), d.cell(storefault.Deletes, d.Deletes)})
	}
	return markdownTable(table.Row{"server", "tried", "for this core", "writes", "reads", "conditional deletes"}, rows)
}

// cell says what a store can be trusted with of one subject, and what was seen.
func (d *Diagnosed) cell(about storefault.Subject, level doctor.Level) string {
	clean := 0
	var seen []string
	for _, r := range d.Rows {
		if r.Kind != "" && storefault.Of(r.Kind).Subject == about {
			if name := string(r.Kind); !slices.Contains(seen, name) {
				seen = append(seen, name)
			}
		}
	}
	for _, r := range d.Races {
		switch {
		case r.Bad > 0 && storefault.Of(r.Kind).Subject == about:
			seen = slices.DeleteFunc(seen, func(name string) bool { return name == string(r.Kind) })
			seen = append(seen, fmt.Sprintf("%s in %d of %d races of %s", r.Kind, r.Bad, r.Races, r.Name))
		case r.Bad == 0 && r.Subject == about:
			clean += r.Races
		}
	}
	if len(seen) == 0 {
		return fmt.Sprintf("%s: 0 of %d races bad", levelWord(level), clean)
	}
	return levelWord(level) + ": " + strings.Join(seen, "; ")
}

// Faults is what stores do wrong and what it means, as a table in Markdown: what is worse first.
func Faults() string {
	all := storefault.All()
	slices.SortStableFunc(all, func(a, b storefault.Fault) int { return cmp.Compare(b.Severity, a.Severity) })
	var rows []table.Row
	for _, f := range all {
		grade := "limit"
		if f.Severity == storefault.Unsafe {
			grade = "**unsafe**"
		}
		rows = append(rows, table.Row{"`" + string(f.Kind) + "`", string(f.Subject), grade, capital(f.What), f.Means})
	}
	return markdownTable(table.Row{"name", "of", "for the core", "what the store did", "what it means"}, rows)
}

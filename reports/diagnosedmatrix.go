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
	"holdfast/scenarios/units"
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

// cell says what a store can be trusted with of one subject, and what was seen: of each fault
// the kind of race that showed it most.
func (d *Diagnosed) cell(about storefault.Subject, level doctor.Level) string {
	clean := 0
	seen := map[storefault.Kind]*doctor.Race{}
	for _, r := range d.Rows {
		if r.Kind != "" {
			seen[r.Kind] = nil
		}
	}
	for i := range d.Races {
		r := &d.Races[i]
		if r.Bad == 0 && r.Subject == about {
			clean += r.Races
		}
		for _, kind := range r.Kinds {
			if most := seen[kind]; most == nil || r.Bad*most.Races > most.Bad*r.Races {
				seen[kind] = r
			}
		}
	}
	var parts []string
	for _, f := range storefault.All() {
		switch r, found := seen[f.Kind]; {
		case !found || f.Subject != about:
		case r == nil:
			parts = append(parts, fmt.Sprintf("`%s`", f.Kind))
		default:
			parts = append(parts, fmt.Sprintf("`%s`, %d of %d", f.Kind, r.Bad, r.Races))
		}
	}
	switch {
	case len(parts) == 0 && clean == 0:
		return levelWord(level)
	case len(parts) == 0:
		return fmt.Sprintf("%s: 0 of %s", levelWord(level), units.Thousands(clean))
	}
	return levelWord(level) + ": " + strings.Join(parts, "; ")
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

package reports

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"holdfast/reports/page"
	"holdfast/scenarios/profile"
	"holdfast/scenarios/units"
)

// fitWords says in half a sentence whether the model of a store does what the store did.
func fitWords(fit []profile.Fitted) string {
	var off []string
	for _, f := range fit {
		if !f.Agrees {
			off = append(off, fmt.Sprintf("%s %s, predicted %s to %s", f.Name, fitted(f.Measured, f.Unit), fitted(f.Low, ""), fitted(f.High, f.Unit)))
		}
	}
	if len(off) == 0 {
		return "the model of it does under the same load what it did"
	}
	return "the model of it DIFFERS: " + strings.Join(off, "; ")
}

func fitted(v float64, unit string) string { return strings.TrimSpace(units.Number(v) + " " + unit) }

// fit sets what was measured of a store under load beside what the model of it does.
func (t Text) fit(fit []profile.Fitted) {
	w := NewTable(table.Row{"", "measured", "predicted", "interval", ""}, 2, 3, 4)
	for _, f := range fit {
		verdict := "agrees"
		if !f.Agrees {
			verdict = "DIFFERS"
		}
		w.AppendRow(table.Row{f.Name, fitted(f.Measured, f.Unit), fitted(f.Predicted, f.Unit), fitted(f.Low, "") + "–" + fitted(f.High, ""), verdict})
	}
	t.Table(w)
}

// fitTable is the same for a page.
func fitTable(fit []profile.Fitted) page.Table {
	table := page.Table{Caption: "What was measured of the store under load, beside what the model of it does", Columns: columns("", "#measured", "#predicted", "#from", "#to", "verdict")}
	for _, f := range fit {
		verdict := "agrees"
		if !f.Agrees {
			verdict = "DIFFERS"
		}
		table.Rows = append(table.Rows, []string{f.Name, fitted(f.Measured, f.Unit), fitted(f.Predicted, f.Unit), fitted(f.Low, f.Unit), fitted(f.High, f.Unit), verdict})
	}
	return table
}

package reports

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"holdfast/scenarios/check"
	"holdfast/scenarios/sweep"
)

// sweptColumn is a column of the table after the parameters.
type sweptColumn struct {
	name string
	// drop says when it goes if room is short: those with 1 first, those with 0 never.
	drop  int
	value func(*sweep.Measured, scale) string
}

// What goes first says least that the others don't: the cost follows from the writes.
var sweptColumns = []sweptColumn{
	{"puts", 4, func(p *sweep.Measured, _ scale) string { return fmt.Sprintf("%.*f", putsDigits(p), p.PutsMean) }},
	{"±", 2, func(p *sweep.Measured, _ scale) string { return rounded(p.PutsCI95, 1, putsDigits(p), "") }},
	{"puts/commit", 0, func(p *sweep.Measured, _ scale) string { return rounded(p.PutsPerCommit, 1, 2, "") }},
	{"makespan", 0, func(p *sweep.Measured, s scale) string { return rounded(p.MakespanMean, s.ofMS, s.digits, s.unit) }},
	{"±", 2, func(p *sweep.Measured, s scale) string { return rounded(p.MakespanCI95, s.ofMS, s.digits, "") }},
	{"p99", 3, func(p *sweep.Measured, s scale) string {
		if p.LatencyMS == nil {
			return "–"
		}
		return rounded(&p.LatencyMS.P99, s.ofMS, s.digits, s.unit)
	}},
	{"gave up", 0, func(p *sweep.Measured, _ scale) string { return share(p.ExhaustedRate) }},
	{"$/1000", 1, func(p *sweep.Measured, _ scale) string { return rounded(p.CostUSD, 1, 3, "") }},
}

const mostDrops = 4

func putsDigits(p *sweep.Measured) int {
	if p.PutsMean >= 1000 {
		return 0
	}
	return 1
}

// rounded is a number in another unit; a dash where there is none.
func rounded(v *float64, factor float64, digits int, unit string) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf("%.*f%s", digits, *v*factor, unit)
}

// scale is the unit of all times of a table.
type scale struct {
	unit   string
	ofMS   float64 // the factor for a time in ms
	digits int
}

// scale is s if a time is that long, and has enough digits for the shortest one.
func (s Swept) scale() scale {
	least, most := math.Inf(1), 0.0
	include := func(ms float64) {
		if ms > 0 {
			least, most = min(least, ms), max(most, ms)
		}
	}
	for i := range s.Points {
		if p := &s.Points[i]; p.MakespanMean != nil {
			include(*p.MakespanMean)
		}
		if l := s.Points[i].LatencyMS; l != nil {
			include(l.P99)
		}
	}
	significant := func(v float64) int { return 2 - int(math.Floor(math.Log10(v))) } // three of them
	switch {
	case most == 0:
		return scale{"s", 1e-3, 2}
	case most < 1000:
		return scale{"ms", 1, min(max(significant(least), 0), 2)}
	}
	return scale{"s", 1e-3, min(max(significant(least/1000)-1, 2), 3)}
}

// sweptTable writes a row for each point and returns the names of the columns that
// it has and of those for which there was no room.
func (t Text) sweptTable(s Swept) (shown, left []string) {
	if len(s.Points) == 0 {
		return nil, nil
	}
	var lines []string
	for drop := 0; drop <= mostDrops; drop++ {
		var columns []sweptColumn
		shown, left = nil, nil
		for _, c := range sweptColumns {
			if c.drop != 0 && c.drop <= drop {
				left = append(left, c.name)
				continue
			}
			columns, shown = append(columns, c), append(shown, c.name)
		}
		lines = t.sweptLines(s, columns)
		if !slices.ContainsFunc(lines, func(line string) bool { return text.StringWidthWithoutEscSequences(line) > Width }) {
			break
		}
	}
	for _, line := range lines {
		fmt.Fprintln(t.W, line)
	}
	slices.Sort(left)
	return shown, slices.Compact(left)
}

func (t Text) sweptLines(s Swept, columns []sweptColumn) []string {
	header, labels := table.Row{}, labellings(s.Vary)
	for _, name := range s.shortNames() {
		header = append(header, name)
	}
	mixed := s.Count(check.OK) < len(s.Points)
	if mixed {
		header = append(header, "verdict")
	}
	first := len(header) + 1
	for _, c := range columns {
		header = append(header, c.name)
	}
	w := NewTable(header, s.numbersAmong(first, len(header))...)
	times := s.scale()
	for i := range s.Points {
		p := &s.Points[i]
		var row table.Row
		for k, param := range p.Params {
			row = append(row, labels[k][param.Value])
		}
		if mixed {
			row = append(row, map[check.Verdict]string{check.OK: "ok", check.Violated: t.paint("FAIL"), check.StoreAtFault: t.paint("STORE"), check.Inconclusive: "–"}[p.Verdict])
		}
		for _, c := range columns {
			row = append(row, c.value(p, times))
		}
		w.AppendRow(row)
	}
	return tableLines(w)
}

// numbersAmong the columns, of which the parameters are the first.
func (s Swept) numbersAmong(first, last int) []int {
	var columns []int
	for i, v := range s.Vary {
		if v.Numeric() {
			columns = append(columns, i+1)
		}
	}
	for n := first; n <= last; n++ {
		columns = append(columns, n)
	}
	return columns
}

// shortNames of the parameters are the ends of their dotted names, as short as they can
// be and still differ.
func (s Swept) shortNames() []string {
	var names []string
	for i, v := range s.Vary {
		parts := strings.Split(v.Name, ".")
		from := len(parts) - 1
		ambiguous := func() bool {
			end := "." + strings.Join(parts[from:], ".")
			for k, other := range s.Vary {
				if k != i && strings.HasSuffix("."+other.Name, end) {
					return true
				}
			}
			return false
		}
		for from > 0 && ambiguous() {
			from--
		}
		names = append(names, strings.Join(parts[from:], "."))
	}
	return names
}

// share is a part in percent; what is not nothing never looks so.
func share(part float64) string {
	switch percent := 100 * part; {
	case percent == 0:
		return "0"
	case percent < 0.01:
		one, _ := strconv.ParseFloat(fmt.Sprintf("%.0e", percent), 64) // significant digit
		return strconv.FormatFloat(one, 'f', -1, 64) + " %"
	case percent < 1:
		return fmt.Sprintf("%.2f %%", percent)
	default:
		return fmt.Sprintf("%.1f %%", percent)
	}
}

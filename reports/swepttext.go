package reports

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"holdfast/scenarios/check"
)

// mostTold is the number of points that a report tells of one by one.
const mostTold = 5

// Word is the verdict in one word.
func (s *Swept) Word() string {
	switch {
	case s.Violated():
		return "FAIL"
	case s.Interrupted:
		return "STOPPED"
	case s.Inconclusive():
		return "INCONCLUSIVE"
	}
	return "PASS"
}

// Line says in a line what was swept and found.
func (s *Swept) Line() string {
	what := s.Scenario + ": "
	repetitions := Plural(s.Runs, "run")
	if len(s.Points) == s.Planned {
		what += fmt.Sprintf("%s of %s", Plural(s.Planned, "point"), repetitions)
	} else {
		what += fmt.Sprintf("%d of %d points, of %s each", len(s.Points), s.Planned, repetitions)
	}
	switch violated, doubtful := s.count(check.Violated), s.count(check.Inconclusive); {
	case violated > 0:
		what += fmt.Sprintf("; %d violate an invariant", violated)
	case s.Inconclusive():
		what += "; nothing was proved"
	case doubtful > 0:
		what += fmt.Sprintf("; every invariant held, but %d prove nothing", doubtful)
	default:
		what += "; every invariant held"
	}
	if s.Took > 0 {
		what += fmt.Sprintf(" (%.1fs)", s.Took.Seconds())
	}
	return what
}

// Swept writes a sweep, verdict first.
func (t Text) Swept(s *Swept) {
	t.head(s.Word(), s.Line())
	t.sweptViolations(s)
	t.sweptDoubts(s)
	fmt.Fprintln(t.W)
	t.sweptTable(s)
	if len(s.Points) > 0 {
		fmt.Fprintln(t.W)
	}
	for _, v := range s.Vary {
		if v.Shortened() {
			name := v.Name
			for _, value := range v.Values {
				t.row(name, value)
				name = ""
			}
		}
	}
	var setting []string
	if s.Core != "" {
		setting = append(setting, s.Core+" core")
	}
	t.wrapped("setting", strings.Join(append(setting, "virtual world", fmt.Sprintf("seed %d", s.Seed)), ", "))
	if s.Policy != "" {
		t.row("policy", s.Policy)
	}
	t.wrapped("columns", "means of a run ± 95 % confidence; $/1000 buys 1,000 commits on S3")
	if s.Directory != "" {
		t.row("saved in", s.Directory)
	}
	if s.Resume != "" {
		t.row("go on", s.Resume)
	}
}

// sweptViolations tells of the points that violate something, and how to see it.
func (t Text) sweptViolations(s *Swept) {
	told := 0
	for i := range s.Points {
		p := &s.Points[i]
		if p.Verdict != check.Violated {
			continue
		}
		if told++; told > mostTold {
			continue
		}
		t.note(p.Params.String() + " violates " + strings.Join(violated(&Run{Violated: p.Violated}), ", "))
		fmt.Fprintf(t.W, "        %s\n", p.Replay) // never wrapped: it is there to be copied
	}
	if told > mostTold {
		t.note(fmt.Sprintf("and %d more", told-mostTold))
	}
}

// sweptDoubts tells why points prove nothing: they mostly do for the same reason.
func (t Text) sweptDoubts(s *Swept) {
	for i := range s.Points {
		if p := &s.Points[i]; p.Verdict == check.Inconclusive {
			more := ""
			if n := s.count(check.Inconclusive) - 1; n > 0 {
				more = fmt.Sprintf(" (and %d more)", n)
			}
			t.note(p.Params.String() + more + ": " + strings.Join(p.Reasons, "; "))
			return
		}
	}
}

func (t Text) note(text string) {
	for i, line := range wrap(text, Width-10) {
		fmt.Fprintf(t.W, "      %s %s\n", []string{"–", " "}[min(i, 1)], line)
	}
}

// sweptTable has a row for each point.
func (t Text) sweptTable(s *Swept) {
	if len(s.Points) == 0 {
		return
	}
	w := table.NewWriter()
	w.SetStyle(table.StyleDefault)
	w.Style().Options = table.OptionsNoBordersAndSeparators
	w.Style().Format.Header = text.FormatDefault
	w.Style().Box.PaddingLeft = ""
	header, labels := table.Row{}, []map[string]string{}
	for _, v := range s.Vary {
		short := v.Labels()
		of := map[string]string{}
		for i, value := range v.Values {
			of[value] = short[i]
		}
		header, labels = append(header, lastPart(v.Name)), append(labels, of)
	}
	mixed := s.count(check.OK) < len(s.Points)
	if mixed {
		header = append(header, "verdict")
	}
	first := len(header) + 1
	header = append(header, "puts", "±", "makespan", "±", "attempts", "p99 ms", "gave up", "$/1000")
	w.AppendHeader(header)
	w.SetColumnConfigs(alignment(s, first, len(header)))
	for i := range s.Points {
		p := &s.Points[i]
		var row table.Row
		for k, param := range p.Params {
			row = append(row, labels[k][param.Value])
		}
		if mixed {
			row = append(row, map[check.Verdict]string{check.OK: "ok", check.Violated: t.paint("FAIL"), check.Inconclusive: "–"}[p.Verdict])
		}
		w.AppendRow(append(row, p.cells()...))
	}
	for line := range strings.SplitSeq(w.Render(), "\n") {
		fmt.Fprintln(t.W, strings.TrimRight(line, " "))
	}
}

// alignment puts numbers to the right.
func alignment(s *Swept, firstNumber, last int) []table.ColumnConfig {
	var columns []table.ColumnConfig
	right := func(n int) {
		columns = append(columns, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	for i, v := range s.Vary {
		if v.Numeric() {
			right(i + 1)
		}
	}
	for n := firstNumber; n <= last; n++ {
		right(n)
	}
	return columns
}

// lastPart of a dotted name says enough in a table.
func lastPart(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

func (p *SweptPoint) cells() table.Row {
	attempts := "–"
	if p.AttemptsMean != nil {
		attempts = fmt.Sprintf("%.2f", *p.AttemptsMean)
	}
	makespan := "–"
	if p.MakespanMean != nil {
		makespan = fmt.Sprintf("%.2fs", *p.MakespanMean/1000)
	}
	digits := 1
	if p.PutsMean >= 1000 {
		digits = 0
	}
	spread := "–"
	if p.MakespanCI95 != nil {
		spread = fmt.Sprintf("%.2f", *p.MakespanCI95/1000)
	}
	p99 := "–"
	if p.LatencyMS != nil {
		p99 = formatNumber(p.LatencyMS.P99)
	}
	cost := "–"
	if p.CostUSD != nil {
		cost = fmt.Sprintf("%.3f", *p.CostUSD)
	}
	return table.Row{
		fmt.Sprintf("%.*f", digits, p.PutsMean), spreadOf(p.PutsCI95, digits), makespan, spread, attempts, p99, share(p.ExhaustedRate), cost,
	}
}

// spreadOf is half an interval, as exact as its mean.
func spreadOf(half *float64, digits int) string {
	if half == nil {
		return "–"
	}
	return fmt.Sprintf("%.*f", digits, *half)
}

// share is a part in percent; what is not nothing never looks so.
func share(part float64) string {
	switch percent := 100 * part; {
	case percent == 0:
		return "0"
	case percent < 0.01:
		return fmt.Sprintf("%.0e", part)
	case percent < 1:
		return fmt.Sprintf("%.2f %%", percent)
	default:
		return fmt.Sprintf("%.1f %%", percent)
	}
}

package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"holdfast/reports/compare"
)

// Text implements [Document].
func (c Compared) Text(t Text) {
	t.head(c.word(), c.line())
	for _, line := range Wrap(c.terms(), Width-6) {
		fmt.Fprintf(t.W, "      %s\n", line)
	}
	if rows := c.telling(); len(rows) > 0 {
		fmt.Fprintln(t.W)
		t.Table(c.table(rows[:min(len(rows), mostCompared)]))
		if more := len(rows) - mostCompared; more > 0 {
			fmt.Fprintf(t.W, "and %s more, which --json has\n", Plural(more, "row"))
		}
	}
	fmt.Fprintln(t.W)
	c.samples(t)
	replay := c.repetitions(t)
	c.settings(t)
	if replay != nil {
		t.row("replay OLD", replay.ReplayOld) // never wrapped: it is there to be copied
		t.row("replay NEW", replay.ReplayNew)
	}
}

// after writes the comparison of runs with a baseline below what they have shown.
func (c *Compared) after(t Text) {
	fmt.Fprintf(t.W, "\n== compared with %s\n", c.Old.Source)
	c.Text(t)
	if c.differs() && !c.Renewed {
		t.wrapped("renew", "if what differs is meant, play the same with --renew-baseline (here: make baseline)")
	}
}

// Brief implements [Document].
func (c Compared) Brief(t Text) { t.brief(c.word(), c.line()) }

// mostCompared are the rows of a report; so it fits a screen.
const mostCompared = 12

// mostNotes say where something was violated.
const mostNotes = 3

func (c *Compared) word() string {
	switch c.Class() {
	case Passed:
		return "PASS"
	case Regressed:
		return "WORSE"
	case Inconclusive:
		return "INCONCLUSIVE"
	case StoreAtFault:
		return StoreWord
	}
	return "FAIL"
}

// line says what it comes to, the worst first.
func (c *Compared) line() string {
	var parts []string
	switch c.New.Outcome.class() {
	case Violated:
		parts = append(parts, "NEW violates an invariant")
	case StoreAtFault:
		parts = append(parts, "NEW was played on a store that broke its promise")
	case Inconclusive:
		parts = append(parts, "NEW is inconclusive by itself")
	case Missed:
		parts = append(parts, "NEW does not meet what is expected of it")
	case Cut, Broken:
		parts = append(parts, "NEW did not come to its end")
	}
	worse, better := c.count(compare.Worse), c.count(compare.Better)
	if len(c.Runs) == 0 {
		parts = append(parts, "there is nothing in both that could be compared")
	}
	if undecided := c.undecided(); undecided > 0 {
		parts = append(parts, fmt.Sprintf("%d of %s could not be compared", undecided, Plural(len(c.Runs), "run")))
	}
	if n := len(c.Missing); n > 0 {
		parts = append(parts, fmt.Sprintf("NEW lacks %s of OLD: %s", Plural(n, "run"), strings.Join(c.Missing[:min(n, 3)], "; ")))
	}
	if worse > 0 {
		parts = append(parts, Plural(worse, "figure")+" worse")
	}
	if better > 0 {
		parts = append(parts, Plural(better, "figure")+" better")
	}
	switch unclear := c.count(compare.Unclear); {
	case len(c.Runs) == 0:
	case worse > 0:
	case c.alike():
		parts = append(parts, "NEW does just what OLD does")
	case c.counting() == 0 && c.undecided() == 0:
		parts = append(parts, "no new violation; its other figures are the wall clock's")
	case unclear > 0:
		parts = append(parts, fmt.Sprintf("no figure is shown to be worse, of %d of %d it can't be told (~)", unclear, c.counting()))
	case better == 0 && c.counting() > 0:
		parts = append(parts, fmt.Sprintf("all %s the same", Plural(c.counting(), "figure")))
	}
	return strings.Join(parts, "; ")
}

// counting are the rows that decide.
func (c *Compared) counting() (n int) {
	for i := range c.Rows {
		if r := &c.Rows[i]; !r.Advisory && r.Kind != compare.Count {
			n++
		}
	}
	return n
}

func (c *Compared) count(v compare.Verdict) (n int) {
	for i := range c.Rows {
		if r := &c.Rows[i]; !r.Advisory && r.Kind != compare.Count && r.Verdict == v {
			n++
		}
	}
	return n
}

func (c *Compared) undecided() (n int) {
	for i := range c.Runs {
		if !c.Runs[i].Decided {
			n++
		}
	}
	return n
}

// alike reports whether every repetition went alike.
func (c *Compared) alike() bool {
	return len(c.Missing) == 0 && !slices.ContainsFunc(c.Runs, func(p compare.Pair) bool {
		return !p.Exact() || p.Differing > 0 || !p.Decided || p.Old.Repetitions != p.New.Repetitions
	})
}

// differs reports whether anything that was compared is otherwise: that less was played is no
// reason to keep less.
func (c *Compared) differs() bool {
	return slices.ContainsFunc(c.Runs, func(p compare.Pair) bool {
		return p.Method != compare.Nothing && (!p.Exact() || p.Differing > 0 || !p.Decided)
	})
}

// terms say what a verdict means.
func (c *Compared) terms() string {
	text := fmt.Sprintf("worse, better: significant at α = %s over all figures, by %s or more", number(c.Alpha), number(100*c.MinEffect)+" %")
	if slices.ContainsFunc(c.Rows, func(r compare.Row) bool { return r.Advisory }) {
		text += "; in brackets is what depends on the wall clock, and decides nothing without --wall-clock"
	}
	return text
}

// telling are the rows that a report shows: of one pair of runs every one but totals, of many
// those that differ; the worst first.
func (c *Compared) telling() []*compare.Row {
	var rows []*compare.Row
	for i := range c.Rows {
		r := &c.Rows[i]
		if r.Kind != compare.Count && (len(c.Runs) == 1 && !c.alike() || r.Verdict == compare.Worse || r.Verdict == compare.Better ||
			r.Verdict == compare.Unclear || r.Kind == compare.Invariant) {
			rows = append(rows, r)
		}
	}
	rank := func(r *compare.Row) int {
		n := slices.Index([]compare.Verdict{compare.Worse, compare.Better, compare.Unclear, compare.Same}, r.Verdict)
		if r.Advisory {
			n += 4
		}
		return n
	}
	slices.SortStableFunc(rows, func(a, b *compare.Row) int { return cmp.Compare(rank(a), rank(b)) })
	return rows
}

// table has the rows; of several pairs it leaves out how sure they are, so that a line has
// room for the name of the run.
func (c *Compared) table(rows []*compare.Row) table.Writer {
	if len(c.Runs) > 1 {
		w := NewTable(table.Row{"run", "figure", "old", "new", "change", ""}, 3, 4, 5)
		for _, r := range rows {
			w.AppendRow(table.Row{c.Runs[r.Run].Name(), r.Metric, value(r.Old), value(r.New), changed(r), verdictOf(r)})
		}
		return w
	}
	w := NewTable(table.Row{"figure", "old", "new", "change", "±", "p", "A", ""}, 2, 3, 4, 5, 6, 7)
	for _, r := range rows {
		w.AppendRow(table.Row{r.Metric, value(r.Old), value(r.New), changed(r), width(r), pValue(r.P), probability(r.Effect), verdictOf(r)})
	}
	return w
}

// verdictOf is a row's verdict in a table.
func verdictOf(r *compare.Row) string {
	verdict := string(r.Verdict)
	if r.Verdict == compare.Unclear {
		verdict = "~"
	}
	if r.Advisory {
		verdict = "(" + verdict + ")"
	}
	return verdict
}

// samples say what the numbers are of.
func (c *Compared) samples(t Text) {
	old, new, rows := 0, 0, c.telling()
	for i := range c.Runs {
		a, b := c.sampled(i)
		old, new = old+a, new+b
	}
	if len(rows) == 0 {
		return
	}
	of := fmt.Sprintf("means over %s of OLD and %d of NEW", Plural(old, "repetition"), new)
	if len(c.Runs) > 1 {
		of = fmt.Sprintf("means over the repetitions of a run, %d of OLD and %d of NEW in all", old, new)
	} else {
		of += fmt.Sprintf("; ± half of the %s %% interval; p by Holm; A: how probable it is that a repetition of NEW has more", number(100*(1-c.Alpha)))
	}
	t.wrapped("figures", of)
}

// sampled are the repetitions of both sides that a run's figures are of.
func (c *Compared) sampled(run int) (old, new int) {
	for i := range c.Rows {
		if r := &c.Rows[i]; r.Run == run && (r.Kind == compare.Distribution || r.Kind == compare.WallClock) {
			old, new = max(old, r.OldSamples), max(new, r.NewSamples)
		}
	}
	if p := &c.Runs[run]; old == 0 && new == 0 {
		return p.Old.Repetitions, p.New.Repetitions
	}
	return old, new
}

// repetitions say which went otherwise; of the pair of the first it is known how that is seen.
func (c *Compared) repetitions(t Text) *compare.Pair {
	compared, differing := 0, 0
	var first *compare.Pair
	for i := range c.Runs {
		p := &c.Runs[i]
		if p.Method != compare.Paired {
			continue
		}
		compared, differing = compared+p.Compared, differing+p.Differing
		if first == nil && p.Differing > 0 {
			first = p
		}
	}
	if compared == 0 {
		return nil
	}
	text := fmt.Sprintf("%d of %s went otherwise", differing, Plural(compared, "repetition"))
	if first == nil {
		t.wrapped("by seed", c.wentAlike(compared))
		return nil
	}
	if len(c.Runs) > 1 {
		text += "; first: " + first.Name()
	} else {
		text += "; first"
	}
	t.wrapped("by seed", fmt.Sprintf("%s, seed %d, repetition %d", text, first.New.Seed, first.First))
	return first
}

// wentAlike says how many of the repetitions did, which are all that both sides have.
func (c *Compared) wentAlike(compared int) string {
	both := ""
	if slices.ContainsFunc(c.Runs, func(p compare.Pair) bool {
		return p.Method == compare.Paired && p.Compared < max(p.Old.Repetitions, p.New.Repetitions)
	}) {
		both = " that both have"
	}
	if compared == 1 {
		return "the one repetition" + both + " went alike"
	}
	return fmt.Sprintf("all %d repetitions%s went alike", compared, both)
}

// settings say what was compared, and what is to be known before it is believed.
func (c *Compared) settings(t Text) {
	notes := 0
	for i := range c.Rows {
		r := &c.Rows[i]
		if r.Note == "" || r.Verdict != compare.Worse || r.Kind != compare.Invariant && r.Kind != compare.Expectation {
			continue
		}
		if notes++; notes <= mostNotes {
			t.wrapped([]string{"", "where"}[max(0, 2-notes)], fmt.Sprintf("%s: %s: %s", c.Runs[r.Run].Name(), r.Metric, r.Note))
		}
	}
	for _, warning := range c.Warnings {
		t.wrapped("warning", warning)
	}
	if n := len(c.Added); n > 0 {
		t.wrapped("not in OLD", strings.Join(c.Added, "; "))
	}
	if c.Renewed {
		t.wrapped("renewed", c.Old.Source+" holds NEW from now on")
	}
	if len(c.Runs) > 0 {
		t.wrapped("played with", comparedWith(c.Runs))
	}
	t.wrapped("OLD", c.Old.line())
	t.wrapped("NEW", c.New.line())
}

func (o *Opponent) line() string {
	return fmt.Sprintf("%s (simulate %s, %s, %s/%s), by itself %s", o.Source, o.Version, o.Go, o.OS, o.Arch, strings.ReplaceAll(string(o.Outcome), "_", " "))
}

func value(v *float64) string {
	if v == nil {
		return "–"
	}
	return formatNumber(*v)
}

// changed is a difference in percent.
func changed(r *compare.Row) string {
	switch {
	case r.Delta != nil:
		return signedPercent(*r.Delta)
	case r.Old == nil || r.New == nil:
		return "–"
	case *r.Old == *r.New:
		return "0 %"
	case *r.Old != 0:
		return signedPercent(*r.New / *r.Old - 1)
	}
	return "from 0"
}

// width is half the width of a difference's interval.
func width(r *compare.Row) string {
	if r.DeltaLow == nil || *r.DeltaLow == *r.DeltaHigh {
		return "–"
	}
	return number(50*(*r.DeltaHigh-*r.DeltaLow)) + " %"
}

func signedPercent(part float64) string {
	switch {
	case part == 0:
		return "0 %"
	case part >= 10:
		return "×" + number(1+part)
	}
	return fmt.Sprintf("%+.3g %%", 100*part)
}

func number(v float64) string {
	if math.Abs(v) >= 1000 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

func pValue(p *float64) string {
	switch {
	case p == nil:
		return "–"
	case *p < 0.001:
		return "<0.001"
	}
	return fmt.Sprintf("%.3f", math.Min(*p, 1))
}

func probability(v *float64) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf("%.2f", *v)
}

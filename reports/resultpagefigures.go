package reports

import (
	"fmt"
	"math"
	"strconv"

	"holdfast/reports/chart"
	"holdfast/reports/page"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/units"
)

// keyNumbers are those that decide on a run.
func keyNumbers(m *measure.Measurement) page.Block {
	c := &m.Counts
	t := page.Table{Caption: "Of " + pooled(m) + ".", Columns: []page.Column{{Name: "what"}, {Name: "value", Number: true}, {Name: "of"}}}
	row := func(what, value, of string) { t.Rows = append(t.Rows, []string{what, value, of}) }
	row("acknowledged", units.Thousands(c.Acknowledged), units.Thousands(c.Operations)+" operations")
	row(gaveUpWords(c), units.Thousands(c.GivenUp()), units.Thousands(c.Operations)+" operations")
	row("lost, duplicated, overwritten unseen", fmt.Sprintf("%d, %d, %d", c.Lost, c.Duplicated, c.Overwritten), units.Thousands(c.Acknowledged)+" acknowledged modifications")
	if c.Puts > 0 {
		row("writes that met a conflict (412, 409)", units.Percent(float64(c.Conflicts412+c.Conflicts409)/float64(c.Puts)), units.Thousands(c.Puts)+" writes")
	}
	if n := c.Acknowledged; n > 0 {
		of := units.Thousands(n) + " acknowledged operations"
		row("attempts, mean", fmt.Sprintf("%.2f", m.Attempts.Mean), of)
		if n >= 100 {
			row("attempts, p99", formatNumber(m.Attempts.P99), of)
		}
		row("attempts, most", strconv.Itoa(m.Attempts.Max), of)
	}
	if l := m.LatencyMS; l != nil {
		of := units.Thousands(l.Samples) + " acknowledged operations, from the intended start"
		for _, q := range []struct {
			name    string
			value   float64
			samples int
		}{{"latency, p50 (ms)", l.P50, 1}, {"latency, p99 (ms)", l.P99, 100}, {"latency, longest (ms)", l.Max, 1}} {
			if l.Samples >= q.samples {
				row(q.name, inDigits(q.value), of)
			}
		}
	}
	if s := m.MakespanMS; s != nil {
		row("makespan, mean (ms)", inDigits(s.Mean), many(s.Samples, "repetition"))
	}
	if o := m.Overlap; o != nil && o.WithinMS > 0 { // else nobody knows
		row("shards at work together (%)", inDigits(100*o.Share), Plural(o.Shards, "shard"))
	}
	if len(m.Alarms) > 0 {
		firing, unknown := alarmsOf(m)
		row("documented alarms that would fire", fmt.Sprintf("%d%s", firing, notKnown(unknown)), Plural(len(m.Alarms), "alarm"))
	}
	return t
}

// figures are the drawings of a run, of what is known.
func figures(m *measure.Measurement) []page.Block {
	var all []page.Block
	for _, f := range []*page.Figure{attemptsFigure(m), latencyFigure(m), timelineFigure(m), spentFigure(m), fairnessFigure(m)} {
		if f != nil {
			all = append(all, *f)
		}
	}
	return all
}

// gaveUpWords name what [measure.Counts.GivenUp] counts.
func gaveUpWords(c *measure.Counts) string {
	if c.EndedUnknown > 0 {
		return "gave up, or ended in doubt"
	}
	return "gave up"
}

// mostAttemptBars are drawn on a page: more can't be read.
const mostAttemptBars = 12

// attemptsFigure shows how many operations needed how many attempts, and how many gave up.
func attemptsFigure(m *measure.Measurement) *page.Figure {
	gaveUp, named := m.Counts.GivenUp(), gaveUpWords(&m.Counts)
	total := m.Counts.Acknowledged + gaveUp
	if total == 0 {
		return nil
	}
	said := func(n int) string {
		return fmt.Sprintf("%s (%s)", units.Thousands(n), units.Percent(float64(n)/float64(total)))
	}
	const title = "Attempts needed"
	b := chart.Bars{Title: title, X: "operations, by the writes that each needed", Parts: []string{"operations"}}
	for _, r := range chart.Gathered(m.Attempts.Histogram, mostAttemptBars) {
		b.Bars = append(b.Bars, chart.Bar{Label: r.Label(), Values: []float64{float64(r.N)}, Said: said(r.N)})
	}
	if gaveUp > 0 {
		b.Bars = append(b.Bars, chart.Bar{Label: named, Values: []float64{float64(gaveUp)}, Said: said(gaveUp), Apart: true})
	}
	f := page.Figure{
		Title: title, Drawing: &b,
		Caption: fmt.Sprintf("Of %s that were acknowledged or %s: %s %s. Who was acknowledged needed %.2f writes on average, %d at most.",
			many(total, "operation"), named, said(gaveUp), named, m.Attempts.Mean, m.Attempts.Max),
		Table: page.Table{Columns: []page.Column{{Name: "attempts"}, {Name: "operations", Number: true}, {Name: "share (%)", Number: true}}},
	}
	for needed, n := range m.Attempts.Histogram {
		if n > 0 {
			f.Table.Rows = append(f.Table.Rows, []string{strconv.Itoa(needed), units.Thousands(n), fmt.Sprintf("%.2f", 100*float64(n)/float64(total))})
		}
	}
	f.Table.Rows = append(f.Table.Rows, []string{named, units.Thousands(gaveUp), fmt.Sprintf("%.2f", 100*float64(gaveUp)/float64(total))})
	return &f
}

// latencyFigure shows the whole distribution of latency, as HdrHistogram plots it: over the
// share of operations that took longer, each factor of ten as wide as the one before.
func latencyFigure(m *measure.Measurement) *page.Figure {
	d := m.Distribution
	if len(d) == 0 || m.LatencyMS == nil {
		return nil
	}
	l := m.LatencyMS
	end := math.Log10(float64(l.Samples))
	place := func(percent float64) float64 { return min(-math.Log10(1-percent/100), end) }
	line := chart.Series{Name: "latency"}
	table := page.Table{Columns: []page.Column{{Name: "percent of operations", Number: true}, {Name: "at most (ms)", Number: true}}}
	for _, q := range d {
		line.Points = append(line.Points, chart.Point{X: place(q.Percent), Y: q.MS})
		table.Rows = append(table.Rows, []string{strconv.FormatFloat(q.Percent, 'f', -1, 64), inDigits(q.MS)})
	}
	ticks := []float64{place(50)}
	for nines := 1.0; nines <= end; nines++ {
		ticks = append(ticks, nines)
	}
	const title = "Latency"
	c := chart.Chart{
		Title: title, X: "percentile (logarithmic in what is left)", Ticks: ticks, Say: percentile,
		Panels: []chart.Panel{{Y: "latency (ms)", Close: true, Series: []chart.Series{line}}},
	}
	return &page.Figure{
		Title: title, Drawing: &c, Table: table,
		Caption: fmt.Sprintf("From the intended start to the answer, of %s that were acknowledged: half took at most %s ms, the longest %s ms.",
			many(l.Samples, "operation"), inDigits(l.P50), inDigits(l.Max)),
	}
}

// percentile names the place of one on a logarithmic axis: p99 at 2, p99.9 at 3.
func percentile(x float64) string {
	const digits = 1e4
	return "p" + strconv.FormatFloat(math.Round(100*(1-math.Pow(10, -x))*digits)/digits, 'f', -1, 64)
}

// inDigits is a number with as many digits as people read, in groups.
func inDigits(v float64) string {
	if v >= 1000 {
		return units.Thousands(int(math.Round(v)))
	}
	return formatNumber(v)
}

// many says how many there are of something, in digits that are grouped.
func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return units.Thousands(n) + " " + what + "s"
}

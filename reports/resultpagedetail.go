package reports

import (
	"fmt"
	"strconv"

	"holdfast/reports/chart"
	"holdfast/reports/page"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/units"
)

// mostMarked are the points that have room for a marker each.
const mostMarked = 30

// timelineFigure shows when writes committed, met a conflict and were sent again.
func timelineFigure(m *measure.Measurement) *page.Figure {
	t := m.Timeline
	if t == nil || len(t.Commits) == 0 {
		return nil
	}
	lines := []struct {
		name   string
		counts []int
	}{{"commits", t.Commits}, {"conflicts", t.Conflicts}, {"retries", t.Retries}, {"throttled", t.Throttled}, {"without an answer", t.Unknown}}
	width := inDigits(t.WidthMS) + " ms"
	const title = "Over time"
	panel := chart.Panel{Y: "writes in each " + width, Linear: true, Close: len(t.Commits) > mostMarked}
	f := page.Figure{
		Title: title,
		Caption: fmt.Sprintf("%s that committed, met a conflict (412, 409) or were not the first of their operation, in each %s from the start of a repetition on; %s.",
			capital(many(m.Counts.Puts, "write")), width, together(t.Repetitions)),
		Table: page.Table{Columns: []page.Column{{Name: "from (ms)", Number: true}}},
	}
	f.Table.Rows = make([][]string, len(t.Commits))
	for i := range f.Table.Rows {
		f.Table.Rows[i] = []string{inDigits(float64(i) * t.WidthMS)}
	}
	x, unit := 1.0, "time since the start of a repetition (ms)"
	if float64(len(t.Commits))*t.WidthMS > 5000 {
		x, unit = 1000, "time since the start of a repetition (s)"
	}
	for _, l := range lines {
		if len(l.counts) != len(t.Commits) { // nobody met with it
			continue
		}
		s := chart.Series{Name: l.name}
		for i, n := range l.counts {
			s.Points = append(s.Points, chart.Point{X: (float64(i) + 0.5) * t.WidthMS / x, Y: float64(n)})
			f.Table.Rows[i] = append(f.Table.Rows[i], units.Thousands(n))
		}
		panel.Series = append(panel.Series, s)
		f.Table.Columns = append(f.Table.Columns, page.Column{Name: l.name, Number: true})
	}
	f.Drawing = &chart.Chart{Title: title, X: unit, Linear: true, Panels: []chart.Panel{panel}}
	return &f
}

func together(repetitions int) string {
	if repetitions == 1 {
		return "one repetition"
	}
	return fmt.Sprintf("%s together, of which the shorter ones end earlier", many(repetitions, "repetition"))
}

// spentFigure shows what an acknowledged operation's time went to.
func spentFigure(m *measure.Measurement) *page.Figure {
	s := m.Spent
	if s == nil {
		return nil
	}
	parts := []struct {
		name string
		ms   float64
	}{{"queued before its start", s.QueuedMS}, {"calls of the store", s.CallsMS}, {"waiting for the next attempt", s.WaitingMS}, {"the program's own work", max(s.OwnMS, 0)}}
	total := 0.0
	for _, p := range parts {
		total += p.ms
	}
	if total <= 0 {
		return nil
	}
	const title = "Waiting against working"
	b := chart.Bars{Title: title, X: "mean time of an operation (ms)", Bars: []chart.Bar{{Label: "mean", Said: inDigits(total) + " ms"}}}
	f := page.Figure{
		Title: title, Drawing: &b,
		Caption: fmt.Sprintf("What the time of an acknowledged operation went to, on average over %s: %s of it was waiting for the next attempt.",
			many(s.Samples, "operation"), units.Percent(s.WaitingMS/total)),
		Table: page.Table{Columns: []page.Column{{Name: "what"}, {Name: "mean (ms)", Number: true}, {Name: "share (%)", Number: true}}},
	}
	for _, p := range parts {
		b.Parts, b.Bars[0].Values = append(b.Parts, fmt.Sprintf("%s: %s ms", p.name, inDigits(p.ms))), append(b.Bars[0].Values, p.ms)
		f.Table.Rows = append(f.Table.Rows, []string{p.name, inDigits(p.ms), fmt.Sprintf("%.1f", 100*p.ms/total)})
	}
	return &f
}

// fairnessFigure shows how much longer some actors take than others.
func fairnessFigure(m *measure.Measurement) *page.Figure {
	fair := m.Fairness
	if fair == nil || len(fair.Each) < 2 {
		return nil
	}
	slow, middle := chart.Series{Name: "p99"}, chart.Series{Name: "p50"}
	f := page.Figure{
		Title: "Fairness across actors",
		Caption: fmt.Sprintf("Latency of %s that were acknowledged, from the best p99 to the worst: %s ms for %s, %s ms for the median actor. Jain's index of the means is %.3f (1: all alike; %.3f: one waits and the others do not).",
			many(fair.Actors, "actor"), inDigits(fair.WorstP99MS), fair.Worst, inDigits(fair.MedianP99MS), fair.Jain, 1/float64(fair.Actors)),
		Table: page.Table{Columns: []page.Column{
			{Name: "actor"}, {Name: "acknowledged", Number: true}, {Name: "gave up", Number: true}, {Name: "p50 (ms)", Number: true}, {Name: "p99 (ms)", Number: true},
		}},
	}
	if fair.Starved > 0 {
		f.Caption += " " + capital(many(fair.Starved, "actor")) + " beside these gave up always."
	}
	fewest := fair.Each[0].Samples
	for i, a := range fair.Each {
		x := float64(i + 1)
		slow.Points = append(slow.Points, chart.Point{X: x, Y: a.P99MS})
		middle.Points = append(middle.Points, chart.Point{X: x, Y: a.P50MS})
		fewest = min(fewest, a.Samples)
		f.Table.Rows = append(f.Table.Rows, []string{a.Actor, units.Thousands(a.Samples), units.Thousands(a.GaveUp), inDigits(a.P50MS), inDigits(a.P99MS)})
	}
	if fewest < 100 {
		f.Caption += fmt.Sprintf(" Of an actor with fewer than 100 samples p99 is the longest; the fewest are %d.", fewest)
	}
	f.Drawing = &chart.Chart{Title: f.Title, X: "actors, in the order of their p99", Linear: true, Panels: []chart.Panel{{
		Y: "latency (ms)", Close: len(fair.Each) > mostMarked, Series: []chart.Series{slow, middle},
	}}}
	return &f
}

// alarmBlocks say which of the documented alarms production would have rung.
func alarmBlocks(m *measure.Measurement) []page.Block {
	if len(m.Alarms) == 0 {
		return nil
	}
	t := page.Table{
		Caption: "The alarms that are documented for production, as if this run had been production's.",
		Columns: []page.Column{{Name: "metric"}, {Name: "watches"}, {Name: "value", Number: true}, {Name: "threshold", Number: true}, {Name: "samples", Number: true}, {Name: "would it fire?", Verdict: true}},
	}
	var notes page.List
	for _, a := range m.Alarms {
		value, verdict := inDigits(a.Value)+" "+a.Unit, "QUIET"
		switch {
		case a.Samples == 0:
			value, verdict = "–", "UNKNOWN"
		case a.Fires:
			verdict = "FIRES"
		}
		t.Rows = append(t.Rows, []string{a.Metric, a.Means, value, a.Threshold + " " + a.Unit, units.Thousands(a.Samples), verdict})
		if a.Note != "" {
			notes = append(notes, a.Metric+": "+a.Note)
		}
	}
	if len(notes) == 0 {
		return []page.Block{t}
	}
	return []page.Block{t, notes}
}

// costBlocks say what the requests would cost.
func costBlocks(m *measure.Measurement) []page.Block {
	c := m.Cost
	if c == nil {
		return nil
	}
	charged := "A write that is refused (412, 409) is charged like any other."
	if c.RefusalsFree {
		charged = "A write that is refused (412, 409) is not charged."
	}
	whose := "By the prices of " + c.Prices
	if c.Assumed {
		whose += ", which is assumed: what this store charges is not known, if it charges anything"
	}
	t := page.Table{
		Caption: fmt.Sprintf("%s. %s Measured on %s and %s.", whose, charged, many(m.Counts.Puts, "write"), many(m.Counts.Gets, "read")),
		Columns: []page.Column{{Name: "what"}, {Name: "US dollars", Number: true}},
		Rows: [][]string{
			{"1,000 writes", dollars(c.PutPer1000)}, {"1,000 reads", dollars(c.GetPer1000)}, {"a million commits", fmt.Sprintf("%.2f", c.PerMillionCommits)},
		},
	}
	if c.PerMillionUpdates > 0 {
		t.Rows = append(t.Rows, []string{"a million acknowledged updates", fmt.Sprintf("%.2f", c.PerMillionUpdates)})
	}
	return []page.Block{t}
}

// dollars of a small price, with all its digits.
func dollars(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

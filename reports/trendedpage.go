package reports

import (
	"fmt"
	"strings"

	"holdfast/reports/chart"
	"holdfast/reports/page"
)

// Page tells the trend with its charts.
func (t Trended) Page() page.Page {
	word, _ := t.word()
	p := page.Page{Title: "Trend", Verdict: word, Tone: page.ToneOf(word), Lead: t.lead(), Facts: t.facts(), Advice: t.advice()}
	for i, s := range t.gravest() {
		p.Sections = append(p.Sections, s.section(fmt.Sprintf("series-%d", i+1)))
	}
	if len(t.LeftOut) > 0 {
		rows := [][]string{}
		for _, l := range t.LeftOut {
			rows = append(rows, []string{l.Run, l.Why})
		}
		p.Sections = append(p.Sections, page.Section{ID: "left-out", Title: "Left out", Blocks: []page.Block{page.Table{
			Caption: "Runs that say nothing of their figures", Columns: []page.Column{{Name: "run"}, {Name: "why"}}, Rows: rows,
		}}})
	}
	return p
}

// advice is to look at the runs on both sides of what has become worse.
func (t *Trended) advice() []page.Advice {
	var all []page.Advice
	for i := range t.Series {
		s := &t.Series[i]
		for m := range s.Metrics {
			if s.Metrics[m].worse() {
				c := s.Metrics[m].worsening()
				all = append(all, page.Advice{
					Text:    fmt.Sprintf("%s: compare the last run before %s became worse with the first one after", s.name(), s.Metrics[m].Metric),
					Command: "simulate compare " + ShellWord(s.Runs[c.At-1].Run) + " " + ShellWord(s.Runs[c.At].Run),
				})
				break // of those that go together one is enough
			}
		}
	}
	return all
}

func (t *Trended) facts() []page.Fact {
	return []page.Fact{
		{Name: "found by", Value: t.method()},
		{Name: "runs needed", Value: fmt.Sprintf("%d of a series, unless they have one seed", t.LeastRuns)},
		{Name: "noise", Value: "the standard deviation between runs, of what no change explains, as a share"},
	}
}

func (s *TrendSeries) section(id string) page.Section {
	sec := page.Section{ID: id, Title: s.name(), Verdict: s.word(), Blocks: []page.Block{page.Prose(sentence(s.about()))}}
	if sight := s.sight(); sight != "" {
		sec.Blocks = append(sec.Blocks, page.Prose(sentence(sight)))
	}
	var places []string
	for _, at := range s.places() {
		places = append(places, fmt.Sprintf("Run %d, %s: %s.", at+1, s.changed(at), s.place(at)))
	}
	if len(places) > 0 {
		sec.Blocks = append(sec.Blocks, page.List(places))
	}
	sec.Blocks = append(sec.Blocks, s.table())
	if f := s.figure(); f != nil {
		sec.Blocks = append(sec.Blocks, *f)
	}
	return sec
}

// changed says which metrics changed with a run, and how.
func (s *TrendSeries) changed(at int) string {
	var all []string
	for i := range s.Metrics {
		if c := s.Metrics[i].changesAt(at); c != nil {
			all = append(all, s.Metrics[i].Metric+" "+c.size())
		}
	}
	return strings.Join(all, ", ")
}

func (s *TrendSeries) table() page.Table {
	t := page.Table{
		Caption: fmt.Sprintf("Figures of %s; less is better. Steady: no change is shown, and one that is small beside the noise can hide.", Plural(len(s.Runs), "run")),
		Columns: []page.Column{
			{Name: "metric"}, {Name: "verdict", Verdict: true}, {Name: "first", Number: true}, {Name: "last", Number: true},
			{Name: "noise", Number: true}, {Name: "last change"},
		},
	}
	for i := range s.Metrics {
		m := &s.Metrics[i]
		story := m.Why
		if m.State != Unclear {
			story = m.story()
		}
		t.Rows = append(t.Rows, []string{m.Metric, m.word(), m.value(0), m.value(len(m.Values) - 1), m.noise(), story})
	}
	return t
}

// figure draws the metrics that vary; nil: none does.
func (s *TrendSeries) figure() *page.Figure {
	c := chart.Chart{Title: s.name(), X: "run"}
	values := page.Table{
		Caption: "The figures of each run", Folded: true,
		Columns: []page.Column{{Name: "run", Number: true}, {Name: "began"}, {Name: "version"}, {Name: "seed", Number: true}, {Name: "verdict", Verdict: true}},
	}
	var shown []*TrendMetric
	for i := range s.Metrics {
		if m := &s.Metrics[i]; m.varies() {
			shown = append(shown, m)
			c.Panels = append(c.Panels, m.panel())
			values.Columns = append(values.Columns, page.Column{Name: m.label(), Number: true})
		}
	}
	if len(shown) == 0 {
		return nil
	}
	for i := range s.Runs {
		run := &s.Runs[i]
		row := []string{fmt.Sprint(i + 1), "", run.Version, fmt.Sprint(run.Seed), string(run.Verdict)}
		if run.Time != nil {
			row[1] = run.Time.Format("2006-01-02 15:04:05")
		}
		for _, m := range shown {
			row = append(row, m.value(i))
		}
		values.Rows = append(values.Rows, row)
	}
	return &page.Figure{
		Title: "Run by run", Drawing: &c, Table: values,
		Caption: fmt.Sprintf("A marker is a run, of %d; the dashed line is the mean between changes, so that it steps where a change was found. Axes do not begin at 0.", len(s.Runs)),
	}
}

func (m *TrendMetric) label() string {
	if m.Unit == "" {
		return m.Metric
	}
	return m.Metric + " (" + m.Unit + ")"
}

// varies reports whether there is anything to draw.
func (m *TrendMetric) varies() bool {
	var first *float64
	for _, v := range m.Values {
		switch {
		case v == nil:
		case first == nil:
			first = v
		case *v != *first:
			return true
		}
	}
	return false
}

// panel draws the values, and the means between changes, where changes were looked for.
func (m *TrendMetric) panel() chart.Panel {
	p := chart.Panel{Y: m.label(), Near: true}
	runs := chart.Series{Name: "runs"}
	for i, v := range m.Values {
		if v != nil {
			runs.Points = append(runs.Points, chart.Point{X: float64(i + 1), Y: *v})
		}
	}
	means := chart.Series{Name: "mean between changes"}
	if m.State != Unclear {
		for _, l := range m.levels() {
			means.Points = append(means.Points, chart.Point{X: float64(l.from + 1), Y: l.mean}, chart.Point{X: float64(l.to), Y: l.mean})
		}
	}
	p.Series = []chart.Series{runs, means}
	return p
}

// level is a mean between changes, of the runs from one to before another.
type level struct {
	from, to int
	mean     float64
}

func (m *TrendMetric) levels() []level {
	if len(m.Changes) == 0 {
		return []level{{0, len(m.Values), m.mean()}}
	}
	all := []level{{0, m.Changes[0].At, m.Changes[0].Before}}
	for i := range m.Changes {
		to := len(m.Values)
		if i+1 < len(m.Changes) {
			to = m.Changes[i+1].At
		}
		all = append(all, level{m.Changes[i].At, to, m.Changes[i].After})
	}
	return all
}

// mean is that of all values, of which there is one at least.
func (m *TrendMetric) mean() float64 {
	sum, n := 0.0, 0.0
	for _, v := range m.Values {
		if v != nil {
			sum, n = sum+*v, n+1
		}
	}
	return sum / n
}

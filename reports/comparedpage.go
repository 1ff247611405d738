package reports

import (
	"fmt"
	"strings"

	"holdfast/reports/compare"
	"holdfast/reports/page"
)

// Page tells a comparison: what is worse first, then every figure.
func (c Compared) Page() page.Page {
	p := page.Page{
		Title: "Comparison", Verdict: c.word(), Tone: page.ToneOf(c.word()), Lead: sentence(c.line()), Advice: c.advice(),
		Facts: page.Facts{
			{Name: "OLD", Value: c.Old.line()}, {Name: "NEW", Value: c.New.line()},
			{Name: "verdicts", Value: sentence(c.terms())},
		},
	}
	if len(c.Runs) > 0 {
		p.Facts = append(p.Facts, page.Fact{Name: "played with", Value: sentence(comparedWith(c.Runs))})
	}
	p.Sections = append(p.Sections, c.differing("figures"))
	if len(c.Warnings)+len(c.Missing)+len(c.Added) > 0 {
		p.Sections = append(p.Sections, page.Section{ID: "doubts", Title: "Before you believe it", Blocks: []page.Block{c.doubts()}})
	}
	for i := range c.Runs {
		p.Sections = append(p.Sections, c.pairSection(i))
	}
	return p
}

// advice is how the first repetition that went otherwise is played alone.
func (c *Compared) advice() []page.Advice {
	var all []page.Advice
	for i := range c.Runs {
		r := &c.Runs[i]
		if r.ReplayNew == "" || len(all) > 0 {
			continue
		}
		all = append(all,
			page.Advice{Text: fmt.Sprintf("Play the first repetition that went otherwise, of %s, with the program of NEW", r.Name()), Command: r.ReplayNew},
			page.Advice{Text: "and with the program of OLD", Command: r.ReplayOld})
	}
	return all
}

func (c *Compared) doubts() page.List {
	list := page.List(append([]string{}, c.Warnings...))
	for _, name := range c.Missing {
		list = append(list, "NEW lacks "+name)
	}
	for _, name := range c.Added {
		list = append(list, "OLD lacks "+name)
	}
	return list
}

// differing is the section of the figures that a report shows.
func (c *Compared) differing(id string) page.Section {
	s := page.Section{ID: id, Title: "What differs", Verdict: c.word()}
	rows := c.telling()
	if len(rows) == 0 {
		s.Blocks = []page.Block{page.Prose(sentence(c.line()))}
		return s
	}
	table := page.Table{
		Caption: "Totals, which have no verdict (counts.…), or means over n repetitions of OLD and of NEW; p: by Holm over all figures; in brackets: decides nothing",
		Columns: []page.Column{
			{Name: "run"}, {Name: "figure"}, {Name: "verdict", Verdict: true}, {Name: "old", Number: true}, {Name: "new", Number: true},
			{Name: "change", Number: true}, {Name: "p", Number: true}, {Name: "n", Number: true},
		},
	}
	for _, r := range rows {
		table.Rows = append(table.Rows, []string{c.Runs[r.Run].Name(), r.Metric, judged(r), value(r.Old), value(r.New), changed(r), pValue(r.P), samplesOf(r)})
	}
	s.Blocks = []page.Block{table}
	return s
}

// samplesOf are the repetitions of both sides that a row is of.
func samplesOf(r *compare.Row) string { return fmt.Sprintf("%d, %d", r.OldSamples, r.NewSamples) }

// judged is a row's verdict on a page; totals have none, they only differ.
func judged(r *compare.Row) string {
	if r.Kind == compare.Count {
		return ""
	}
	if r.Advisory {
		return "(" + string(r.Verdict) + ")"
	}
	return string(r.Verdict)
}

// pairSection has all figures of a pair of runs.
func (c *Compared) pairSection(i int) page.Section {
	p := &c.Runs[i]
	s := page.Section{ID: fmt.Sprintf("run-%d", i+1), Title: p.Name(), Verdict: strings.ToUpper(string(p.Verdict)), Folded: p.Verdict != compare.Worse, Detail: true}
	olds, news := c.sampled(i)
	how := map[compare.Method]string{
		compare.Paired:   fmt.Sprintf("Compared seed by seed: %d of %s went otherwise", p.Differing, Plural(p.Compared, "repetition")),
		compare.Unpaired: fmt.Sprintf("Compared as two samples, of %d and %s", olds, Plural(news, "repetition")),
		compare.Totals:   "Compared by totals, since there is no value for each repetition",
		compare.Nothing:  "Not compared: the numbers of different worlds have nothing to do with each other",
	}[p.Method]
	s.Blocks = append(s.Blocks, page.Prose(sentence(how)), page.Prose(sentence("Played with "+comparedWith([]compare.Pair{*p}))))
	var rows []*compare.Row
	for k := range c.Rows {
		if c.Rows[k].Run == i {
			rows = append(rows, &c.Rows[k])
		}
	}
	if len(rows) > 0 {
		s.Blocks = append(s.Blocks, c.pageTable(rows))
	}
	var notes page.List
	for _, r := range rows {
		if r.Note != "" {
			notes = append(notes, r.Metric+": "+r.Note)
		}
	}
	if len(notes) > 0 {
		s.Blocks = append(s.Blocks, notes)
	}
	return s
}

// pageTable is of all that is known of rows.
func (c *Compared) pageTable(rows []*compare.Row) page.Table {
	t := page.Table{
		Caption: fmt.Sprintf("Totals, which have no verdict (counts.…), or means over n repetitions of OLD and of NEW; ±: half of the %s %% interval; p: by Holm over all figures; "+
			"A: how probable it is that a repetition of NEW has more; in brackets: decides nothing", number(100*(1-c.Alpha))),
		Columns: []page.Column{
			{Name: "figure"}, {Name: "verdict", Verdict: true}, {Name: "old", Number: true}, {Name: "new", Number: true}, {Name: "change", Number: true},
			{Name: "±", Number: true}, {Name: "p", Number: true}, {Name: "A", Number: true}, {Name: "n", Number: true},
		},
	}
	for _, r := range rows {
		t.Rows = append(t.Rows, []string{
			r.Metric, judged(r), value(r.Old), value(r.New), changed(r), width(r), pValue(r.P), probability(r.Effect),
			samplesOf(r),
		})
	}
	return t
}

// Cases implements [cased]: one for each pair of runs.
func (c Compared) Cases() []Case {
	var cases []Case
	for i := range c.Runs {
		p := &c.Runs[i]
		one := Case{Suite: "compare", Name: fmt.Sprintf("compare / run %d, %s", i+1, p.Name()), Is: Succeeded}
		var worse []string
		for k := range c.Rows {
			if r := &c.Rows[k]; r.Run == i && r.Verdict == compare.Worse && !r.Advisory {
				worse = append(worse, fmt.Sprintf("%s: %s, was %s (%s)", r.Metric, value(r.New), value(r.Old), changed(r)))
			}
		}
		switch {
		case len(worse) > 0 && !c.Renewed:
			one.Is, one.Message = Failed, "worse: "+worse[0]
		case !p.Decided && !c.Renewed:
			one.Is, one.Message = Unknown, "it could not be compared"
		}
		if one.Is != Succeeded {
			one.Detail = strings.Join(append(worse, "replay OLD: "+p.ReplayOld, "replay NEW: "+p.ReplayNew), "\n")
		}
		cases = append(cases, one)
	}
	for _, name := range c.Missing {
		if c.Renewed {
			break
		}
		cases = append(cases, Case{Suite: "compare", Name: "compare / " + name, Is: Unknown, Message: "NEW lacks it", Detail: "OLD has such a run."})
	}
	return cases
}

// on adds a comparison to the page of the runs that were compared. What is worse than they are
// by themselves is the verdict.
func (c *Compared) on(p *page.Page, own Class) {
	s := c.differing("compared")
	s.Title = "Compared with " + c.Old.Source
	p.Sections = append([]page.Section{s}, p.Sections...)
	if c.Class() > own {
		p.Verdict, p.Tone, p.Lead = c.word(), page.ToneOf(c.word()), sentence("Compared with "+c.Old.Source+": "+c.line())+" "+p.Lead
		p.Advice = append(c.advice(), p.Advice...)
	}
}

package reports

import (
	"fmt"
	"strings"

	"holdfast/reports/page"
	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/sweep"
	"holdfast/scenarios/units"
)

// Page tells it to who was not there.
func (s Swept) Page() page.Page {
	p := page.Page{Title: "sweep " + s.Scenario, Verdict: s.word(), Tone: toneOf(s.Class()), Lead: s.line() + "."}
	p.Advice = again("Play the points that are missing:", s.Resume)
	if wrong := s.wrongPoints(); len(wrong.Rows) > 0 {
		p.Sections = append(p.Sections, page.Section{ID: "violations", Title: "What went wrong", Blocks: []page.Block{wrong}})
	}
	if doubts := s.doubtfulPoints(); len(doubts.Rows) > 0 {
		p.Sections = append(p.Sections, page.Section{ID: "doubts", Title: "What proves nothing", Blocks: []page.Block{doubts}})
	}
	c, err := s.chart()
	chart := page.Figure{Title: title(s), Drawing: c, Caption: "A line for each combination of the other parameters; a bar is the 95 % confidence interval of the mean over the runs of a point. The numbers are in the table below."}
	p.Sections = append(p.Sections,
		page.Section{ID: "lines", Title: "What changes with the parameters", Blocks: []page.Block{drawn(chart, err)}},
		page.Section{ID: "points", Title: "All points", Blocks: []page.Block{s.pointsTable()}})
	for _, v := range s.Vary {
		p.Facts = append(p.Facts, page.Fact{Name: v.Name, Value: strings.Join(v.Values, ", ")})
	}
	p.Facts = append(p.Facts, fact("core", s.Core)...)
	p.Facts = append(p.Facts, fact("policy", commonPolicy(s))...)
	p.Facts = append(p.Facts, fact("latency", s.Latency)...)
	p.Facts = append(p.Facts, fact("layout", s.Layout)...)
	p.Facts = append(p.Facts, page.Fact{Name: "world", Value: "virtual"}, page.Fact{Name: "seed", Value: fmt.Sprint(s.Seed)}, page.Fact{Name: "runs of each point", Value: fmt.Sprint(s.Runs)})
	p.Facts = append(p.Facts, fact("missing", s.Unplayed)...)
	p.Facts = append(p.Facts, fact("saved in", s.Directory)...)
	return p
}

// wrongPoints are those in which core or store broke a promise, with how to see it.
func (s Swept) wrongPoints() page.Table {
	table := page.Table{Caption: "Points that violate an invariant, or in which the store broke its word", Columns: columns("point", "what", "play it again")}
	for i := range s.Points {
		switch p := &s.Points[i]; p.Verdict {
		case check.Violated:
			table.Rows = append(table.Rows, []string{p.Params.String(), "violates " + strings.Join(violated(&measure.Measurement{Violated: p.Violated}), ", "), p.Replay})
		case check.StoreAtFault:
			table.Rows = append(table.Rows, []string{p.Params.String(), "the store broke its promise; nothing is shown against the core", p.Replay})
		}
	}
	return table
}

func (s Swept) doubtfulPoints() page.Table {
	table := page.Table{Caption: "Points that prove nothing", Columns: columns("point", "why", "play it again")}
	for i := range s.Points {
		if p := &s.Points[i]; p.Verdict == check.Inconclusive {
			table.Rows = append(table.Rows, []string{p.Params.String(), strings.Join(p.Reasons, "; "), p.Replay})
		}
	}
	return table
}

// pointsTable has every number that the text has room for, and those for which it has not.
func (s Swept) pointsTable() page.Table {
	names := []string{}
	for i, name := range s.shortNames() {
		if s.Vary[i].Numeric() {
			name = "#" + name
		}
		names = append(names, name)
	}
	verdict := len(names)
	names = append(names, "verdict", "#runs", "#puts", "#± 95 %", "#puts/commit", "#makespan (ms)", "#± 95 %", "#p50 (ms)", "#p99 (ms)", "#conflicts", "#gave up", "#Jain", "#$/1000 commits")
	table := page.Table{
		Caption: fmt.Sprintf("Means of a run, of %s of each point. Puts/commit and makespan include those that gave up; latency is of what was committed only; Jain's index of the clients' latencies is 1 if all wait alike; $/1000 buys 1,000 commits on S3.", Plural(s.Runs, "run")),
		Columns: withVerdicts(columns(names...), verdict),
	}
	labels := labellings(s.Vary)
	for i := range s.Points {
		table.Rows = append(table.Rows, pointRow(labels, &s.Points[i]))
	}
	return table
}

func pointRow(labels []map[string]string, p *sweep.Measured) []string {
	row := []string{}
	for k, param := range p.Params {
		row = append(row, labels[k][param.Value])
	}
	p50, p99 := "–", "–"
	if l := p.LatencyMS; l != nil {
		p50, p99 = units.Number(l.P50), units.Number(l.P99)
	}
	return append(row, verdictWord(p.Verdict, false, true), units.Thousands(p.Runs),
		fmt.Sprintf("%.*f", putsDigits(p), p.PutsMean), rounded(p.PutsCI95, 1, putsDigits(p), ""), rounded(p.PutsPerCommit, 1, 2, ""),
		numberOf(p.MakespanMean), numberOf(p.MakespanCI95), p50, p99, share(p.ConflictRate), share(p.ExhaustedRate), rounded(p.Jain, 1, 3, ""), rounded(p.CostUSD, 1, 3, ""))
}

// numberOf is a number as people read it; a dash where there is none.
func numberOf(v *float64) string {
	if v == nil {
		return "–"
	}
	return units.Number(*v)
}

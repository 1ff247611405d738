package reports

import (
	"fmt"
	"strings"

	"holdfast/reports/chart"
	"holdfast/reports/page"
	"holdfast/scenarios/check"
	"holdfast/scenarios/units"
)

// Page tells it to who was not there.
func (e Explored) Page() page.Page {
	p := page.Page{
		Title: fmt.Sprintf("explore %s, %s core", e.Scenario, e.Core), Verdict: e.word(), Tone: toneOf(e.Class()), Lead: e.Line() + ".",
	}
	if why := e.doubt(); e.Verdict == check.Inconclusive {
		p.Lead = e.Line() + ": " + why + "."
	}
	if e.Verdict == check.Violated {
		p.Advice = again("Play the schedule that shows it, and keep its history:", e.Replay)
		p.Advice = append(p.Advice, again("Or play the scenario that was saved:", e.Saved)...)
		common := story{scenario: e.Scenario, untimed: true, moves: e.laneMoves(), fate: e.inevitability()}
		p.Sections = append(p.Sections,
			page.Section{ID: "violations", Title: "What went wrong", Blocks: violationSections(e.Violations, e.Windows, common)},
			e.scheduleSection())
	} else {
		p.Advice = again("Explore the same again:", e.Replay)
	}
	p.Sections = append(p.Sections, e.coverage())
	p.Facts = page.Facts{{Name: "scenario", Value: e.Scenario}, {Name: "core", Value: e.Core + layoutNamed(e.Layout)}, {Name: "policy", Value: e.Policy}, {Name: "seed", Value: fmt.Sprint(e.Seed)}}
	return p
}

// scheduleSection is the order of the calls, and where the violation became inevitable.
func (e *Explored) scheduleSection() page.Section {
	s := page.Section{ID: "schedule", Title: "The order of the calls", Blocks: []page.Block{
		page.Prose(fmt.Sprintf("The shortest that was found has %s; the first that was seen was number %d.", Plural(len(strings.Fields(e.Schedule)), "store call"), e.FoundAfter)),
		page.Code{Title: "The schedule: whose call takes effect next, and how it ends", Text: e.Schedule},
	}}
	if len(e.Inevitable) == 0 {
		return s
	}
	s.Blocks = append(s.Blocks,
		page.Prose("Where it became inevitable: "+e.inevitability()+"."),
		drawn(page.Figure{
			Title: "How probable the violation was after each move", Drawing: e.inevitableChart(), Table: e.inevitableTable(),
			Caption: "Of what may come after a beginning of the schedule, without further faults, the share that violates the same invariant, if each next move is drawn evenly from those that are possible. Exact where all was played; else estimated, and a bar is the 95 % interval.",
		}, nil))
	return s
}

// laneMoves are the moves of the schedule, with what may come after them where that is known.
func (e *Explored) laneMoves() []page.LaneMove {
	var moves []page.LaneMove
	for i, name := range strings.Fields(e.Schedule) {
		m := page.LaneMove{Name: name}
		if i+1 < len(e.Inevitable) {
			p := &e.Inevitable[i+1]
			m.Chance, m.Share = shareAlone(p), p.Share
		}
		m.Fateful = e.InevitableAfter != nil && *e.InevitableAfter == i+1
		moves = append(moves, m)
	}
	return moves
}

// mostLabelled is how many moves have a label of their own.
const mostLabelled = 16

func (e *Explored) inevitableChart() *chart.Chart {
	line := chart.Series{Name: "still violates"}
	for i := range e.Inevitable {
		p := &e.Inevitable[i]
		half := max(p.High-p.Share, p.Share-p.Low)
		half = min(half, p.Share, 1-p.Share) // no more than all, no less than none
		line.Points = append(line.Points, chart.Point{X: float64(p.Moves), Y: 100 * p.Share, Half: 100 * half})
	}
	var ticks []float64
	if len(e.Inevitable) <= mostLabelled {
		for i := range e.Inevitable {
			ticks = append(ticks, float64(i))
		}
	}
	return &chart.Chart{
		Title: "How probable the violation was after each move", X: "moves of the schedule that were made", Linear: true, Ticks: ticks,
		Panels: []chart.Panel{{Y: "still violates (%)", Linear: true, Series: []chart.Series{line}}},
	}
}

func (e *Explored) inevitableTable() page.Table {
	table := page.Table{
		Caption: "After each move of the schedule: what may follow",
		Columns: columns("#moves", "the last move", "#still violates", "#95 % interval", "#continuations played", "#of them violate", "played"),
	}
	for i := range e.Inevitable {
		p := &e.Inevitable[i]
		move, interval, played := "–", "exact", "all"
		if p.Moves > 0 {
			move = moveInWords(p)
		}
		if !p.Complete {
			interval, played = units.Percent(p.Low)+" to "+units.Percent(p.High), "at random"
		}
		table.Rows = append(table.Rows, []string{
			fmt.Sprint(p.Moves), move, shareAlone(p), interval, units.Thousands(p.Continuations), units.Thousands(p.Violating), played,
		})
	}
	return table
}

// coverage is what the search has seen.
func (e *Explored) coverage() page.Section {
	all := "no"
	switch {
	case e.Complete:
		all = "yes: there is no other, up to the order of calls that do not affect each other"
	case e.Verdict == check.Violated:
		all = "no: the search ends at the first violation"
	case e.Stopped != "":
		all = "no: " + e.Stopped
	}
	faults := "none"
	if e.Faults > 0 {
		faults = "up to " + Plural(e.Faults, "fault") + " in each schedule, at any place"
	}
	facts := page.Facts{
		{Name: "schedules played to their end and judged", Value: units.Thousands(e.Schedules)},
		{Name: "all of them", Value: all},
		{Name: "strategy", Value: string(e.Strategy)},
		{Name: "faults", Value: faults},
		{Name: "acknowledged updates, in all schedules", Value: units.Thousands(e.Acknowledged)},
		{Name: "writes that met a conflict, in all schedules", Value: units.Thousands(e.Conflicts)},
	}
	if e.Elapsed > 0 { // not if it was played by many machines
		facts = append(facts, page.Fact{Name: "took", Value: fmt.Sprintf("%s s, %s schedules a second", formatNumber(e.Elapsed/1e3), formatNumber(e.SchedulesPerSecond))})
	}
	return page.Section{ID: "covered", Title: "What was covered", Blocks: []page.Block{facts}}
}

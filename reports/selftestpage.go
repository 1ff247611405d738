package reports

import (
	"strings"

	"holdfast/reports/page"
	"holdfast/scenarios/units"
)

// Page tells it to who was not there.
func (s SelfTested) Page() page.Page {
	p := page.Page{
		Title: "selftest", Verdict: s.word(), Tone: toneOf(s.Class()), Lead: capital(strings.TrimPrefix(s.line(), "selftest: ")) + ".",
		Advice: again("Test the judge again:", "simulate selftest"),
	}
	if wrongly := s.wronglyAccused(); len(wrongly.Rows) > 0 {
		p.Sections = append(p.Sections, page.Section{ID: "accused", Title: "Wrongly accused", Blocks: []page.Block{wrongly}})
	}
	if away := s.commandsTable(func(b *PlantedBug) bool { return !b.Caught }); len(away.Rows) > 0 {
		p.Sections = append(p.Sections, page.Section{ID: "away", Title: "What got away", Blocks: []page.Block{away}})
	}
	p.Sections = append(p.Sections,
		page.Section{ID: "bugs", Title: "Planted bugs", Blocks: []page.Block{s.bugsTable()}},
		page.Section{ID: "stores", Title: "Planted stores", Blocks: []page.Block{s.storesTable()}},
		page.Section{ID: "again", Title: "How to see each bug again", Folded: true, Detail: true, Blocks: []page.Block{s.commandsTable(func(*PlantedBug) bool { return true })}},
		page.Section{ID: "sound", Title: "Sound cores, of which nothing may be said", Folded: true, Detail: true, Blocks: []page.Block{s.soundTable()}})
	p.Facts = page.Facts{{Name: "took", Value: formatNumber(s.Elapsed/1e3) + " s"}}
	return p
}

func (s *SelfTested) bugsTable() page.Table {
	table := page.Table{
		Caption: "Each core has one bug, and is played in its scenario until its own invariant catches it: under schedules, or, where there are no calls, under seeds in virtual time",
		Columns: withVerdicts(columns("bug", "verdict", "invariant", "scenario", "#schedules", "#calls of the shortest", "what is wrong with it"), 1),
	}
	for _, b := range s.Bugs {
		verdict, calls := "caught", "–"
		if !b.Caught {
			verdict = "not caught"
		}
		if b.Calls > 0 {
			calls = units.Thousands(b.Calls)
		}
		table.Rows = append(table.Rows, []string{b.Name, verdict, b.Invariant, b.Scenario, units.Thousands(b.Schedules), calls, b.Fault})
	}
	return table
}

// commandsTable has the commands by which bugs were looked for, and by which those that were
// caught are seen again.
func (s *SelfTested) commandsTable(of func(*PlantedBug) bool) page.Table {
	table := page.Table{Caption: "The command that plays the schedule, or searched in vain", Columns: columns("bug", "invariant", "command")}
	for i := range s.Bugs {
		if b := &s.Bugs[i]; of(b) {
			table.Rows = append(table.Rows, []string{b.Name, b.Invariant, b.CaughtBy})
		}
	}
	return table
}

func (s *SelfTested) storesTable() page.Table {
	table := page.Table{
		Caption: "Each store breaks one promise, and is played with the production core until that is found, and is not held against the core",
		Columns: withVerdicts(columns("store", "verdict", "found as", "scenario", "#seeds", "what it does"), 1),
	}
	for _, b := range s.Stores {
		verdict := "caught"
		if !b.Found {
			verdict = "not caught"
		}
		table.Rows = append(table.Rows, []string{b.Name, verdict, string(b.Kind), b.Scenario, units.Thousands(b.Seeds), b.Fault})
	}
	return table
}

func (s *SelfTested) soundTable() page.Table {
	table := page.Table{Caption: "Schedules, or repetitions in virtual time, in which a sound core was to be accused of nothing", Columns: withVerdicts(columns("core", "verdict", "where", "#schedules", "all of them"), 1)}
	for _, c := range s.Sound {
		verdict, all := "ok", "no"
		switch {
		case c.Accused != "":
			verdict = "fail"
		case c.Schedules == 0:
			verdict = "not played"
		}
		if c.Complete {
			all = "yes"
		}
		table.Rows = append(table.Rows, []string{c.Core, verdict, c.Where, units.Thousands(c.Schedules), all})
	}
	return table
}

// wronglyAccused are those of which something was said that is not so.
func (s *SelfTested) wronglyAccused() page.Table {
	table := page.Table{Caption: "Who keeps every promise, and was accused", Columns: columns("who", "of what")}
	add := func(who, what string) {
		if what != "" {
			table.Rows = append(table.Rows, []string{who, what})
		}
	}
	for _, c := range s.Sound {
		add(c.Core+" core in "+c.Where, c.Accused)
	}
	for _, b := range s.Bugs {
		add("the store, with "+b.Name+" in "+b.Scenario, b.Accused)
	}
	for _, p := range s.Stores {
		add("production core on the store "+p.Name+" in "+p.Scenario, p.Blamed)
	}
	return table
}

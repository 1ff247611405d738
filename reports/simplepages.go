package reports

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"holdfast/reports/page"
	"holdfast/scenarios/units"
)

// Page tells it to who was not there.
func (c Cleaned) Page() page.Page {
	p := page.Page{Title: "clean " + c.Store, Verdict: "OK", Tone: toneOf(c.Class()), Lead: c.head() + "."}
	if !c.Passed {
		p.Verdict = "FAIL"
	}
	if len(c.Runs) == 0 {
		return p
	}
	table := page.Table{
		Caption: "What runs have left. What a manifest says could have been written by anybody.",
		Columns: columns("run", "place", "#objects", "#bytes", "#removed", "#others' objects, which stay", "last seen", "command, as its manifest says", "in the way"),
	}
	for i := range c.Runs {
		r := &c.Runs[i]
		objects, bytes, seen := units.Thousands(r.Objects), units.Thousands(int(r.Bytes)), units.Seconds(r.AgeMS)+" ago"
		if r.Unowned != "" {
			objects, bytes, seen = "?", "?", "?"
		} else if r.Running {
			seen += ", may be running"
		}
		inTheWay := r.Error
		if inTheWay == "" {
			inTheWay = r.Unowned
		}
		table.Rows = append(table.Rows, []string{r.ID, r.Place, objects, bytes, units.Thousands(r.Removed), units.Thousands(r.Foreign), seen, r.Command, inTheWay})
	}
	p.Sections = []page.Section{{ID: "runs", Title: "Runs", Blocks: []page.Block{table}}}
	return p
}

// Page tells it to who was not there.
func (i Intended) Page() page.Page {
	facts := page.Facts{{Name: "store", Value: i.Store.String()}, {Name: "below", Value: i.Below}}
	for _, f := range []page.Fact{
		{Name: "endpoint", Value: i.Endpoint.String()}, {Name: "region", Value: i.Region.String()}, {Name: "identity", Value: i.identity()},
	} {
		facts = append(facts, fact(f.Name, f.Value)...)
	}
	facts = append(facts, page.Fact{Name: "requests", Value: i.requests()}, page.Fact{Name: "cost", Value: i.cost()})
	return page.Page{
		Title: "what a run is about to do", Verdict: "NOT RUN", Tone: page.Doubt, Lead: "Nothing was sent; this is what would be.",
		Sections: []page.Section{{ID: "intent", Title: fmt.Sprintf("What %s would do", Plural(i.Runs, "scenario")), Blocks: []page.Block{facts}}},
	}
}

// Page tells it to who was not there.
func (l Library) Page() page.Page {
	table := page.Table{Caption: "The scenarios that are built in, from the simplest to the heaviest", Columns: columns("scenario", "#clients", "ends after", "through", "shows", "why it exists")}
	for _, s := range l.Scenarios {
		ends := Plural(s.Operations, "operation")
		if s.DurationMS > 0 {
			ends = time.Duration(s.DurationMS * float64(time.Millisecond)).String()
		}
		table.Rows = append(table.Rows, []string{s.Name, units.Thousands(s.Clients), ends, s.Via, s.Shows, s.Why})
	}
	return page.Page{
		Title: "scenarios", Verdict: "OK", Tone: page.Good, Lead: fmt.Sprintf("%s built in.", Plural(len(l.Scenarios), "scenario")),
		Advice:   again("Play one:", "simulate run two-users"),
		Sections: []page.Section{{ID: "scenarios", Title: "Scenarios", Blocks: []page.Block{table}}},
	}
}

// Page tells it to who was not there.
func (b Built) Page() page.Page {
	facts := page.Facts{{Name: "version", Value: b.Version}, {Name: "Go", Value: b.Go}, {Name: "system", Value: b.OS + "/" + b.Arch}}
	for _, path := range slices.Sorted(maps.Keys(b.Modules)) {
		facts = append(facts, page.Fact{Name: path, Value: b.Modules[path]})
	}
	return page.Page{
		Title: "simulate", Verdict: "OK", Tone: page.Good, Lead: b.String() + ".",
		Sections: []page.Section{{ID: "version", Title: "What it is built with", Blocks: []page.Block{facts}}},
	}
}

package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"holdfast/reports/page"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/units"
)

// settingFacts say what was played.
func settingFacts(m *measure.Measurement) page.Block {
	f := page.Facts{
		{Name: "core", Value: m.Core + via(m)}, {Name: "world", Value: m.World}, {Name: "store", Value: m.Store}, {Name: "policy", Value: m.Policy},
		{Name: "clients", Value: strconv.Itoa(m.Clients)}, {Name: "repetitions", Value: strconv.Itoa(m.Repetitions)}, {Name: "seed", Value: strconv.FormatUint(m.Seed, 10)},
		{Name: "documents", Value: m.Codec + layoutNamed(m.Layout)}, {Name: "time played", Value: units.Seconds(m.Elapsed)},
	}
	if m.Directory != "" {
		f = append(f, page.Fact{Name: "saved in", Value: m.Directory})
	}
	return f
}

// environmentFacts say which program it was, and on which machine.
func environmentFacts(e *Environment) page.Facts {
	if e.Version == "" {
		return nil
	}
	f := page.Facts{
		{Name: "simulate", Value: e.Version}, {Name: "Go", Value: e.Go}, {Name: "machine", Value: fmt.Sprintf("%s/%s, %s, GOMAXPROCS %d", e.OS, e.Arch, Plural(e.CPUs, "processor"), e.GOMAXPROCS)},
	}
	if r := e.Revision; r != nil {
		f = append(f, page.Fact{Name: "commit", Value: r.Commit + map[bool]string{true: ", with changes"}[r.Changed]})
	}
	if l := e.Load; l != nil && l.Begin != nil && l.End != nil {
		f = append(f, page.Fact{Name: "load of the machine", Value: fmt.Sprintf("%.2f at the beginning, %.2f at the end (averages of a minute)", *l.Begin, *l.End)})
	}
	for _, module := range slices.Sorted(maps.Keys(e.Modules)) {
		f = append(f, page.Fact{Name: module, Value: e.Modules[module]})
	}
	if s := e.Store; s != nil {
		f = append(f,
			page.Fact{Name: "endpoint", Value: cmp.Or(s.Endpoint, "the SDK's")},
			page.Fact{Name: "requests", Value: fmt.Sprintf("%s of one request at most, within %d ms", Plural(s.MaxAttempts, "attempt"), s.RequestTimeoutMS)})
	}
	return f
}

// environments say what played the runs: of several programs or machines each, with the runs that it
// played.
func (r *Result) environments() page.Facts {
	facts := environmentFacts(&r.Environment)
	if len(r.OtherEnvironments) == 0 {
		return facts
	}
	from, environment := 0, &r.Environment
	var all page.Facts
	add := func(end int) {
		which := fmt.Sprintf("runs %d to %d", from+1, end)
		if end == from+1 {
			which = fmt.Sprintf("run %d", end)
		}
		made := environmentFacts(environment)
		words := make([]string, len(made))
		for i, f := range made {
			words[i] = f.Name + " " + f.Value
		}
		all = append(all, page.Fact{Name: which, Value: strings.Join(words, ", ")})
	}
	for i := range r.OtherEnvironments {
		o := &r.OtherEnvironments[i]
		add(o.FromRun)
		from, environment = o.FromRun, &o.Environment
	}
	add(len(r.Runs))
	return all
}

// countBlocks account for all operations, writes, messages and errors: the parts of each table
// add up to its first line.
func countBlocks(m *measure.Measurement) []page.Block {
	c := &m.Counts
	sum := func(caption, what string, total int, parts ...counted) page.Block {
		t := page.Table{Caption: caption, Columns: []page.Column{{Name: what}, {Name: "number", Number: true}, {Name: "share (%)", Number: true}}}
		row := func(name string, n int) {
			share := "–"
			if total > 0 {
				share = fmt.Sprintf("%.2f", 100*float64(n)/float64(total))
			}
			t.Rows = append(t.Rows, []string{name, units.Thousands(n), share})
		}
		row("all", total)
		for _, p := range parts {
			if p.n > 0 {
				row(p.what, p.n)
			}
		}
		return t
	}
	blocks := []page.Block{
		sum("How the operations ended that were intended, of "+pooled(m)+".", "operations", c.Intended,
			counted{"acknowledged", c.Acknowledged}, counted{"left to the user, who has to decide on a conflict", c.UserConflicts},
			counted{"gave up after the last retry", c.Exhausted}, counted{"ended, and nobody knows whether they are stored", c.EndedUnknown},
			counted{"met no object", c.Gone}, counted{"failed with an error of the store", c.Failed}, counted{"cancelled", c.Cancelled},
			counted{"crashed before they were told", c.Crashed}, counted{"without an end", c.Unfinished}, counted{"never begun", c.NeverBegun}),
		sum("How the writes were answered that were sent, of "+pooled(m)+". A write is one attempt.", "writes", c.Puts,
			counted{"committed", c.Committed}, counted{"412: another version by now", c.Conflicts412}, counted{"409: another write under way", c.Conflicts409},
			counted{"throttled (503, 429)", c.Throttled}, counted{"without a usable answer", c.UnknownOutcomes}, counted{"refused otherwise", c.RefusedOtherwise}),
	}
	if len(m.NeverBegun) > 0 {
		t := page.Table{Caption: "Why operations that were intended were never begun.", Columns: []page.Column{{Name: "why"}, {Name: "operations", Number: true}}}
		for _, r := range m.NeverBegun {
			t.Rows = append(t.Rows, []string{r.Why, units.Thousands(r.Count)})
		}
		blocks = append(blocks, t)
	}
	if c.Messages > 0 {
		blocks = append(blocks, page.Facts{
			{Name: "messages of the queue", Value: units.Thousands(c.Messages)}, {Name: "delivered again", Value: units.Thousands(c.Redelivered)},
			{Name: "dead letters", Value: fmt.Sprintf("%s, of them processed anyway: %s", units.Thousands(c.DeadLettered), units.Thousands(c.DeadLetteredProcessed))},
			{Name: "acknowledged too late", Value: units.Thousands(c.AcknowledgedLate)}, {Name: "customers nobody told", Value: units.Thousands(c.Untold)},
		})
	}
	if f := m.Faults; f != nil {
		blocks = append(blocks, page.Prose(fmt.Sprintf("Faults: %d of %d that were planned struck.", f.Struck, f.Planned)))
	}
	if len(m.StoreErrors) > 0 {
		t := page.Table{Caption: "The commonest errors of the store.", Columns: []page.Column{{Name: "call"}, {Name: "error"}, {Name: "times", Number: true}}}
		for _, e := range m.StoreErrors {
			t.Rows = append(t.Rows, []string{e.Call, e.Error, units.Thousands(e.Count)})
		}
		blocks = append(blocks, t)
	}
	return blocks
}

// counted is a part of a whole.
type counted struct {
	what string
	n    int
}

// fileBlocks say what else there is of the run.
func fileBlocks(m *measure.Measurement) []page.Block {
	if m.Directory == "" {
		return nil
	}
	return []page.Block{page.Table{
		Caption: "In " + m.Directory + ", where the run was played.",
		Columns: []page.Column{{Name: "file"}, {Name: "what it holds"}},
		Rows: [][]string{
			{PageFile, "this page"}, {SummaryFile, "its summary in Markdown, for where a change is discussed"}, {CasesFile, "its verdicts as JUnit, for CI"},
			{ReportFile, "it as text"}, {ResultFile, "all numbers of it; simulate report tells it again in any format"},
			{RepetitionsFile, "the numbers of each repetition"}, {measure.DistributionFile, "the distribution of latency, for HdrHistogram's plotter"}, {HistoryFile, "what happened, event by event; simulate check judges it again"},
			{ScenarioFile, "the scenario as it was played"},
		},
	}}
}

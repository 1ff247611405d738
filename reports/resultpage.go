package reports

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/reports/page"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/units"
)

// mostInFull are the runs of several that a page tells in full: those that did not pass. Each
// run's own directory has a page of it.
const mostInFull = 10

// Page tells the result: one run in full, or several as a table, with those that did not pass
// in full.
func (r Result) Page() page.Page {
	p := r.pageOfRuns()
	if r.Comparison != nil {
		r.Comparison.on(&p, r.own())
	}
	return p
}

func (r *Result) pageOfRuns() page.Page {
	if len(r.Runs) == 1 && len(r.NotReached) == 0 {
		return r.pageOfOne(&r.Runs[0])
	}
	word, about := r.overall()
	p := page.Page{
		Title: Plural(len(r.Runs)+len(r.NotReached), r.unit()), Verdict: word, Tone: page.ToneOf(word), Lead: capital(about) + ".",
		Advice: r.adviceOfMany(), Sections: []page.Section{r.allRuns()}, Facts: r.environments(),
	}
	full, names := 0, runNames(r.Runs)
	for i := range r.Runs {
		m := &r.Runs[i]
		s := page.Section{ID: runID(i), Title: names[i], Verdict: resultWord(m)}
		if !m.Passed() && full < mostInFull {
			full++
			s.Blocks = []page.Block{page.Prose(sentences(m))}
			for _, a := range advice(m, r.Environment.Store) {
				s.Blocks = append(s.Blocks, page.Prose(a.Text))
				if a.Command != "" {
					s.Blocks = append(s.Blocks, page.Code{Text: a.Command})
				}
			}
			s.Blocks = append(s.Blocks, blocksOf(runSections(m, s.ID+"-"))...)
		} else {
			s.Folded, s.Detail = true, true
			s.Blocks = r.short(m)
		}
		p.Sections = append(p.Sections, s)
	}
	return p
}

func (r *Result) pageOfOne(m *measure.Measurement) page.Page {
	word := resultWord(m)
	return page.Page{
		Title: m.Scenario, Verdict: word, Tone: page.ToneOf(word), Lead: sentences(m), Advice: advice(m, r.Environment.Store),
		Sections: runSections(m, ""), Facts: r.environments(),
	}
}

// overall is the verdict of several runs, and how many passed.
func (r *Result) overall() (word, about string) {
	passed, worst := 0, Passed
	word = "PASS"
	for i := range r.Runs {
		m := &r.Runs[i]
		if m.Passed() {
			passed++
		}
		if c := classOf(m); c > worst {
			worst, word = c, resultWord(m)
		}
	}
	about = fmt.Sprintf("%d of %d %ss passed%s", passed, len(r.Runs)+len(r.NotReached), r.unit(), r.took())
	if missing := len(r.NotReached); missing > 0 {
		about += fmt.Sprintf("; %d not reached", missing)
		if word == "PASS" {
			word = "STOPPED"
		}
	}
	return word, about
}

// resultWord is the verdict of a run. One that could not go on has not passed, whatever it has
// shown up to there.
func resultWord(m *measure.Measurement) string {
	w := word(m)
	if m.Failure != "" && w == "PASS" {
		return "INCONCLUSIVE"
	}
	return w
}

func runID(i int) string { return fmt.Sprintf("run-%d", i+1) }

// allRuns is the table of them.
func (r *Result) allRuns() page.Section {
	t := page.Table{
		Caption: "Each row pools all repetitions of a " + r.unit() + ". Attempts and p99, of latency from the intended start, are of the acknowledged operations; there is no p99 of fewer than 100. What did not pass comes first.",
		Columns: []page.Column{
			{Name: "scenario"}, {Name: "verdict", Verdict: true}, {Name: "repetitions", Number: true}, {Name: "operations", Number: true},
			{Name: "conflicts (% of writes)", Number: true}, {Name: "attempts, mean", Number: true}, {Name: "max", Number: true}, {Name: "p99 (ms)", Number: true}, {Name: "gave up", Number: true},
		},
	}
	names := runNames(r.Runs)
	// Told in the order of the runs, but for those that passed, which come last.
	for _, passed := range []bool{false, true} {
		for i := range r.Runs {
			if m := &r.Runs[i]; (classOf(m) == Passed) == passed {
				t.Rows, t.Anchors = append(t.Rows, runRow(names[i], m)), append(t.Anchors, runID(i))
			}
		}
		if !passed {
			for _, name := range r.NotReached {
				t.Rows, t.Anchors = append(t.Rows, []string{name, NotRun, "–", "–", "–", "–", "–", "–", "–"}), append(t.Anchors, "")
			}
		}
	}
	return page.Section{ID: "runs", Title: "All " + r.unit() + "s", Blocks: []page.Block{t}}
}

// runRow is a run in a line.
func runRow(name string, m *measure.Measurement) []string {
	row := []string{
		name, resultWord(m), units.Thousands(m.Repetitions), units.Thousands(m.Counts.Operations),
		fmt.Sprintf("%.1f", 100*m.Rates["conflict.rate"]), "–", "–", "–", units.Thousands(m.Counts.Exhausted),
	}
	if m.Counts.Acknowledged > 0 {
		row[5], row[6] = fmt.Sprintf("%.2f", m.Attempts.Mean), fmt.Sprint(m.Attempts.Max)
	}
	if m.LatencyMS != nil {
		row[7] = p99(m.LatencyMS)
	}
	return row
}

// p99 of a latency that has samples enough to tell it from the maximum.
func p99(l *measure.Latency) string {
	if l.Samples < 100 {
		return "–"
	}
	return inDigits(l.P99)
}

// short tells of a run what fits beside others.
func (r *Result) short(m *measure.Measurement) []page.Block {
	blocks := []page.Block{page.Prose(sentences(m)), keyNumbers(m), settingFacts(m)}
	if m.Replay != "" {
		blocks = append(blocks, page.Code{Title: "Play it again", Text: m.Replay})
	}
	return blocks
}

// adviceOfMany is what to do about the first run of the worst class.
func (r *Result) adviceOfMany() []page.Advice {
	var worst *measure.Measurement
	name, names := "", runNames(r.Runs)
	for i := range r.Runs {
		if m := &r.Runs[i]; worst == nil || classOf(m) > classOf(worst) {
			worst, name = m, names[i]
		}
	}
	if worst == nil || worst.Passed() {
		if len(r.NotReached) > 0 {
			return []page.Advice{{Text: "What was not run has not passed. Play what was not reached.", Command: "simulate run " + strings.Join(r.NotReached, " ")}}
		}
		return nil
	}
	all := advice(worst, r.Environment.Store)
	for i := range all {
		all[i].Text = name + ": " + all[i].Text
	}
	return all
}

// sentences say what a run came to, of what, and under which settings.
func sentences(m *measure.Measurement) string {
	s := capital(outcome(m)) + "."
	if m.Interrupted && m.Verdict.Final() {
		s += " It was interrupted after that."
	}
	if m.Failure != "" {
		s += " The run could not go on: " + m.Failure + "."
	}
	return s + fmt.Sprintf(" Played: %s of %s with the %s core in %s of the %s world, policy %s, seed %d.",
		many(m.Counts.Operations, "operation"), many(m.Clients, "client"), m.Core, many(m.Repetitions, "repetition"), m.World, m.Policy, m.Seed)
}

// runSections are what there is to know of a run, the most important first. All IDs begin with
// the prefix.
func runSections(m *measure.Measurement, prefix string) []page.Section {
	var all []page.Section
	add := func(id, title string, detail bool, blocks ...page.Block) {
		blocks = slices.DeleteFunc(blocks, func(b page.Block) bool { return b == nil })
		if len(blocks) > 0 {
			all = append(all, page.Section{ID: prefix + id, Title: title, Detail: detail, Blocks: blocks})
		}
	}
	add("violations", "What went wrong", false, violationBlocks(m, prefix)...)
	add("store", "What the store did", false, findingBlocks(m, prefix)...)
	add("notes", "What it shows", false, shownBlocks(m)...)
	if !m.Met() {
		add("expectations", "What was expected", false, expectationBlocks(m)...)
	}
	add("charts", "Charts", true, figures(m)...)
	add("numbers", "Key numbers", false, keyNumbers(m))
	if m.Met() {
		add("expectations", "What was expected", true, expectationBlocks(m)...)
	}
	add("alarms", "Alarms", true, alarmBlocks(m)...)
	add("cost", "Cost", true, costBlocks(m)...)
	add("counts", "Counts that add up", true, countBlocks(m)...)
	add("settings", "Settings", true, settingFacts(m))
	add("files", "Files of this run", true, fileBlocks(m)...)
	return all
}

func blocksOf(sections []page.Section) []page.Block {
	blocks := make([]page.Block, len(sections))
	for i, s := range sections {
		blocks[i] = s
	}
	return blocks
}

// shownBlocks say what the scenario is for, and what the verdict is not about.
func shownBlocks(m *measure.Measurement) []page.Block {
	var blocks []page.Block
	if m.Shows != "" {
		text := "Passing, the scenario shows: " + m.Shows
		if m.Passed() {
			text = m.Shows
		}
		blocks = append(blocks, page.Prose(text))
	}
	notes := page.List(slices.Clone(m.Notes)) // why it is inconclusive stands with what to do about it
	if m.Judged > 0 {
		notes = append(notes, fmt.Sprintf("The history holds %d of %s, which is what the numbers are of; the run found nothing wrong with the others.",
			m.Judged, many(m.Repetitions, "repetition")))
	}
	if len(notes) > 0 {
		blocks = append(blocks, notes)
	}
	return blocks
}

// expectationBlocks are the thresholds, with the values that they were compared with, and the
// steps that expected an outcome.
func expectationBlocks(m *measure.Measurement) []page.Block {
	var blocks []page.Block
	met := func(passed bool) string { return map[bool]string{true: "MET", false: "MISSED"}[passed] }
	if len(m.Thresholds) > 0 {
		t := page.Table{
			Caption: "Thresholds, with the values of " + pooled(m) + ".",
			Columns: []page.Column{{Name: "threshold"}, {Name: "value", Number: true}, {Name: "verdict", Verdict: true}},
		}
		for _, th := range m.Thresholds {
			value := inDigits(th.Value)
			if th.NoValue {
				value = "no samples"
			}
			t.Rows = append(t.Rows, []string{th.Expression, value, met(th.Passed)})
		}
		blocks = append(blocks, t)
	}
	if len(m.Steps) > 0 {
		t := page.Table{
			Caption: "Steps of the timeline that expect an outcome.",
			Columns: []page.Column{{Name: "step"}, {Name: "expected"}, {Name: "happened"}, {Name: "verdict", Verdict: true}},
		}
		for _, s := range m.Steps {
			t.Rows = append(t.Rows, []string{s.Step, s.Want, s.Got, met(s.Passed)})
		}
		blocks = append(blocks, t)
	}
	return blocks
}

// pooled says of what the numbers are.
func pooled(m *measure.Measurement) string {
	if m.Judged > 0 {
		return fmt.Sprintf("%d judged of %s, pooled", m.Judged, many(m.Repetitions, "repetition"))
	}
	if m.Repetitions > 1 {
		return units.Thousands(m.Repetitions) + " repetitions, pooled"
	}
	return "one repetition"
}

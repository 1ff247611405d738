package reports

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"holdfast/archive"
	"holdfast/reports/page"
	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/explore"
	"holdfast/scenarios/history"
	"holdfast/scenarios/tuning"
)

// inevitably is a search whose witness has shares: exact, estimated, and nearly all.
func inevitably() Explored {
	e := complete()
	after := 2
	e.Passed, e.Complete, e.Verdict, e.Core, e.Schedule, e.FoundAfter = false, false, check.Violated, "unlocked", "bob alice!reply-lost", 17
	e.Inevitable = []explore.Prefix{
		{Continuations: 6, Violating: 4, Complete: true, Share: 0.5, Low: 0.5, High: 0.5},
		{Moves: 1, Move: "bob", Call: "get", Continuations: 1000, Violating: 999, Share: 0.999, Low: 0.9944, High: 0.99997},
		{Moves: 2, Move: "alice!reply-lost", Call: "put", Continuations: 1000, Violating: 1000, Share: 1, Low: 0.9963, High: 1},
	}
	e.InevitableAfter = &after
	e.Violations = []check.Violation{{Invariant: check.NothingLost, Anomaly: "modification vanished", Summary: "bob wrote version \"e3\" without it", Witness: everyAnswer()}}
	e.Replay = "simulate run two-users --core unlocked --schedule 'bob alice!reply-lost'"
	return e
}

// searchedAll is a search for a policy that came to all its parts.
func searchedAll() tuning.Result {
	policy := func(name string, meets bool, usd, p99 float64) tuning.Policy {
		return tuning.Policy{
			Name: name, Policy: archive.DefaultPolicy(), Meets: meets, Repetitions: 1802, Operations: 10_812, Exhaustion: tuning.Exhaustion{Method: tuning.Bounded, Interval: tuning.Interval{High: 1e-4}},
			P99: tuning.Interval{Value: p99, Low: p99 - 10, High: p99 + 10}, PutsPerCommit: tuning.Interval{Value: 2.5}, Cost: tuning.Interval{Value: usd},
		}
	}
	best := policy("", true, 0.018, 667)
	p99 := tuning.Interval{Value: 310, Low: 300, High: 320}
	return tuning.Result{
		Schema: tuning.Schema, Passed: true, Scenario: "burst", Core: "production", Latency: "s3-standard", Codec: "compact", Clients: 6, Verdict: check.OK,
		Objective: "exhausted.rate<1e-6, min latency_ms.p99", Replay: "simulate tune burst --clients 6",
		Recommendation: &tuning.Recommendation{
			Promised: best, Validated: &best, Retries: "the fewest that do", Deadline: "five sixths of 30s", Go: "archive.Policy{Kind: archive.Full}", YAML: "policy: full",
			RunnerUp: &tuning.Comparison{Policy: archive.DefaultPolicy(), Metric: "latency_ms.p99", Difference: tuning.Difference{Interval: tuning.Interval{Value: 15, Low: 11, High: 19}, P: 1e-9}, Batches: 402, Why: "it is faster"},
		},
		Incumbents: []tuning.Policy{policy("documented", false, 0.017, 1012)}, Front: []tuning.Policy{policy("", true, 0.016, 788), policy("", false, 0.012, 1258)},
		Robustness: []tuning.Robust{{Setting: "30 clients", Missed: []string{"puts.per_commit<6 (it is 12.2)"}, P99: p99, Operations: 8640}, {Setting: "twice the load", Unstable: true}},
		Stability:  &tuning.Stability{Offered: 12, Ceiling: 15, Carried: tuning.Interval{Value: 13.9}},
		Architectures: &tuning.Architectures{
			Complete: true, Frontier: []string{"batch"}, Recommended: "batch", Evidence: "the least p99",
			Rows: []tuning.Architecture{
				{Name: "batch", P99: &p99, Change: tuning.Change{What: "a queue before the store", Go: "func main() {}", Scenario: []string{"+queue: {}"}}, Carries: &tuning.Carries{Of: "clients", Most: 40, AndMore: true}},
				{Name: "fifo", LeftOut: "an order of each user's own is asked for"}, {Name: "as is", Unstable: true, Missed: []string{"stability"}},
			},
			Sensitivity: []tuning.Sensitivity{{Setting: "twice as slow", Cells: []tuning.Shift{{Name: "batch", P99: some(600)}}}},
		},
		Capacity: &tuning.Capacity{Objective: "exhausted.rate<1e-6, min latency_ms.p99", Clients: 6, Curves: []tuning.Curve{{
			Name: tuning.Recommended, Writers: 12, Broken: 16, Monotone: true, Points: []tuning.Point{
				{Clients: 12, Meets: true, Metrics: map[string]tuning.Interval{"exhausted.rate": {High: 1e-7}, "latency_ms.p99": {Value: 700}}},
				{Clients: 16, Missed: "exhausted.rate<1e-6", Metrics: map[string]tuning.Interval{"exhausted.rate": {High: 1e-3}, "latency_ms.p99": {Value: 900}}},
			}}}},
		Confirmation: &tuning.Confirmation{Agrees: true, Repetitions: 20, Level: 0.99, Tolerance: 0.1, Policies: []tuning.Confirmed{{Name: "documented", Agrees: true,
			Measures: []tuning.Measure{{Name: "attempts.mean", Predicted: tuning.Interval{Value: 3, Low: 2.5, High: 3.5}, Measured: 3.1, Agrees: true}}}}},
		Advice: []tuning.Advice{{Rule: "hot-object", Text: "Split the object.", Evidence: "5 of 6 met a conflict", Confidence: "counted"}},
	}
}

// example is a document with what its page must say.
type example struct {
	Document
	verdict string
	tone    page.Tone
	says    []string
}

// examples are documents of each kind, good and bad.
func examples(t *testing.T) map[string]example {
	t.Helper()
	stopped := complete()
	stopped.Passed, stopped.Complete, stopped.Verdict, stopped.Stopped = false, false, check.Inconclusive, "the number of schedules is reached"
	whole, wrong, lines := swept(), swept(), swept()
	wrong.Points[1].Verdict, wrong.Points[1].Violated = check.Violated, map[string]int{"I1": 3, "I10": 1}
	wrong.Points[2].Verdict, wrong.Points[2].Reasons = check.Inconclusive, []string{"too little contention"}
	lines.Vary[1].Values = []string{"few", "many"} // no numbers, no axis
	for i := range lines.Points {
		lines.Points[i].Params[1].Value = lines.Vary[1].Values[i%2]
	}
	unstable := tuning.Result{Scenario: "rated", Verdict: check.OK, Missed: []string{"stability"}, Stability: &tuning.Stability{Unstable: true}}
	cutShort := tuning.Result{Scenario: "burst", Interrupted: true, Verdict: check.Inconclusive, Recommendation: &tuning.Recommendation{Promised: tuning.Policy{Policy: archive.DefaultPolicy()}}}
	lost := tuning.Result{Scenario: "burst", Verdict: check.Violated, Violations: inevitably().Violations}
	atFault := tuning.Result{Scenario: "burst", Verdict: check.StoreAtFault, StoreFindings: []check.StoreFinding{{
		Kind: "two-winners", Summary: "two writes were acknowledged under \"e1\"", Count: 1, Witness: []history.Event{{Kind: history.Put, Actor: "alice", Answer: history.OK, ETag: `"e2"`, If: history.IfMatch, IfETag: `"e1"`}},
	}}}
	all := searchedAll()
	s := SelfTested{Schema: SelfTestSchema, Passed: true, Bugs: []PlantedBug{{Name: "unlocked", Invariant: "I1", Scenario: "two-users", Caught: true, Schedules: 2, Calls: 4}},
		Stores: []PlantedStore{{Name: "stale-read", Kind: "stale-read", Found: true}}, Sound: []SoundCore{{Core: "production", Where: "storm", Schedules: 60, Complete: true}}}
	missed := s
	missed.Passed, missed.Bugs = false, []PlantedBug{{Name: "slipped-through", Invariant: "I7", CaughtBy: "simulate explore two-users --core slipped-through"}}
	missed.Sound = []SoundCore{{Core: "reference", Where: "storm", Schedules: 60, Accused: "I2: it stands twice"}}
	left := Cleaned{Schema: CleanSchema, Passed: true, Store: "s3://b/p", Runs: []Left{{ID: "0123456789", Place: "s3://b/p/simulate-0123456789/", Objects: 12, AgeMS: 1e5, Command: "simulate run <b>"}, {ID: "x", Unowned: "it has no manifest"}}}
	found := map[string]example{
		"explored":          {complete(), "PASS", page.Good, []string{"987", "up to 1 fault in each schedule", "--faults 1"}},
		"explored-stopped":  {stopped, "INCONCLUSIVE", page.Doubt, []string{"the number of schedules is reached before all schedules were seen"}},
		"explored-violated": {inevitably(), "FAIL", page.Bad, []string{"after move 2 of 2, alice's put (reply-lost)", "all but 0.1 %", "99 % to 100 %", "writes version v2"}},
		"swept":             {Swept{&whole}, "PASS", page.Good, []string{"50.9", "0.0004 %", "normal(10ms,2ms)", "92.5 %"}},
		"swept-violated":    {Swept{&wrong}, "FAIL", page.Bad, []string{"I1 nothing lost (3×), I10 honest answers (1×)", "too little contention", wrong.Points[1].Replay}},
		"swept-lines":       {Swept{&lines}, "PASS", page.Good, []string{"no parameter has numbers for an axis"}},
		"tuned": {Tuned{&all}, "PASS", page.Good, []string{"archive.Policy{Kind: archive.Full}", "documented", "puts.per_commit<6 (it is 12.2)", "more is offered than any policy carries", "≥ 40.0 clients",
			"an order of each user's own", "600 ms", "exhausted.rate<1e-6", "attempts.mean", "Split the object.", "5 of 6 met a conflict", "402 batches"}},
		"tuned-unstable":  {Tuned{&unstable}, "FAIL", page.Bad, []string{"no policy can carry the load"}},
		"tuned-stopped":   {Tuned{&cutShort}, "STOPPED", page.Doubt, []string{"nothing has validated it"}},
		"tuned-violated":  {Tuned{&lost}, "FAIL", page.Bad, []string{"modification vanished"}},
		"tuned-fault":     {Tuned{&atFault}, "STORE AT FAULT", page.Bad, []string{"two-winners", "If-Match: v1"}},
		"selftest":        {s, "PASS", page.Good, []string{"unlocked", "1 of 1 planted bugs caught"}},
		"selftest-missed": {missed, "FAIL", page.Bad, []string{"slipped-through", "not caught", "I2: it stands twice"}},
		"doctor-safe":     {diagnosed(safe()), "SAFE", page.Good, []string{"below 0.50 %"}},
		"doctor-limited":  {diagnosed(limited()), "SAFE WITH LIMITS", page.Good, []string{"204, and it is gone", "two-deleters"}},
		"doctor-unsafe":   {diagnosed(unsafe()), "UNSAFE", page.Bad, []string{"3", "up to 18 %"}},
		"cleaned":         {left, "OK", page.Good, []string{"0123456789", "--yes removes them", "it has no manifest"}},
		"cleaned-not":     {Cleaned{Store: "s3://b/p", Asked: true}, "FAIL", page.Bad, nil},
		"intended":        {Intended{Store: Chosen{"s3://b/p", "--store"}, Below: "s3://b/p/simulate-1/", Runs: 2, Puts: 1000, Prices: "s3-standard"}, "NOT RUN", page.Doubt, []string{"s3://b/p (--store)", "about 1,000 at most"}},
		"listed":          {NewLibrary([]*scenarios.Scenario{{Name: "two-users", Shows: "Both keep their change."}}), "OK", page.Good, []string{"Both keep their change."}},
		"version":         {NewBuilt(), "OK", page.Good, []string{NewBuilt().Go}},
	}
	campaigns := allCampaigned()
	found["campaigned-complete"] = example{campaigns["complete"], "COMPLETE", page.Good, []string{"100 %", "simulate campaign merge"}}
	found["campaigned-running"] = example{campaigns["running"], "RUNNING", page.Doubt, []string{"node-3", "2 running", "no heartbeat for a minute"}}
	trends := allTrended(t)
	found["trend-worse"] = example{trends["trend-worse"], "WORSE", page.Bad, []string{"attempts.mean worse +5", "version aaaaaaaaaaaa → bbbbbbbbbbbb", "simulate compare run-29 run-30", "4.5", "from 2026-11-01"}}
	found["trend-steady"] = example{trends["trend-steady"], "STEADY", page.Good, []string{"none shown"}}
	found["trend-unclear"] = example{trends["trend-unclear"], "UNCLEAR", page.Doubt, []string{"in fewer than 10"}}
	found["trend-left-out"] = example{trends["trend-left-out"], "UNCLEAR", page.Doubt, []string{"Left out"}}
	for _, d := range examinedStores(t) {
		found["doctor "+d.Server] = example{d, d.word(), toneOf(d.Class()), []string{d.Server}}
	}
	return found
}

// TestEveryDocumentIsAPage: as HTML and as Markdown, with its verdict first and what matters
// in it, the same bytes each time.
func TestEveryDocumentIsAPage(t *testing.T) {
	for name, e := range examples(t) {
		t.Run(name, func(t *testing.T) {
			told, ok := e.Document.(interface{ Page() page.Page })
			if !ok {
				t.Fatalf("a %T is no page", e.Document)
			}
			p := told.Page()
			if p.Verdict != e.verdict || p.Tone != e.tone {
				t.Errorf("%s (%s), want %s (%s)", p.Verdict, p.Tone, e.verdict, e.tone)
			}
			var html, again, markdown bytes.Buffer
			for w, write := range map[*bytes.Buffer]func() error{
				&html:     func() error { return page.HTML(&html, p) },
				&again:    func() error { return page.HTML(&again, told.Page()) },
				&markdown: func() error { return page.Markdown(&markdown, p) },
			} {
				if err := write(); err != nil || w.Len() == 0 {
					t.Fatalf("%d bytes: %v", w.Len(), err)
				}
			}
			if !bytes.Equal(html.Bytes(), again.Bytes()) {
				t.Error("it is not the same each time")
			}
			first, _, _ := strings.Cut(markdown.String(), "\n")
			if !strings.Contains(first, e.verdict) {
				t.Errorf("the first line of Markdown is %q", first)
			}
			text := textOf(p) + markdown.String() // stories are told in it
			for _, want := range e.says {
				if !strings.Contains(text, want) {
					t.Errorf("it does not say %q:\n%s", want, text)
				}
			}
			for _, bad := range []string{"%!", "NaN", "+Inf", "<nil>"} {
				if strings.Contains(text, bad) {
					t.Errorf("it says %q:\n%s", bad, text)
				}
			}
			unique(t, p.Sections, map[string]bool{})
		})
	}
}

// textOf is all that a page says, in the order in which it says it.
func textOf(p page.Page) string {
	var b strings.Builder
	say := func(words ...string) { b.WriteString(strings.Join(words, "\t") + "\n") }
	var blocks func(all []page.Block)
	table := func(t *page.Table) {
		say(t.Caption)
		for _, row := range t.Rows {
			say(row...)
		}
	}
	facts := func(all page.Facts) {
		for _, f := range all {
			say(f.Name, f.Value)
		}
	}
	blocks = func(all []page.Block) {
		for _, one := range all {
			switch one := one.(type) {
			case page.Section:
				say(one.Verdict, one.Title)
				blocks(one.Blocks)
			case page.Prose:
				say(string(one))
			case page.List:
				say(one...)
			case page.Code:
				say(one.Title, one.Text)
			case page.Table:
				table(&one)
			case page.Figure:
				say(one.Title, one.Caption)
				table(&one.Table)
			case page.Facts:
				facts(one)
			case page.Lanes:
				say(one.Title, one.Means, one.Where, one.Fate)
				for _, step := range one.Steps {
					say(step.When, step.Text)
				}
			default:
				panic(fmt.Sprintf("what does a %T say?", one))
			}
		}
	}
	say(p.Verdict, p.Title, p.Lead)
	for _, a := range p.Advice {
		say(a.Text, a.Command)
	}
	for _, s := range p.Sections {
		blocks([]page.Block{s})
	}
	facts(p.Facts)
	return b.String()
}

// unique finds sections that share an anchor, and tables whose rows have more cells than they
// have columns, or fewer.
func unique(t *testing.T, sections []page.Section, seen map[string]bool) {
	t.Helper()
	for _, s := range sections {
		if seen[s.ID] || s.ID == "" {
			t.Errorf("anchor %q of section %q", s.ID, s.Title)
		}
		seen[s.ID] = true
		for _, b := range s.Blocks {
			switch b := b.(type) {
			case page.Section:
				unique(t, []page.Section{b}, seen)
			case page.Table:
				for _, row := range b.Rows {
					if len(row) != len(b.Columns) {
						t.Errorf("%s: %d cells in %d columns: %q", b.Caption, len(row), len(b.Columns), row)
					}
				}
			}
		}
	}
}

// TestInevitabilityIsDrawn in percent, between none and all.
func TestInevitabilityIsDrawn(t *testing.T) {
	e := inevitably()
	var svg strings.Builder
	if err := e.inevitableChart().WriteElement(&svg, 600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"moves of the schedule that were made", "still violates (%)"} {
		if !strings.Contains(svg.String(), want) {
			t.Errorf("the chart does not say %q", want)
		}
	}
	line := e.inevitableChart().Panels[0].Series[0].Points
	if got := []float64{line[0].Y, line[1].Y, line[2].Y}; !gocmp.Equal(got, []float64{50, 99.9, 100}) {
		t.Errorf("points at %v", got)
	}
	for _, p := range line {
		if p.Y+p.Half > 100+1e-9 || p.Y-p.Half < 0 {
			t.Errorf("%v±%v %% is no share", p.Y, p.Half)
		}
	}
}

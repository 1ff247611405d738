package reports

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/jedib0t/go-pretty/v6/text"

	"holdfast/archive/storefault"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// passed is a run of many operations that has all numbers.
func passed() measure.Measurement {
	r := measure.Measurement{
		Scenario: "sustained-contention", Shows: "Users and back ends that keep updating the same change without pause lose nothing, however long it lasts.",
		Core: "production", World: "real", Store: "fake", Codec: "json", Policy: "full(base=50ms,cap=2s,retries=16,deadline=25s)",
		Seed: 1, Clients: 16, Repetitions: 3, Verdict: check.OK,
		Counts:     measure.Counts{Operations: 4272, Acknowledged: 4200, UserConflicts: 60, Exhausted: 12, Puts: 5200, Committed: 4200, Conflicts412: 990, Conflicts409: 10, Gets: 9000},
		Attempts:   measure.Attempts{Histogram: []int{0, 3500, 450, 200, 40, 10}, Mean: 1.2405, P50: 1, P90: 2, P99: 4, Max: 5},
		LatencyMS:  &measure.Latency{Samples: 4200, P50: 1.205, P90: 77.8, P99: 269.4, P999: 761.2, Max: 1254.5},
		MakespanMS: &measure.Makespan{Samples: 3, Mean: 5003.2, P50: 5001, Max: 5010},
		Elapsed:    15_200, Directory: "simulate-out/sustained-contention/20261124T000650Z-b23bc83dca",
		Replay: "simulate run sustained-contention --clients 16 --duration 5s --threshold 'attempts.p99<6' --runs 3 --seed 1",
	}
	r.Rates = r.Counts.Rates(1)
	return r
}

// small is a run of two users.
func small() measure.Measurement {
	r := passed()
	r.Scenario, r.Shows = "two-users", "Two users who load the same version and change different fields both keep their change."
	r.Clients, r.Repetitions, r.Elapsed, r.Replay = 1, 1, 6.2, "simulate run two-users --seed 1"
	r.Counts = measure.Counts{Operations: 2, Acknowledged: 2, Puts: 3, Committed: 2, Conflicts412: 1}
	r.Attempts = measure.Attempts{Histogram: []int{0, 1, 0, 1}, Mean: 2, P50: 1, P90: 3, P99: 3, Max: 3}
	r.LatencyMS = &measure.Latency{Samples: 2, P50: 0.63, P90: 0.66, P99: 0.66, P999: 0.66, Max: 0.66}
	r.MakespanMS = &measure.Makespan{Samples: 1, Mean: 4, P50: 4, Max: 4}
	r.Rates = r.Counts.Rates(1)
	return r
}

func brokenRun() measure.Measurement {
	r := small()
	r.Core, r.Verdict, r.Replay = "unlocked", check.Violated, "simulate run two-users --core unlocked --seed 1"
	r.Counts.Lost, r.Counts.Overwritten = 1, 2
	r.Violated = map[string]int{"I1": 3, "I10": 1, "I4": 1}
	put := func(at int64, actor, etag, of, id, field string) history.Event {
		return history.Event{Kind: history.Put, At: at, Actor: actor, If: history.IfNone, ETag: etag, Answer: history.OK, Doc: &history.Doc{
			N: 6, Of: of, Keep: 5, Add: []string{id}, Set: []history.Set{{
				Field: field, Was: `"Rotate TLS certificates on the public load balancers" #0123456789abcdef`,
				Now: `"Rotate TLS certificates on all load balancers" #fedcba9876543210`,
			}},
		}}
	}
	r.Violations = []check.Violation{
		{Invariant: check.HonestAnswers, Anomaly: "untyped error", Summary: "bob was told failed and it was exhaustion"},
		{Invariant: check.NothingLost, Anomaly: "modification vanished",
			Summary: `alice was told that m-cxxpkmgabcdef is stored in archive/CHG-12345.json; bob wrote version "e3" without it`,
			Witness: []history.Event{
				{Kind: history.Invoke, At: 2_290_000, Actor: "alice", Do: "save", Sets: []string{"changeTitle"}, IDs: []string{"m-cxxpkmgabcdef"}, Base: `"e1"`},
				put(2_730_000, "alice", `"e2"`, `"e1"`, "m-cxxpkmgabcdef", "changeTitle"),
				{Kind: history.Return, At: 2_790_000, Actor: "alice", Outcome: history.Committed, ETag: `"e2"`},
				put(3_160_000, "a-back-end-with-a-long-name-17", `"e3"`, `"e1"`, "m-nc8a14efedcba", "testPlan"),
				{Kind: history.Return, At: 123_456_790_000, Actor: "bob", Outcome: history.Exhausted},
				{Kind: history.Return, At: 123_456_795_000, Actor: "eve", Outcome: history.Crashed},
				{Kind: history.Get, At: 123_456_800_000, Actor: "harness/final", Answer: history.OK, ETag: `"e3"`, Doc: &history.Doc{N: 6}},
			}},
		{Invariant: check.NothingLost, Anomaly: "modification vanished", Summary: "told only once"},
		{Invariant: check.OneChain, Anomaly: "fork", Summary: "alice and bob both replaced a version"},
	}
	return r
}

func inconclusive() measure.Measurement {
	r := small()
	r.Verdict, r.Reasons = check.Inconclusive, []string{
		"too little contention to prove anything: 4 conflicts, the scenario wants at least 20", "the history has no end",
	}
	r.Counts, r.Attempts, r.LatencyMS, r.MakespanMS = measure.Counts{Operations: 7, Gone: 7}, measure.Attempts{Histogram: []int{}}, nil, nil
	r.Steps = []measure.StepResult{{Step: "T1 alice load", Want: "held before its put", Got: "ended without one: committed", Passed: false}}
	r.Rates = r.Counts.Rates(1)
	return r
}

func interrupted() measure.Measurement {
	r := passed()
	r.Interrupted, r.MakespanMS, r.Store = true, nil, "s3://a-bucket-with-quite-a-long-name-indeed/and/a/prefix"
	r.Counts.Operations += 47
	r.Counts.EndedUnknown, r.Counts.Cancelled, r.Counts.Unfinished, r.Counts.Failed = 15, 20, 5, 5
	r.Counts.Crashed = 2
	r.Counts.Puts += 30
	r.Counts.UnknownOutcomes, r.Counts.Throttled, r.Counts.RefusedOtherwise = 15, 10, 5
	return r
}

// storeAtFault is a run whose core did nothing wrong.
func storeAtFault() measure.Measurement {
	r := small()
	r.Verdict, r.Store = check.StoreAtFault, "s3://bucket/prefix"
	r.Notes = []string{"2 times what would have violated an invariant is not held against the core, since the store broke its word on that object"}
	put := func(start, at int64, actor, etag, id string) history.Event {
		return history.Event{
			Kind: history.Put, Start: start, At: at, Actor: actor, If: history.IfMatch, IfETag: `"e1"`, ETag: etag, Answer: history.OK,
			Doc: &history.Doc{N: 6, Of: `"e1"`, Keep: 5, Add: []string{id}},
		}
	}
	r.StoreFindings = []check.StoreFinding{
		{
			Kind: storefault.TwoWinners, Count: 3, Summary: `alice and bob both replaced version "e1" of archive/CHG-12345.json, each on the condition that it was still there`,
			Witness: []history.Event{put(1_100_000, 2_730_000, "alice", `"e2"`, "m-1"), put(1_200_000, 3_160_000, "bob", `"e3"`, "m-2")},
		},
		{
			Kind: storefault.StaleRead, Count: 1, Summary: `bob read version "e1" of archive/CHG-12345.json after alice had written version "e2"`,
			Witness: []history.Event{{Kind: history.Get, Start: 3_000_000, At: 4_000_000, Actor: "bob", Answer: history.OK, ETag: `"e1"`, Doc: &history.Doc{N: 5}}},
		},
	}
	return r
}

func withMissed() measure.Measurement {
	r := small()
	r.Thresholds = []measure.ThresholdResult{{Expression: "attempts.p99<6", Value: 3, Passed: true, NoValue: false}, {Expression: "latency_ms.p99<1e-05", Value: 0.66, Passed: false, NoValue: false}, {Expression: "makespan_ms.max<9", Value: 0, Passed: false, NoValue: true}}
	r.Steps = []measure.StepResult{
		{Step: "T3 alice save", Want: "committed", Got: "committed", Passed: true},
		{Step: "T4 bob save", Want: "conflict on changeTitle", Got: "failed (append archive/CHG-12345.json: invalid edit: modifications can't be set, only appended to)", Passed: false},
	}
	return r
}

// allRuns are runs of each kind, one or several.
func allRuns() map[string][]measure.Measurement {
	return map[string][]measure.Measurement{
		"pass":            {passed()},
		"pass-few":        {small()},
		"violated":        {brokenRun()},
		"inconclusive":    {inconclusive()},
		"store-at-fault":  {storeAtFault()},
		"interrupted":     {interrupted()},
		"threshold":       {withMissed()},
		"many-passed":     {passed(), small()},
		"many-of-a-kind":  {passed(), brokenRun(), inconclusive(), small()},
		"many-and-missed": {small(), withMissed(), interrupted()},
	}
}

func TestTextReports(t *testing.T) {
	for name, runs := range allRuns() {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			NewResult(Environment{}, runs...).Text(Text{W: &b})
			golden := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v; run go test ./reports -update", err)
			}
			if diff := gocmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); diff != "" {
				t.Errorf("if it is meant, run go test ./reports -update: %s", diff)
			}
			checkWidth(t, b.String())
			checkColor(t, b.String(), runs)
		})
	}
}

// TestScenariosThatWereNotReached count as asked for, and not as passed.
func TestScenariosThatWereNotReached(t *testing.T) {
	for _, c := range []struct {
		runs []measure.Measurement
		head string
	}{
		{[]measure.Measurement{small()}, "STOPPED  1 of 3 scenarios passed in 6 ms; 2 not reached\n"},
		{[]measure.Measurement{small(), brokenRun()}, "FAIL  1 of 4 runs passed in 12 ms; 2 not reached\n"},
		{[]measure.Measurement{small(), storeAtFault()}, "STORE AT FAULT  1 of 4 runs passed in 12 ms; 2 not reached\n"},
	} {
		r := NewResult(Environment{}, c.runs...)
		r.Lacks([]string{"storm", "burst"})
		if r.Passed {
			t.Errorf("%s has passed", c.head)
		}
		var b strings.Builder
		r.Text(Text{W: &b})
		if !strings.HasPrefix(b.String(), c.head) || strings.Count(b.String(), "NOT RUN") != 2 {
			t.Errorf("want %q:\n%s", c.head, b.String())
		}
		checkWidth(t, b.String())
	}
}

// checkWidth: nothing but what is there to be copied is wider than the terminal.
func checkWidth(t *testing.T, report string) {
	t.Helper()
	for line := range strings.SplitSeq(report, "\n") {
		if w := text.StringWidth(line); w > Width && !strings.HasPrefix(line, "replay ") && !strings.HasPrefix(line, "next ") && !strings.HasPrefix(line, "saved in ") {
			t.Errorf("%d columns: %s", w, line)
		}
		if strings.HasSuffix(line, " ") {
			t.Errorf("a space at the end of %q", line)
		}
	}
}

// checkColor: color changes nothing but the color.
func checkColor(t *testing.T, report string, runs []measure.Measurement) {
	t.Helper()
	var b strings.Builder
	NewResult(Environment{}, runs...).Text(Text{W: &b, Look: Look{Color: true}})
	if b.String() == report {
		t.Error("there is no color")
	}
	if plain := text.StripEscape(b.String()); plain != report {
		t.Errorf("with color it reads otherwise: %s", gocmp.Diff(report, plain))
	}
}

func TestWordAndPassed(t *testing.T) {
	for want, r := range map[string]measure.Measurement{"PASS": passed(), "FAIL": brokenRun(), "INCONCLUSIVE": inconclusive(), "STOPPED": interrupted(), StoreWord: storeAtFault()} {
		if got := word(&r); got != want || r.Passed() != (want == "PASS") {
			t.Errorf("%s, passed %v; want %s", got, r.Passed(), want)
		}
	}
	r := brokenRun()
	r.Interrupted = true
	if word(&r) != "FAIL" {
		t.Errorf("interrupted and violated is %s", word(&r))
	}
	if NewResult(Environment{}).Passed {
		t.Error("nothing passed")
	}
}

// TestHistograms of every size fit, have few bars, and add up.
func TestHistograms(t *testing.T) {
	for buckets := 1; buckets <= 100; buckets++ {
		for _, first := range []int{0, 1, 9} {
			counts, total := make([]int, first+buckets), 0
			for i := range buckets {
				counts[first+i] = (i*7919+buckets)%1000 + min(1, i%3)
				total += counts[first+i]
			}
			counts[first]++
			counts[len(counts)-1]++
			total += 2
			var b strings.Builder
			Text{W: &b}.histogram(counts, total)
			checkWidth(t, b.String())
			lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
			if len(lines) > mostBars {
				t.Errorf("%d buckets make %d bars", buckets, len(lines))
			}
			sum := 0
			for _, line := range lines {
				var n int
				tail := strings.Fields(line)
				if _, err := fmt.Sscan(tail[len(tail)-3], &n); err != nil {
					t.Fatalf("%q: %v", line, err)
				}
				sum += n
			}
			if sum != total {
				t.Errorf("%d buckets: the bars add up to %d of %d\n%s", buckets, sum, total, b.String())
			}
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		s     string
		width int
		want  []string
	}{
		{"", 5, nil},
		{"a b c", 3, []string{"a b", "c"}},
		{"  a\tb\nc ", 9, []string{"a b c"}},
		{"longerthanthat a", 5, []string{"longerthanthat", "a"}},
		{"漢字 漢字", 5, []string{"漢字", "漢字"}},
	} {
		if diff := gocmp.Diff(c.want, Wrap(c.s, c.width)); diff != "" {
			t.Errorf("%q: %s", c.s, diff)
		}
	}
}

func TestTextNamesTheCommonestStoreErrors(t *testing.T) {
	r := passed()
	r.StoreErrors = []measure.StoreError{
		{Call: "put", Error: "507 XMinioStorageFull: outcome unknown", Count: 71}, {Call: "get", Error: "503: the store is too busy", Count: 9}, {Call: "head", Error: "one", Count: 2}, {Call: "head", Error: "two", Count: 1},
	}
	r.Counts.FailedLoads, r.Counts.Messages, r.Counts.Redelivered, r.Counts.DeadLettered, r.Counts.DeadLetteredProcessed = 1, 30, 3, 4, 3
	r.Counts.AcknowledgedLate, r.Counts.Untold, r.Counts.Intended, r.Counts.NeverBegun = 7, 1, 4372, 100
	r.NeverBegun = []measure.Reason{{Why: "their clients were still busy with earlier ones when the time was up", Count: 60}, {Why: "their clients had died", Count: 40}}
	var b strings.Builder
	NewResult(Environment{}, r).Text(Text{W: &b})
	text := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{
		"errors 71× put: 507 XMinioStorageFull: outcome unknown 9× get: 503: the store is too busy 2× head: one attempts",
		"1 load failed", "30 messages, 3 delivered again, 4 dead letters (3 processed anyway) the visibility timeout is too short",
		"while it was worked on (7×)", "untold 1 customer of uploads that are stored",
		"never begun 100 of 4372 intended: 60, their clients were still busy with earlier ones when the time was up; 40, their clients had died",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	checkWidth(t, b.String())
}

// TestWhatPassedIsCountedBesideWhatDidNot: of many scenarios those that did not pass are shown.
func TestWhatPassedIsCountedBesideWhatDidNot(t *testing.T) {
	var runs []measure.Measurement
	for range 40 {
		runs = append(runs, passed())
	}
	r := NewResult(Environment{}, append(runs, brokenRun())...)
	r.Lacks([]string{"storm", "burst"})
	report := lookedAt(r, Look{})
	if n := strings.Count(report, "\n"); n > mostLines+7 || !strings.Contains(report, "\n… 40 that passed, 2 NOT RUN, from storm on (--verbose, or the page)\n") {
		t.Errorf("%d lines:\n%s", n, report)
	}
	if report := lookedAt(r, Look{Verbose: true}); strings.Count(report, " PASS ") != 40 || strings.Count(report, NotRun) != 2 {
		t.Errorf("with --verbose:\n%s", report)
	}
	for range 11 {
		r.Runs = append(r.Runs, brokenRun())
	}
	if report := lookedAt(r, Look{}); !strings.Contains(report, "\n… 2 more that did not pass, 40 that passed, 2 NOT RUN, from storm on (") {
		t.Errorf("of many that did not pass:\n%s", report)
	}
	if report := lookedAt(NewResult(Environment{}, runs...), Look{}); strings.Count(report, "PASS ") != 41 {
		t.Errorf("if all passed:\n%s", report)
	}
}

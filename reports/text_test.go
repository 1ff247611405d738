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

	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// passed is a run of many operations that has all numbers.
func passed() Run {
	r := Run{
		Scenario: "sustained-contention", Shows: "Users and back ends that keep updating the same change without pause lose nothing, however long it lasts.",
		Core: "production", World: "real", Store: "fake", Codec: "json", Policy: "full(base=50ms,cap=2s,retries=16,deadline=25s)",
		Seed: 1, Clients: 16, Repetitions: 3, Verdict: check.OK,
		Counts:     Counts{Operations: 4272, Acknowledged: 4200, UserConflicts: 60, Exhausted: 12, Puts: 5200, Committed: 4200, Conflicts412: 990, Conflicts409: 10, Gets: 9000},
		Attempts:   Attempts{Histogram: []int{0, 3500, 450, 200, 40, 10}, Mean: 1.2405, P50: 1, P90: 2, P99: 4, Max: 5},
		LatencyMS:  &Latency{Samples: 4200, P50: 1.205, P90: 77.8, P99: 269.4, P999: 761.2, Max: 1254.5},
		MakespanMS: &Makespan{Samples: 3, Mean: 5003.2, P50: 5001, Max: 5010},
		Elapsed:    15_200, Directory: "simulate-out/sustained-contention/20261124T000650Z-b23bc83dca",
		Replay: "simulate run sustained-contention --clients 16 --duration 5s --threshold 'attempts.p99<6' --runs 3 --seed 1",
	}
	r.Rates = rates(r.Counts, 1)
	return r
}

// small is a run of two users.
func small() Run {
	r := passed()
	r.Scenario, r.Shows = "two-users", "Two users who load the same version and change different fields both keep their change."
	r.Clients, r.Repetitions, r.Elapsed, r.Replay = 1, 1, 6.2, "simulate run two-users --seed 1"
	r.Counts = Counts{Operations: 2, Acknowledged: 2, Puts: 3, Committed: 2, Conflicts412: 1}
	r.Attempts = Attempts{Histogram: []int{0, 1, 0, 1}, Mean: 2, P50: 1, P90: 3, P99: 3, Max: 3}
	r.LatencyMS = &Latency{Samples: 2, P50: 0.63, P90: 0.66, P99: 0.66, P999: 0.66, Max: 0.66}
	r.MakespanMS = &Makespan{Samples: 1, Mean: 4, P50: 4, Max: 4}
	r.Rates = rates(r.Counts, 1)
	return r
}

func brokenRun() Run {
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

func inconclusive() Run {
	r := small()
	r.Verdict, r.Reasons = check.Inconclusive, []string{
		"too little contention to prove anything: 4 conflicts, the scenario wants at least 20", "the history has no end",
	}
	r.Counts, r.Attempts, r.LatencyMS, r.MakespanMS = Counts{Operations: 7, Gone: 7}, Attempts{Histogram: []int{}}, nil, nil
	r.Steps = []StepResult{{"T1 alice load", "held before its put", "ended without one: committed", false}}
	r.Rates = rates(r.Counts, 1)
	return r
}

func interrupted() Run {
	r := passed()
	r.Interrupted, r.MakespanMS, r.Store = true, nil, "s3://a-bucket-with-quite-a-long-name-indeed/and/a/prefix"
	r.Counts.Operations += 47
	r.Counts.EndedUnknown, r.Counts.Cancelled, r.Counts.Unfinished, r.Counts.Failed = 15, 20, 5, 5
	r.Counts.Crashed = 2
	r.Counts.Puts += 30
	r.Counts.UnknownOutcomes, r.Counts.Throttled, r.Counts.RefusedOtherwise = 15, 10, 5
	return r
}

func missed() Run {
	r := small()
	r.Thresholds = []ThresholdResult{{"attempts.p99<6", 3, true, false}, {"latency_ms.p99<1e-05", 0.66, false, false}, {"makespan_ms.max<9", 0, false, true}}
	r.Steps = []StepResult{
		{"T3 alice save", "committed", "committed", true},
		{"T4 bob save", "conflict on changeTitle", "failed (append archive/CHG-12345.json: invalid edit: modifications can't be set, only appended to)", false},
	}
	return r
}

func TestTextReports(t *testing.T) {
	for name, runs := range map[string][]Run{
		"pass":            {passed()},
		"pass-few":        {small()},
		"violated":        {brokenRun()},
		"inconclusive":    {inconclusive()},
		"interrupted":     {interrupted()},
		"threshold":       {missed()},
		"many-passed":     {passed(), small()},
		"many-of-a-kind":  {passed(), brokenRun(), inconclusive(), small()},
		"many-and-missed": {small(), missed(), interrupted()},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			Text{W: &b}.Result(NewResult(Environment{}, runs...))
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
		runs []Run
		head string
	}{
		{[]Run{small()}, "STOPPED  1 of 3 scenarios passed in 6 ms; 2 not reached\n"},
		{[]Run{small(), brokenRun()}, "FAIL  1 of 4 scenarios passed in 12 ms; 2 not reached\n"},
	} {
		r := NewResult(Environment{}, c.runs...)
		r.Lacks([]string{"storm", "burst"})
		if r.Passed {
			t.Errorf("%s has passed", c.head)
		}
		var b strings.Builder
		Text{W: &b}.Result(r)
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
		if w := text.StringWidth(line); w > Width && !strings.HasPrefix(line, "replay ") && !strings.HasPrefix(line, "saved in ") {
			t.Errorf("%d columns: %s", w, line)
		}
		if strings.HasSuffix(line, " ") {
			t.Errorf("a space at the end of %q", line)
		}
	}
}

// checkColor: color changes nothing but the color.
func checkColor(t *testing.T, report string, runs []Run) {
	t.Helper()
	var b strings.Builder
	Text{W: &b, Color: true}.Result(NewResult(Environment{}, runs...))
	if b.String() == report {
		t.Error("there is no color")
	}
	if plain := text.StripEscape(b.String()); plain != report {
		t.Errorf("with color it reads otherwise: %s", gocmp.Diff(report, plain))
	}
}

func TestWordAndPassed(t *testing.T) {
	for word, r := range map[string]Run{"PASS": passed(), "FAIL": brokenRun(), "INCONCLUSIVE": inconclusive(), "STOPPED": interrupted()} {
		if got := r.Word(); got != word || r.Passed() != (word == "PASS") {
			t.Errorf("%s, passed %v; want %s", got, r.Passed(), word)
		}
	}
	r := brokenRun()
	r.Interrupted = true
	if r.Word() != "FAIL" {
		t.Errorf("interrupted and violated is %s", r.Word())
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
		if diff := gocmp.Diff(c.want, wrap(c.s, c.width)); diff != "" {
			t.Errorf("%q: %s", c.s, diff)
		}
	}
}

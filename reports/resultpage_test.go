package reports

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"holdfast/reports/page"
	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
)

func pageText(t *testing.T, format string, runs ...measure.Measurement) string {
	t.Helper()
	var b strings.Builder
	if err := Formats[format](&b, NewResult(Environment{}, runs...), false); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestMarkdownOfResults is short: it stands beside a change that somebody decides on.
func TestMarkdownOfResults(t *testing.T) {
	for name, runs := range map[string][]measure.Measurement{
		"page-passed": {detailed()}, "page-violated": {brokenRun()}, "page-store-at-fault": {storeAtFault()}, "page-inconclusive": {inconclusive()},
		"page-interrupted": {interrupted()}, "page-missed": {withMissed()}, "page-several": {detailed(), brokenRun(), inconclusive(), small()},
	} {
		got := pageText(t, "markdown", runs...)
		if n := strings.Count(got, "\n"); len(runs) == 1 && n > 60 {
			t.Errorf("%s has %d lines", name, n)
		}
		golden := filepath.Join("testdata", name+".md")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatalf("%v; run go test ./reports -update", err)
		}
		if diff := gocmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("%s: if it is meant, run go test ./reports -update: %s", name, diff)
		}
	}
}

// TestVerdictsOfPages: what is not a pass never looks like one.
func TestVerdictsOfPages(t *testing.T) {
	stuck := passed()
	stuck.Failure = "the disk is full"
	for want, m := range map[string]measure.Measurement{
		"PASS good": passed(), "FAIL bad": brokenRun(), "STORE AT FAULT bad": storeAtFault(), "INCONCLUSIVE doubt": inconclusive(), "STOPPED doubt": interrupted(),
	} {
		p := NewResult(Environment{}, m).Page()
		if got := p.Verdict + " " + string(p.Tone); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if p.Tone != page.Good && len(p.Advice) == 0 {
			t.Errorf("%s: no advice", want)
		}
	}
	if p := NewResult(Environment{}, stuck).Page(); p.Tone == page.Good {
		t.Errorf("a run that could not go on: %s", p.Verdict)
	}
	lacking := NewResult(Environment{}, passed())
	lacking.Lacks([]string{"storm"})
	if p := lacking.Page(); p.Verdict != "STOPPED" || p.Tone != page.Doubt || len(p.Advice) == 0 || p.Advice[0].Command != "simulate run storm" {
		t.Errorf("what was not run has passed: %s %v", p.Verdict, p.Advice)
	}
}

// TestPagesShowWhatIsKnown, and nothing of what is not.
func TestPagesShowWhatIsKnown(t *testing.T) {
	titles := func(m measure.Measurement) (all []string) {
		for _, s := range NewResult(Environment{}, m).Page().Sections {
			all = append(all, s.Title)
			for _, b := range s.Blocks {
				if f, ok := b.(page.Figure); ok {
					all = append(all, f.Title)
				}
			}
		}
		return all
	}
	full, bare := titles(detailed()), titles(measure.Measurement{Verdict: check.Inconclusive, Reasons: []string{"no operation was run"}})
	for _, title := range []string{"Attempts needed", "Latency", "Over time", "Waiting against working", "Fairness across actors", "Alarms", "Cost", "What was expected", "Files of this run"} {
		if !slices.Contains(full, title) {
			t.Errorf("%q is missing: %q", title, full)
		}
		if slices.Contains(bare, title) {
			t.Errorf("%q of a run that has nothing", title)
		}
	}
}

// TestAdviceIsToThePoint: each kind of trouble is answered by what to do about it.
func TestAdviceIsToThePoint(t *testing.T) {
	little := inconclusive()
	for _, c := range []struct {
		m    measure.Measurement
		want []string
	}{
		{brokenRun(), []string{"Do not release this core", "simulate run two-users --core unlocked --seed 1", "simulate run two-users --core unlocked --seed 1 --world virtual --runs 1000"}},
		{storeAtFault(), []string{"simulate doctor --store s3://bucket/prefix", "Do not judge the core"}},
		{little, []string{"--clients", "Let it run to its end"}},
		{interrupted(), []string{"Let it run to its end"}},
		{withMissed(), []string{"latency_ms.p99<1e-05 missed: it is 0.66", "T4 bob save"}},
		{passed(), []string{"simulate tune sustained-contention", "12 operations gave up, of 4,272"}},
	} {
		said := ""
		for _, a := range advice(&c.m, nil) {
			said += a.Text + "\n" + a.Command + "\n"
		}
		for _, want := range c.want {
			if !strings.Contains(said, want) {
				t.Errorf("%s: %q is missing in %s", word(&c.m), want, said)
			}
		}
	}
}

// TestPagesUseTheNamesOfTheField beside ours, with what they are, if there are any.
func TestPagesUseTheNamesOfTheField(t *testing.T) {
	m := brokenRun()
	if got := pageText(t, "markdown", m); strings.Contains(got, "Known as") {
		t.Errorf("a name of which nobody knows: %s", got)
	}
	m.Violations[1].KnownAs, m.Violations[1].Means = "lost update, P4", "Somebody wrote an older version back."
	if got := pageText(t, "markdown", m); !strings.Contains(got, "Known as lost update, P4. Somebody wrote an older version back.") {
		t.Errorf("no names: %s", got)
	}
	f := storeAtFault()
	f.StoreFindings[0].KnownAs = "lost write"
	if got := pageText(t, "html", f); !strings.Contains(got, "Known as lost write. ") {
		t.Error("a finding has no name")
	}
}

// TestPagesSayWhereTheyComeFrom: program, commit, machine and its load, and the store's settings.
func TestPagesSayWhereTheyComeFrom(t *testing.T) {
	begin, end := 0.5, 7.25
	e := NewEnvironment(&measure.Settings{MaxAttempts: 1, RequestTimeoutMS: 10_000, Endpoint: "http://127.0.0.1:9000"})
	e.Version, e.Revision, e.Load = "v1.2", &Revision{Commit: "0123456789abcdef", Changed: true}, &Load{Begin: &begin, End: &end}
	var b strings.Builder
	if err := Formats["html"](&b, NewResult(e, small()), false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"v1.2", "0123456789abcdef, with changes", "0.50 at the beginning, 7.25 at the end", "http://127.0.0.1:9000", "within 10000 ms", e.Go} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("it does not say %q", want)
		}
	}
}

// TestWhatFailedComesFirst in the table of several runs, whose rows lead to what is told of each.
func TestWhatFailedComesFirst(t *testing.T) {
	r := NewResult(Environment{}, small(), withMissed(), passed(), brokenRun(), inconclusive())
	r.Lacks([]string{"storm"})
	p := r.Page()
	table := p.Sections[0].Blocks[0].(page.Table)
	var verdicts []string
	for i, row := range table.Rows {
		verdicts = append(verdicts, row[1])
		if table.Anchors[i] == "" {
			continue
		}
		if n := slices.IndexFunc(p.Sections, func(s page.Section) bool { return s.ID == table.Anchors[i] }); n < 0 || p.Sections[n].Title != row[0] || p.Sections[n].Verdict != row[1] {
			t.Errorf("%q does not lead to what is told of it", row)
		}
	}
	if got := strings.Join(verdicts, " "); got != "FAIL FAIL INCONCLUSIVE NOT RUN PASS PASS" {
		t.Errorf("in this order: %s", got)
	}
}

// TestAdviceNamesWhatWasAsked for, which may be a file with another name than its scenario.
func TestAdviceNamesWhatWasAsked(t *testing.T) {
	for replay, want := range map[string]string{
		"": "sustained-contention", "simulate run two-users": "two-users", "simulate run ./a.yaml --seed 1": "./a.yaml", "simulate run 'my files/a.yaml' --seed 1": "'my files/a.yaml'",
	} {
		m := passed()
		m.Replay = replay
		if got := asked(&m); got != want {
			t.Errorf("of %q: %q, want %q", replay, got, want)
		}
	}
}

// TestDistributionsArePlaced by how many operations are left.
func TestDistributionsArePlaced(t *testing.T) {
	for x, want := range map[float64]string{1: "p90", 2: "p99", 3: "p99.9", 5: "p99.999", -math.Log10(0.5): "p50"} {
		if got := percentile(x); got != want {
			t.Errorf("%s is at %v, want %s", got, x, want)
		}
	}
}

// detailed is a run that has all that a run can have.
func detailed() measure.Measurement {
	m := passed()
	m.Counts.Intended = m.Counts.Operations
	m.Distribution = made(4200, 1, 1254.5)
	m.Thresholds = []measure.ThresholdResult{{Expression: "attempts.p99<6", Value: 4, Passed: true}}
	m.Timeline = &measure.Timeline{
		WidthMS: 100, Repetitions: 3, Commits: make([]int, 50), Conflicts: make([]int, 50), Retries: make([]int, 50),
	}
	for i := range 50 {
		m.Timeline.Commits[i], m.Timeline.Conflicts[i], m.Timeline.Retries[i] = 70+i*i%29, 10+i*i%23, 5+i*i%19
	}
	m.Spent = &measure.Spent{Samples: 4200, QueuedMS: 0.5, CallsMS: 1.7, WaitingMS: 24.1, OwnMS: 0.3}
	m.Fairness = &measure.Fairness{Actors: 16, Starved: 1, Jain: 0.923, Worst: "user-7", WorstP99MS: 1250, MedianP99MS: 240}
	for i := range 16 {
		m.Fairness.Each = append(m.Fairness.Each, measure.ActorLatency{Actor: fmt.Sprintf("user-%d", (i+8)%16), Samples: 240 + i, GaveUp: i / 5, P50MS: 1 + float64(i)/4, P99MS: 90 + 5*float64(i*i)})
	}
	m.Cost = &measure.Cost{Prices: "S3 Standard (us-east-1, November 2026)", PutPer1000: 0.005, GetPer1000: 0.0004, PerMillionCommits: 7.05, PerMillionUpdates: 7.05, Assumed: true}
	m.Alarms = []measure.Alarm{
		{Metric: "FrontendETagMismatchCount", Means: "saves of users that met a conflict", Threshold: "> 5", Value: 23.4, Unit: "%", Samples: 2100, Fires: true},
		{Metric: "ETagMismatchCount", Means: "updates of the back end that met a conflict", Threshold: "> 10", Value: 4.2, Unit: "%", Samples: 2100},
		{Metric: "ArchiveUpdateDuration", Means: "p99 of the back end's updates", Threshold: "> 1000", Unit: "ms", Note: "no update of the back end was made"},
	}
	m.StoreErrors = []measure.StoreError{{Call: "put", Error: "503 or 429: the store is too busy", Count: 3}}
	return m
}

// million is one of a million operations.
func million() measure.Measurement {
	m := detailed()
	m.World, m.Clients, m.Repetitions, m.Policy = "virtual", 300, 3334, "decorrelated(base=50ms,cap=20s,retries=16,deadline=120s)"
	m.Counts = measure.Counts{Intended: 1_000_200, Operations: 1_000_200, Acknowledged: 990_000, Exhausted: 10_200, Puts: 5_200_000, Committed: 990_000, Conflicts412: 4_210_000, Gets: 6_000_000}
	m.Attempts = measure.Attempts{Mean: 5.2525, P50: 3, P90: 12, P99: 40, Max: 64, Histogram: make([]int, 65)}
	left := m.Counts.Acknowledged
	for i := 1; i < 65 && left > 0; i++ {
		m.Attempts.Histogram[i] = left/4 + 1
		left -= m.Attempts.Histogram[i]
	}
	m.LatencyMS = &measure.Latency{Samples: 990_000, P50: 120, P90: 2000, P99: 19_000, P999: 80_000, Max: 119_000}
	m.Distribution = made(990_000, 12, 119_000)
	m.Rates = m.Counts.Rates(m.Repetitions)
	return m
}

// made is a distribution between two values, in milliseconds.
func made(samples int, least, most float64) []measure.Quantile {
	var d []measure.Quantile
	end := math.Log10(float64(samples))
	for k := 0.0; k/10 <= end; k++ {
		share := k / 10 / end
		d = append(d, measure.Quantile{Percent: 100 * (1 - math.Pow(10, -k/10)), MS: least * math.Pow(most/least, math.Sqrt(share))})
	}
	return append(d, measure.Quantile{Percent: 100, MS: most})
}

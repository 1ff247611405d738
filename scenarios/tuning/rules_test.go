package tuning

import (
	"slices"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios"
)

// factsOf are what rules know of a scenario, without a search.
func factsOf(t *testing.T, r scenarios.Run, o Objective) *facts {
	t.Helper()
	const operations = 2400
	repetitions := max(operations/(12*max(r.Scenario.Operations(), 1)), 1)
	seen := map[archive.Policy]*measured{}
	return &facts{
		scenario: r.Scenario, objective: o, patience: Patience(r.Scenario), attempt: r.Latency().Attempt(), commit: commitTime(&r),
		writers: writersOfOne(r.Scenario), throttles: throttling(&r),
		twin: func(p archive.Policy) (*measured, error) {
			if seen[p] == nil {
				seen[p] = playedBy(t, r, p, 12, repetitions)
			}
			return seen[p], nil
		},
	}
}

func rulesOf(t *testing.T, f *facts, p archive.Policy) []Advice {
	t.Helper()
	m, err := f.twin(p)
	if err != nil {
		t.Fatal(err)
	}
	advice := f.judge(&subject{"tested", m})
	if f.err != nil {
		t.Fatal(f.err)
	}
	for _, a := range advice {
		if a.Text == "" || a.Evidence == "" || a.Confidence == "" || a.Subject != "tested" {
			t.Errorf("advice without evidence: %+v", a)
		}
	}
	return advice
}

// twoApart are two back ends that hardly ever meet.
const twoApart = `
name: two-apart
shows: Two back ends that hardly ever meet.
why: For tests.
actors:
  - {name: first, kind: backend, load: {operations: 1}}
  - {name: second, kind: backend, load: {operations: 1, after: 20s}}
`

// refusing is a store that answers three of ten requests with 503.
const refusing = `
name: refusing
shows: A back end whose store is busy.
why: For tests.
faults: ['503(rate=0.3)']
actors:
  - {name: backend, kind: backend, load: {operations: 20}}
`

// impatient is a queue whose messages come again after half a second.
const impatient = `
name: impatient
shows: Back ends with a queue that delivers again after half a second.
why: For tests.
via: api
queue: {visibility: 500ms}
actors:
  - {name: backend, kind: backend, count: 5, load: {operations: 1}}
`

const (
	standard = "s3-standard"
	exact    = "constant(10ms)"
	legs     = "normal(10ms,2ms)"
)

// TestEachRuleBothWays: what triggers a rule, and what is close to it and must not.
func TestEachRuleBothWays(t *testing.T) {
	numbers(t)
	fanIn := func(t *testing.T) scenarios.Run { return run(t, "backend-fan-in", 30, standard) }
	exactly := func(t *testing.T) scenarios.Run { return run(t, "backend-fan-in", 20, exact) }
	apart := func(t *testing.T) scenarios.Run { return written(t, twoApart, standard) }
	hasty := func(t *testing.T) scenarios.Run { return written(t, impatient, standard) }
	throttled := func(t *testing.T) scenarios.Run { return written(t, refusing, standard) }
	limited := func(t *testing.T) scenarios.Run {
		return written(t, strings.Replace(refusing, "503(rate=0.3)", "throttle(writes=5,burst=2)", 1), legs)
	}
	ten := func(t *testing.T) scenarios.Run { return run(t, "burst", 10, legs) }
	const quick = "exhausted.rate<1e-3, min latency_ms.p99"
	for _, c := range []struct {
		rule      string
		objective string
		on        func(*testing.T) scenarios.Run
		policy    string
		fires     bool
	}{
		{"too-few-retries", DefaultObjective, fanIn, "documented", true},
		{"too-few-retries", DefaultObjective, fanIn, "default", false},
		{"too-few-retries", DefaultObjective, apart, "documented", false},
		{"deadline-too-short", DefaultObjective, fanIn, "full(base=50ms,cap=1s,retries=50,deadline=1s)", true},
		{"deadline-too-short", DefaultObjective, fanIn, "full(base=50ms,cap=1s,retries=50,deadline=25s)", false},
		{"deadline-too-long", DefaultObjective, hasty, "default", true},
		{"deadline-too-long", DefaultObjective, fanIn, "full(base=50ms,cap=2s,retries=50)", true},
		{"deadline-too-long", DefaultObjective, fanIn, "default", false},
		{"deadline-too-long", DefaultObjective, fanIn, "documented", false}, // no deadline, but it can't take long
		{"no-jitter", DefaultObjective, exactly, "exponential(base=50ms,cap=400ms,retries=3)", true},
		{"no-jitter", DefaultObjective, exactly, "full(base=50ms,cap=400ms,retries=3)", false},
		{"no-jitter", DefaultObjective, apart, "documented", false},
		{"base-too-low", DefaultObjective, fanIn, "full(base=2ms,cap=2s,retries=60)", true},
		{"base-too-low", DefaultObjective, fanIn, "full(base=100ms,cap=1s,retries=60)", false},
		{"base-too-low", DefaultObjective, apart, "full(base=2ms,cap=2s,retries=60)", false},
		{"base-too-high", quick, ten, "full(base=2s,cap=4s,retries=60)", true},
		{"base-too-high", quick, ten, "full(base=20ms,cap=200ms,retries=60)", false},
		{"cap-too-low", DefaultObjective, fanIn, "full(base=50ms,cap=100ms,retries=60)", true},
		{"cap-too-low", DefaultObjective, fanIn, "full(base=50ms,cap=1s,retries=60)", false},
		{"cap-too-high", DefaultObjective, fanIn, "full(base=100ms,cap=10s,retries=60)", true},
		{"cap-too-high", DefaultObjective, fanIn, "full(base=90ms,cap=500ms,retries=60)", false},
		// Faster by giving up is no better.
		{"cap-too-high", "min latency_ms.p99", fanIn, "documented", false},
		{"too-few-retries", "min latency_ms.p99", fanIn, "documented", true},
		// What waits because of 503 waits for nobody.
		{"too-few-retries", DefaultObjective, throttled, "documented", true},
		{"cap-too-high", DefaultObjective, throttled, "default", false},
		{"alarms", DefaultObjective, throttled, "documented", false},
		{"deadline-too-long", DefaultObjective, fanIn, "full(base=50ms,cap=2s,retries=50,deadline=30s)", true}, // it cuts no request short
		{"deadline-too-long", DefaultObjective, fanIn, "full(base=50ms,cap=300h,retries=unlimited)", true},
		{"deadline-too-long", DefaultObjective, fanIn, "adaptive(cap=2s,retries=4)", true}, // it may postpone each write
		{"deadline-too-long", DefaultObjective, fanIn, "adaptive", false},
		{"immediate-retries", DefaultObjective, throttled, "none(retries=60)", true},
		{"immediate-retries", DefaultObjective, throttled, "full(base=10ms,cap=2s,retries=60)", true},
		{"immediate-retries", DefaultObjective, throttled, "adaptive(cap=20ms,retries=60)", true}, // which caps its wait after a 503 too
		{"immediate-retries", DefaultObjective, throttled, "adaptive", false},
		{"immediate-retries", DefaultObjective, throttled, "default", false},
		{"immediate-retries", DefaultObjective, throttled, "none(retries=0)", false}, // it does not retry
		{"immediate-retries", DefaultObjective, fanIn, "none(retries=60)", true},     // more writers would be throttled
		{"immediate-retries", DefaultObjective, limited, "none(retries=60)", true},
		{"immediate-retries", DefaultObjective, ten, "none(retries=60)", false}, // nobody is ever told to slow down
		{"alarms", DefaultObjective, fanIn, "documented", true},
		{"alarms", DefaultObjective, apart, "documented", false},
	} {
		t.Run(c.rule+" "+c.policy, func(t *testing.T) {
			t.Parallel()
			advice := rulesOf(t, factsOf(t, c.on(t), objective(t, c.objective)), policy(t, c.policy))
			if fired := slices.ContainsFunc(advice, func(a Advice) bool { return a.Rule == c.rule }); fired != c.fires {
				t.Errorf("fired: %v, want %v; advice: %+v", fired, c.fires, advice)
			}
		})
	}
}

func TestEveryRuleIsTestedAndDocumented(t *testing.T) {
	names := []string{"no-contention", "hot-object", "thin-evidence", stacked, "withheld", overloaded, nearCapacity}
	for _, r := range rules {
		names = append(names, r.name)
	}
	doc := read(t, "../../docs/tuning.md")
	source := read(t, "rules_test.go") + read(t, "tune_test.go") + read(t, "stability_test.go")
	for _, name := range names {
		if !strings.Contains(doc, "`"+name+"`") {
			t.Errorf("docs/tuning.md does not name %s", name)
		}
		if !strings.Contains(source, `"`+name+`"`) {
			t.Errorf("no test names %s", name)
		}
	}
}

// crowded is a document on which users and back ends meet, the back ends rarely.
const crowded = `
name: crowded
shows: Thirty users save a document within a second, and a back end appends later.
why: For tests.
actors:
  - {name: user, kind: user, count: 30, load: {operations: 1}}
  - {name: backend, kind: backend, load: {operations: 1, after: 60s}}
`

func TestAlarmsAreTheDocumentedOnes(t *testing.T) {
	numbers(t)
	back := []string{" ETagMismatchCount", " RetrySuccessCount", "ArchiveUpdateDuration"}
	front := []string{"FrontendETagMismatchCount", "FrontendRetrySuccessCount", "ConcurrentModificationErrorCount"}
	for _, c := range []struct {
		run         scenarios.Run
		fire, quiet []string
	}{
		{run(t, "backend-fan-in", 30, standard), back, front},
		{written(t, crowded, standard), front, back},
	} {
		advice := rulesOf(t, factsOf(t, c.run, objective(t, DefaultObjective)), archive.DocumentedPolicy())
		i := slices.IndexFunc(advice, func(a Advice) bool { return a.Rule == "alarms" })
		if i < 0 {
			t.Fatalf("%+v", advice)
		}
		for _, name := range c.fire {
			if !strings.Contains(advice[i].Text, name) {
				t.Errorf("%s is missing: %s", name, advice[i].Text)
			}
		}
		for _, name := range c.quiet {
			if strings.Contains(advice[i].Text, name) {
				t.Errorf("%s must not fire: %s", name, advice[i].Text)
			}
		}
		t.Log(advice[i].Text, advice[i].Evidence)
	}
}

func TestStackedRetriesComeFromTheSettings(t *testing.T) {
	for requests, want := range map[int]string{0: NotApplicable, 1: "", 3: "certain"} {
		r := &Result{Advice: []Advice{*stackedRetries(0)}}
		r.AdviseOnSettings(requests)
		switch {
		case want == "" && len(r.Advice) > 0:
			t.Errorf("%d requests: %+v", requests, r.Advice)
		case want != "" && (len(r.Advice) != 1 || r.Advice[0].Rule != "sdk-retries" || !strings.HasPrefix(r.Advice[0].Confidence, want)):
			t.Errorf("%d requests: %+v", requests, r.Advice)
		}
	}
}

func TestLongestWaits(t *testing.T) {
	for text, want := range map[string]string{
		"documented": "700ms", "none(retries=9)": "0s", "constant(base=20ms,retries=5)": "100ms",
		"full(base=50ms,cap=2s,retries=3)": "700ms", "adaptive(cap=1s,retries=2)": "18s", "full(base=1s,cap=300h,retries=unlimited)": endless.String(), "decorrelated(base=10ms,cap=50ms,retries=3)": "130ms",
	} {
		p := policy(t, text)
		if got := longestWaits(p, p.Retries); got.String() != want {
			t.Errorf("%s waits for %v together, want %s", text, got, want)
		}
	}
}

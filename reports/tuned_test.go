package reports

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/reports/schema"
	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/network"
	"holdfast/scenarios/tuning"
)

// TestAModelThatDiffersShowsNothing: neither in the headline nor in the document.
func TestAModelThatDiffersShowsNothing(t *testing.T) {
	for _, agrees := range []bool{true, false} {
		r := tuning.Result{Scenario: "burst", Passed: true, Verdict: check.OK, Recommendation: &tuning.Recommendation{
			Promised: tuning.Policy{Policy: archive.DefaultPolicy()}, Validated: &tuning.Policy{Meets: true},
		}}
		r.Confirm(&tuning.Confirmation{Agrees: agrees, Policies: []tuning.Confirmed{{Name: "documented", Agrees: agrees, Measures: []tuning.Measure{
			{Name: "attempts.mean", Agrees: true}, {Name: "latency_ms.p99", Agrees: agrees},
		}}}})
		var b strings.Builder
		Tuned{&r}.Text(Text{W: &b})
		head, _, _ := strings.Cut(b.String(), "\n\n")
		if r.Passed != agrees || strings.HasPrefix(head, "PASS") != agrees {
			t.Errorf("agrees %v: passed %v, %s", agrees, r.Passed, head)
		}
		if head = strings.Join(strings.Fields(head), " "); !agrees &&
			(!strings.HasPrefix(head, "FAIL burst: the model DIFFERS from the real world (documented latency_ms.p99)") || strings.Contains(head, "attempts.mean")) {
			t.Error(head)
		}
	}
}

func TestASearchThatWasInterruptedSaysSo(t *testing.T) {
	r := tuning.Result{Scenario: "burst", Interrupted: true, Verdict: check.Inconclusive, Recommendation: &tuning.Recommendation{
		Promised: tuning.Policy{Policy: archive.DefaultPolicy()},
	}}
	var b strings.Builder
	Tuned{&r}.Text(Text{W: &b})
	if !strings.HasPrefix(b.String(), "STOPPED") || !strings.Contains(b.String(), "not validated") {
		t.Error(b.String())
	}
}

// TestAnUnstableLoadIsSaidFirst, with what could carry it.
func TestAnUnstableLoadIsSaidFirst(t *testing.T) {
	r := tuning.Result{
		Scenario: "rated", Verdict: check.OK, Missed: []string{"stability"},
		Stability: &tuning.Stability{Offered: 18, Ceiling: 15.3, Carried: tuning.Interval{Value: 13.9, Low: 13.6, High: 14.2}, Unstable: true},
		Advice:    []tuning.Advice{{Rule: "alarms", Text: "An alarm."}, {Rule: "overload", Text: "Split it."}},
	}
	var b strings.Builder
	Tuned{&r}.Text(Text{W: &b})
	text := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{
		"FAIL rated: no policy can carry the load: 18.0 updates a second are offered, and the best of them carries 13.9",
		"load 18.0 updates a second are offered; the store commits 15.3 at most", "advice 1 Split it.", "nothing was searched",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, b.String())
		}
	}
	if class := (Tuned{&r}).Class(); class != Missed {
		t.Errorf("class %v", class)
	}
}

// TestWhatDoesNotHoldUpIsShown beside what does.
func TestWhatDoesNotHoldUpIsShown(t *testing.T) {
	r := tuning.Result{Scenario: "burst", Passed: true, Verdict: check.OK, Recommendation: &tuning.Recommendation{
		Promised: tuning.Policy{Policy: archive.DefaultPolicy(), Meets: true}, Validated: &tuning.Policy{Meets: true},
	}, Robustness: []tuning.Robust{
		{Setting: "6 clients", HoldsUp: true, Meets: true, P99: tuning.Interval{Value: 300}, Puts: tuning.Interval{Value: 3}},
		{Setting: "30 clients", P99: tuning.Interval{Value: 900}, Puts: tuning.Interval{Value: 7},
			Exhaustion: tuning.Exhaustion{Method: tuning.Counted, Observed: 36, Interval: tuning.Interval{Value: 0.36}}},
	}}
	var b strings.Builder
	Tuned{&r}.Text(Text{W: &b})
	text := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{"robust p99 and puts with 6 clients: 300 ms, 3.00; 30 clients †: 900 ms, 7.00, and 36 % GIVE UP", "† not shown to keep the objective"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, b.String())
		}
	}
}

// smallest is the result of the smallest search.
func smallest(t *testing.T) Tuned {
	t.Helper()
	s := must(scenarios.Open("backend-fan-in"))
	if err := s.Scale(6); err != nil {
		t.Fatal(err)
	}
	s.Codec = scenarios.Compact
	s.Latency = (*scenarios.Latency)(new(must(network.ParseLatency("normal(10ms,2ms)"))))
	layout, doc, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	c := tuning.Config{
		Run: scenarios.Run{
			Scenario: s, Document: doc, Layout: layout, Core: must(cores.Find("production")), Policy: archive.DefaultPolicy(), Seed: 1, Repetitions: 1,
		},
		Objective:  must(tuning.ParseObjective("latency_ms.p99<1000, min puts.per_commit")),
		Incumbents: tuning.DefaultIncumbents(), Capacity: true, Evaluations: 1,
	}
	_, err = tuning.Tune(t.Context(), c)
	var few *tuning.TooFewError
	if !errors.As(err, &few) {
		t.Fatal(err)
	}
	c.Evaluations = few.Least
	r := must(tuning.Tune(t.Context(), c))
	r.Replay = "simulate tune backend-fan-in"
	return Tuned{r}
}

// TestATunedReport keeps to its size, and its chart is one.
func TestATunedReport(t *testing.T) {
	if raceDetector {
		t.Skip("not under the race detector: scenarios/tuning plays the same there")
	}
	r := smallest(t)
	var b strings.Builder
	alone := *r.Result
	alone.Capacity = nil
	Tuned{&alone}.Text(Text{W: &b})
	lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	if len(lines) > 40 {
		t.Errorf("the report has %d lines:\n%s", len(lines), &b)
	}
	for _, line := range lines {
		if n := len([]rune(line)); n > Width && !strings.HasPrefix(line, "replay") && !strings.HasPrefix(line, "scenario") && !strings.HasPrefix(line, "compare") {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if strings.Contains(b.String(), "overrun") {
		t.Error("a plan without a budget is said to overrun it")
	}
	alone.Plan.Overrun = &tuning.Overrun{BudgetMS: 20_000, TookMS: 38_000, Smallest: true}
	b.Reset()
	Tuned{&alone}.Text(Text{W: &b})
	if !strings.Contains(b.String(), "20.0 s were overrun: it took 38.0 s, with the smallest plan") {
		t.Errorf("the budget was overrun in silence:\n%s", &b)
	}
	if !strings.HasPrefix(lines[0], "PASS  backend-fan-in: ") {
		t.Errorf("it begins with %s", lines[0])
	}
	text := formatted(t, "json", r)
	validate(t, schema.Tune, []byte(text))
	if read, err := Decode([]byte(text)); err != nil || formatted(t, "text", read) != formatted(t, "text", r) || formatted(t, "json", read) != text {
		t.Errorf("it is read back as another: %v", err)
	}
	var svg bytes.Buffer
	if err := r.Chart(&svg); err != nil {
		t.Fatal(err)
	}
	for dec := xml.NewDecoder(&svg); ; {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the chart is no XML: %v", err)
		}
	}
}

func TestWhatAPolicyBears(t *testing.T) {
	for want, c := range map[string]tuning.Curve{
		"64 clients and more": {Writers: 64}, "1 client": {Writers: 1, Broken: 2}, "30 clients": {Writers: 30, Broken: 32},
	} {
		if got := bears(&c); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

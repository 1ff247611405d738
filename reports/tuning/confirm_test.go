package tuning

import (
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/reports"
	"holdfast/scenarios/check"
)

// TestTheModelAgreesWithItself, and not with a store that is a quarter slower.
func TestTheModelAgreesWithItself(t *testing.T) {
	numbers(t)
	const repetitions = 20
	for latency, want := range map[string]bool{legs: true, "normal(12500us,2ms)": false} {
		c := Config{Run: run(t, "backend-fan-in", 5, legs), Workers: 2}
		p, err := Predict(t.Context(), c, archive.DocumentedPolicy(), repetitions)
		if err != nil {
			t.Fatal(err)
		}
		agreed := 0
		const tries = 20
		for try := range uint64(tries) {
			other := run(t, "backend-fan-in", 5, latency)
			other.Seed = 1000 + try
			if p.Confirm("documented", playedBy(t, other, archive.DocumentedPolicy(), 1, repetitions).pooled()).Agrees {
				agreed++
			}
		}
		if want && agreed < tries-4 || !want && agreed > 2 {
			t.Errorf("%s: %d of %d agree with the model of %s", latency, agreed, tries, legs)
		}
	}
}

// TestAModelThatDiffersShowsNothing: neither in the headline nor in the document.
func TestAModelThatDiffersShowsNothing(t *testing.T) {
	for _, agrees := range []bool{true, false} {
		r := Result{Scenario: "burst", Passed: true, Verdict: check.OK, Recommendation: &Recommendation{
			Promised: Policy{Policy: archive.DefaultPolicy()}, Validated: &Policy{Meets: true},
		}}
		r.Confirm(&Confirmation{Agrees: agrees, Policies: []Confirmed{{Name: "documented", Agrees: agrees, Measures: []Measure{
			{Name: "attempts.mean", Agrees: true}, {Name: "latency_ms.p99", Agrees: agrees},
		}}}})
		var b strings.Builder
		r.WriteText(reports.Text{W: &b})
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

// TestAComparisonWithoutAnEndShowsNothing: who asked for it is not told PASS.
func TestAComparisonWithoutAnEndShowsNothing(t *testing.T) {
	for _, r := range []Result{{Passed: true, Verdict: check.OK}, {Passed: true, Verdict: check.OK, Confirmation: &Confirmation{Agrees: true}}} {
		done := r.Confirmation != nil
		if r.NotConfirmed(); r.Passed != done || (len(r.Reasons) == 0) != done || (r.Word() == "PASS") != done {
			t.Errorf("confirmed %v: %s, %+v", done, r.Word(), r)
		}
	}
}

package tuning

import (
	"testing"

	"holdfast/archive"
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
			if p.Confirm("documented", playedBy(t, other, archive.DocumentedPolicy(), 1, repetitions).pooled(), Tolerance).Agrees {
				agreed++
			}
		}
		if want && agreed < tries-4 || !want && agreed > 2 {
			t.Errorf("%s: %d of %d agree with the model of %s", latency, agreed, tries, legs)
		}
	}
}

// TestAComparisonWithoutAnEndShowsNothing: who asked for it is not told PASS.
func TestAComparisonWithoutAnEndShowsNothing(t *testing.T) {
	for _, r := range []Result{{Passed: true, Verdict: check.OK}, {Passed: true, Verdict: check.OK, Confirmation: &Confirmation{Agrees: true}}} {
		done := r.Confirmation != nil
		if r.NotConfirmed(); r.Passed != done || (len(r.Reasons) == 0) != done {
			t.Errorf("confirmed %v: %+v", done, r)
		}
	}
}

package measure

import (
	"slices"
	"testing"

	"holdfast/scenarios/check"
)

// TestWhatLacksProvesNothing: what is missing takes an ok back, and no violation.
func TestWhatLacksProvesNothing(t *testing.T) {
	ok := Measurement{Verdict: check.OK, Reasons: []string{"before"}}
	ok.Lacks("3 are missing")
	if ok.Verdict != check.Inconclusive || !slices.Equal(ok.Reasons, []string{"3 are missing", "before"}) || ok.Notes != nil {
		t.Errorf("%s %q %q", ok.Verdict, ok.Reasons, ok.Notes)
	}
	bad := Measurement{Verdict: check.Violated}
	bad.Lacks("3 are missing")
	if bad.Verdict != check.Violated || bad.Reasons != nil || !slices.Equal(bad.Notes, []string{"3 are missing"}) {
		t.Errorf("%s %q %q", bad.Verdict, bad.Reasons, bad.Notes)
	}
}

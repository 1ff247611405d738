package main

import (
	"strings"
	"testing"
)

// TestWorldsAgreeOnAnswers: what the model says of an answer is what the adapter makes
// of it, so that both worlds come to the same numbers.
func TestWorldsAgreeOnAnswers(t *testing.T) {
	for _, name := range []string{"hostile-answers", "hostile-deletions"} {
		virtual := result(t, 0, "run", name, "--world", "virtual").Runs[0]
		real := result(t, 0, "run", name).Runs[0]
		if virtual.Counts != real.Counts || virtual.Faults == nil || *virtual.Faults != *real.Faults || real.Faults.Struck != real.Faults.Planned {
			t.Errorf("%s: virtual %+v %+v, real %+v %+v", name, virtual.Counts, virtual.Faults, real.Counts, real.Faults)
		}
	}
	if code, out, _ := simulate(t, "run", "two-users", "--fault", "answer(nth=9,as=503)", "--out", t.TempDir()); code != exitInconclusive ||
		!strings.Contains(out, "1 of 1 planned faults struck nobody: answer(nth=9,as=503)") {
		t.Errorf("a fault that strikes nobody: exit %d\n%s", code, out)
	}
}

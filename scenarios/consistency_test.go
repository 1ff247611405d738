package scenarios

import (
	"fmt"
	"testing"

	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
)

// expectConsistent: what was really played never contradicts itself.
func expectConsistent(t *testing.T, where string, events []*history.Event) {
	t.Helper()
	var c history.Consistency
	for i, e := range events {
		if err := c.Check(e); err != nil {
			t.Errorf("%s: event %d of %d: %v", where, i+1, len(events), err)
			return
		}
	}
}

// TestPlayedHistoriesAreConsistent: all scenarios, in both worlds, and whatever a broken
// core does.
func TestPlayedHistoriesAreConsistent(t *testing.T) {
	for _, w := range ways() {
		t.Run(w.scenario+" via "+string(w.via), func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(3) {
				run := interruptible(t, w.scenario, "production", w.via, seed)
				expectConsistent(t, fmt.Sprintf("virtual, seed %d", seed), cutVirtually(t, run, 0))
			}
			expectConsistent(t, "real", cutReally(t, interruptible(t, w.scenario, "production", w.via, 1), 0))
		})
	}
	for _, b := range cores.Bugs() {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			for _, scenario := range []string{b.Scenario, "storm"} {
				run := interruptible(t, scenario, b.Name, must(Open(scenario)).Via, 1)
				expectConsistent(t, scenario+", virtual", cutVirtually(t, run, 0))
			}
			expectConsistent(t, "real", cutReally(t, interruptible(t, b.Scenario, b.Name, must(Open(b.Scenario)).Via, 1), 0))
		})
	}
}

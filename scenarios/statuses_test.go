package scenarios

import (
	"testing"

	"holdfast/archive/web"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// TestEveryStatusIsSeen: the gate plays the scenarios of the library in virtual time,
// and in some of them the API answers by each status that it can.
func TestEveryStatusIsSeen(t *testing.T) {
	seen := map[int]int{}
	for _, name := range Names() {
		if must(Open(name)).Via != ViaAPI {
			continue
		}
		for seed := range uint64(30) {
			played, report, events := playVirtually(t, name, "production", seed)
			if report.Verdict == check.Violated {
				t.Errorf("%s, seed %d: %v", name, seed, report.Violations)
			}
			for _, s := range played.Steps {
				if s.AsAsked {
					continue
				}
				t.Errorf("%s: want %s, got %s", s.Step, s.Want, s.Got)
			}
			for _, e := range events {
				if e.Kind == history.Return && e.Status != 0 {
					seen[e.Status]++
				}
			}
		}
	}
	for _, s := range web.Statuses() {
		if seen[s.Code] == 0 && !s.Unseen {
			t.Errorf("no gated scenario brings about %d (%s)", s.Code, s.Means)
		}
		delete(seen, s.Code)
	}
	for code, n := range seen {
		t.Errorf("%d was answered %d times and is not in the API's list", code, n)
	}
}

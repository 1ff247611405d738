package scenarios

import (
	"testing"

	"holdfast/scenarios/history"
)

// TestAnyEdits: what makes edits hard to merge occurs in them, and all of it is an edit
// that the archive takes.
func TestAnyEdits(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(20) {
		_, report, events := playVirtually(t, "any-edit", "production", seed)
		for _, v := range report.Violations {
			t.Errorf("seed %d: %s %s: %s", seed, v.Invariant, v.Anomaly, v.Summary)
		}
		for _, e := range events {
			if e.Kind == history.Return && e.Outcome == history.Failed {
				t.Errorf("seed %d: %s was told: %s", seed, e.Actor, e.Text)
			}
			if e.Kind != history.Invoke || e.Do != "save" {
				continue
			}
			for i, field := range e.Sets {
				v := e.Values[i]
				switch {
				case v.Was == 0:
					seen["a new field"]++
				case v.Was == v.Sum:
					seen["a field as it was"]++
				case v.Text == "null":
					seen["null"]++
				}
				if field == "customers" && v.Was != v.Sum {
					seen["customers"]++
				}
			}
			if len(e.Sets) > 1 {
				seen["several fields"]++
			}
		}
	}
	for _, what := range []string{"a new field", "a field as it was", "null", "customers", "several fields"} {
		if seen[what] == 0 {
			t.Errorf("no user has submitted %s: %v", what, seen)
		}
	}
}

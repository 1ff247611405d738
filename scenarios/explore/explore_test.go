package explore

import (
	"testing"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/cores"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func runOf(t testing.TB, scenario, core string, adjust func(*scenarios.Scenario)) *scenarios.Run {
	t.Helper()
	s := must(scenarios.Open(scenario))
	if adjust != nil {
		adjust(s)
	}
	spec := must(cores.Find(core))
	policy := spec.Policy
	if s.Policy != nil {
		policy = archive.Policy(*s.Policy)
	}
	return &scenarios.Run{Scenario: s, Document: must(scenarios.OpenDocument(s.Document)), Core: spec, Policy: policy, Seed: 1, Repetitions: 1}
}

func TestTmp(t *testing.T) {
	for _, c := range []struct {
		s, core string
		faults  int
	}{{"two-users", "production", 0}, {"two-users", "unlocked", 0}, {"two-users", "documented", 0}, {"user-vs-backend", "production", 0}, {"two-users", "production", 1}} {
		for _, full := range []bool{false, true} {
			r, err := Explore(t.Context(), Config{Run: runOf(t, c.s, c.core, nil), Strategy: Exhaustive, Workers: 1, Faults: c.faults, full: full, Schedules: 200000})
			t.Log(c, full, err, r.Schedules, r.Complete, r.Elapsed, r.Acknowledged, r.Conflicts)
			if r.Witness != nil {
				t.Log(r.Witness.Schedule, r.Witness.Found, r.Witness.Invariant, r.Witness.Report.Violations[0].Summary)
			}
		}
	}
}

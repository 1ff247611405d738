package reports

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
)

// simulation is of a library scenario with the production core.
func simulation(t testing.TB, name, core string, seed uint64, repetitions, workers int) Simulation {
	t.Helper()
	s, err := scenarios.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if s.Duration > 0 {
		s.Duration = scenarios.Duration(2 * time.Second)
	}
	layout, doc, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	spec, err := cores.Find(core)
	if err != nil {
		t.Fatal(err)
	}
	r := scenarios.Run{Scenario: s, Document: doc, Layout: layout, Core: spec, Policy: spec.Policy, Seed: seed, Repetitions: repetitions}
	return Simulation{
		Run: r, Workers: workers,
		Header: history.Header{Scenario: name, Core: core, World: "virtual", Seed: seed, Repetitions: repetitions, Clients: s.Clients()},
	}
}

// outcome is the history and the result of a simulation.
func outcome(t *testing.T, s Simulation) (events, result []byte) {
	t.Helper()
	var file bytes.Buffer
	s.History = &file
	r, _, err := Simulate(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	result, err = json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return file.Bytes(), result
}

// TestSameSeedSameHistory: to the byte, whatever the number of workers and of
// processors.
func TestSameSeedSameHistory(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, name := range []string{"storm", "burst", "sustained-contention", "lost-reply", "redelivery", "two-users"} {
		events, result := outcome(t, simulation(t, name, "production", 7, 6, 1))
		for _, c := range []struct{ processors, workers int }{{1, 1}, {1, 4}, {2, 1}, {2, 4}} {
			runtime.GOMAXPROCS(c.processors)
			again, resultAgain := outcome(t, simulation(t, name, "production", 7, 6, c.workers))
			if !bytes.Equal(events, again) {
				t.Errorf("%s on %d processors with %d workers: another history", name, c.processors, c.workers)
			}
			if !bytes.Equal(result, resultAgain) {
				t.Errorf("%s on %d processors with %d workers: another result", name, c.processors, c.workers)
			}
		}
		if other, _ := outcome(t, simulation(t, name, "production", 8, 6, 2)); bytes.Equal(events, other) {
			t.Errorf("%s: another seed, the same history", name)
		}
	}
}

// TestResultIsThatOfTheHistory: what repetitions judged apart and pooled give is
// what the saved history gives when it is judged as a whole.
func TestResultIsThatOfTheHistory(t *testing.T) {
	for _, c := range []struct{ scenario, core string }{
		{"storm", "production"}, {"redelivery", "production"}, {"burst", "unlocked"}, {"two-users", "documented"}, {"lost-reply", "blind-retry"},
	} {
		s := simulation(t, c.scenario, c.core, 3, 8, 2)
		path := filepath.Join(t.TempDir(), "history.ndjson")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		s.History = f
		pooled, _, err := Simulate(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		whole, err := FromFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if c.core == "production" && pooled.Verdict != check.OK || c.core != "production" && pooled.Verdict != check.Violated {
			t.Errorf("%s, %s core: %s %v", c.scenario, c.core, pooled.Verdict, pooled.Violated)
		}
		// Witnesses name times and operations, which are those of a repetition when it
		// is judged alone.
		for _, r := range []*Run{&pooled, &whole} {
			for i := range r.Violations {
				r.Violations[i].Witness = nil
			}
		}
		whole.Interrupted = pooled.Interrupted
		if diff := cmp.Diff(whole, pooled); diff != "" {
			t.Errorf("%s, %s core: %s", c.scenario, c.core, diff)
		}
	}
}

// TestKeeper: of many repetitions the first are kept, and those that violate
// something, as they were played.
func TestKeeper(t *testing.T) {
	s := simulation(t, "repeated-message", "new-id-on-redelivery", 3, 12, 2)
	var all, few bytes.Buffer
	s.History = &all
	if _, _, err := Simulate(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	s.History, s.Keep = &few, 1
	r, _, err := Simulate(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if few.Len() >= all.Len() {
		t.Fatalf("%d bytes of %d are kept", few.Len(), all.Len())
	}
	rd, err := history.NewReader(&few, "few")
	if err != nil {
		t.Fatal(err)
	}
	kept, err := FromHistory(rd)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.Violated, kept.Violated); diff != "" || r.Verdict != check.Violated {
		t.Errorf("%s; violations that are kept: %s", r.Verdict, diff)
	}
}

func TestMergedCountsAreComplete(t *testing.T) {
	a, b := full().Counts, full().Counts
	a.add(&b)
	sum, one := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range sum.NumField() {
		if sum.Field(i).Int() != 2*one.Field(i).Int() || one.Field(i).Int() == 0 {
			t.Errorf("%s: %d of twice %d", sum.Type().Field(i).Name, sum.Field(i).Int(), one.Field(i).Int())
		}
	}
}

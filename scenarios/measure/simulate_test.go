package measure

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
)

// simulation is a run in virtual worlds.
type simulation struct {
	run     scenarios.Run
	workers int
	keep    int64
	each    func(repetition int, r *check.Report) bool
}

// simulated is of a library scenario.
func simulated(t testing.TB, name, core string, seed uint64, repetitions, workers int) simulation {
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
	return simulation{run: r, workers: workers}
}

// play returns what the run has shown, and its history.
func (s simulation) play(ctx context.Context, t testing.TB) (m *Measured, events []byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), history.FileName)
	c := Config{Workers: s.workers, Keep: s.keep, History: into(file)}
	if s.each != nil {
		c.Each = func(_, n int, r *check.Report) bool { return s.each(n, r) }
	}
	all, err := Play(ctx, Plan{[]Point{{Run: s.run}}}, c)
	if err != nil {
		t.Fatal(err)
	}
	compressed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	decoder, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	if events, err = decoder.DecodeAll(compressed, nil); err != nil {
		t.Fatal(err)
	}
	return all[0], events
}

// judged is what a history shows.
func judged(t testing.TB, events []byte) *Measured {
	t.Helper()
	rd, err := history.NewReader(bytes.NewReader(events), "h")
	if err != nil {
		t.Fatal(err)
	}
	m, err := FromHistory(rd)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// outcome is the history and the result of a simulation.
func outcome(t *testing.T, s simulation) (events, result []byte) {
	t.Helper()
	m, events := s.play(t.Context(), t)
	result, err := json.Marshal(m.Measurement)
	if err != nil {
		t.Fatal(err)
	}
	return events, result
}

// TestSameSeedSameHistory: to the byte, whatever the number of workers and of
// processors.
func TestSameSeedSameHistory(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, name := range []string{"storm", "burst", "sustained-contention", "lost-reply", "redelivery", "two-users"} {
		events, result := outcome(t, simulated(t, name, "production", 7, 6, 1))
		for _, c := range []struct{ processors, workers int }{{1, 1}, {1, 4}, {2, 1}, {2, 4}} {
			runtime.GOMAXPROCS(c.processors)
			again, resultAgain := outcome(t, simulated(t, name, "production", 7, 6, c.workers))
			if !bytes.Equal(events, again) {
				t.Errorf("%s on %d processors with %d workers: another history", name, c.processors, c.workers)
			}
			if !bytes.Equal(result, resultAgain) {
				t.Errorf("%s on %d processors with %d workers: another result", name, c.processors, c.workers)
			}
		}
		if other, _ := outcome(t, simulated(t, name, "production", 8, 6, 2)); bytes.Equal(events, other) {
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
		s := simulated(t, c.scenario, c.core, 3, 8, 2)
		pooled, events := s.play(t.Context(), t)
		whole := judged(t, events)
		if c.core == "production" && pooled.Verdict != check.OK || c.core != "production" && pooled.Verdict != check.Violated {
			t.Errorf("%s, %s core: %s %v", c.scenario, c.core, pooled.Verdict, pooled.Violated)
		}
		// Witnesses name times and operations, which are those of a repetition when it
		// is judged alone. Of many violations, those that are shown are other ones.
		for _, r := range []*Measured{pooled, whole} {
			for i := range r.Violations {
				r.Violations[i].Witness = nil
			}
			r.Windows = nil
			if r.Violated["I10"] > check.MostShown {
				r.Violations = nil
			}
		}
		whole.Interrupted = pooled.Interrupted
		if diff := cmp.Diff(whole.Measurement, pooled.Measurement); diff != "" {
			t.Errorf("%s, %s core: %s", c.scenario, c.core, diff)
		}
	}
}

// TestKeeper: of many repetitions the first are kept, and those that violate
// something, as they were played.
func TestKeeper(t *testing.T) {
	s := simulated(t, "repeated-message", "new-id-on-redelivery", 3, 12, 2)
	_, all := s.play(t.Context(), t)
	s.keep = 1
	r, few := s.play(t.Context(), t)
	if len(few) >= len(all) {
		t.Fatalf("%d bytes of %d are kept", len(few), len(all))
	}
	kept := judged(t, few)
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

// TestADocumentThatDoublesEnds: a core that appends the whole history once more with each
// write is found out, and does not fill the memory before.
func TestADocumentThatDoublesEnds(t *testing.T) {
	s := simulated(t, "sustained-contention", "documented", 1, 1, 1)
	s.run.Scenario.Duration = scenarios.Duration(30 * time.Second)
	m, _ := s.play(t.Context(), t)
	if m.Violated["I2"] == 0 || m.Counts.RefusedOtherwise == 0 {
		t.Errorf("%v, %+v", m.Violated, m.Counts)
	}
}

// into keeps the history of every point in a file.
func into(file string) func(int) (string, error) {
	return func(int) (string, error) { return file, nil }
}

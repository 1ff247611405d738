package measure

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/history"
	"holdfast/scenarios/stores"
)

// witnessOf is what a window is around.
func witnessOf(m *Measurement, w *Window) []history.Event {
	if w.Violation >= 0 {
		return m.Violations[w.Violation].Witness
	}
	return m.StoreFindings[w.Finding].Witness
}

// around checks the windows of a measurement: each violation and finding with a witness has
// one, which holds all of it.
func around(t *testing.T, name string, m *Measurement) {
	t.Helper()
	want := 0
	for _, v := range m.Violations {
		want += min(len(v.Witness), 1)
	}
	if want += len(m.StoreFindings); want != len(m.Windows) {
		t.Errorf("%s: %d windows of %d (%d violations)", name, len(m.Windows), want, len(m.Violations))
	}
	for i := range m.Windows {
		w := &m.Windows[i]
		var want, got []mark
		for _, e := range witnessOf(m, w) {
			want = append(want, markOf(&e))
		}
		for _, k := range w.Witness {
			got = append(got, markOf(&w.Events[k]))
		}
		for _, marks := range []*[]mark{&want, &got} {
			slices.SortFunc(*marks, func(a, b mark) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
		want = slices.Compact(want) // the judge may name one twice
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(mark{})); diff != "" {
			t.Errorf("%s, window %d: %s", name, i, diff)
		}
		part := 0
		for _, e := range w.Events {
			n, _ := history.PartOf(e.Key)
			part = max(part, n)
			if n > 0 && n != w.Repetition {
				t.Errorf("%s, window %d: repetition %d, an event of %s", name, i, w.Repetition, e.Key)
			}
		}
		if w.Repetition < 1 || m.Repetitions > 1 && part == 0 {
			t.Errorf("%s, window %d: repetition %d", name, i, w.Repetition)
		}
		if first := w.Witness[0]; first > aroundWitness || len(w.Events) > max(mostOfWindow, len(w.Witness)+2*aroundWitness) {
			t.Errorf("%s, window %d: %d events before the witness, %d in all", name, i, first, len(w.Events))
		}
	}
}

// TestWindowsOfPlantedBugs: of each violation that they show in virtual time, of one bug for
// each invariant and scenario.
func TestWindowsOfPlantedBugs(t *testing.T) {
	seen := map[check.Invariant]bool{}
	tried := map[[2]string]bool{}
	for _, b := range cores.Bugs() {
		if tried[[2]string{b.Invariant, b.Scenario}] {
			continue
		}
		tried[[2]string{b.Invariant, b.Scenario}] = true
		s := simulated(t, b.Scenario, b.Name, 3, 2, 1)
		m, _ := s.play(t.Context(), t)
		if len(m.Violations) == 0 {
			continue // it takes more repetitions, or faults
		}
		around(t, b.Name, &m.Measurement)
		for _, v := range m.Violations {
			seen[v.Invariant] = true
		}
	}
	if len(seen) < 10 {
		t.Errorf("few invariants are violated: %v", seen)
	}
}

// TestWindowsOfStoreFindings: each planted store's.
func TestWindowsOfStoreFindings(t *testing.T) {
	for _, p := range stores.All() {
		s := simulated(t, p.Scenario, "production", 1, 20, 2)
		s.run.Between = p.Around
		m, _ := s.play(t.Context(), t)
		around(t, p.Name, &m.Measurement)
	}
}

// TestWindowsAreThoseOfTheHistory: events of the repetition where it was played, and of the
// file where that is judged. Cutting and moving changes times and numbers of operations only.
func TestWindowsAreThoseOfTheHistory(t *testing.T) {
	for _, c := range []struct{ scenario, core string }{{"burst", "unlocked"}, {"two-users", "documented"}, {"redelivery", "documented"}} {
		s := simulated(t, c.scenario, c.core, 3, 2, 1)
		file := filepath.Join(t.TempDir(), history.FileName)
		all, err := Play(t.Context(), Plan{[]Point{{Run: s.run}}}, Config{History: into(file)})
		if err != nil {
			t.Fatal(err)
		}
		m, again := all[0], must(FromFile(file))
		around(t, c.scenario+", again", &again.Measurement)
		shape := func(m *Measured) (all []string) {
			for _, w := range m.Windows {
				text := fmt.Sprint(w.Violation, w.Finding, w.Repetition, w.Before, w.After, w.Witness, w.Skipped)
				for _, e := range w.Events {
					text += fmt.Sprint("\n", e.Kind, e.Actor, e.Key, e.Answer, e.Outcome, e.ETag, e.Trigger)
				}
				all = append(all, text)
			}
			return all
		}
		if diff := cmp.Diff(shape(m), shape(again)); diff != "" {
			t.Errorf("%s: %s", c.scenario, diff)
		}
	}
}

// TestAWindowIsBounded, whatever lies before, between and after the events of its witness, and
// says how much is left out.
func TestAWindowIsBounded(t *testing.T) {
	const key, other = "archive/C.json", "archive/D.json"
	for _, c := range []struct{ before, between, after, events, skipped int }{
		{0, 0, 0, 2, 0}, {5, 5, 5, 17, 0}, {1000, 3, 1000, 2 + 12 + 3 + 12, 0},
		{20, 100, 20, 2 + 12 + 100 + 12, 0}, {20, 5000, 0, 2 + 12 + 24, 5000 - 24}, {0, 290, 3, 2 + 24 + 3, 290 - 24},
	} {
		at := int64(0)
		var events []*history.Event
		add := func(n int, actor string) {
			for range n {
				at++
				events = append(events,
					&history.Event{Kind: history.Get, Start: at, At: at, Actor: actor, Op: 1, Key: key, Answer: history.NotFound},
					&history.Event{Kind: history.Get, Start: at, At: at, Actor: actor, Op: 2, Key: other, Answer: history.NotFound})
			}
		}
		add(c.before, "a")
		add(1, "first")
		add(c.between, "a")
		add(1, "last")
		add(c.after, "a")
		var witness []history.Event
		for _, e := range events {
			if e.Key == key && e.Actor != "a" {
				witness = append(witness, *e)
			}
		}
		found := Windows(nil, []check.Violation{{}, {Witness: witness}}, nil, events)
		if len(found) != 1 {
			t.Fatalf("%+v: %d windows", c, len(found))
		}
		w := found[0]
		skipped := 0
		for _, s := range w.Skipped {
			skipped += s.Events
			if s.Before != w.Witness[0]+aroundWitness+1 {
				t.Errorf("%+v: skipped %+v of %v", c, s, w.Witness)
			}
		}
		if len(w.Events) != c.events || skipped != c.skipped || w.Before+len(w.Events)+skipped+w.After != c.before+c.between+c.after+2 {
			t.Errorf("%+v: %d events, %d before, %d skipped, %d after", c, len(w.Events), w.Before, skipped, w.After)
		}
		if w.Violation != 1 || w.Finding != -1 || w.Repetition != 1 || len(w.Witness) != 2 {
			t.Errorf("%+v: %d, %d, %d, %v", c, w.Violation, w.Finding, w.Repetition, w.Witness)
		}
		if !slices.IsSortedFunc(w.Events, func(a, b history.Event) int { return int(a.At - b.At) }) {
			t.Errorf("%+v: out of order", c)
		}
	}
}

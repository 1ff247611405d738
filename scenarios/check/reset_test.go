package check

import (
	"fmt"
	"slices"
	"testing"

	"holdfast/scenarios/history"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestResetIsNew: a judge that was reset knows nothing of what it has judged, and
// the reports that it gave stay as they were.
func TestResetIsNew(t *testing.T) {
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		var used Judge
		var reports, want []Report
		for n := range rapid.IntRange(2, 6).Draw(t, "histories") {
			bugs := rapid.SampledFrom([][]bug{
				{correct}, {correct, staleContent, dropsEntry, claims, denies, blindSave, caches}, {claims, denies},
			}).Draw(t, "bugs")
			// Few objects or many, in tables with slots and without.
			var events []*history.Event
			ops := 0
			for o := range rapid.SampledFrom([]int{0, 1, 1, 2, 12}).Draw(t, "objects") {
				var own []*history.Event
				own, ops = apart(damaged(t, bugs), fmt.Sprintf("h%d/o%d/", n%2, o), ops)
				events = append(events, own...)
			}
			h := history.Header{MinConflicts: rapid.IntRange(0, 3).Draw(t, "conflicts")}
			used.Reset(h)
			for _, e := range events {
				used.Add(e)
			}
			reports, want = append(reports, used.Finish()), append(want, judged(h, events))
			seen[string(want[n].Verdict)]++
			if ops > few {
				seen["many operations"]++
			}
		}
		if diff := cmp.Diff(want, reports); diff != "" {
			t.Fatalf("new judges (-) and one that was reset (+): %s", diff)
		}
	})
	enough(t, seen, 100, "ok", "violated", "inconclusive", "many operations")
}

// TestResetForgets what other tests know to be hard: every case, one after the
// other, by the same judge.
func TestResetForgets(t *testing.T) {
	var used Judge
	for range 2 {
		for _, c := range slices.Concat(historyCases, clientCases, messageCases) {
			for _, build := range []func(*book){c.broken, c.twin} {
				b := newBook()
				build(b)
				used.Reset(history.Header{})
				for _, e := range b.events {
					used.Add(e)
				}
				if diff := cmp.Diff(judged(history.Header{}, b.events), used.Finish()); diff != "" {
					t.Errorf("%s: a new judge (-) and one that was reset (+): %s", c.name, diff)
				}
			}
		}
	}
}

// TestSmallHistoriesCostNoMemory once the judge has met one of their kind.
func TestSmallHistoriesCostNoMemory(t *testing.T) {
	for _, last := range []string{history.OK, history.UnknownAnswer} {
		events := twoUsers(last)
		var j Judge
		if n := testing.AllocsPerRun(100, func() {
			j.Reset(history.Header{})
			for _, e := range events {
				j.Add(e)
			}
			if r := j.Finish(); r.Verdict != OK {
				t.Fatal(r.Verdict)
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations", last, n)
		}
	}
}

package check

import (
	"strings"
	"testing"
	"time"

	"holdfast/scenarios/history"
)

// TestUndeterminedIsPooled: what is left open is counted once for what it would have been and
// for the cause, in the order of the invariants, and told in one line for each cause.
func TestUndeterminedIsPooled(t *testing.T) {
	left := func(n int, why Cause, i Invariant, anomaly string, within time.Duration) Report {
		j := New(history.Header{})
		for range n {
			j.leaveOpen(why, i, anomaly, within, "first")
		}
		return j.Finish()
	}
	r := Pool(history.Header{}, []Report{
		left(2, Unaligned, RealTime, "stale read", 3*time.Millisecond),
		left(1, Unrecorded, NothingLost, "modification vanished", 0),
		left(1, Unaligned, RealTime, "stale read", 5*time.Millisecond),
	})
	if len(r.Undetermined) != 2 || r.Undetermined[0].Invariant != NothingLost || r.Undetermined[1].Count != 3 || r.Undetermined[1].WithinMS != 5 {
		t.Errorf("left open: %+v", r.Undetermined)
	}
	if r.Verdict == Violated || len(r.Found) > 0 {
		t.Errorf("what is left open is held against the core: %s %v", r.Verdict, r.Found)
	}
	notes := strings.Join(r.Notes, "\n")
	for _, want := range []string{"1 modification vanished (I1): what a missing recorder", "3 stale read (I7)", "within ±2.5 ms"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes lack %q:\n%s", want, notes)
		}
	}
}

package telemetry

import (
	"strings"
	"testing"
	"time"

	"holdfast/archive"
)

// times adds an update so often.
func (w *Watch) times(n int, u Update) {
	for range n {
		w.Add(u)
	}
}

// updates are some of a service: at once, after a refusal, in vain.
func updates(s Service, atOnce, recovered, inVain int) *Watch {
	w := &Watch{}
	w.times(atOnce, Update{Service: s, Outcome: archive.Committed, Elapsed: 20 * time.Millisecond})
	w.times(recovered, Update{Service: s, Outcome: archive.Committed, WriteConflicts: 3, Elapsed: 20 * time.Millisecond})
	w.times(inVain, Update{Service: s, Outcome: archive.Exhausted, WriteConflicts: 4, Elapsed: 1500 * time.Millisecond})
	return w
}

// TestAlarms: each fires above (or below) its threshold, and not at it.
func TestAlarms(t *testing.T) {
	const (
		frontMismatches = iota
		frontRecovered
		errors
		backMismatches
		backRecovered
		slow
	)
	for _, c := range []struct {
		name    string
		w       *Watch
		in      time.Duration
		alarm   int
		value   float64
		samples int
		fires   bool
	}{
		{"5 % of saves", updates(Frontend, 95, 5, 0), time.Minute, frontMismatches, 5, 100, false},
		{"more than that", updates(Frontend, 94, 6, 0), time.Minute, frontMismatches, 6, 100, true},
		{"80 % of them recover", updates(Frontend, 0, 8, 2), time.Minute, frontRecovered, 80, 10, false},
		{"fewer", updates(Frontend, 0, 79, 21), time.Minute, frontRecovered, 79, 100, true},
		{"10 errors in an hour", updates(Frontend, 7, 0, 10), time.Hour, errors, 10, 17, false},
		{"11", updates(Frontend, 7, 0, 11), time.Hour, errors, 11, 18, true},
		{"11 in two hours", updates(Frontend, 7, 0, 11), 2 * time.Hour, errors, 5.5, 18, false},
		{"11 in a second", updates(Frontend, 7, 0, 11), time.Second, errors, 11, 18, true},
		{"10 % of updates", updates(Backend, 9, 1, 0), time.Minute, backMismatches, 10, 10, false},
		{"more of them", updates(Backend, 8, 1, 1), time.Minute, backMismatches, 20, 10, true},
		{"90 % recover", updates(Backend, 5, 9, 1), time.Minute, backRecovered, 90, 10, false},
		{"fewer of those", updates(Backend, 5, 8, 1), time.Minute, backRecovered, 100 * 8. / 9, 9, true},
		{"1 % is slow", updates(Backend, 99, 0, 1), time.Minute, slow, 20, 100, false},
		{"2 % are", updates(Backend, 98, 0, 2), time.Minute, slow, 1500, 100, true},
	} {
		a := c.w.Alarms(c.in)[c.alarm]
		if a.Value != c.value || a.Samples != c.samples || a.Fires != c.fires {
			t.Errorf("%s: %+v", c.name, a)
		}
	}
}

// TestWhatWasNotSeenIsUnknown: an alarm without samples has no value, does not fire, and says
// what is missing.
func TestWhatWasNotSeenIsUnknown(t *testing.T) {
	few := updates(Frontend, 3, 0, 10)
	for _, c := range []struct {
		name    string
		w       *Watch
		unknown int
	}{{"nothing", &Watch{}, 6}, {"back ends only", updates(Backend, 3, 1, 1), 3}, {"ten errors within a second", few, 4}} {
		unknown := 0
		for _, a := range c.w.Alarms(time.Second) {
			if a.Metric == "" || a.Means == "" || a.Threshold == "" || a.Unit == "" {
				t.Errorf("%s: %+v", c.name, a)
			}
			if a.Samples > 0 {
				continue
			}
			unknown++
			if a.Fires || a.Value != 0 || a.Note == "" {
				t.Errorf("%s: %+v", c.name, a)
			}
		}
		if unknown != c.unknown {
			t.Errorf("%s: %d alarms have no value, want %d", c.name, unknown, c.unknown)
		}
	}
	if a := few.Alarms(time.Second)[2]; !strings.HasPrefix(a.Note, "10 in less than an hour") {
		t.Error(a)
	}
}

// TestWatchesMerge: two that have seen parts come to what one has that saw all.
func TestWatchesMerge(t *testing.T) {
	all, first := updates(Backend, 90, 5, 5), &Watch{}
	all.Merge(updates(Frontend, 1, 2, 3))
	first.Merge(updates(Frontend, 1, 2, 3))
	first.Merge(updates(Backend, 90, 5, 5))
	for i, a := range all.Alarms(time.Hour) {
		if b := first.Alarms(time.Hour)[i]; a != b {
			t.Errorf("%+v, in another order %+v", a, b)
		}
	}
	all.Reset()
	for _, a := range all.Alarms(time.Hour) {
		if a.Samples != 0 {
			t.Errorf("after a reset: %+v", a)
		}
	}
}

// TestSeen: of each service its own, which the alarms are made of.
func TestSeen(t *testing.T) {
	w := updates(Frontend, 5, 3, 2)
	w.Merge(updates(Backend, 98, 1, 2))
	for s, want := range map[Service]Seen{Frontend: {10, 5, 3, 2}, Backend: {101, 3, 1, 2}, Reconciler: {}} {
		if got := w.Seen(s); got != want {
			t.Errorf("%s: %+v, want %+v", s, got, want)
		}
	}
	if took, seen := w.P99(); took != 1500*time.Millisecond || !seen {
		t.Error(took, seen)
	}
	if took, seen := updates(Frontend, 5, 3, 2).P99(); took != 0 || seen {
		t.Error(took, seen)
	}
}

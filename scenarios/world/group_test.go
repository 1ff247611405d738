package world

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"holdfast/archive"
)

// TestGroupCommit: an archive.Group works where tasks share a thread. Thirty calls at once
// are two writes, or one if they wait for each other, and a leader that leaves in the middle
// of its write makes it one more.
func TestGroupCommit(t *testing.T) {
	const callers, key = 30, "archive/CHG-1.json"
	for _, tt := range []struct {
		name    string
		wait    time.Duration
		patient time.Duration // of the first caller
		puts    int
		took    time.Duration
		first   archive.Outcome
	}{
		{"no wait", 0, time.Hour, 2, 80 * ms, archive.Committed},
		{"a wait", 5 * ms, time.Hour, 1, 45 * ms, archive.Committed},
		{"the first leaves", 0, 25 * ms, 2, 65 * ms, archive.Unknown},
		{"the first leaves while it waits", 5 * ms, 3 * ms, 1, 45 * ms, archive.Cancelled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mustPlay(t, func(ctx context.Context, w *Virtual) {
				puts := 0
				w.Watch("archive/", func(string, string, []byte) { puts++ })
				store := w.Store("server")
				if _, err := w.Store("harness/setup").Put(ctx, key, []byte(`{"changeId":"CHG-1"}`), archive.IfAbsent()); err != nil {
					t.Fatal(err)
				}
				core, err := archive.New(archive.Options{Store: store, Clock: w})
				if err != nil {
					t.Fatal(err)
				}
				group, err := archive.NewGroup(core, archive.GroupOptions{Wait: tt.wait, Clock: w, NewSignal: w.NewSignal})
				if err != nil {
					t.Fatal(err)
				}
				puts = 0
				tasks := NewGroup(w)
				for i := range callers {
					tasks.Go(func() {
						patient, want := 10*time.Second, archive.Committed
						if i == 0 {
							patient, want = tt.patient, tt.first
						}
						ctx, stop := w.WithTimeout(ctx, patient)
						defer stop()
						m := archive.Modification{ID: fmt.Sprint("m", i), UserID: "u", Type: archive.Processed}
						_, err := group.Append(ctx, "CHG-1", archive.Edit{Modifications: []archive.Modification{m}})
						if archive.OutcomeOf(err) != want || want == archive.Cancelled && !errors.Is(err, context.DeadlineExceeded) {
							t.Errorf("%d ended as %v, want %s", i, err, want)
						}
					})
				}
				tasks.Wait()
				if w.since() != tt.took {
					t.Errorf("took %v, want %v", w.since(), tt.took)
				}
				w.Settle(ctx)
				if puts != tt.puts {
					t.Errorf("%d writes, want %d", puts, tt.puts)
				}
				last, err := core.Load(ctx, "CHG-1")
				if err != nil || last.Document.HistoryLen() != callers && tt.first == archive.Committed {
					t.Errorf("%v holds %d entries", err, last.Document.HistoryLen())
				}
			})
		})
	}
}

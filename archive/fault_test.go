package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// Every row appends modification "m1" through a store that misbehaves, and
// says how the call must end. In every row a repetition of the call with the
// same id on a healthy store must leave the id there exactly once.
func TestAppendThroughFaults(t *testing.T) {
	const retries = 2 // three attempts
	type script struct {
		*rig
		cancel context.CancelFunc
	}
	everyPut := func(s script, f fault) {
		for n := 1; n <= retries+1; n++ {
			s.store.onPut[n] = f
		}
	}
	tests := []struct {
		name   string
		script func(s script)
		want   Outcome
		stored int // how often the id is in the store when the call ends
		puts   int
	}{
		{"healthy", func(s script) {}, Committed, 1, 1},

		{"one interloper", func(s script) {
			s.store.onPut[1] = after(s.store.interlope("x1", nil), nil)
		}, Committed, 1, 2},
		{"an interloper before every write", func(s script) {
			for n := 1; n <= 3; n++ {
				s.store.onPut[n] = after(s.store.interlope(fmt.Sprint("x", n), nil), nil)
			}
		}, Exhausted, 0, 3},
		{"409 twice", func(s script) {
			s.store.onPut[1], s.store.onPut[2] = answer(ErrConflict), answer(ErrConflict)
		}, Committed, 1, 3},
		{"503 always", func(s script) { everyPut(s, answer(ErrThrottled)) }, Unavailable, 0, 3},
		{"no connection always", func(s script) { everyPut(s, answer(ErrUnavailable)) }, Unavailable, 0, 3},
		{"reads unavailable, then back", func(s script) {
			s.store.onGet[1], s.store.onGet[2] = answer(ErrUnavailable), answer(ErrThrottled)
		}, Committed, 1, 1},
		{"403 on the read", func(s script) { s.store.onGet[1] = answer(errForbidden) }, Failed, 0, 0},
		{"403 on the write", func(s script) { s.store.onPut[1] = answer(errForbidden) }, Failed, 0, 1},

		{"reply lost on the first attempt", func(s script) { s.store.onPut[1] = replyLost }, Committed, 1, 1},
		{"500 after applying", func(s script) { s.store.onPut[1] = appliedThen500 }, Committed, 1, 1},
		{"reply lost on a middle attempt", func(s script) {
			s.store.onPut[1], s.store.onPut[2] = answer(ErrThrottled), replyLost
		}, Committed, 1, 2},
		{"reply lost on the last attempt", func(s script) {
			s.store.onPut[1], s.store.onPut[2], s.store.onPut[3] = answer(ErrThrottled), answer(ErrThrottled), replyLost
		}, Committed, 1, 3},
		{"request lost on the first attempt", func(s script) { s.store.onPut[1] = requestLost }, Committed, 1, 2},
		{"request lost always", func(s script) { everyPut(s, requestLost) }, Unknown, 0, 3},
		{"request lost on the last attempt, then an interloper", func(s script) {
			s.store.onPut[1], s.store.onPut[2], s.store.onPut[3] = answer(ErrThrottled), answer(ErrThrottled), requestLost
			s.store.onGet[4] = after(s.store.interlope("x1", nil), nil)
		}, Exhausted, 0, 3},
		{"reply lost, an interloper on top", func(s script) {
			s.store.onPut[1] = replyLost
			s.store.onGet[2] = after(s.store.interlope("x1", nil), nil)
		}, Committed, 1, 1},
		{"reply lost on the last attempt, an interloper on top", func(s script) {
			s.store.onPut[1], s.store.onPut[2], s.store.onPut[3] = answer(ErrThrottled), answer(ErrThrottled), replyLost
			s.store.onGet[4] = after(s.store.interlope("x1", nil), nil)
		}, Committed, 1, 3},
		{"reply lost, then the object deleted", func(s script) {
			s.store.onPut[1] = replyLost
			s.store.onGet[2] = after(s.store.remove, nil)
		}, Unknown, 0, 1},
		{"reply lost, then reads forbidden", func(s script) {
			s.store.onPut[1], s.store.onGet[2] = replyLost, answer(errForbidden)
		}, Unknown, 1, 1},
		{"reply lost on the last attempt, read-back unavailable", func(s script) {
			s.store.onPut[1], s.store.onPut[2], s.store.onPut[3] = answer(ErrThrottled), answer(ErrThrottled), replyLost
			s.store.onGet[4] = answer(ErrUnavailable)
		}, Unknown, 1, 3},

		{"lands late on the last attempt", func(s script) {
			s.store.onPut[1], s.store.onPut[2], s.store.onPut[3] = answer(ErrThrottled), answer(ErrThrottled), s.store.landsLate
		}, Unknown, 0, 3},
		{"lands late, all else throttled", func(s script) {
			s.store.onPut[1], s.store.onPut[2], s.store.onPut[3] = s.store.landsLate, answer(ErrThrottled), answer(ErrThrottled)
		}, Unknown, 0, 3},
		{"lands after the read-back, before the second write", func(s script) {
			s.store.onPut[1], s.store.onPut[2] = s.store.landsLate, after(s.store.land, nil)
		}, Committed, 1, 2},
		{"lands after the second write committed", func(s script) { s.store.onPut[1] = s.store.landsLate }, Committed, 1, 2},
		{"lands late, then forbidden", func(s script) {
			s.store.onPut[1], s.store.onPut[2] = s.store.landsLate, answer(errForbidden)
		}, Unknown, 0, 2},
		{"lands late, overtaken by an interloper, then an outage", func(s script) {
			s.store.onPut[1] = s.store.landsLate
			s.store.onGet[2] = after(s.store.interlope("x1", nil), nil)
			s.store.onPut[2], s.store.onPut[3] = answer(ErrThrottled), answer(ErrThrottled)
		}, Unavailable, 0, 3},
		{"lands late, overtaken by an interloper, then contention", func(s script) {
			s.store.onPut[1] = s.store.landsLate
			s.store.onGet[2] = after(s.store.interlope("x1", nil), nil)
			s.store.onPut[2], s.store.onPut[3] = answer(ErrThrottled), answer(ErrConflict)
		}, Exhausted, 0, 3},

		{"resent below the seam", func(s script) { s.store.onPut[1] = resent }, Committed, 1, 1},
		{"resent below the seam on the last attempt", func(s script) {
			s.store.onPut[1], s.store.onPut[2], s.store.onPut[3] = answer(ErrThrottled), answer(ErrThrottled), resent
		}, Committed, 1, 3},
		{"resent below the seam on the last attempt, read-back unavailable", func(s script) {
			s.store.onPut[1], s.store.onPut[2], s.store.onPut[3] = answer(ErrThrottled), answer(ErrThrottled), resent
			s.store.onGet[4] = answer(ErrUnavailable)
		}, Unknown, 1, 3},
		{"resent below the seam, then reads forbidden", func(s script) {
			s.store.onPut[1], s.store.onGet[2] = resent, answer(errForbidden)
		}, Unknown, 1, 1},
		{"resent below the seam, cancelled while waiting", func(s script) {
			s.store.onPut[1] = resent
			s.clock.OnSleep = func(int) { s.cancel() }
		}, Unknown, 1, 1},

		{"404 on the read", func(s script) { s.store.remove() }, Gone, 0, 0},
		{"404 on the write", func(s script) { s.store.onPut[1] = after(s.store.remove, nil) }, Gone, 0, 1},
		{"404 after a conflict", func(s script) {
			s.store.onPut[1] = after(s.store.interlope("x1", nil), nil)
			s.store.onGet[2] = after(s.store.remove, nil)
		}, Gone, 0, 1},
		{"404 at the last look", func(s script) {
			everyPut(s, answer(ErrThrottled))
			s.store.onGet[4] = after(s.store.remove, nil)
		}, Gone, 0, 3},
		{"409 to the own write, sent twice", func(s script) { s.store.onPut[1] = echoed(ErrConflict) }, Committed, 1, 1},
		{"503 to the own write, sent twice", func(s script) { s.store.onPut[1] = echoed(ErrThrottled) }, Committed, 1, 1},
		{"409 to the own write, then the object deleted", func(s script) {
			s.store.onPut[1] = echoed(ErrConflict)
			s.store.onGet[2] = after(s.store.remove, nil)
		}, Gone, 0, 1}, // and with it what was written
		{"409 to the own write, then reads forbidden", func(s script) {
			s.store.onPut[1], s.store.onGet[2] = echoed(ErrConflict), answer(errForbidden)
		}, Unknown, 1, 1},
		{"503 to the own write on the last attempt, read-back unavailable", func(s script) {
			s.store.onPut[1], s.store.onPut[2], s.store.onPut[3] = answer(ErrThrottled), answer(ErrThrottled), echoed(ErrThrottled)
			s.store.onGet[4] = answer(ErrThrottled)
		}, Unknown, 1, 3},
		{"503 to the own write, cancelled while waiting", func(s script) {
			s.store.onPut[1] = echoed(ErrThrottled)
			s.clock.OnSleep = func(int) { s.cancel() }
		}, Unknown, 1, 1},

		{"cancelled before the start", func(s script) { s.cancel() }, Cancelled, 0, 0},
		{"cancelled while waiting after 503", func(s script) {
			s.store.onPut[1] = answer(ErrThrottled)
			s.clock.OnSleep = func(int) { s.cancel() }
		}, Unknown, 0, 1}, // as if it had been an echo
		{"cancelled while waiting for a connection", func(s script) {
			s.store.onPut[1] = answer(ErrUnavailable)
			s.clock.OnSleep = func(int) { s.cancel() }
		}, Cancelled, 0, 1},
		{"cancelled while waiting after a lost reply", func(s script) {
			s.store.onPut[1] = replyLost
			s.clock.OnSleep = func(int) { s.cancel() }
		}, Unknown, 1, 1},
		{"cancelled in a read", func(s script) { s.store.onGet[1] = after(s.cancel, answer(context.Canceled)) }, Cancelled, 0, 0},
		{"cancelled in a write that is applied", func(s script) {
			s.store.onPut[1] = func(do func() (string, error)) (string, error) {
				do()
				s.cancel()
				return "", context.Canceled
			}
		}, Unknown, 1, 1},
		{"timed out below the seam in a write that lands late", func(s script) {
			s.store.onPut[1] = func(do func() (string, error)) (string, error) {
				s.store.landsLate(do)
				return "", context.DeadlineExceeded
			}
		}, Unknown, 0, 1},
		{"timed out before a connection was made, always", func(s script) {
			everyPut(s, answer(fmt.Errorf("%w: dial: %w", ErrUnavailable, context.DeadlineExceeded)))
		}, Unavailable, 0, 3},

		{"no ETag on the read", func(s script) {
			s.store.onGet[1] = func(do func() (string, error)) (string, error) {
				_, err := do()
				return "", err
			}
		}, Failed, 0, 0},
	}
	for n := range 2 * len(tests) {
		tt, r := tests[n/2], newRig(t, retries)
		if n%2 == 1 { // a policy that reads more often must end the same
			r.policy = Policy{Kind: Adaptive, Cap: time.Second, Retries: retries}
		}
		t.Run(tt.name+"/"+string(r.policy.Kind), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			tt.script(script{r, cancel})
			edit := Edit{Modifications: []Modification{mod("m1")}}

			done, err := r.Append(ctx, testID, edit)
			if got := OutcomeOf(err); got != tt.want {
				t.Errorf("ended as %s (%v), want %s", got, err, tt.want)
			}
			if (err == nil) != (done.Change() != nil) || err == nil && !done.Change().HasModification("m1") {
				t.Errorf("answered %v with error %v", done.Document, err)
			}
			if got := r.times("m1"); got != tt.stored {
				t.Errorf("stored %d times, want %d", got, tt.stored)
			}
			if r.store.puts != tt.puts {
				t.Errorf("%d writes were sent, want %d", r.store.puts, tt.puts)
			}
			if tt.want != Unknown && errors.Is(err, ErrOutcomeUnknown) {
				t.Errorf("errors.Is(ErrOutcomeUnknown) although it ended as %s", tt.want)
			}
			r.store.land()
			if tt.want != Unknown && r.times("m1") != tt.stored {
				t.Errorf("a write landed after the call had ended as %s", tt.want)
			}
			r.repeat(t, edit)
		})
	}
}

func (r *rig) repeat(t *testing.T, edit Edit) {
	t.Helper()
	clear(r.store.onGet)
	clear(r.store.onPut)
	if r.store.body(testKey) == "" {
		return
	}
	for range 2 {
		if _, err := r.Append(t.Context(), testID, edit); err != nil {
			t.Errorf("repeated: %v", err)
		}
	}
	if got := r.times("m1"); got != 1 {
		t.Errorf("repeated: stored %d times", got)
	}
}

func TestAppendAddsOnlyWhatIsMissing(t *testing.T) {
	r := newRig(t, 0)
	for _, mods := range [][]Modification{{mod("m1")}, {mod("m2"), mod("m1"), mod("m3")}} {
		if _, err := r.Append(t.Context(), testID, Edit{Modifications: mods}); err != nil {
			t.Fatal(err)
		}
	}
	if got := mustParse(t, r.store.body(testKey)).ModificationIDs(); !slices.Equal(got, []string{"m1", "m2", "m3"}) {
		t.Errorf("stored %v", got)
	}
}

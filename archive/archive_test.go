package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/archive/internal/testclock"
)

func TestNewChecksItsOptions(t *testing.T) {
	if _, err := New(Options{}); err == nil || !strings.Contains(err.Error(), "Options.Store is required") {
		t.Errorf("no store: %v", err)
	}
	if _, err := New(Options{Store: newMemStore(), Policy: Policy{Kind: Full}}); err == nil || !strings.Contains(err.Error(), "base must be positive") {
		t.Errorf("bad policy: %v", err)
	}
	a, err := New(Options{Store: newMemStore()})
	if err != nil {
		t.Fatal(err)
	}
	if a.policy != DefaultPolicy() || a.clock != (WallClock{}) {
		t.Errorf("defaults: %s, %T", a.policy, a.clock)
	}
}

func TestObserverSeesEveryStepInOrder(t *testing.T) {
	r := newRig(t, 3)
	var events []string
	r.observer = Observer{
		Attempt: func(_ context.Context, i AttemptInfo) {
			events = append(events, fmt.Sprintf("%s %s attempt %d/%d wrote=%v read=%v: %v",
				i.Op, i.Key, i.Attempt, i.MaxAttempts, i.Wrote, i.ETag == etagOf(r.store.history[i.Attempt-1]), i.Err))
		},
		Wait: func(_ context.Context, i WaitInfo) {
			events = append(events, fmt.Sprintf("%s wait %v for attempt %d/%d: %v", i.Op, i.Wait, i.Attempt, i.MaxAttempts, i.Cause))
		},
		Done: func(_ context.Context, i DoneInfo) {
			events = append(events, fmt.Sprintf("%s done after %d/%d in %v etag=%v: %v",
				i.Op, i.Attempts, i.MaxAttempts, i.Elapsed, i.ETag == etagOf([]byte(r.store.body(testKey))), i.Err))
		},
	}
	for n := 1; n <= 2; n++ {
		r.store.onPut[n] = after(r.store.interlope(fmt.Sprint("x", n), nil), nil)
	}
	if _, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"append archive/CHG-1.json attempt 1/4 wrote=true read=true: precondition failed",
		"append wait 100ms for attempt 2/4: precondition failed",
		"append archive/CHG-1.json attempt 2/4 wrote=true read=true: precondition failed",
		"append wait 200ms for attempt 3/4: precondition failed",
		"append archive/CHG-1.json attempt 3/4 wrote=true read=true: <nil>",
		"append done after 3/4 in 300ms etag=true: <nil>",
	}
	if d := cmp.Diff(want, events); d != "" {
		t.Error(d)
	}
}

func TestObserverIsToldHowTheCallEnded(t *testing.T) {
	r := newRig(t, 1)
	var done []DoneInfo
	r.observer.Done = func(_ context.Context, i DoneInfo) { done = append(done, i) }
	r.store.onPut[1], r.store.onPut[2] = answer(ErrThrottled), answer(ErrConflict)
	_, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}})
	if len(done) != 1 || done[0].Err != err || done[0].ETag != "" || done[0].Attempts != 2 || done[0].Mismatches != 1 {
		t.Errorf("%+v; the call ended as %v", done, err)
	}
}

func TestLeavingInAWaitIsNoAttempt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := newRig(t, 3)
	var done DoneInfo
	r.observer.Done = func(_ context.Context, i DoneInfo) { done = i }
	r.clock.OnSleep = func(int) { cancel() }
	r.store.onPut[1] = answer(ErrThrottled)
	_, err := r.Append(ctx, testID, Edit{Modifications: []Modification{mod("m1")}})
	if !errors.Is(err, context.Canceled) || done.Attempts != 1 {
		t.Errorf("%v after %d attempts", err, done.Attempts)
	}
}

func TestDeadline(t *testing.T) {
	tests := []struct {
		name     string
		policy   Policy
		attempts int
	}{
		{"none", Policy{Constant, 100 * ms, 100 * ms, 9, 0}, 10},
		{"a wait ends before", Policy{Constant, 100 * ms, 100 * ms, 9, 300*ms + 1}, 4},
		{"no wait is begun that would end then", Policy{Constant, 100 * ms, 100 * ms, 9, 300 * ms}, 3},
		{"shorter than any wait", Policy{Constant, 100 * ms, 100 * ms, 9, 1}, 1},
		{"a wait beyond all bounds", Policy{Constant, math.MaxInt64 - 1, math.MaxInt64 - 1, 9, math.MaxInt64}, 2},
	}
	for _, tt := range tests {
		r := newRig(t, 0)
		r.policy = tt.policy
		for n := range 10 {
			r.store.onPut[n+1] = after(r.store.interlope(fmt.Sprint("x", n), nil), nil)
		}
		_, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}})
		var exhausted *ExhaustedError
		if !errors.As(err, &exhausted) || exhausted.Attempts != tt.attempts {
			t.Errorf("%s: %v; want %d attempts", tt.name, err, tt.attempts)
		}
	}
}

// hinted is an answer that says when to come again.
type hinted struct {
	error
	after time.Duration
}

func (h hinted) Unwrap() error             { return h.error }
func (h hinted) RetryAfter() time.Duration { return h.after }

// TestRetryAfter: of case "Retry-After". Nothing is sent again before the store wants it,
// under any policy; a call whose deadline comes first ends.
func TestRetryAfter(t *testing.T) {
	busy := hinted{ErrThrottled, 3 * time.Second}
	for _, tt := range []struct {
		name   string
		policy Policy
		answer error
		want   []time.Duration // waits
		gaveUp bool
	}{
		{"longer than the policy's wait", Policy{Constant, 100 * ms, 100 * ms, 2, 0}, busy, []time.Duration{3 * time.Second, 100 * ms}, false},
		{"shorter", Policy{Constant, 5 * time.Second, 5 * time.Second, 2, 0}, busy, []time.Duration{5 * time.Second, 5 * time.Second}, false},
		{"without a wait", Policy{Kind: None, Retries: 2}, fmt.Errorf("put: %w", busy), []time.Duration{3 * time.Second, 0}, false},
		{"just before the deadline", Policy{None, 0, 0, 2, 3*time.Second + 1}, busy, []time.Duration{3 * time.Second, 0}, false},
		{"after the deadline", Policy{None, 0, 0, 2, 3*time.Second - 1}, busy, nil, true},
		{"none", Policy{Constant, 100 * ms, 100 * ms, 2, 0}, ErrThrottled, []time.Duration{100 * ms, 100 * ms}, false},
	} {
		r := newRig(t, 0)
		r.policy = tt.policy
		r.store.onPut[1] = answer(tt.answer)
		r.store.onPut[2] = answer(ErrConflict)
		_, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}})
		if diff := cmp.Diff(tt.want, r.clock.Waits); diff != "" || (OutcomeOf(err) == Unavailable) != tt.gaveUp {
			t.Errorf("%s: %v %s", tt.name, err, diff)
		}
	}
}

func TestTimestampIsThatOfTheCall(t *testing.T) {
	r := newRig(t, 3)
	r.store.onPut[1] = answer(ErrThrottled)
	m := Modification{ID: "m1", UserID: "u", Type: Updated}
	done, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{m}})
	if err != nil {
		t.Fatal(err)
	}
	mods, err := done.Change().Modifications()
	if err != nil || mods[0].Timestamp != "2025-10-20T12:00:00Z" || m.Timestamp != "" {
		t.Errorf("%+v, %v; the caller's modification: %+v", mods, err, m)
	}
}

func TestModificationIDs(t *testing.T) {
	first, second := NewModificationID(rand.New(rand.NewPCG(1, 1))), NewModificationID(rand.New(rand.NewPCG(1, 1)))
	if first != second || len(first) != 26 {
		t.Errorf("ids %q and %q from the same seed", first, second)
	}
	a, err := New(Options{Store: newMemStore()})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 1000 {
		m := mod(a.NewModificationID())
		if ownLayout.validate(&m) != nil || seen[m.ID] {
			t.Fatalf("id %q is invalid or not unique", m.ID)
		}
		seen[m.ID] = true
	}
}

// TestIDsOfModifications: every character that an id may have, and its neighbours that it
// may not.
func TestIDsOfModifications(t *testing.T) {
	for c := range rune(256) {
		m := mod("m" + string(c))
		may := c > ' ' && c <= '~' && c != '"' && c != '\\'
		if err := ownLayout.validate(&m); (err == nil) != may || err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("an id with %q: %v", c, err)
		}
	}
}

// TestRandomIsDrawnUnderItsLock: the race detector tells if one of those who draw from
// an archive's source does not hold its lock. It does not see into the
// default source, whose package it leaves out.
func TestRandomIsDrawnUnderItsLock(t *testing.T) {
	const draws = 50
	clock := &testclock.Clock{}
	for _, policy := range []Policy{DefaultPolicy(), AdaptivePolicy()} {
		s := newMemStore()
		a, err := New(Options{Store: s, Clock: clock, Policy: policy, Rand: rand.New(rand.NewPCG(1, 2))})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for _, draw := range []func(){
			func() { a.NewModificationID() },
			func() { c, _ := a.newCall("load", testID); c.pacer.backoff(1, ErrUnavailable) },
		} {
			for range 2 {
				wg.Go(func() {
					for range draws {
						draw()
					}
				})
			}
		}
		wg.Wait()
	}
}

func TestManyGoroutinesLoseNothing(t *testing.T) {
	const writers, updates = 16, 20
	s := newMemStore()
	s.set(testKey, []byte(testDoc))
	for n := range 100_000 {
		s.onGet[n] = after(runtime.Gosched, nil) // let the others in between read and write
	}
	clock := &testclock.Clock{}
	a, err := New(Options{Store: s, Clock: clock, Policy: Policy{Kind: Full, Base: 1, Cap: 1, Retries: Unlimited}})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for u := range updates {
				m := mod(fmt.Sprintf("w%d-u%d-%s", w, u, a.NewModificationID()))
				field := fmt.Sprintf("w%d", w)
				var err error
				if u%2 == 0 {
					_, err = a.Append(t.Context(), testID, Edit{Fields: fields(field, fmt.Sprint(u)), Modifications: []Modification{m}})
				} else {
					var base Snapshot
					if base, err = a.Load(t.Context(), testID); err == nil {
						_, err = a.Save(t.Context(), testID, base, Edit{Fields: fields(field, fmt.Sprint(u)), Modifications: []Modification{m}})
					}
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if len(clock.Waits) == 0 {
		t.Error("there was no contention, so nothing is proved")
	}
	c := mustParse(t, s.body(testKey))
	for w := range writers {
		next := 0 // each writer's updates are all there, once, in its order
		for _, id := range c.ModificationIDs() {
			if strings.HasPrefix(id, fmt.Sprintf("w%d-", w)) {
				if !strings.HasPrefix(id, fmt.Sprintf("w%d-u%d-", w, next)) {
					t.Errorf("%s where update %d was expected", id, next)
				}
				next++
			}
		}
		if last, _ := c.Field(fmt.Sprintf("w%d", w)); next != updates || string(last) != fmt.Sprint(updates-1) {
			t.Errorf("writer %d: %d updates are there, the last is %s", w, next, last)
		}
	}
}

// For the race detector, which sees into a PCG but not into a ChaCha8.
func TestRandomSourceIsGuarded(t *testing.T) {
	a, err := New(Options{Store: newMemStore(), Rand: rand.New(rand.NewPCG(1, 2))})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			c, err := a.newCall("load", testID)
			if err != nil {
				panic(err)
			}
			for c.attempts = 1; c.attempts <= 1000; c.attempts++ {
				c.pacer.backoff(c.attempts, ErrThrottled)
			}
		})
	}
	wg.Wait()
}

func TestWallClockSleepEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	if err := (WallClock{}).Sleep(ctx, 0); err != nil {
		t.Errorf("no wait: %v", err)
	}
	if err := (WallClock{}).Sleep(ctx, 1); err != nil {
		t.Errorf("a nanosecond: %v", err)
	}
	time.AfterFunc(1, cancel)
	if err := (WallClock{}).Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while waiting: %v", err)
	}
	if err := (WallClock{}).Sleep(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
}

// TestNilDocumentBehindAPointerIsNone: a caller has a *Change variable that was never set.
func TestNilDocumentBehindAPointerIsNone(t *testing.T) {
	var none *Change
	r := newRig(t, 3)
	if _, err := r.Create(t.Context(), testID, none, mod("m1")); !errors.Is(err, ErrInvalid) {
		t.Errorf("create: %v", err)
	}
	loaded, err := r.Load(t.Context(), testID)
	if err != nil {
		t.Fatal(err)
	}
	edit := Edit{Fields: map[string]json.RawMessage{"title": json.RawMessage(`"x"`)}, Modifications: []Modification{mod("m2")}}
	if _, err := r.Save(t.Context(), testID, Snapshot{Document: none, ETag: loaded.ETag}, edit); err != nil {
		t.Errorf("save on top of the version that is there: %v", err)
	}
	edit.Modifications = []Modification{mod("m3")}
	if _, err := r.Save(t.Context(), testID, Snapshot{Document: none, ETag: loaded.ETag}, edit); OutcomeOf(err) != Conflict {
		t.Errorf("save on top of another: %v", err)
	}
}

package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"
)

// countUp is an edit that counts a field up.
func countUp(id string) func(Snapshot) (Edit, error) {
	return func(current Snapshot) (Edit, error) {
		n := 0
		if raw, there := current.Document.Field("count"); there {
			if err := json.Unmarshal(raw, &n); err != nil {
				return Edit{}, err
			}
		}
		return Edit{Fields: fields("count", strconv.Itoa(n+1)), Modifications: []Modification{mod(id)}}, nil
	}
}

func (r *rig) count() string {
	s, err := r.Load(context.Background(), testID)
	if err != nil {
		return err.Error()
	}
	n, _ := s.Document.Field("count")
	return string(n)
}

// TestUpdateCountsOnce whatever befalls its writes: an edit that is made of what is
// stored is in the document once if the call says so, and not at all if it says that.
func TestUpdateCountsOnce(t *testing.T) {
	others := func(r *rig, n int) func() {
		return func() {
			if _, err := r.Update(t.Context(), testID, countUp(fmt.Sprint("x", n))); err != nil {
				t.Error(err)
			}
		}
	}
	for _, tt := range []struct {
		name   string
		script func(r *rig)
		want   Outcome
		count  string
	}{
		{"nobody else", func(r *rig) {}, Committed, "1"},
		{"others before two writes", func(r *rig) {
			r.store.onPut[1], r.store.onPut[3] = after(others(r, 1), nil), after(others(r, 2), nil)
		}, Committed, "3"},
		{"the reply is lost", func(r *rig) { r.store.onPut[1] = replyLost }, Committed, "1"},
		{"the reply is lost, others on top", func(r *rig) {
			r.store.onPut[1], r.store.onGet[2] = replyLost, after(others(r, 1), nil)
		}, Committed, "2"},
		{"the request is lost, others on top", func(r *rig) {
			r.store.onPut[1], r.store.onGet[2] = requestLost, after(others(r, 1), nil)
		}, Committed, "2"},
		{"an echo", func(r *rig) { r.store.onPut[1] = echoed(ErrConflict) }, Committed, "1"},
		{"always others", func(r *rig) {
			for n := range 4 {
				r.store.onPut[2*n+1] = after(others(r, n), nil)
			}
		}, Exhausted, "4"},
		{"gone", func(r *rig) { r.store.remove() }, Gone, "update archive/CHG-1.json: object not found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 3)
			tt.script(r)
			done, err := r.Update(t.Context(), testID, countUp("m1"))
			if OutcomeOf(err) != tt.want || err == nil && !done.Document.HasModification("m1") {
				t.Errorf("%s: %v", OutcomeOf(err), err)
			}
			r.store.onGet, r.store.onPut = map[int]fault{}, map[int]fault{}
			if tt.want == Gone {
				return
			}
			if got := r.count(); got != tt.count {
				t.Errorf("the count is %s, want %s", got, tt.count)
			}
			if tt.want != Committed {
				return
			}
			if _, err := r.Update(t.Context(), testID, countUp("m1")); err != nil || r.count() != tt.count {
				t.Errorf("the same again: %v, the count is %s", err, r.count())
			}
		})
	}
}

func TestUpdateRefuses(t *testing.T) {
	r := newRig(t, 3)
	own := errors.New("no more than three")
	for name, change := range map[string]func(Snapshot) (Edit, error){
		"its own error": func(Snapshot) (Edit, error) { return Edit{}, own },
		"no entry":      func(Snapshot) (Edit, error) { return Edit{Fields: fields("count", "1")}, nil },
		"no JSON": func(Snapshot) (Edit, error) {
			return Edit{Fields: fields("count", "x"), Modifications: []Modification{mod("m")}}, nil
		},
	} {
		_, err := r.Update(t.Context(), testID, change)
		if name == "its own error" != errors.Is(err, own) || name != "its own error" && !errors.Is(err, ErrInvalid) || r.store.puts > 0 {
			t.Errorf("%s: %v after %d writes", name, err, r.store.puts)
		}
	}
	n := 0
	r.store.onPut[1] = answer(ErrConflict)
	_, err := r.Update(t.Context(), testID, func(Snapshot) (Edit, error) {
		n++
		return Edit{Modifications: []Modification{mod(fmt.Sprint("m", n))}}, nil
	})
	if !errors.Is(err, ErrInvalid) || r.store.puts != 1 {
		t.Errorf("another id in each attempt: %v after %d writes", err, r.store.puts)
	}
}

func TestManyCountUp(t *testing.T) {
	r := newRig(t, 0)
	r.policy = Policy{Kind: Full, Base: time.Microsecond, Cap: time.Microsecond, Retries: Unlimited}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for n := range 10 {
				if _, err := r.Update(t.Context(), testID, countUp(fmt.Sprintf("w%d-%d", w, n))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := r.count(); got != "80" {
		t.Errorf("the count is %s", got)
	}
}

// TestErrorOfAChangeEndsTheCall, and is no outcome of it: an edit that is made of another
// object, or by another service, fails with errors that wrap the store's sentinels.
func TestErrorOfAChangeEndsTheCall(t *testing.T) {
	mine := errors.New("my own error")
	for _, tt := range []struct {
		name string
		err  error
	}{
		{"another object's store does not answer", fmt.Errorf("read the price list: %w", ErrUnavailable)},
		{"another object is contended", &ExhaustedError{Key: "archive/OTHER.json", Attempts: 17, Last: ErrPreconditionFailed}},
		{"another object's write is in doubt", &OutcomeUnknownError{Key: "archive/OTHER.json", Last: errLost}},
		{"another object is not there", fmt.Errorf("load archive/OTHER.json: %w", ErrNotFound)},
		{"its own timeout", fmt.Errorf("ask the calendar: %w", context.DeadlineExceeded)},
		{"a conflict of another object", &ETagMismatchError{Key: "archive/OTHER.json", Expected: "a", Found: "b"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 3)
			calls := 0
			_, err := r.Update(t.Context(), testID, func(Snapshot) (Edit, error) {
				calls++
				return Edit{}, fmt.Errorf("%w: %w", mine, tt.err)
			})
			if calls != 1 {
				t.Errorf("the change was called %d times after its error", calls)
			}
			if !errors.Is(err, mine) {
				t.Errorf("the change's error is lost: %v", err)
			}
			if o := OutcomeOf(err); o != Failed {
				t.Errorf("the outcome is %q: %v", o, err)
			}
		})
	}
}

// TestErrorOfAChangeIsNoContention of this object: nobody else wrote.
func TestErrorOfAChangeIsNoContention(t *testing.T) {
	r := newRig(t, 0)
	n := 0
	_, err := r.Update(t.Context(), testID, func(Snapshot) (Edit, error) {
		if n++; n == 1 { // it goes through the second time
			return Edit{}, fmt.Errorf("the counter: %w", ErrPreconditionFailed)
		}
		return Edit{Modifications: []Modification{mod("m1")}}, nil
	})
	if OutcomeOf(err) == Exhausted {
		t.Errorf("blames others, although nobody wrote (%d puts): %v", r.store.puts, err)
	}
}

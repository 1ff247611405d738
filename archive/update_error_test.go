package archive

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

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

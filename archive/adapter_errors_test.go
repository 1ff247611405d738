package archive

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// sdkError is what other SDKs' errors look like: aws-sdk-go v1's RequestFailure has this method.
type sdkError struct{ status int }

func (e sdkError) Error() string   { return fmt.Sprintf("sdk: status %d", e.status) }
func (e sdkError) StatusCode() int { return e.status }

// TestSentinelOfAnAdapterSurvives: what an adapter wraps beside a sentinel, such as an error
// with a method StatusCode() int, does not take its place.
func TestSentinelOfAnAdapterSurvives(t *testing.T) {
	gone := fmt.Errorf("get %s: %w: %w", testKey, ErrNotFound, sdkError{404})
	r := newRig(t, 3)
	r.store.onGet[1] = answer(gone)
	_, err := r.Load(t.Context(), testID)
	if !errors.Is(err, ErrNotFound) || OutcomeOf(err) != Gone {
		t.Errorf("load of what is not there: %s: %v", OutcomeOf(err), err)
	}
	r = newRig(t, 3)
	r.store.onPut[1] = answer(fmt.Errorf("put: %w: %w", ErrNotFound, sdkError{404}))
	_, err = r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}})
	if OutcomeOf(err) != Gone {
		t.Errorf("append to what was deleted: %s: %v", OutcomeOf(err), err)
	}
	r = newRig(t, 3)
	ctx, cancel := context.WithCancel(t.Context())
	r.store.onGet[1] = after(cancel, answer(fmt.Errorf("%w: %w", context.Canceled, sdkError{0})))
	_, err = r.Load(ctx, testID)
	if OutcomeOf(err) != Cancelled {
		t.Errorf("cancelled: %s: %v", OutcomeOf(err), err)
	}
}

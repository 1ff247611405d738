package archive

import (
	"errors"
	"testing"
)

// TestQuotaIsGivenBackByWhoWasServed: also by calls that were served, and then refused for
// what they asked.
func TestQuotaIsGivenBackByWhoWasServed(t *testing.T) {
	r := newRig(t, 3)
	no := errors.New("not in this state")
	for range 40 {
		r.store.onGet[r.store.gets+1] = answer(ErrThrottled)
		if _, err := r.Update(t.Context(), testID, func(Snapshot) (Edit, error) { return Edit{}, no }); !errors.Is(err, no) && OutcomeOf(err) != Unavailable {
			t.Fatal(err)
		}
	}
	r.store.onGet[r.store.gets+1] = answer(ErrThrottled)
	if _, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}}); err != nil {
		t.Errorf("one 503, of a store that has served each of 40 calls at its second request: %v (%d tokens are taken)", err, r.quota.taken)
	}
}

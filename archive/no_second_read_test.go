package archive

import "testing"

// TestNoSecondReadAtOnce: a call that has no retry left, and has written nothing that a look
// could settle, does not ask again.
func TestNoSecondReadAtOnce(t *testing.T) {
	r := newRig(t, 3)
	for r.quota.take(testKey) {
	}
	const calls = 100
	for n := range 3 * calls {
		r.store.onGet[n+1] = answer(hinted{ErrThrottled, 3e9})
	}
	for range calls {
		if _, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}}); OutcomeOf(err) != Unavailable {
			t.Fatal(err)
		}
	}
	if r.store.gets > calls && len(r.clock.waits) == 0 {
		t.Errorf("%d calls without a retry left sent %d reads and never waited, against a Retry-After of 3 s", calls, r.store.gets)
	}
}

package archive

import (
	"testing"
)

// archive/web: "Of an earlier request, whose answer was lost, only a 404, and a 409 that says
// reason conflict, tell that it has stored nothing". The earlier one may still be between two
// attempts, and merges once the field is as its sender had loaded it.
func TestBreakConflictSettlesNoEarlierRequest(t *testing.T) {
	r := newRig(t, 3)
	edit := Edit{Fields: fields("title", `"mine"`), Modifications: []Modification{mod("m1")}}
	r.store.onPut[1] = answer(ErrThrottled)
	var repeated error
	r.clock.onSleep = func(n int) {
		if n > 1 {
			return
		}
		r.store.interlope("x1", fields("title", `"theirs"`))()  // somebody else
		_, repeated = r.Save(t.Context(), testID, r.base, edit) // the client sends it again
		r.store.interlope("x2", fields("title", `"a"`))()       // and decides, or somebody does, for what was there
	}
	_, err := r.Save(t.Context(), testID, r.base, edit)
	if OutcomeOf(repeated) == Conflict && err == nil {
		t.Errorf("the repetition was told conflict, and the first request then stored it over an edit that came later: %s", r.store.body(testKey))
	}
}

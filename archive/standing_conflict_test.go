package archive

import (
	"strings"
	"testing"
)

// Test409WhileTheVersionStands: nobody else is blamed by a store that answers 409 for ever, to
// a version that stands.
func Test409WhileTheVersionStands(t *testing.T) {
	r := newRig(t, 16)
	r.store.everyPut = answer(ErrConflict)
	_, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}})
	if len(r.store.history) == 1 && strings.Contains(err.Error(), "modified by another user") {
		t.Errorf("%d reads gave the same ETag: %v", r.store.gets, err)
	}
}

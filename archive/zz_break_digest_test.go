package archive

import (
	"encoding/json"
	"errors"
	"testing"
)

// TestBreakDigestOfRemovals: an id that comes again with other content must be refused.
// A field that is set and two that are removed have the same digest.
func TestBreakDigestOfRemovals(t *testing.T) {
	r := newRig(t, 3)
	set := Edit{Fields: map[string]json.RawMessage{"approved": json.RawMessage("true")}, Modifications: []Modification{mod("m1")}}
	if _, err := r.Archive.Append(t.Context(), testID, set); err != nil {
		t.Fatal(err)
	}
	_, err := r.Archive.Append(t.Context(), testID, Edit{Remove: []string{"approved", "true"}, Modifications: []Modification{mod("m1")}})
	var reused *ReusedIDError
	if !errors.As(err, &reused) {
		t.Errorf("the removal is answered %v, and the field is still there: %s", err, r.store.body(testKey))
	}
}

package archive

import (
	"encoding/json"
	"errors"
	"testing"
)

// TestDigestOfRemovals: an id that comes again with other content must be refused.
// A field that is set must not have the digest of two that are removed.
func TestDigestOfRemovals(t *testing.T) {
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

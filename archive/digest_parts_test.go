package archive

import (
	"errors"
	"testing"
)

// "no two parts can pass for two others": a field that is set passes for two that are removed.
func TestDigestOfSetAndRemoved(t *testing.T) {
	set := Edit{Fields: fields("locked", `true`), Modifications: []Modification{mod("m1")}}
	remove := Edit{Remove: []string{"locked", "true"}, Modifications: []Modification{mod("m1")}}
	if ContentDigest(set.Fields, nil, mod("m1")) == ContentDigest(nil, remove.Remove, mod("m1")) {
		t.Error("setting locked to true has the digest of removing locked and true")
	}
	r := newRig(t, 3)
	if _, err := r.Append(t.Context(), testID, set); err != nil {
		t.Fatal(err)
	}
	_, err := r.Append(t.Context(), testID, remove)
	if _, reused := errors.AsType[*ReusedIDError](err); !reused {
		t.Errorf("the removal under the same id is answered %v: %s", err, r.store.body(testKey))
	}
}

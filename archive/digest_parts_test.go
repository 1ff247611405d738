package archive

import (
	"strings"
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
	if _, err := r.Append(t.Context(), testID, remove); err == nil && strings.Contains(r.store.body(testKey), "locked") {
		t.Errorf("success, and the field is still there: %s", r.store.body(testKey))
	}
}

package archive

import (
	"strings"
	"testing"
)

// TestCreateWithTheIDInItsHistory: an entry of the document's own history does not pass for
// that of the call, and a repetition is answered alike.
func TestCreateWithTheIDInItsHistory(t *testing.T) {
	r := newRig(t, 3)
	doc := mustParse(t, `{"changeId":"CHG-9","modifications":[{"modification_id":"m1","timestamp":"2025-01-01T00:00:00Z","user_id":"mallory","modification_type":"approved"}]}`)
	_, err := r.Create(t.Context(), "CHG-9", doc, mod("m1"))
	if err == nil && !strings.Contains(r.store.body("archive/CHG-9.json"), `"user_id":"u"`) {
		t.Errorf("success, and the modification of u is not stored: %s", r.store.body("archive/CHG-9.json"))
	}
	if _, again := r.Create(t.Context(), "CHG-9", doc, mod("m1")); (again == nil) != (err == nil) {
		t.Errorf("repeated it is answered %v, at first %v", again, err)
	}
}

// TestCreateWithAnotherHistory: a document with another history is another content.
func TestCreateWithAnotherHistory(t *testing.T) {
	r := newRig(t, 3)
	create := func(history string) error {
		_, err := r.Create(t.Context(), "CHG-9", mustParse(t, `{"changeId":"CHG-9","modifications":[`+history+`]}`), mod("m1"))
		return err
	}
	if err := create(""); err != nil {
		t.Fatal(err)
	}
	err := create(`{"modification_id":"imported","timestamp":"2025-01-01T00:00:00Z","user_id":"x","modification_type":"created"}`)
	if err == nil && !strings.Contains(r.store.body("archive/CHG-9.json"), "imported") {
		t.Errorf("success, and the imported entry is not stored: %s", r.store.body("archive/CHG-9.json"))
	}
}

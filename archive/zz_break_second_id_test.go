package archive

import (
	"strings"
	"testing"
)

// A document may have both ids. The one that it is not known by is dropped from an update
// without a word, and success is answered; Save refuses the same.
func TestBreakSecondIDOfAnUpload(t *testing.T) {
	r := newRig(t, 3)
	u, err := NewUploader(UploaderOptions{Core: r.Archive, Store: r.store, Clock: r.clock, Parallel: Goroutines(1)})
	if err != nil {
		t.Fatal(err)
	}
	edit := Edit{Fields: fields("announcement_id", `"A-7"`), Modifications: []Modification{mod("m0")}}
	if _, err := r.Save(t.Context(), testID, r.base, edit); err == nil {
		t.Error("Save takes it")
	}
	done, err := u.Upload(t.Context(), Upload{
		Document: mustParse(t, `{"changeId":"CHG-1","announcement_id":"A-7"}`), Update: true, Base: r.base, UserID: "u",
	})
	if err == nil && !strings.Contains(r.store.body(testKey), "A-7") {
		t.Errorf("success %v, and announcement_id is not stored: %s", done.Results, r.store.body(testKey))
	}
}

// The digest of a creation leaves out the second id, so another content passes for a repetition.
func TestBreakSecondIDOfACreate(t *testing.T) {
	r := newRig(t, 3)
	create := func(second string) error {
		doc := mustParse(t, `{"changeId":"CHG-9","announcement_id":"`+second+`","title":"a","modifications":[]}`)
		_, err := r.Create(t.Context(), "CHG-9", doc, mod("m1"))
		return err
	}
	if err := create("A-1"); err != nil {
		t.Fatal(err)
	}
	if err := create("A-2"); err == nil {
		t.Errorf("success, and A-2 is not stored: %s", r.store.body("archive/CHG-9.json"))
	}
}

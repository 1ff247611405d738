package archive

import "testing"

// The digest of a creation has the second id too: with another it is no repetition.
func TestSecondIDOfACreate(t *testing.T) {
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

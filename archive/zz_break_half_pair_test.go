package archive

import (
	"strings"
	"testing"
)

// A field's name with half a surrogate pair is known by its spelling, \ud800 with a backslash,
// which is also a name that another field can have.
func TestBreakHalfPairsInNames(t *testing.T) {
	if _, err := ParseChange([]byte(`{"changeId":"CHG-1","\ud800":1,"\\ud800":2}`)); err != nil {
		t.Errorf("two different names: %v", err)
	}
	c := mustParse(t, `{"changeId":"CHG-1","\ud800":1,"modifications":[]}`)
	next, err := c.Apply(Edit{Fields: fields(`\ud800`, `2`), Modifications: []Modification{mod("m1")}}) // the name "\\ud800"
	if err == nil && !strings.Contains(string(next.Encode()), `"\ud800":1`) {
		t.Errorf("a field that the edit does not name is overwritten: %s", next.Encode())
	}
	next, err = c.Apply(Edit{Remove: []string{`\ud800`}, Modifications: []Modification{mod("m1")}})
	if err == nil && !strings.Contains(string(next.Encode()), `"\ud800":1`) {
		t.Errorf("a field that the edit does not name is removed: %s", next.Encode())
	}
}

// A submitted field of such a name is stored under another name, with success.
func TestBreakHalfPairOfAnUpload(t *testing.T) {
	r := newRig(t, 3)
	u, err := NewUploader(UploaderOptions{Core: r.Archive, Store: r.store, Clock: r.clock, Parallel: Goroutines(1)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = u.Upload(t.Context(), Upload{Document: mustParse(t, `{"changeId":"CHG-1","\ud800":1}`), Update: true, Base: r.base, UserID: "u"})
	if body := r.store.body(testKey); err == nil && strings.Contains(body, `"\\ud800"`) {
		t.Errorf("stored under another name: %s", body)
	}
}

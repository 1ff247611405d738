package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// seen is a document that catches the edit that the update loop hands it.
type seen struct {
	Document
	edits *[]Edit
}

func (s seen) Apply(e Edit) (Document, error) {
	*s.edits = append(*s.edits, e)
	return nil, errors.New("seen")
}

// TestEditsAreValidatedOnce by the loop, not again in every attempt; by a
// document only if they come from elsewhere.
func TestEditsAreValidatedOnce(t *testing.T) {
	r := newRig(t, 3)
	var edits []Edit
	doc := seen{r.base.Document, &edits}
	a, err := New(Options{Store: r.store, Codec: func(string, []byte) (Document, error) { return doc, nil }})
	if err != nil {
		t.Fatal(err)
	}
	edit := Edit{Fields: fields("title", `"b"`), Modifications: []Modification{mod("m1")}}
	_, _ = a.Append(t.Context(), testID, edit)
	_, _ = a.Save(t.Context(), testID, Snapshot{doc, r.base.ETag}, edit)
	_, _ = a.Create(t.Context(), testID, doc, mod("m1"))
	if len(edits) != 3 || edit.valid {
		t.Fatalf("%d edits were made of %+v", len(edits), edit)
	}
	for i, e := range edits {
		if !e.valid {
			t.Errorf("edit %d is validated again", i)
		}
	}
	edit.Modifications[0].ID = ""
	if _, err := r.base.Document.Apply(edit); !errors.Is(err, ErrInvalid) || !errors.Is(edit.Validate(), ErrInvalid) {
		t.Errorf("an edit from elsewhere: %v", err)
	}
}

// TestFieldsThatGoMakeRoom for others: a field that goes in the same edit does not count.
func TestFieldsThatGoMakeRoom(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"changeId":"CHG-1","modifications":[]`)
	for n := 2; n < mostFields; n++ {
		fmt.Fprintf(&b, `,"f%d":1`, n)
	}
	c := mustParse(t, b.String()+"}")
	for _, tt := range []struct {
		name   string
		set    map[string]json.RawMessage
		remove []string
		fits   bool
	}{
		{"one comes", fields("new", "1"), nil, false},
		{"one comes and one goes", fields("new", "1"), []string{"f2"}, true},
		{"two come and one goes", fields("new", "1", "newer", "1"), []string{"f2"}, false},
		{"one comes and one goes that is not there", fields("new", "1"), []string{"g"}, false},
	} {
		_, err := c.Apply(Edit{Fields: tt.set, Remove: tt.remove, Modifications: []Modification{mod("m1")}})
		if (err == nil) != tt.fits || err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

package archive

import (
	"errors"
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

package archive

import (
	"strings"
	"testing"
)

// TestWideIndentation: an upload of 130 KB must not make a document that no back end can
// append to any more, as it did when the white space in front of the first field was
// repeated in each line of each entry.
func TestWideIndentation(t *testing.T) {
	r := newRig(t, 0)
	u, err := NewUploader(UploaderOptions{Core: r.Archive, Store: r.store})
	if err != nil {
		t.Fatal(err)
	}
	body := "{\n" + strings.Repeat(" ", 130_000) + `"changeId":"CHG-2"}`
	if _, err := u.Upload(t.Context(), Upload{Document: mustParse(t, body), UserID: "u"}); err != nil {
		t.Fatal(err)
	}
	stored := len(r.store.body("archive/CHG-2.json"))
	for n := range 30 { // customers
		m := mod(string(rune('a' + n)))
		m.Type = Processed
		if _, err := r.Append(t.Context(), "CHG-2", Edit{Modifications: []Modification{m}, Once: m.ID}); err != nil {
			t.Fatalf("an upload of %d bytes is stored as %d bytes, and of 30 customers the %d. can't be appended: %v", len(body), stored, n+1, err)
		}
	}
	if now := len(r.store.body("archive/CHG-2.json")); now > 150_000 {
		t.Errorf("an upload of %d bytes is %d bytes with 30 entries", len(body), now)
	}
}

// TestWidestIndentation: the style of a document is kept up to the widest white space that
// is copied, and entries look alike whether they came first or later.
func TestWidestIndentation(t *testing.T) {
	for _, c := range []struct {
		wide   int
		spread bool
	}{{8, true}, {mostFieldLead - 1, true}, {mostFieldLead, false}} {
		doc := mustParse(t, "{\n"+strings.Repeat(" ", c.wide)+`"changeId":"CHG-2"}`)
		for _, id := range []string{"a", "b"} {
			next, err := doc.Apply(Edit{Modifications: []Modification{mod(id)}})
			if err != nil {
				t.Fatal(err)
			}
			doc = next.(*Change)
		}
		line := "\n" + strings.Repeat(" ", 3*c.wide) + `"modification_id": `
		if n := strings.Count(string(doc.Encode()), line); (n == 2) != c.spread || n == 1 {
			t.Errorf("fields are indented by %d: %d entries are of the document's style\n%s", c.wide, n, doc.Encode())
		}
	}
}

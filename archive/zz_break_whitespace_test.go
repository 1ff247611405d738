package archive

import (
	"strings"
	"testing"
)

// TestBreakIndentation: an upload of 130 KB must not make a document that no back end can
// append to any more. The white space in front of the first field is repeated in each
// line of each entry.
func TestBreakIndentation(t *testing.T) {
	r := newRig(t, 0)
	u, err := NewUploader(UploaderOptions{Core: r.Archive, Store: r.store})
	if err != nil {
		t.Fatal(err)
	}
	body := "{\n" + strings.Repeat(" ", 130_000) + `"changeId":"CHG-2"}`
	if _, err := u.Upload(t.Context(), Upload{Document: mustParse(t, body), UserID: "u"}); err != nil {
		t.Skip(err)
	}
	stored := len(r.store.body("archive/CHG-2.json"))
	for n := range 30 { // customers
		m := mod(string(rune('a' + n)))
		m.Type = Processed
		if _, err := r.Append(t.Context(), "CHG-2", Edit{Modifications: []Modification{m}, Once: m.ID}); err != nil {
			t.Fatalf("an upload of %d bytes is stored as %d bytes, and of 30 customers the %d. can't be appended: %v", len(body), stored, n+1, err)
		}
	}
}

// TestBreakFullDocument: who may edit must not be able to use up the room that the back
// ends' entries need.
func TestBreakFullDocument(t *testing.T) {
	r := newRig(t, 0)
	big := strings.Repeat("x", 900_000)
	last := ""
	for n := 0; ; n++ {
		snap, err := r.Load(t.Context(), testID)
		if err != nil {
			t.Fatal(err)
		}
		room := DefaultMaxBytes - len(snap.Document.Encode())
		size := min(len(big), room-400)
		if size < 0 {
			break
		}
		m := mod("fill" + string(rune('a'+n)))
		if _, err := r.Save(t.Context(), testID, snap, Edit{Fields: fields("fill"+string(rune('a'+n)), `"`+big[:size]+`"`), Modifications: []Modification{m}}); err != nil {
			t.Fatal(err)
		}
		last = m.ID
	}
	for n := range 30 {
		m := mod("p" + string(rune('a'+n)))
		m.Type = Processed
		if _, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{m}, Once: m.ID}); err != nil {
			t.Fatalf("after the save %s, which is told to 30 customers, the entry of the %d. is refused: %v", last, n+1, err)
		}
	}
}

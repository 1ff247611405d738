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

package archive

import (
	"strings"
	"testing"
)

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

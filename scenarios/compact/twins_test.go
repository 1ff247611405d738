package compact

import (
	"fmt"
	"slices"
	"testing"

	"holdfast/archive"
)

// TestTwinsShareNoHistory: twins of one document have the text of its first twin,
// and none sees what is appended to another.
func TestTwinsShareNoHistory(t *testing.T) {
	doc := mustParse(t, worldDocument)
	twin := NewTwins()
	for i := range 3 {
		v := twin(doc).(*version)
		if want := FromChange(doc); string(v.Encode()) != string(want.Encode()) {
			t.Fatalf("twin %d has another text", i)
		}
		before := slices.Clone(v.ModificationIDs())
		for k := range 4 {
			v = settled(t, must(v.Apply(archive.Edit{Modifications: []archive.Modification{mod(fmt.Sprint(i, "-", k))}})))
			if want := len(before) + k + 1; v.len() != want || len(v.log.ids) != want {
				t.Fatalf("twin %d has %d entries, its log %d, want %d", i, v.len(), len(v.log.ids), want)
			}
		}
		if v.HasModification(fmt.Sprint(i-1, "-0")) {
			t.Fatalf("twin %d knows what was appended to the one before", i)
		}
	}
}

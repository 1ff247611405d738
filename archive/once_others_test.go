package archive

import (
	"strings"
	"testing"
)

// TestOnceDropsAnotherModification: of an edit that is known by one id, another modification
// whose id is somebody else's is not dropped with success.
func TestOnceDropsAnotherModification(t *testing.T) {
	r := newRig(t, 3)
	theirs := mod("a")
	theirs.UserID = "mallory"
	if _, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{theirs}}); err != nil {
		t.Fatal(err)
	}
	edit := Edit{Fields: fields("title", `"b"`), Modifications: []Modification{mod("a"), mod("done")}, Once: "done"}
	_, err := r.Append(t.Context(), testID, edit)
	if body := r.store.body(testKey); err == nil && strings.Count(body, `"user_id":"u"`) != 2 {
		t.Errorf("success, and only one of two modifications is stored: %s", body)
	}
}

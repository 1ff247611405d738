package check

import (
	"strings"
	"testing"

	"holdfast/scenarios/history"
)

// TestLostNamesTheOverwriter: the version that took the place of a lost one may
// have been there before it; the story is about the one that came after.
func TestLostNamesTheOverwriter(t *testing.T) {
	b := newBook()
	b.setup(start)
	ann := b.begin("ann", "append", "m1").get("v0")
	bob := b.begin("bob", "append", "m2").get("v0")
	bob.put("none", history.OK, "v1", start.plus("m2")).end(history.Committed, "v1")
	eve := b.begin("eve", "append", "m3").get("v1")
	ann.put("none", history.OK, "x1", start.plus("m1")).end(history.Committed, "x1")
	eve.put("none", history.OK, "v2", start.plus("m2", "m3")).end(history.Committed, "v2")
	b.final("v2")
	for _, v := range judged(history.Header{}, b.events).Violations {
		if v.Invariant == NothingLost {
			if !strings.Contains(v.Summary, "ann was told") || !strings.Contains(v.Summary, "eve wrote version v2 without it") {
				t.Error(v.Summary)
			}
			return
		}
	}
	t.Error("nothing was lost")
}

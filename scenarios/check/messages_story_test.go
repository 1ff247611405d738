package check

import (
	"testing"

	"holdfast/scenarios/history"
)

// TestVanishedTriggersShowWhoDeletedThem, and a deletion of another trigger, or one in vain, is
// not theirs.
func TestVanishedTriggersShowWhoDeletedThem(t *testing.T) {
	for _, c := range []struct {
		etag, answer string
		want         bool
	}{
		{"t1", history.OK, true},
		{"t1", history.UnknownAnswer, true},
		{"", history.OK, true}, // of whatever is there
		{"t2", history.OK, false},
		{"", history.NotFound, false},
	} {
		b := newBook()
		b.setup(start)
		b.upload("m1", "v0", "v1")
		b.process("bob", "p1", "v1", "").get("v1").end(history.Failed, "")
		b.add(history.Event{Kind: history.Delete, Actor: "bob", Key: "customers/hts/C.json", IfETag: c.etag, Answer: c.answer})
		b.queue(history.Acknowledged, "eve")
		b.final("v1")
		r := judged(history.Header{}, b.events)
		expect(t, r, ArchiveFirst)
		for _, v := range r.Violations {
			shown := false
			for _, e := range v.Witness {
				shown = shown || e.Kind == history.Delete && e.Actor == "bob"
			}
			if shown != c.want {
				t.Errorf("%+v: %s shows the deletion: %v", c, v.Anomaly, shown)
			}
		}
	}
}

package check

import (
	"testing"

	"holdfast/archive/storefault"
	"holdfast/scenarios/history"
)

// What clients saw, overwrote and were told.
var clientCases = []brokenCase{
	{
		"told exhausted, and stored before the same bytes were sent again", func(b *book) {
			b.setup(start)
			b.begin("ann", "append", "m1").get("v0").put("v0", history.UnknownAnswer, "v1", start.plus("m1")).end(history.Exhausted, "")
			again := b.begin("ann", "append", "m1").get("v0")
			b.begin("bob", "load").get("v1").end(history.Committed, "v1")
			again.put("v0", history.UnknownAnswer, "", start.plus("m1")).end(history.Crashed, "")
			b.append("bob", "m2", "v1", "v2")
			b.final("v2")
		}, []Invariant{HonestAnswers}, func(b *book) { // whose write it was, nobody can say
			b.setup(start)
			b.begin("ann", "append", "m1").get("v0").put("v0", history.UnknownAnswer, "", start.plus("m1")).end(history.Exhausted, "")
			again := b.begin("ann", "append", "m1").get("v0")
			again.put("v0", history.UnknownAnswer, "v1", start.plus("m1")).end(history.Crashed, "")
			b.append("bob", "m2", "v1", "v2")
			b.final("v2")
		},
	},
	{
		"a stale form saved", func(b *book) {
			b.setup(start)
			b.save("ann", "m1", "v0", "v0", "v1", "title", "B")
			b.save("bob", "m2", "v0", "v1", "v2", "title", "C")
			b.final("v2")
		}, []Invariant{NoSilentOverwrite}, func(b *book) {
			b.setup(start)
			b.save("ann", "m1", "v0", "v0", "v1", "title", "B")
			b.save("bob", "m2", "v1", "v1", "v2", "title", "C")
			b.save("eve", "m3", "v0", "v2", "v3", "plan", "Q")
			b.final("v3")
		},
	},
	{
		"a field put back by an old version", func(b *book) {
			b.setup(start)
			bob := b.begin("bob", "append", "m2").get("v0")
			b.save("ann", "m1", "v0", "v0", "v1", "title", "B")
			bob.head("v1").put("v1", history.OK, "v2", start.plus("m1", "m2")).end(history.Committed, "v2")
			b.final("v2")
		}, []Invariant{NoSilentOverwrite}, func(b *book) { // A, B, A: what bob had loaded stands again
			b.setup(start)
			b.save("ann", "m1", "v0", "v0", "v1", "title", "B")
			b.save("ann", "m2", "v1", "v1", "v2", "title", "A")
			b.save("bob", "m3", "v0", "v2", "v3", "title", "C")
			b.final("v3")
		},
	},
	{
		"an unacknowledged edit that a repetition acknowledged", func(b *book) {
			b.setup(start)
			b.begin("ann", "save", "m1").edits("v0", "title").get("v0").
				put("v0", history.UnknownAnswer, "v1", start.plus("m1").set("title", "B")).end(history.Unknown, "")
			b.begin("ann", "save", "m1").edits("v0", "title").get("v1").end(history.Committed, "v1")
			b.save("bob", "m2", "v0", "v1", "v2", "title", "C")
			b.final("v2")
		}, []Invariant{NoSilentOverwrite}, func(b *book) {
			b.setup(start)
			b.begin("ann", "save", "m1").edits("v0", "title").get("v0").
				put("v0", history.UnknownAnswer, "v1", start.plus("m1").set("title", "B")).end(history.Unknown, "")
			b.save("bob", "m2", "v0", "v1", "v2", "title", "C")
			b.final("v2")
		},
	},
	{
		"a stale read", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "load").get("v0").end(history.Committed, "v0")
			b.final("v1")
		}, []Invariant{byStore(storefault.StaleRead)}, func(b *book) {
			b.setup(start)
			begun := b.now
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "load").from(begun).get("v0").end(history.Committed, "v0")
			b.final("v1")
		},
	},
	{
		"a stale answer to a load", func(b *book) { // out of a cache
			b.setup(start)
			b.begin("bob", "load").get("v0").end(history.Committed, "v0")
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "load").end(history.Committed, "v0")
			b.final("v1")
		}, []Invariant{RealTime}, func(b *book) { // the load began before
			b.setup(start)
			b.begin("bob", "load").get("v0").end(history.Committed, "v0")
			bob := b.begin("bob", "load")
			b.append("ann", "m1", "v0", "v1")
			bob.end(history.Committed, "v0")
			b.begin("bob", "load").end(history.Committed, "v1")
			b.final("v1")
		},
	},
	{
		"loads go back", func(b *book) { // nobody else has seen what the first one saw
			b.setup(start)
			ann := b.begin("ann", "append", "m1").get("v0").put("v0", history.UnknownAnswer, "v1", start.plus("m1"))
			b.begin("eve", "load").end(history.Committed, "v1")
			b.begin("bob", "load").end(history.Committed, "v0")
			ann.get("v1").end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{RealTime}, func(b *book) { // they overlap
			b.setup(start)
			ann := b.begin("ann", "append", "m1").get("v0").put("v0", history.UnknownAnswer, "v1", start.plus("m1"))
			bob := b.begin("bob", "load")
			b.begin("eve", "load").end(history.Committed, "v1")
			bob.end(history.Committed, "v0")
			b.begin("bob", "load").end(history.Unknown, "v0") // no answer
			b.begin("bob", "load").end(history.Committed, "")
			ann.get("v1").end(history.Committed, "v1")
			b.final("v1")
		},
	},
	{
		"versions go back between two reads", func(b *book) {
			b.setup(start)
			ann := b.begin("ann", "append", "m1").get("v0")
			begun := b.now
			b.versions["v1"] = start.plus("m1")
			b.begin("bob", "load").get("v1").end(history.Committed, "v1")
			b.begin("eve", "load").get("v0").end(history.Committed, "v0")
			ann.from(begun).put("v0", history.OK, "v1", start.plus("m1")).end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{byStore(storefault.StaleRead)}, func(b *book) { // the write is answered after it was read
			b.setup(start)
			ann := b.begin("ann", "append", "m1").get("v0")
			begun := b.now
			b.versions["v1"] = start.plus("m1")
			b.begin("eve", "load").get("v0").end(history.Committed, "v0")
			b.append("bob", "m2", "v1", "v2")
			ann.from(begun).put("v0", history.OK, "v1", start.plus("m1")).end(history.Committed, "v1")
			b.final("v2")
		},
	},
	{
		"a read that finds nothing", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "load").missing().end(history.Gone, "")
			b.final("v1")
		}, []Invariant{byStore(storefault.StaleRead)}, func(b *book) {
			b.begin("bob", "load").missing().end(history.Gone, "")
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.final("v1")
		},
	},
	{
		"two creators", func(b *book) {
			ann, bob := b.begin("ann", "create", "c1"), b.begin("bob", "create", "c2")
			ann.put("none", history.OK, "v1", doc{}.plus("c1")).end(history.Committed, "v1")
			bob.put("none", history.OK, "v2", doc{}.plus("c2")).end(history.Committed, "v2")
			b.final("v2")
		}, []Invariant{NothingLost, OneChain, OneCreator}, func(b *book) {
			ann, bob := b.begin("ann", "create", "c1"), b.begin("bob", "create", "c2")
			ann.put("absent", history.OK, "v1", doc{}.plus("c1")).end(history.Committed, "v1")
			bob.put("absent", history.PreconditionFailed, "", doc{}.plus("c2")).get("v1").end(history.UserConflict, "")
			b.begin("ann", "create", "c1").put("absent", history.PreconditionFailed, "", doc{}.plus("c1")).get("v1").end(history.Committed, "v1")
			b.final("v1")
		},
	},
	{
		"a failure that committed", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "append", "m2").get("v1").put("v1", history.UnknownAnswer, "v2", b.versions["v1"].plus("m2")).end(history.Exhausted, "")
			b.final("v2")
		}, []Invariant{HonestAnswers}, func(b *book) { // a repetition of it committed
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			next := b.versions["v1"].plus("m2")
			b.begin("bob", "append", "m2").get("v1").put("v1", history.Unavailable, "", next).end(history.Exhausted, "")
			b.begin("bob", "append", "m2").get("v1").put("v1", history.UnknownAnswer, "v2", next).get("v2").end(history.Committed, "v2")
			b.final("v2")
		},
	},
	{
		"a lost write of a crashed client that its successor acknowledged", func(b *book) {
			b.setup(start)
			next := start.plus("m1")
			b.begin("ann", "append", "m1").get("v0").put("v0", history.UnknownAnswer, "v1", next).end(history.Crashed, "")
			b.begin("ann", "append", "m1").get("v1").end(history.Committed, "v1")
			b.begin("bob", "append", "m2").get("v1").put("v1", history.OK, "v2", start.plus("m2")).end(history.Committed, "v2")
			b.final("v2")
		}, []Invariant{NothingLost, AppendOnly}, func(b *book) { // stored or not: nobody was told
			b.setup(start)
			next := start.plus("m1")
			b.begin("ann", "append", "m1").get("v0").put("v0", history.UnknownAnswer, "v1", next).end(history.Crashed, "")
			b.begin("eve", "append", "m3").get("v0").put("v0", history.UnknownAnswer, "", start.plus("m3")).end(history.Crashed, "")
			b.begin("ann", "append", "m1").get("v1").end(history.Committed, "v1")
			b.append("bob", "m2", "v1", "v2")
			b.final("v2")
		},
	},
	{
		"both of two that sent the same deny it", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			next := b.versions["v1"].plus("m2")
			b.begin("bob", "append", "m2").get("v1").put("v1", history.UnknownAnswer, "v2", next).end(history.Exhausted, "")
			b.begin("bob", "append", "m2").get("v1").put("v1", history.UnknownAnswer, "v2", next).end(history.Failed, "")
			b.final("v2")
		}, []Invariant{HonestAnswers}, func(b *book) { // only one denies it
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			next := b.versions["v1"].plus("m2")
			b.begin("bob", "append", "m2").get("v1").put("v1", history.UnknownAnswer, "v2", next).end(history.Unknown, "")
			b.begin("bob", "append", "m2").get("v1").put("v1", history.UnknownAnswer, "v2", next).end(history.Exhausted, "")
			b.final("v2")
		},
	},
	{
		"a version that was read before its bytes were sent again", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			next := b.versions["v1"].plus("m2")
			b.begin("bob", "append", "m2").get("v1").put("v1", history.PreconditionFailed, "v2", next).end(history.Exhausted, "")
			b.begin("eve", "load").get("v2").end(history.Committed, "v2")
			b.begin("bob", "append", "m2").put("v1", history.UnknownAnswer, "", next).end(history.Unknown, "")
			b.final("v2")
		}, []Invariant{HonestAnswers}, func(b *book) { // the first one's, and not the repetition's
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			next := b.versions["v1"].plus("m2")
			b.begin("bob", "append", "m2").get("v1").put("v1", history.PreconditionFailed, "v2", next).end(history.Unknown, "")
			b.begin("eve", "load").get("v2").end(history.Committed, "v2")
			b.begin("bob", "append", "m2").put("v1", history.UnknownAnswer, "", next).end(history.Exhausted, "")
			b.final("v2")
		},
	},
	{
		"a conflict called a failure", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "append", "m2").get("v1").put("v1", history.PreconditionFailed, "", start).end(history.Failed, "")
			b.final("v1")
		}, []Invariant{HonestAnswers}, func(b *book) { // the retry met another failure
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "append", "m2").get("v1").put("v1", history.Conflict, "", start).fails(history.Get, history.OtherError).end(history.Failed, "")
			b.final("v1")
		},
	},
	{
		"exhausted without a refusal", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "append", "m2").get("v1").end(history.Exhausted, "")
			b.final("v1")
		}, []Invariant{HonestAnswers}, func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "append", "m2").fails(history.Get, history.Throttled).end(history.Exhausted, "")
			b.final("v1")
		},
	},
	{
		"told gone, of what had been stored and was not deleted", func(b *book) {
			b.setup(start)
			b.add(history.Event{Kind: history.Delete, Actor: "eve", Key: b.key, Answer: history.NotFound})
			ann := b.begin("ann", "append", "m1").get("v0").put("v0", history.PreconditionFailed, "v1", start.plus("m1")).echoed()
			b.begin("bob", "load").get("v1").end(history.Committed, "v1")
			ann.fails(history.Head, history.NotFound).end(history.Gone, "")
			b.append("bob", "m2", "v1", "v2")
			b.final("v2")
		}, []Invariant{byStore(storefault.StaleRead)}, func(b *book) { // it was an echo, and then the object was deleted
			b.setup(start)
			ann := b.begin("ann", "append", "m1").get("v0").put("v0", history.PreconditionFailed, "v1", start.plus("m1")).echoed()
			b.begin("bob", "load").get("v1").end(history.Committed, "v1")
			b.append("bob", "m2", "v1", "v2")
			b.add(history.Event{Kind: history.Delete, Actor: "eve", Key: b.key, Answer: history.OK})
			b.events[len(b.events)-1].Start = b.now - 5
			ann.missing().end(history.Gone, "")
			b.final("")
		},
	},
	{
		"gone without a 404", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "append", "m2").get("v1").end(history.Gone, "")
			b.final("v1")
		}, []Invariant{HonestAnswers}, func(b *book) {
			b.begin("bob", "append", "m2").missing().end(history.Gone, "")
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.final("v1")
		},
	},
	{
		"a conflict without a cause", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "save", "m2").edits("v1", "title").get("v1").end(history.UserConflict, "")
			b.final("v1")
		}, []Invariant{HonestAnswers}, func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "save", "m2").edits("v0", "title").get("v1").end(history.UserConflict, "")
			b.final("v1")
		},
	},
	{
		"success without an ETag", func(b *book) {
			b.setup(start)
			ann := b.begin("ann", "append", "m1").get("v0").put("v0", history.Throttled, "", start.plus("m1"))
			ann.put("v0", history.OK, "v1", start.plus("m1")).end(history.Committed, "")
			b.final("v1")
		}, []Invariant{HonestAnswers}, func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.final("v1")
		},
	},
	{
		"success with an ETag of nothing", func(b *book) {
			b.setup(start)
			b.begin("ann", "append", "m1").get("v0").put("v0", history.OK, "v1", start.plus("m1")).end(history.Committed, "v9")
			b.final("v1")
		}, []Invariant{HonestAnswers}, func(b *book) { // settled when others had written on top
			b.setup(start)
			ann := b.begin("ann", "append", "m1").get("v0").put("v0", history.UnknownAnswer, "v1", start.plus("m1"))
			b.append("bob", "m2", "v1", "v2")
			ann.get("v2").end(history.Committed, "v2")
			b.final("v2")
		},
	},
	{
		"success with the ETag from before", func(b *book) {
			b.setup(start)
			b.begin("ann", "append", "m1").get("v0").put("v0", history.OK, "v1", start.plus("m1")).end(history.Committed, "v0")
			b.final("v1")
		}, []Invariant{HonestAnswers}, func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.final("v1")
		},
	},
	{
		"a field changed unasked", func(b *book) {
			b.setup(start)
			c := b.begin("ann", "save", "m1").edits("v0", "title").get("v0")
			c.put("v0", history.OK, "v1", start.plus("m1").set("title", "B").set("plan", "")).end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{ForeignDataIntact}, func(b *book) {
			b.setup(start)
			c := b.begin("ann", "save", "m1").edits("v0", "title", "plan", "new").get("v0")
			c.put("v0", history.OK, "v1", start.plus("m1").set("title", "B").set("plan", "").set("new", "N")).end(history.Committed, "v1")
			b.final("v1")
		},
	},
	{
		"fields reordered", func(b *book) {
			b.setup(start)
			next := start.plus("m1")
			next.moved = true
			b.begin("ann", "append", "m1").get("v0").put("v0", history.OK, "v1", next).end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{ForeignDataIntact}, func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.final("v1")
		},
	},
	{
		"fields differ, of a base that was not recorded", func(b *book) {
			b.setup(start)
			c := b.begin("ann", "append", "m1")
			c.put("v0", history.OK, "v1", start.set("plan", "Q").plus("m1")).end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{ForeignDataIntact}, func(b *book) {
			b.setup(start)
			c := b.begin("ann", "append", "m1")
			c.put("v0", history.OK, "v1", start.plus("m1")).end(history.Committed, "v1")
			b.final("v1")
		},
	},
	{
		"no document", func(b *book) {
			c := b.begin("ann", "create", "m1")
			c.put("absent", history.OK, "v1", doc{bad: "no JSON"}).end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{NothingLost, ForeignDataIntact, HonestAnswers}, func(b *book) {
			c := b.begin("ann", "create", "m1")
			c.put("absent", history.OK, "v1", doc{}.plus("m1")).end(history.Committed, "v1")
			b.final("v1")
		},
	},
}

// TestSoundCoreAccused: of case "sound core accused". Who sees, by HEAD or GET, that
// another version has come in between has a cause to give up, without a write.
func TestSoundCoreAccused(t *testing.T) {
	for _, c := range []struct {
		name   string
		op     func(b *book) *client
		guilty bool
	}{
		{"HEAD shows another version than it read", func(b *book) *client { return b.begin("bob", "append", "m2").get("v0").head("v1") }, false},
		{"GET does", func(b *book) *client { return b.begin("bob", "append", "m2").get("v0").get("v1") }, false},
		{"HEAD shows another version than the user had loaded", func(b *book) *client { return b.begin("bob", "save", "m2").edits("v0", "title").head("v1") }, false},
		{"HEAD shows that the object exists", func(b *book) *client { return b.begin("bob", "create", "m2").head("v1") }, false},
		{"HEAD shows what it read", func(b *book) *client { return b.begin("bob", "append", "m2").get("v1").head("v1") }, true},
		{"GET shows another version than the user had loaded, which is no reason to give up", func(b *book) *client {
			return b.begin("bob", "save", "m2").edits("v0", "title").get("v1")
		}, true},
		{"it looked at nothing", func(b *book) *client { return b.begin("bob", "append", "m2") }, true},
	} {
		b := newBook()
		b.setup(start)
		begun := b.now
		b.append("ann", "m1", "v0", "v1")
		c.op(b).end(history.Exhausted, "")
		op := b.events[len(b.events)-1].Op
		for _, e := range b.events { // at the same time as ann's
			if e.Op == op && e.Kind != history.Invoke && e.Kind != history.Return {
				e.Start = begun
			}
		}
		b.final("v1")
		r := judged(history.Header{}, b.events)
		if (r.Found[HonestAnswers] > 0) != c.guilty || len(r.Found) > r.Found[HonestAnswers] {
			t.Errorf("%s: found %v", c.name, r.Violations)
		}
	}
}

package check

import (
	"testing"

	"holdfast/scenarios/history"
)

// start is what most cases begin with.
var start = doc{entries: []string{"s"}, fields: map[string]string{"title": "A", "plan": "P"}}

// TestInvariants has for each way to break an invariant a history that does
// nothing else wrong, and its twin: nearly the same history, and correct.
func TestInvariants(t *testing.T) {
	for _, c := range []struct {
		name   string
		broken func(*book)
		want   []Invariant
		twin   func(*book)
	}{
		{
			"told committed, never written", func(b *book) {
				b.setup(start)
				b.append("ann", "m1", "v0", "v1")
				b.begin("bob", "append", "m2").get("v1").put("v1", history.PreconditionFailed, "", b.versions["v1"].plus("m2")).end(history.Committed, "v1")
				b.final("v1")
			}, []Invariant{NothingLost, HonestAnswers}, func(b *book) {
				b.setup(start)
				b.append("ann", "m1", "v0", "v1")
				b.begin("bob", "append", "m2").get("v1").put("v1", history.PreconditionFailed, "", b.versions["v1"].plus("m2")).end(history.Exhausted, "")
				b.final("v1")
			},
		},
		{
			"overwritten without a condition", func(b *book) {
				b.setup(start)
				ann, bob := b.begin("ann", "append", "m1").get("v0"), b.begin("bob", "append", "m2").get("v0")
				ann.put("none", history.OK, "v1", start.plus("m1")).end(history.Committed, "v1")
				bob.put("none", history.OK, "v2", start.plus("m2")).end(history.Committed, "v2")
				b.final("v2")
			}, []Invariant{NothingLost, OneChain}, func(b *book) {
				b.setup(start)
				ann, bob := b.begin("ann", "append", "m1").get("v0"), b.begin("bob", "append", "m2").get("v0")
				ann.put("v0", history.OK, "v1", start.plus("m1")).end(history.Committed, "v1")
				bob.put("v0", history.PreconditionFailed, "", start.plus("m2")).get("v1")
				bob.put("v1", history.OK, "v2", b.versions["v1"].plus("m2")).end(history.Committed, "v2")
				b.final("v2")
			},
		},
		{
			"the object vanished", func(b *book) {
				b.setup(start)
				b.append("ann", "m1", "v0", "v1")
				b.final("")
			}, []Invariant{NothingLost, RealTime}, func(b *book) {
				b.setup(start)
				b.append("ann", "m1", "v0", "v1")
				b.begin("bob", "delete").call(history.Event{Kind: history.Delete, Answer: history.OK})
				b.events[len(b.events)-2].Do = "load" // no outcome is judged
				(&client{book: b, actor: "bob", op: b.ops}).end(history.Committed, "")
				b.final("")
			},
		},
		{
			"appended twice", func(b *book) {
				b.setup(start)
				c := b.begin("ann", "append", "m1").get("v0").put("v0", history.UnknownAnswer, "v1", start.plus("m1")).get("v1")
				c.put("v1", history.OK, "v2", b.versions["v1"].plus("m1")).end(history.Committed, "v2")
				b.final("v2")
			}, []Invariant{ExactlyOnce}, func(b *book) {
				b.setup(start)
				b.begin("ann", "append", "m1").get("v0").put("v0", history.UnknownAnswer, "v1", start.plus("m1")).get("v1").end(history.Committed, "v1")
				b.final("v1")
			},
		},
		{
			"twice in one write", func(b *book) {
				b.setup(start)
				b.begin("ann", "append", "m1").get("v0").put("v0", history.OK, "v1", start.plus("m1", "m1")).end(history.Committed, "v1")
				b.final("v1")
			}, []Invariant{ExactlyOnce}, func(b *book) { // a document that came so
				b.setup(start.plus("#1", "#1", "x", "x"))
				b.append("ann", "m1", "v0", "v1")
				b.final("v1")
			},
		},
		{
			"never submitted", func(b *book) {
				b.setup(start)
				b.begin("ann", "append", "m1").get("v0").put("v0", history.OK, "v1", start.plus("m1", "zz")).end(history.Committed, "v1")
				b.final("v1")
			}, []Invariant{NothingInvented}, func(b *book) {
				b.setup(start)
				b.begin("ann", "append", "m1", "zz").get("v0").put("v0", history.OK, "v1", start.plus("m1", "zz")).end(history.Committed, "v1")
				b.final("v1")
			},
		},
		{
			"two clients excuse each other's invention", func(b *book) {
				b.setup(start)
				ann, bob := b.begin("ann", "append", "m1").get("v0"), b.begin("bob", "append", "m2").get("v0")
				begun := b.now
				ann.from(begun).put("v0", history.OK, "v1", start.plus("m1", "zz")).end(history.Committed, "v1")
				bob.get("v1").from(begun).put("v1", history.OK, "v2", b.versions["v1"].plus("zz", "m2")).end(history.Committed, "v2")
				b.final("v2")
			}, []Invariant{NothingInvented, ExactlyOnce}, func(b *book) {
				b.setup(start)
				b.append("ann", "m1", "v0", "v1")
				b.append("bob", "m2", "v1", "v2")
				b.final("v2")
			},
		},
		{
			"written outside of any operation", func(b *book) {
				b.setup(start)
				b.append("ann", "m1", "v0", "v1")
				(&client{book: b, actor: "ann"}).get("v1").put("v1", history.OK, "v2", b.versions["v1"].plus("zz"))
				b.final("v2")
			}, []Invariant{NothingInvented}, func(b *book) {
				b.setup(start)
				b.append("ann", "m1", "v0", "v1")
				(&client{book: b, actor: history.SetupActor}).get("v1").put("v1", history.OK, "v2", b.versions["v1"].plus("zz"))
				b.final("v2")
			},
		},
		{
			"a version that nobody wrote", func(b *book) {
				b.setup(start)
				b.append("ann", "m1", "v0", "v1")
				b.versions["v2"] = b.versions["v1"].plus("foreign")
				b.append("bob", "m2", "v2", "v3")
				b.final("v3")
			}, []Invariant{OneChain}, func(b *book) { // somebody did, and was refused by a layer below
				b.setup(start)
				b.append("ann", "m1", "v0", "v1")
				c := b.begin("eve", "append", "m3").get("v1").put("v1", history.PreconditionFailed, "v2", b.versions["v1"].plus("m3")).get("v2")
				b.append("bob", "m2", "v2", "v3")
				c.end(history.Committed, "v2")
				b.final("v3")
			},
		},
		{
			"only the last read is foreign", func(b *book) {
				b.setup(start)
				b.append("ann", "m1", "v0", "v1")
				b.versions["v2"] = b.versions["v1"].plus("foreign")
				b.final("v2")
			}, []Invariant{OneChain}, func(b *book) {
				b.setup(start)
				b.append("ann", "m1", "v0", "v1")
				c := b.begin("eve", "append", "m3").get("v1").put("v1", history.UnknownAnswer, "v2", b.versions["v1"].plus("m3")).head("v2")
				c.end(history.Unknown, "") // saw an ETag, and not of what
				b.final("v2")
			},
		},
		{
			"one ETag for two contents read", func(b *book) {
				b.setup(start)
				b.append("ann", "m1", "v0", "v1")
				b.begin("bob", "load").getAs("v1", start.plus("m2")).end(history.Committed, "v1")
				b.final("v1")
			}, []Invariant{OneChain}, func(b *book) {
				b.setup(start)
				b.append("ann", "m1", "v0", "v1")
				b.begin("bob", "load").get("v1").end(history.Committed, "v1")
				b.final("v1")
			},
		},
		{
			"one ETag for two contents written", func(b *book) {
				b.setup(start)
				c := b.begin("bob", "append", "m1").get("v0")
				b.append("ann", "m1", "v0", "v1")
				c.put("v0", history.OK, "v1", start.plus("m1").set("plan", "Q")).end(history.Committed, "v1")
				b.versions["v1"] = start.plus("m1")
				b.final("v1")
			}, []Invariant{OneChain}, func(b *book) { // the same bytes, sent again by another operation
				b.setup(start)
				bob := b.begin("bob", "append", "m1").get("v0")
				b.append("ann", "m1", "v0", "v1")
				bob.put("v0", history.OK, "v1", start.plus("m1")).end(history.Committed, "v1")
				b.final("v1")
			},
		},
		{
			"an entry dropped", func(b *book) {
				b.setup(start.plus("s2"))
				b.begin("ann", "append", "m1").get("v0").put("v0", history.OK, "v1", start.plus("m1")).end(history.Committed, "v1")
				b.final("v1")
			}, []Invariant{AppendOnly}, func(b *book) {
				b.setup(start.plus("s2"))
				b.begin("ann", "append", "m1").get("v0").put("v0", history.OK, "v1", start.plus("s2", "m1")).end(history.Committed, "v1")
				b.final("v1")
			},
		},
		{
			"an acknowledged entry dropped", func(b *book) {
				b.setup(start)
				b.append("ann", "m1", "v0", "v1")
				b.begin("bob", "append", "m2").get("v1").put("v1", history.OK, "v2", start.plus("m2")).end(history.Committed, "v2")
				b.final("v2")
			}, []Invariant{NothingLost, AppendOnly}, func(b *book) {
				b.setup(start)
				b.append("ann", "m1", "v0", "v1")
				b.append("bob", "m2", "v1", "v2")
				b.final("v2")
			},
		},
		{
			"an entry reworded", func(b *book) {
				b.setup(start.plus("s2=old"))
				b.begin("ann", "append", "m1").get("v0").put("v0", history.OK, "v1", start.plus("s2=new", "m1")).end(history.Committed, "v1")
				b.final("v1")
			}, []Invariant{AppendOnly}, func(b *book) {
				b.setup(start.plus("s2=old"))
				b.begin("ann", "append", "m1").get("v0").put("v0", history.OK, "v1", start.plus("s2=old", "m1")).end(history.Committed, "v1")
				b.final("v1")
			},
		},
		{
			"stale content under a fresh ETag", func(b *book) {
				b.setup(start)
				bob := b.begin("bob", "append", "m2").get("v0")
				b.append("ann", "m1", "v0", "v1")
				bob.head("v1").put("v1", history.OK, "v2", start.plus("m2")).end(history.Committed, "v2")
				b.final("v2")
			}, []Invariant{NothingLost, AppendOnly}, func(b *book) { // built on an older version, and yet complete
				b.setup(start)
				bob := b.begin("bob", "append", "m2").get("v0")
				b.append("ann", "m1", "v0", "v1")
				bob.head("v1").put("v1", history.OK, "v2", start.plus("m1", "m2")).end(history.Committed, "v2")
				b.append("eve", "m3", "v2", "v3")
				b.final("v3")
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
			}, []Invariant{RealTime}, func(b *book) {
				b.setup(start)
				begun := b.now
				b.append("ann", "m1", "v0", "v1")
				b.begin("bob", "load").from(begun).get("v0").end(history.Committed, "v0")
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
			}, []Invariant{RealTime}, func(b *book) { // the write is answered after it was read
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
			}, []Invariant{RealTime}, func(b *book) {
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
				b.begin("ann", "append", "m1").get("v0").put("v0", history.OK, "v1", start.plus("m1")).end(history.Committed, "")
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
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			c.broken(b)
			r := judged(history.Header{}, b.events)
			expect(t, r, c.want...)
			for _, v := range r.Violations {
				if len(v.Witness) == 0 || v.Summary == "" || v.Anomaly == "" {
					t.Errorf("%s is not explained: %+v", v.Invariant, v)
				}
			}
		})
		t.Run("twin of "+c.name, func(t *testing.T) {
			b := newBook()
			c.twin(b)
			expect(t, judged(history.Header{}, b.events))
		})
	}
}

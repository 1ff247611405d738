package check

import (
	"holdfast/archive/storefault"
	"holdfast/scenarios/history"
)

// What versions hold, and how they follow each other.
var historyCases = []brokenCase{
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
		}, []Invariant{byStore(storefault.LostWrite)}, func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "delete").call(history.Event{Kind: history.Delete, Answer: history.OK})
			b.events[len(b.events)-2].Do = "load" // no outcome is judged
			(&client{book: b, actor: "bob", op: b.ops}).end(history.Committed, "")
			b.final("")
		},
	},
	{
		"an append makes the object", func(b *book) {
			b.begin("ann", "append", "m1").missing().put("absent", history.OK, "v1", doc{}.plus("m1")).end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{OneChain}, func(b *book) {
			b.begin("ann", "create", "m1").missing().put("absent", history.OK, "v1", doc{}.plus("m1")).end(history.Committed, "v1")
			b.final("v1")
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
			c := b.begin("eve", "append", "m3").get("v1").put("v1", history.PreconditionFailed, "v2", b.versions["v1"].plus("m3")).echoed().get("v2")
			b.append("bob", "m2", "v2", "v3")
			c.end(history.Committed, "v2")
			b.final("v3")
		},
	},
	{
		"on top of an ETag from nowhere", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			next := b.versions["v1"].plus("m2")
			b.begin("bob", "append", "m2").get("v1").put("zz", history.OK, "v2", next).end(history.Committed, "v2")
			b.final("v2")
		}, []Invariant{OneChain}, func(b *book) { // it is that of a write in doubt, of which nobody saw more
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			next := b.versions["v1"].plus("m2")
			bob := b.begin("bob", "append", "m2").get("v1")
			b.begin("eve", "append", "m3").get("v1").put("v1", history.UnknownAnswer, "", start.plus("m1", "m3")).head("zz").end(history.Unknown, "")
			bob.head("zz").put("zz", history.OK, "v2", next).end(history.Committed, "v2")
			b.final("v2")
		},
	},
	{
		"entries that do not add up", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			c := b.begin("bob", "append", "m2").get("v1").put("v1", history.OK, "v2", b.versions["v1"].plus("m2"))
			b.events[len(b.events)-1].Doc.Add = nil
			c.end(history.Unknown, "")
			b.final("v2")
		}, []Invariant{AppendOnly}, func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "append", "m2").get("v1").put("v1", history.OK, "v2", b.versions["v1"].plus("m2")).end(history.Unknown, "")
			b.final("v2")
		},
	},
	{
		"an older version at the end", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "append", "m2").get("v1").put("v1", history.OK, "v2", b.versions["v1"].plus("m2")).end(history.Unknown, "")
			b.final("v1")
		}, []Invariant{byStore(storefault.LostWrite)}, func(b *book) { // the last read had begun before
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			begun := b.now
			b.begin("bob", "append", "m2").get("v1").put("v1", history.OK, "v2", b.versions["v1"].plus("m2")).end(history.Unknown, "")
			(&client{book: b, actor: history.FinalActor}).from(begun).get("v1")
			b.add(history.Event{Kind: history.End})
		},
	},
	{
		"an older version at the end, of a write in doubt that was read", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			c := b.begin("bob", "append", "m2").get("v1").put("v1", history.UnknownAnswer, "v2", b.versions["v1"].plus("m2"))
			c.get("v2").end(history.Unknown, "")
			b.final("v1")
		}, []Invariant{byStore(storefault.StaleRead)}, func(b *book) { // the same bytes once more under their own ETag
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			c := b.begin("bob", "append", "m2").get("v1").put("v1", history.UnknownAnswer, "v2", b.versions["v1"].plus("m2"))
			c.get("v2").put("v2", history.OK, "v2", b.versions["v2"]).end(history.Committed, "v2")
			b.final("v2")
		},
	},
	{
		"only the last read is foreign", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.versions["v2"] = b.versions["v1"].plus("foreign")
			b.final("v2")
		}, []Invariant{byStore(storefault.StrangeBody)}, func(b *book) {
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
		}, []Invariant{byStore(storefault.StrangeBody)}, func(b *book) {
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
		}, []Invariant{byStore(storefault.SharedETag)}, func(b *book) { // the same bytes, sent again by another operation
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
}

package check

import "holdfast/scenarios/history"

// What versions hold of the values that batches store for others.
var batchedValueCases = []brokenCase{
	{
		"an entry altered", func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1=ann"), b.submit("bob", "m2=bob")
			b.stored("v0", "v1", start.plus("m1=ann", "m2=ann"))
			ann.end(history.Committed, "v1")
			bob.end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{AsAsked}, func(b *book) { // in whatever order
			b.setup(start)
			ann, bob := b.submit("ann", "m1=ann"), b.submit("bob", "m2=bob")
			b.stored("v0", "v1", start.plus("m2=bob", "m1=ann"))
			ann.end(history.Committed, "v1")
			bob.end(history.Committed, "v1")
			b.final("v1")
		},
	},
	{
		"an entry altered, of which nobody was told", func(b *book) {
			b.setup(start)
			ann := b.submit("ann", "m1=ann")
			b.append("bob", "m2", "v0", "v1")
			b.stored("v1", "v2", b.versions["v1"].plus("m1=eve"))
			ann.end(history.Unknown, "")
			b.final("v2")
		}, []Invariant{AsAsked}, func(b *book) {
			b.setup(start)
			ann := b.submit("ann", "m1=ann")
			b.append("bob", "m2", "v0", "v1")
			b.stored("v1", "v2", b.versions["v1"].plus("m1=ann"))
			ann.end(history.Unknown, "")
			b.final("v2")
		},
	},
	{
		"one of two fields dropped", func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1").wants("x", "", "1"), b.submit("bob", "m2").wants("y", "", "2")
			b.batch("x", "y").get("v0").put("v0", history.OK, "v1", start.plus("m1", "m2").set("x", "1")).end(history.Committed, "v1")
			ann.end(history.Committed, "v1")
			bob.end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{AsAsked}, func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1").wants("x", "", "1"), b.submit("bob", "m2").wants("y", "", "2")
			b.batch("x", "y").get("v0").put("v0", history.OK, "v1", start.plus("m1", "m2").set("x", "1").set("y", "2")).end(history.Committed, "v1")
			ann.end(history.Committed, "v1")
			bob.end(history.Committed, "v1")
			b.final("v1")
		},
	},
	{
		"the field of who came before stands", func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1").wants("x", "", "1"), b.submit("bob", "m2").wants("x", "", "2")
			b.batch("x").get("v0").put("v0", history.OK, "v1", start.plus("m1", "m2").set("x", "1")).end(history.Committed, "v1")
			ann.end(history.Committed, "v1")
			bob.end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{AsAsked}, func(b *book) { // that of who comes after replaces it
			b.setup(start)
			ann, bob := b.submit("ann", "m1").wants("x", "", "1"), b.submit("bob", "m2").wants("x", "", "2")
			b.batch("x").get("v0").put("v0", history.OK, "v1", start.plus("m1", "m2").set("x", "2")).end(history.Committed, "v1")
			ann.end(history.Committed, "v1")
			bob.end(history.Committed, "v1")
			b.final("v1")
		},
	},
	{
		"a field of one who is not in it", func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m2").wants("x", "", "2")
			b.batch("x").get("v0").put("v0", history.OK, "v1", start.plus("m1").set("x", "2")).end(history.Committed, "v1")
			ann.end(history.Committed, "v1")
			bob.end(history.Exhausted, "")
			b.events[len(b.events)-1].Interrupted = true
			b.final("v1")
		}, []Invariant{ForeignDataIntact}, func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m2").wants("x", "", "2")
			b.batch("x").get("v0").put("v0", history.OK, "v1", start.plus("m1", "m2").set("x", "2")).end(history.Committed, "v1")
			ann.end(history.Committed, "v1")
			bob.end(history.Unknown, "")
			b.final("v1")
		},
	},
	{
		"a field of the same modification through another queue", func(b *book) {
			b.setup(start)
			ann, bob := b.begin("ann", "append", "m1").through("other").wants("x", "", "1"), b.submit("bob", "m1")
			b.batch("x").get("v0").put("v0", history.OK, "v1", start.plus("m1").set("x", "1")).end(history.Committed, "v1")
			ann.end(history.Unknown, "")
			bob.end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{ForeignDataIntact}, func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1").wants("x", "", "1"), b.submit("bob", "m1")
			b.batch("x").get("v0").put("v0", history.OK, "v1", start.plus("m1").set("x", "1")).end(history.Committed, "v1")
			ann.end(history.Unknown, "")
			bob.end(history.Committed, "v1")
			b.final("v1")
		},
	},
	{
		"fields differ, of a base that was not recorded", func(b *book) {
			b.setup(start)
			ann := b.submit("ann", "m1")
			b.batch().put("v0", history.OK, "v1", start.plus("m1").set("x", "1")).end(history.Committed, "v1")
			ann.end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{ForeignDataIntact}, func(b *book) {
			b.setup(start)
			ann := b.submit("ann", "m1").wants("x", "", "1")
			b.batch("x").put("v0", history.OK, "v1", start.plus("m1").set("x", "1")).end(history.Committed, "v1")
			ann.end(history.Committed, "v1")
			b.final("v1")
		},
	},
	{
		"a field of a batch overwritten by a stale form", func(b *book) {
			b.setup(start)
			ann := b.submit("ann", "m1").wants("title", "", "B")
			b.batch("title").get("v0").put("v0", history.OK, "v1", start.plus("m1").set("title", "B")).end(history.Committed, "v1")
			ann.end(history.Committed, "v1")
			b.save("bob", "m2", "v0", "v1", "v2", "title", "C")
			b.final("v2")
		}, []Invariant{NoSilentOverwrite}, func(b *book) { // who wanted it was not told
			b.setup(start)
			ann := b.submit("ann", "m1").wants("title", "", "B")
			b.batch("title").get("v0").put("v0", history.OK, "v1", start.plus("m1").set("title", "B")).end(history.Committed, "v1")
			ann.end(history.Unknown, "")
			b.save("bob", "m2", "v0", "v1", "v2", "title", "C")
			b.final("v2")
		},
	},
	{
		"an old value put back", func(b *book) {
			b.setup(start)
			ann := b.submit("ann", "m1")
			c := b.batch().get("v0")
			b.save("eve", "m2", "v0", "v0", "v1", "title", "B")
			c.head("v1").put("v1", history.OK, "v2", start.plus("m2", "m1")).end(history.Committed, "v2")
			ann.end(history.Committed, "v2")
			b.final("v2")
		}, []Invariant{NoSilentOverwrite}, func(b *book) {
			b.setup(start)
			ann := b.submit("ann", "m1")
			c := b.batch().get("v0")
			b.save("eve", "m2", "v0", "v0", "v1", "title", "B")
			c.head("v1").get("v1").put("v1", history.OK, "v2", b.versions["v1"].plus("m1")).end(history.Committed, "v2")
			ann.end(history.Committed, "v2")
			b.final("v2")
		},
	},
}

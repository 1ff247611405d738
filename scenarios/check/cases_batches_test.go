package check

import "holdfast/scenarios/history"

// through says by what the operation is stored, or whose operations the batch stores.
func (c *client) through(name string) *client {
	c.events[len(c.events)-1].Through = name
	return c
}

// submit is an operation that goes through a queue, and is stored by whoever takes it.
func (b *book) submit(actor string, ids ...string) *client {
	return b.begin(actor, "append", ids...).through("queue")
}

// batch is one of a consumer of the queue. Its writes say what the fields hold that
// pending operations want.
func (b *book) batch(fields ...string) *client {
	c := b.begin("consumer", history.DoBatch).through("queue")
	c.wanted = fields
	return c
}

// invalid says that the operation is to be refused.
func (c *client) invalid() *client {
	c.events[len(c.events)-1].Invalid = true
	return c
}

// stored is a batch that adds to a version, and is told so.
func (b *book) stored(on, makes string, d doc) {
	b.batch().get(on).put(on, history.OK, makes, d).end(history.Committed, makes)
}

// What batches store for others.
var batchCases = []brokenCase{
	{
		"a batch drops one", func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m2")
			b.stored("v0", "v1", start.plus("m1"))
			ann.end(history.Committed, "v1")
			bob.end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{NothingLost, HonestAnswers}, func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m2")
			b.stored("v0", "v1", start.plus("m1", "m2"))
			ann.end(history.Committed, "v1")
			bob.end(history.Committed, "v1")
			b.final("v1")
		},
	},
	{
		"a batch doubles one", func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m2")
			b.stored("v0", "v1", start.plus("m1", "m2", "m1"))
			ann.end(history.Committed, "v1")
			bob.end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{ExactlyOnce}, func(b *book) { // delivered again, and stored already
			b.setup(start)
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m2")
			b.stored("v0", "v1", start.plus("m1"))
			b.stored("v1", "v2", b.versions["v1"].plus("m2"))
			ann.end(history.Committed, "v1")
			bob.end(history.Committed, "v2")
			b.final("v2")
		},
	},
	{
		"the next batch doubles one", func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m2")
			c := b.batch().get("v0").put("v0", history.UnknownAnswer, "v1", start.plus("m1"))
			c.get("v1").put("v1", history.OK, "v2", b.versions["v1"].plus("m1", "m2")).end(history.Committed, "v2")
			ann.end(history.Committed, "v2")
			bob.end(history.Committed, "v2")
			b.final("v2")
		}, []Invariant{ExactlyOnce}, func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m2")
			c := b.batch().get("v0").put("v0", history.UnknownAnswer, "v1", start.plus("m1"))
			c.get("v1").put("v1", history.OK, "v2", b.versions["v1"].plus("m2")).end(history.Committed, "v2")
			ann.end(history.Committed, "v2")
			bob.end(history.Committed, "v2")
			b.final("v2")
		},
	},
	{
		"all are told of a failure, and one is stored", func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m2").invalid()
			b.stored("v0", "v1", start.plus("m1"))
			ann.end(history.Failed, "")
			bob.end(history.Failed, "")
			b.final("v1")
		}, []Invariant{HonestAnswers}, func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m2").invalid()
			b.stored("v0", "v1", start.plus("m1"))
			ann.end(history.Committed, "v1")
			bob.end(history.Failed, "")
			b.final("v1")
		},
	},
	{
		"all are told of one's failure, and none is stored", func(b *book) {
			b.setup(start)
			b.append("eve", "m0", "v0", "v1")
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m2").invalid()
			b.batch().get("v1").end(history.Failed, "")
			ann.end(history.Failed, "")
			bob.end(history.Failed, "")
			b.final("v1")
		}, []Invariant{HonestAnswers}, func(b *book) { // the store failed all
			b.setup(start)
			b.append("eve", "m0", "v0", "v1")
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m2").invalid()
			b.batch().get("v1").put("v1", history.OtherError, "", b.versions["v1"].plus("m1")).end(history.Failed, "")
			ann.end(history.Failed, "")
			bob.end(history.Failed, "")
			b.final("v1")
		},
	},
	{
		"a conflict of the batch called a failure", func(b *book) {
			b.setup(start)
			b.append("eve", "m0", "v0", "v1")
			ann := b.submit("ann", "m1")
			b.batch().get("v1").put("v1", history.PreconditionFailed, "", b.versions["v1"].plus("m1")).end(history.Exhausted, "")
			ann.end(history.Failed, "")
			b.final("v1")
		}, []Invariant{HonestAnswers}, func(b *book) {
			b.setup(start)
			b.append("eve", "m0", "v0", "v1")
			ann := b.submit("ann", "m1")
			b.batch().get("v1").put("v1", history.PreconditionFailed, "", b.versions["v1"].plus("m1")).end(history.Exhausted, "")
			ann.end(history.Exhausted, "")
			b.final("v1")
		},
	},
	{
		"told exhausted, and no batch met anything", func(b *book) {
			b.setup(start)
			b.append("eve", "m0", "v0", "v1")
			long := b.batch().get("v1")
			b.batch().get("v1").put("v1", history.PreconditionFailed, "", b.versions["v1"]).end(history.Exhausted, "")
			ann := b.submit("ann", "m1")
			long.end(history.Failed, "")
			ann.end(history.Exhausted, "")
			b.final("v1")
		}, []Invariant{HonestAnswers}, func(b *book) { // the batch before was still under way
			b.setup(start)
			b.append("eve", "m0", "v0", "v1")
			before := b.batch().get("v1")
			ann := b.submit("ann", "m1")
			before.put("v1", history.PreconditionFailed, "", b.versions["v1"]).end(history.Exhausted, "")
			ann.end(history.Exhausted, "")
			b.final("v1")
		},
	},
	{
		"a failure of its own beside one that had to be refused", func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m2").invalid()
			b.stored("v0", "v1", start.plus("m3"))
			ann.end(history.Failed, "")
			bob.end(history.Failed, "")
			b.append("eve", "m4", "v1", "v2")
			b.final("v2")
		}, []Invariant{NothingInvented, HonestAnswers}, func(b *book) { // with nobody beside it, the judge can't know
			b.setup(start)
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m3")
			b.batch().get("v0").put("v0", history.PreconditionFailed, "", start.plus("m3")).end(history.Exhausted, "")
			b.stored("v0", "v1", start.plus("m3"))
			ann.end(history.Failed, "")
			bob.end(history.Committed, "v1")
			b.final("v1")
		},
	},
	{
		"told what a batch met through another queue", func(b *book) {
			b.setup(start)
			b.append("eve", "m0", "v0", "v1")
			ann := b.submit("ann", "m1")
			b.begin("other", history.DoBatch).through("other").get("v1").
				put("v1", history.PreconditionFailed, "", b.versions["v1"]).end(history.Exhausted, "")
			ann.end(history.Exhausted, "")
			b.final("v1")
		}, []Invariant{HonestAnswers}, func(b *book) {
			b.setup(start)
			b.append("eve", "m0", "v0", "v1")
			ann := b.begin("ann", "append", "m1").through("other")
			b.begin("other", history.DoBatch).through("other").get("v1").
				put("v1", history.PreconditionFailed, "", b.versions["v1"]).end(history.Exhausted, "")
			ann.end(history.Exhausted, "")
			b.final("v1")
		},
	},
	{
		"a batch stores what nobody submitted", func(b *book) {
			b.setup(start)
			ann := b.submit("ann", "m1")
			b.stored("v0", "v1", start.plus("m1", "m9"))
			ann.end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{NothingInvented}, func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m9")
			b.stored("v0", "v1", start.plus("m1", "m9"))
			ann.end(history.Committed, "v1")
			bob.end(history.Unknown, "")
			b.final("v1")
		},
	},
	{
		"an entry of another object", func(b *book) {
			b.setup(start)
			var bob *client
			b.onAnother(func() { b.setup(start); bob = b.submit("bob", "m2") })
			ann := b.submit("ann", "m1")
			b.stored("v0", "v1", start.plus("m1", "m2"))
			ann.end(history.Committed, "v1")
			b.onAnother(func() {
				bob.end(history.Unknown, "")
				(&client{book: b, actor: history.FinalActor}).get("v0")
			})
			b.final("v1")
		}, []Invariant{NothingInvented}, func(b *book) {
			b.setup(start)
			var bob *client
			b.onAnother(func() { b.setup(start); bob = b.submit("bob", "m2") })
			ann := b.submit("ann", "m1")
			b.stored("v0", "v1", start.plus("m1"))
			ann.end(history.Committed, "v1")
			b.onAnother(func() {
				b.stored("v0", "v9", start.plus("m2"))
				bob.end(history.Committed, "v9")
				(&client{book: b, actor: history.FinalActor}).get("v9")
			})
			b.final("v1")
		},
	},
	{
		"what goes through another queue", func(b *book) {
			b.setup(start)
			ann := b.begin("ann", "append", "m1").through("other")
			b.stored("v0", "v1", start.plus("m1"))
			ann.end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{NothingInvented}, func(b *book) {
			b.setup(start)
			ann := b.begin("ann", "append", "m1").through("queue")
			b.stored("v0", "v1", start.plus("m1"))
			ann.end(history.Committed, "v1")
			b.final("v1")
		},
	},
	{
		"written before it was submitted", func(b *book) {
			b.setup(start)
			c := b.batch().get("v0").put("v0", history.OK, "v1", start.plus("m1"))
			ann := b.submit("ann", "m1")
			c.end(history.Committed, "v1")
			ann.end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{NothingInvented}, func(b *book) { // it joins a batch that has read
			b.setup(start)
			c := b.batch().get("v0")
			ann := b.submit("ann", "m1")
			c.put("v0", history.OK, "v1", start.plus("m1")).end(history.Committed, "v1")
			ann.end(history.Committed, "v1")
			b.final("v1")
		},
	},
	{
		"refused, and stored later", func(b *book) {
			b.setup(start)
			ann := b.submit("ann", "m1")
			ann.end(history.Cancelled, "")
			b.stored("v0", "v1", start.plus("m1"))
			b.append("eve", "m2", "v1", "v2")
			b.final("v2")
		}, []Invariant{NothingInvented}, func(b *book) { // nobody knew what had become of it
			b.setup(start)
			ann := b.submit("ann", "m1")
			ann.end(history.Unknown, "")
			b.stored("v0", "v1", start.plus("m1"))
			b.append("eve", "m2", "v1", "v2")
			b.final("v2")
		},
	},
	{
		"refused, and its repetition crashed", func(b *book) {
			b.setup(start)
			b.submit("ann", "m1").end(history.Failed, "")
			b.stored("v0", "v1", start.plus("m1"))
			b.append("eve", "m2", "v1", "v2")
			b.final("v2")
		}, []Invariant{NothingInvented}, func(b *book) { // a batch may store yet what a client wanted that died
			b.setup(start)
			b.submit("ann", "m1").end(history.Failed, "")
			b.submit("ann", "m1").end(history.Crashed, "")
			b.stored("v0", "v1", start.plus("m1"))
			b.append("eve", "m2", "v1", "v2")
			b.final("v2")
		},
	},
	{
		"refused while it was being stored", func(b *book) {
			b.setup(start)
			ann := b.submit("ann", "m1")
			c := b.batch().get("v0")
			sent := b.now
			ann.end(history.Cancelled, "")
			c.from(sent).put("v0", history.OK, "v1", start.plus("m1")).end(history.Committed, "v1")
			b.append("eve", "m2", "v1", "v2")
			b.final("v2")
		}, []Invariant{HonestAnswers}, func(b *book) {
			b.setup(start)
			ann := b.submit("ann", "m1")
			c := b.batch().get("v0")
			sent := b.now
			ann.end(history.Unknown, "")
			c.from(sent).put("v0", history.OK, "v1", start.plus("m1")).end(history.Committed, "v1")
			b.append("eve", "m2", "v1", "v2")
			b.final("v2")
		},
	},
	{
		"answered before it was stored", func(b *book) {
			b.setup(start)
			ann := b.submit("ann", "m1")
			ann.end(history.Committed, "v0")
			b.stored("v0", "v1", start.plus("m1"))
			b.final("v1")
		}, []Invariant{NothingInvented, HonestAnswers}, func(b *book) {
			b.setup(start)
			ann := b.submit("ann", "m1")
			b.stored("v0", "v1", start.plus("m1"))
			ann.end(history.Committed, "v1")
			b.final("v1")
		},
	},
	{
		"stored, though it is invalid", func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m2").invalid()
			b.stored("v0", "v1", start.plus("m1", "m2"))
			ann.end(history.Committed, "v1")
			bob.end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{NothingInvented}, func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m2").invalid()
			b.stored("v0", "v1", start.plus("m1"))
			ann.end(history.Committed, "v1")
			bob.end(history.Failed, "")
			b.final("v1")
		},
	},
	{
		"a batch on an old version", func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m2")
			c := b.batch().get("v0")
			b.stored("v0", "v1", start.plus("m1"))
			ann.end(history.Committed, "v1")
			c.put("v1", history.OK, "v2", start.plus("m2")).end(history.Committed, "v2")
			bob.end(history.Committed, "v2")
			b.final("v2")
		}, []Invariant{NothingLost, AppendOnly}, func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m2")
			c := b.batch().get("v0")
			b.stored("v0", "v1", start.plus("m1"))
			ann.end(history.Committed, "v1")
			c.put("v0", history.PreconditionFailed, "", start.plus("m2")).get("v1")
			c.put("v1", history.OK, "v2", b.versions["v1"].plus("m2")).end(history.Committed, "v2")
			bob.end(history.Committed, "v2")
			b.final("v2")
		},
	},
	{
		"a batch makes the object", func(b *book) {
			ann := b.submit("ann", "m1")
			b.batch().missing().put("absent", history.OK, "v1", doc{}.plus("m1")).end(history.Committed, "v1")
			ann.end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{OneChain}, func(b *book) {
			ann := b.submit("ann", "m1")
			b.batch().missing().end(history.Gone, "")
			ann.end(history.Gone, "")
			b.setup(start)
			b.append("eve", "m2", "v0", "v1")
			b.final("v1")
		},
	},
	{
		"answered another version than its own", func(b *book) {
			b.setup(start)
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m2")
			b.stored("v0", "v1", start.plus("m1"))
			b.stored("v1", "v2", b.versions["v1"].plus("m2"))
			ann.end(history.Committed, "v1")
			bob.end(history.Committed, "v1")
			b.final("v2")
		}, []Invariant{HonestAnswers}, func(b *book) { // a later one holds it too
			b.setup(start)
			ann, bob := b.submit("ann", "m1"), b.submit("bob", "m2")
			b.stored("v0", "v1", start.plus("m1"))
			b.stored("v1", "v2", b.versions["v1"].plus("m2"))
			ann.end(history.Committed, "v2")
			bob.end(history.Committed, "v2")
			b.final("v2")
		},
	},
}

// onAnother has something happen to another object.
func (b *book) onAnother(do func()) {
	key := b.key
	b.key = "archive/D.json"
	do()
	b.key = key
}

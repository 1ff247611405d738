package check

import "holdfast/scenarios/history"

const (
	trigger = "customers/hts/C.json@t1"
	newer   = "customers/hts/C.json@t2"
)

// queue adds what becomes of the message of the trigger.
func (b *book) queue(do, actor string, ids ...string) {
	b.add(history.Event{Kind: history.Queue, Do: do, Actor: actor, Trigger: trigger, IDs: ids, Attempt: 1})
}

// ofNewer lets the last event be about the newer trigger.
func (b *book) ofNewer() { b.events[len(b.events)-1].Trigger = newer }

// upload is an update, and the trigger that follows it.
func (b *book) upload(id, on, makes string) {
	b.append("ann", id, on, makes)
	b.queue(history.Sent, "", id)
}

// process is an update on behalf of the message.
func (b *book) process(actor, id, on, makes string) *client {
	b.queue(history.Delivered, actor)
	c := b.begin(actor, "append", id)
	b.events[len(b.events)-1].Trigger = trigger
	if makes == "" {
		return c
	}
	c.get(on).put(on, history.OK, makes, b.versions[on].plus(id)).end(history.Committed, makes)
	return c
}

// Triggers and their messages.
var messageCases = []brokenCase{
	{
		"a trigger before its archive object", func(b *book) {
			b.setup(start)
			b.queue(history.Sent, "", "m1")
			b.append("ann", "m1", "v0", "v1")
			b.process("bob", "p1", "v1", "v2")
			b.queue(history.Acknowledged, "bob")
			b.final("v2")
		}, []Invariant{ArchiveFirst}, func(b *book) {
			b.setup(start)
			b.upload("m1", "v0", "v1")
			b.process("bob", "p1", "v1", "v2")
			b.queue(history.Acknowledged, "bob")
			b.final("v2")
		},
	},
	{
		"a trigger of an upload that was refused", func(b *book) {
			b.setup(start)
			b.append("bob", "m2", "v0", "v1")
			b.begin("ann", "save", "m1").edits("v0", "title").get("v1").end(history.UserConflict, "")
			b.queue(history.Sent, "", "m1")
			b.queue(history.Left, "")
			b.final("v1")
		}, []Invariant{ArchiveFirst}, func(b *book) {
			b.setup(start)
			b.append("bob", "m2", "v0", "v1")
			b.begin("ann", "save", "m1").edits("v0", "title").get("v1").end(history.UserConflict, "")
			b.queue(history.Sent, "", "m2")
			b.queue(history.Left, "")
			b.final("v1")
		},
	},
	{
		"a trigger of nothing", func(b *book) {
			b.queue(history.Sent, "")
			b.begin("ann", "create", "m1").missing().put("absent", history.OK, "v1", doc{}.plus("m1")).end(history.Committed, "v1")
			b.process("bob", "p1", "v1", "v2")
			b.final("v2")
		}, []Invariant{ArchiveFirst}, func(b *book) { // the write is under way: it may have been applied
			ann := b.begin("ann", "create", "m1").missing().from(b.now + 1)
			b.queue(history.Sent, "", "m1")
			ann.put("absent", history.OK, "v1", doc{}.plus("m1")).end(history.Committed, "v1")
			b.process("bob", "p1", "v1", "v2")
			b.final("v2")
		},
	},
	{
		"processed twice", func(b *book) {
			b.setup(start)
			b.upload("m1", "v0", "v1")
			b.process("bob", "p1", "v1", "v2")
			b.process("cid", "p2", "v2", "v3")
			b.queue(history.Acknowledged, "bob")
			b.final("v3")
		}, []Invariant{ArchiveFirst}, func(b *book) { // the second finds it done
			b.setup(start)
			b.upload("m1", "v0", "v1")
			b.process("bob", "p1", "v1", "v2")
			b.process("cid", "p1", "", "").get("v2").end(history.Committed, "v2")
			b.queue(history.Acknowledged, "bob")
			b.final("v2")
		},
	},
	{
		"a trigger that was never written", func(b *book) {
			b.setup(start)
			b.upload("m1", "v0", "v1")
			b.queue(history.Left, "")
			b.append("ann", "m2", "v1", "v2")
			b.events[len(b.events)-1].Told = []string{"hts"}
			b.final("v2")
		}, []Invariant{ArchiveFirst}, func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.events[len(b.events)-1].Told = []string{"hts"}
			b.queue(history.Sent, "", "m1")
			b.queue(history.Left, "")
			b.final("v1")
		},
	},
	{
		"one entry for two triggers", func(b *book) {
			b.setup(start)
			b.upload("m1", "v0", "v1")
			b.upload("m2", "v1", "v2")
			b.ofNewer()
			b.process("bob", "p1", "v2", "v3")
			c := b.process("bob", "p1", "", "")
			b.ofNewer()
			c.get("v3").end(history.Committed, "v3")
			b.final("v3")
		}, []Invariant{ArchiveFirst}, func(b *book) {
			b.setup(start)
			b.upload("m1", "v0", "v1")
			b.upload("m2", "v1", "v2")
			b.ofNewer()
			b.process("bob", "p1", "v2", "v3")
			c := b.process("bob", "p2", "", "")
			b.ofNewer()
			c.get("v3").put("v3", history.OK, "v4", b.versions["v3"].plus("p2")).end(history.Committed, "v4")
			b.final("v4")
		},
	},
	{
		"acknowledged and not processed", func(b *book) {
			b.setup(start)
			b.upload("m1", "v0", "v1")
			b.queue(history.Delivered, "bob")
			b.queue(history.Acknowledged, "bob")
			b.final("v1")
		}, []Invariant{ArchiveFirst}, func(b *book) {
			b.setup(start)
			b.upload("m1", "v0", "v1")
			b.queue(history.Delivered, "bob")
			b.queue(history.Left, "")
			b.final("v1")
		},
	},
	{
		"acknowledged, and its update gave up", func(b *book) {
			b.setup(start)
			b.upload("m1", "v0", "v1")
			b.queue(history.Acknowledged, "bob")
			b.process("bob", "p1", "", "").get("v1").put("v1", history.Conflict, "", b.versions["v1"].plus("p1")).end(history.Exhausted, "")
			b.final("v1")
		}, []Invariant{ArchiveFirst}, func(b *book) {
			b.setup(start)
			b.upload("m1", "v0", "v1")
			b.process("bob", "p1", "", "").get("v1").put("v1", history.Conflict, "", b.versions["v1"].plus("p1")).end(history.Exhausted, "")
			b.queue(history.DeadLettered, "")
			b.final("v1")
		},
	},
}

package check

import (
	"testing"

	"holdfast/scenarios/history"
)

// TestQueueKeepsItsWord: how often a message is delivered, how long it is kept from others
// in between, and that its trigger is there until it was processed.
func TestQueueKeepsItsWord(t *testing.T) {
	h := history.Header{World: "virtual", Receives: 2, Visibility: 100}
	deliver := func(b *book, attempt int, at int64) {
		b.now = at
		b.queue(history.Delivered, "bob")
		b.events[len(b.events)-1].Attempt, b.events[len(b.events)-1].At = attempt, at
	}
	remove := func(b *book, etag string) {
		b.add(history.Event{Kind: history.Delete, Actor: "bob", Key: "customers/hts/C.json", IfETag: etag, Answer: history.OK})
		b.events[len(b.events)-1].Start, b.events[len(b.events)-1].At = b.now, b.now+5
	}
	work := func(b *book) {
		c := b.begin("bob", "append", "p1")
		b.events[len(b.events)-1].Trigger = trigger
		c.get("v1").put("v1", history.OK, "v2", b.versions["v1"].plus("p1")).end(history.Committed, "v2")
	}
	for _, c := range []struct {
		name   string
		header history.Header
		write  func(b *book)
		want   string // anomaly
	}{
		{"as often as it may be, and late enough", h, func(b *book) { deliver(b, 1, 200); deliver(b, 2, 300); work(b) }, ""},
		{"once too often", h, func(b *book) { deliver(b, 1, 200); deliver(b, 2, 300); deliver(b, 3, 400); work(b) }, "delivered too often"},
		{"too soon", h, func(b *book) { deliver(b, 1, 200); deliver(b, 2, 299); work(b) }, "delivered too often"},
		{"too soon for a real clock", history.Header{World: "real", Receives: 2, Visibility: 100},
			func(b *book) { deliver(b, 1, 200); deliver(b, 2, 240); work(b) }, "delivered too often"},
		{"noted a little late by a real clock", history.Header{World: "real", Receives: 2, Visibility: 100},
			func(b *book) { deliver(b, 1, 200); deliver(b, 2, 299); work(b) }, ""},
		{"two copies", h, func(b *book) { deliver(b, 1, 200); deliver(b, 1, 250); deliver(b, 2, 300); deliver(b, 2, 350); work(b) }, ""},
		{"a second delivery without a first", h, func(b *book) { deliver(b, 2, 300); work(b) }, "delivered too often"},
		{"by a queue of which nothing is known", history.Header{World: "virtual"}, func(b *book) { deliver(b, 9, 300); work(b) }, ""},
		{"the trigger deleted when all is done", h, func(b *book) { deliver(b, 1, 200); work(b); remove(b, "t1") }, ""},
		{"the trigger deleted first", h, func(b *book) { deliver(b, 1, 200); remove(b, "t1"); work(b) }, "trigger deleted before it was processed"},
		{"another trigger deleted first", h, func(b *book) { deliver(b, 1, 200); remove(b, "t0"); work(b) }, ""},
		{"whatever trigger there is deleted first", h, func(b *book) { deliver(b, 1, 200); remove(b, ""); work(b) }, ""},
	} {
		b := newBook()
		b.setup(start)
		b.upload("m1", "v0", "v1")
		c.write(b)
		b.final("v2")
		got := ""
		for _, v := range judged(c.header, b.events).Violations {
			got += v.Anomaly
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestOutageIsNoConflict: of case "exhaustion told by 409".
func TestOutageIsNoConflict(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers []string
		status  int
		want    string
	}{
		{"the store was too busy", []string{history.Throttled, history.Throttled}, 409, "outage called a conflict"},
		{"the store was out of reach", []string{history.Unavailable}, 409, "outage called a conflict"},
		{"somebody was there once", []string{history.Throttled, history.Conflict}, 409, ""},
		{"said by the core, which has no status", []string{history.Throttled}, 0, ""},
	} {
		b := newBook()
		b.setup(start)
		ann := b.begin("ann", "append", "m1").get("v0")
		for _, answer := range c.answers {
			ann.put("v0", answer, "", start.plus("m1"))
		}
		ann.end(history.Exhausted, "")
		b.events[len(b.events)-1].Status = c.status
		b.append("bob", "m2", "v0", "v1")
		b.final("v1")
		got := ""
		for _, v := range judged(history.Header{}, b.events).Violations {
			got += v.Anomaly
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestConflictThatWasKnown: whoever has seen a newer version before need not look again to
// be told of a conflict.
func TestConflictThatWasKnown(t *testing.T) {
	for _, rival := range []bool{true, false} {
		b := newBook()
		b.setup(start)
		on := "v0"
		if rival {
			b.append("bob", "m2", "v0", "v1")
			on = "v1"
		}
		b.begin("ann", "save", "m1").edits("v0", "title").end(history.UserConflict, "")
		b.append("cid", "m3", on, "v9")
		b.final("v9")
		if r := judged(history.Header{}, b.events); (len(r.Found) > 0) == rival {
			t.Errorf("somebody had written: %v; %v", rival, r.Violations)
		}
	}
}

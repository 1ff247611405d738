package check

import (
	"testing"

	"holdfast/scenarios/history"
)

// uploadFor is an update that is stored, and of which customers must be told.
func (b *book) uploadFor(id, on, makes, outcome string, customers ...string) {
	c := b.begin("ann", "append", id)
	b.events[len(b.events)-1].Customers = customers
	c.get(on)
	c.put(on, history.OK, makes, b.versions[on].plus(id))
	c.end(outcome, map[bool]string{true: makes}[outcome == history.Committed])
}

func TestUntold(t *testing.T) {
	for _, c := range []struct {
		name   string
		write  func(b *book)
		untold int
	}{
		{"died between archive and triggers", func(b *book) {
			b.uploadFor("m1", "v0", "v1", history.Crashed, "hts", "other")
			b.final("v1")
		}, 2},
		{"its trigger was written", func(b *book) {
			b.uploadFor("m1", "v0", "v1", history.Crashed, "hts")
			b.queue(history.Sent, "", "m1")
			b.queue(history.Left, "")
			b.final("v1")
		}, 0},
		{"one of two triggers was written", func(b *book) {
			b.uploadFor("m1", "v0", "v1", history.Crashed, "hts", "other")
			b.queue(history.Sent, "", "m1")
			b.queue(history.Left, "")
			b.final("v1")
		}, 1},
		{"told of a later upload, which is about both", func(b *book) {
			b.uploadFor("m1", "v0", "v1", history.Crashed, "hts")
			b.uploadFor("m2", "v1", "v2", history.Committed, "hts")
			b.queue(history.Sent, "", "m2")
			b.queue(history.Left, "")
			b.final("v2")
		}, 0},
		{"told of an earlier upload only", func(b *book) {
			b.uploadFor("m1", "v0", "v1", history.Committed, "hts")
			b.uploadFor("m2", "v1", "v2", history.Crashed, "hts")
			b.queue(history.Sent, "", "m1") // late, and of a version without m2
			b.queue(history.Left, "")
			b.final("v2")
		}, 1},
		{"twice untold is one customer", func(b *book) {
			b.uploadFor("m1", "v0", "v1", history.Crashed, "hts")
			b.uploadFor("m2", "v1", "v2", history.Crashed, "hts")
			b.final("v2")
		}, 1},
		{"told before by the harness", func(b *book) {
			b.queue(history.Sent, "")
			b.queue(history.Left, "")
			b.uploadFor("m1", "v0", "v1", history.Crashed, "hts")
			b.final("v1")
		}, 1},
		{"nothing was stored", func(b *book) {
			b.append("bob", "m2", "v0", "v1")
			b.begin("ann", "save", "m1").edits("v0", "title").get("v1").end(history.Exhausted, "")
			b.events[len(b.events)-3].Customers = []string{"hts"}
			b.final("v1")
		}, 0},
		{"the answer knows of another customer", func(b *book) {
			b.uploadFor("m1", "v0", "v1", history.Committed, "hts")
			b.events[len(b.events)-1].Customers = []string{"hts", "other"}
			b.queue(history.Sent, "", "m1")
			b.queue(history.Left, "")
			b.final("v1")
		}, 1},
		{"the answer knows of none any more", func(b *book) {
			b.uploadFor("m1", "v0", "v1", history.Committed, "hts", "gone")
			b.events[len(b.events)-1].Customers = []string{"hts"}
			b.queue(history.Sent, "", "m1")
			b.queue(history.Left, "")
			b.final("v1")
		}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			b.setup(start)
			c.write(b)
			if r := judged(history.Header{}, b.events); r.Counts.Untold != c.untold || len(r.Found) > 0 && c.name != "nothing was stored" {
				t.Errorf("%d untold, want %d; %v", r.Counts.Untold, c.untold, r.Found)
			}
		})
	}
}

func TestDeadLettersAndLateWork(t *testing.T) {
	deliver := func(b *book, actor string, attempt int) {
		b.queue(history.Delivered, actor)
		b.events[len(b.events)-1].Attempt = attempt
	}
	work := func(b *book, actor string) { // on the delivery that it has
		c := b.begin(actor, "append", "p1")
		b.events[len(b.events)-1].Trigger = trigger
		c.get("v1").put("v1", history.OK, "v2", b.versions["v1"].plus("p1")).end(history.Committed, "v2")
	}
	for _, c := range []struct {
		name            string
		write           func(b *book)
		processed, late int
	}{
		{"never processed", func(b *book) {
			deliver(b, "bob", 1)
			b.queue(history.DeadLettered, "")
			b.final("v1")
		}, 0, 0},
		{"processed, and its worker died before it could say so", func(b *book) {
			deliver(b, "bob", 1)
			work(b, "bob")
			b.queue(history.DeadLettered, "")
			b.final("v2")
		}, 1, 0},
		{"acknowledged after it was a dead letter", func(b *book) {
			deliver(b, "bob", 1)
			work(b, "bob")
			b.queue(history.DeadLettered, "")
			b.queue(history.Acknowledged, "bob")
			b.final("v2")
		}, 1, 1},
		{"delivered again meanwhile", func(b *book) {
			deliver(b, "bob", 1)
			work(b, "bob")
			deliver(b, "eve", 2)
			b.queue(history.Acknowledged, "bob")
			b.queue(history.Acknowledged, "eve")
			b.final("v2")
		}, 0, 1},
		{"delivered again after the first worker had died", func(b *book) {
			deliver(b, "bob", 1)
			work(b, "bob")
			deliver(b, "eve", 2)
			b.queue(history.Acknowledged, "eve")
			b.final("v2")
		}, 0, 0},
		{"two copies of one message, each acknowledged in time", func(b *book) {
			deliver(b, "bob", 1)
			work(b, "bob")
			deliver(b, "eve", 1)
			b.queue(history.Acknowledged, "bob")
			b.queue(history.Acknowledged, "eve")
			b.final("v2")
		}, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			b.setup(start)
			b.upload("m1", "v0", "v1")
			c.write(b)
			r := judged(history.Header{}, b.events)
			if r.Counts.DeadLettersProcessed != c.processed || r.Counts.AcknowledgedLate != c.late || len(r.Found) > 0 {
				t.Errorf("%+v, want %d processed and %d late; %v", r.Counts, c.processed, c.late, r.Found)
			}
		})
	}
}

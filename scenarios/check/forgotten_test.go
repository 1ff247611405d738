package check

import (
	"testing"
	"time"

	"holdfast/scenarios/history"
)

// work processes the message on a version, and stores an entry that covers an upload.
func (b *book) work(actor, id, worked, covers, on, makes string) {
	c := b.process(actor, id, "", "")
	invoked := b.events[len(b.events)-1]
	invoked.Worked, invoked.Covers = worked, covers
	c.get(on).put(on, history.OK, makes, b.versions[on].plus(id)).end(history.Committed, makes)
}

// look is one of a reconciler at a version, which tells of uploads: "hts", "m1".
func (b *book) look(etag string, told ...string) *history.Event {
	e := history.Event{Kind: history.Tell, Actor: "reconciler", Key: b.key, ETag: etag, Customers: []string{"hts", "other"}}
	for i := 0; i < len(told); i += 2 {
		e.Told, e.IDs = append(e.Told, told[i]), append(e.IDs, told[i+1])
	}
	out := b.add(e)
	out.Start = b.now - 5
	return out
}

// sent is the trigger of a customer for an upload, which is still in the queue.
func (b *book) sent(customer, upload string) {
	for _, do := range []string{history.Sent, history.Left} {
		b.queue(do, "", upload)
		b.events[len(b.events)-1].Trigger = "customers/" + customer + "/C.json@" + upload
	}
}

// TestForgotten: of the reconciler's word, and of what entries say that they cover.
func TestForgotten(t *testing.T) {
	crashes := func(b *book) { b.uploadFor("m1", "v0", "v1", history.Crashed, "hts", "other") }
	for _, c := range []struct {
		name   string
		write  func(b *book)
		want   string // anomalies
		untold int
	}{
		{"all are told", func(b *book) {
			crashes(b)
			b.sent("hts", "m1")
			b.sent("other", "m1")
			b.look("v1", "hts", "m1", "other", "m1")
			b.final("v1")
		}, "", 0},
		{"one is told", func(b *book) {
			crashes(b)
			b.sent("hts", "m1")
			b.look("v1", "hts", "m1")
			b.final("v1")
		}, "customer forgotten", 1},
		{"the trigger of one comes after the look", func(b *book) {
			crashes(b)
			b.sent("hts", "m1")
			b.look("v1", "hts", "m1", "other", "m1")
			b.sent("other", "m1")
			b.final("v1")
		}, "customer forgotten", 0},
		{"one could not be told, as it says", func(b *book) {
			crashes(b)
			b.sent("hts", "m1")
			b.look("v1", "hts", "m1").Text = "503"
			b.final("v1")
		}, "", 1},
		{"what it looked at has nothing in it yet", func(b *book) {
			b.append("bob", "m0", "v0", "w0")
			b.uploadFor("m1", "w0", "v1", history.Crashed, "hts", "other")
			b.look("w0")
			b.final("v1")
		}, "", 2},
		{"nobody knows what it looked at", func(b *book) {
			crashes(b)
			b.look("v7")
			b.final("v1")
		}, "", 2},
		{"told by its server", func(b *book) {
			crashes(b)
			b.sent("hts", "m1")
			b.sent("other", "m1")
			b.look("v1")
			b.final("v1")
		}, "", 0},
		{"one is told of a later upload", func(b *book) {
			crashes(b)
			b.uploadFor("m2", "v1", "v2", history.Crashed, "hts", "other")
			b.sent("hts", "m2")
			b.sent("other", "m2")
			b.look("v2")
			b.final("v2")
		}, "", 0},
		{"one is told of an earlier upload only", func(b *book) {
			crashes(b)
			b.uploadFor("m2", "v1", "v2", history.Crashed, "hts", "other")
			b.sent("hts", "m2")
			b.sent("other", "m1")
			b.look("v2")
			b.final("v2")
		}, "customer forgotten", 1},
		{"read by a worker, on another message", func(b *book) {
			b.queue(history.Sent, "")
			crashes(b)
			b.work("bob", "p1", "v1", "m1", "v1", "v2")
			b.sent("other", "m1")
			b.look("v2", "other", "m1")
			b.final("v2")
		}, "", 0},
		{"read by a worker, who says nothing of it", func(b *book) {
			b.queue(history.Sent, "")
			crashes(b)
			b.work("bob", "p1", "v1", "", "v1", "v2")
			b.sent("other", "m1")
			b.look("v2", "other", "m1")
			b.final("v2")
		}, "", 0},
		{"a worker stores on top of what it has not read", func(b *book) {
			b.queue(history.Sent, "")
			crashes(b)
			b.work("bob", "p1", "v0", "", "v1", "v2")
			b.sent("other", "m1")
			b.look("v2", "other", "m1")
			b.final("v2")
		}, "customer forgotten", 1},
		{"a worker covers what it has not read", func(b *book) {
			b.queue(history.Sent, "")
			crashes(b)
			b.work("bob", "p1", "v0", "m1", "v1", "v2")
			b.final("v2")
		}, "covers what was not read", 2},
		{"a worker covers what nobody has stored", func(b *book) {
			b.queue(history.Sent, "")
			b.work("bob", "p1", "v0", "m9", "v0", "v1")
			b.final("v1")
		}, "covers what was not read", 0},
		{"another worker has stored the entry", func(b *book) {
			b.queue(history.Sent, "")
			b.append("eve", "m0", "v0", "w0")
			b.uploadFor("m1", "w0", "w1", history.Crashed, "hts")
			b.work("bob", "p1", "w0", "", "w1", "w2")
			c := b.process("cid", "p1", "", "") // has read m1, and what it made of it is not stored
			b.events[len(b.events)-1].Worked, b.events[len(b.events)-1].Covers = "w1", "m1"
			c.get("w2").end(history.Committed, "w2")
			b.final("w2")
		}, "", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			b.setup(start)
			c.write(b)
			r := judged(history.Header{Grace: 1}, b.events)
			if bare := judged(history.Header{}, b.events); c.want == "customer forgotten" && len(bare.Found) > 0 {
				t.Errorf("though nobody says what is old enough: %v", bare.Found)
			}
			got := ""
			for _, v := range r.Violations {
				got += v.Anomaly
				if v.Invariant != ArchiveFirst || len(v.Witness) < 3 {
					t.Errorf("%s %s: %d events tell of it", v.Invariant, v.Anomaly, len(v.Witness))
				}
			}
			if got != c.want || r.Counts.Untold != c.untold {
				t.Errorf("%q, want %q; %d untold, want %d", got, c.want, r.Counts.Untold, c.untold)
			}
		})
	}
}

// TestGrace: what is younger need not be told, and must not. Entries tell seconds.
func TestGrace(t *testing.T) {
	const grace = 5 * time.Second
	for _, c := range []struct {
		age  time.Duration
		told []string
		want string
	}{
		{0, nil, ""},
		{grace - time.Microsecond, nil, ""},
		{grace + time.Microsecond, nil, "customer forgotten"},
		{0, []string{"hts", "m1"}, "told too soon"},
		{grace - time.Second - time.Microsecond, []string{"hts", "m1"}, "told too soon"},
		{grace - time.Second + time.Microsecond, []string{"hts", "m1"}, ""},
		{grace + time.Microsecond, []string{"hts", "m1"}, ""},
	} {
		b := newBook()
		b.setup(start)
		b.uploadFor("m1", "v0", "v1", history.Crashed, "hts")
		b.now += c.age.Nanoseconds()
		for range len(c.told) / 2 {
			b.sent("hts", "m1")
		}
		b.look("v1", c.told...).Customers = []string{"hts"}
		b.final("v1")
		got := ""
		for _, v := range judged(history.Header{Grace: grace.Nanoseconds()}, b.events).Violations {
			got += v.Anomaly
		}
		if got != c.want {
			t.Errorf("%v old, told %v: %q, want %q", c.age, c.told, got, c.want)
		}
	}
}

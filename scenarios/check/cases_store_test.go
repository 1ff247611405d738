package check

import (
	"strings"
	"testing"

	"holdfast/archive/storefault"
	"holdfast/scenarios/history"
)

// storeCases are histories in which the store breaks its word, under cores that do nothing
// wrong, and their twins: nearly the same, on a store that keeps it.
var storeCases = []brokenCase{
	{
		"two winners of a race", func(b *book) {
			b.setup(start)
			ann, bob := b.begin("ann", "append", "m1").get("v0"), b.begin("bob", "append", "m2").get("v0")
			begun := b.now
			ann.put("v0", history.OK, "v1", start.plus("m1")).end(history.Committed, "v1")
			bob.from(begun).put("v0", history.OK, "v2", start.plus("m2")).end(history.Committed, "v2")
			b.final("v2")
		}, []Invariant{byStore(storefault.TwoWinners)}, func(b *book) { // both wrote the same, and nothing is lost
			b.setup(start)
			ann, bob := b.begin("ann", "append", "m1").get("v0"), b.begin("bob", "append", "m1").get("v0")
			begun := b.now
			ann.put("v0", history.OK, "v1", start.plus("m1")).end(history.Committed, "v1")
			bob.from(begun).put("v0", history.OK, "v1", start.plus("m1")).end(history.Committed, "v1")
			b.final("v1")
		},
	},
	{
		"a condition that had not held for long", func(b *book) {
			b.setup(start)
			bob := b.begin("bob", "append", "m2").get("v0")
			b.append("ann", "m1", "v0", "v1")
			b.begin("eve", "load").get("v1").end(history.Committed, "v1")
			bob.put("v0", history.OK, "v2", start.plus("m2")).end(history.Committed, "v2")
			b.final("v2")
		}, []Invariant{byStore(storefault.IgnoredCondition)}, func(b *book) {
			b.setup(start)
			bob := b.begin("bob", "append", "m2").get("v0")
			b.append("ann", "m1", "v0", "v1")
			bob.put("v0", history.PreconditionFailed, "", start.plus("m2")).get("v1")
			bob.put("v1", history.OK, "v2", start.plus("m1", "m2")).end(history.Committed, "v2")
			b.final("v2")
		},
	},
	{
		"a write that is gone, and one on top of what was there before", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.append("bob", "m2", "v0", "v2")
			b.final("v2")
		}, []Invariant{byStore(storefault.LostWrite)}, func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.append("bob", "m2", "v1", "v2")
			b.final("v2")
		},
	},
	{
		"two creators", func(b *book) {
			ann, bob := b.begin("ann", "create", "c1").missing(), b.begin("bob", "create", "c2").missing()
			begun := b.now
			ann.put("absent", history.OK, "v1", doc{}.plus("c1")).end(history.Committed, "v1")
			bob.from(begun).put("absent", history.OK, "v2", doc{}.plus("c2")).end(history.Committed, "v2")
			b.final("v2")
		}, []Invariant{byStore(storefault.TwoCreators)}, func(b *book) { // somebody deleted it in between
			ann, bob := b.begin("ann", "create", "c1").missing(), b.begin("bob", "create", "c2").missing()
			begun := b.now
			ann.put("absent", history.OK, "v1", doc{}.plus("c1")).end(history.Committed, "v1")
			b.begin("eve", "load").call(history.Event{Kind: history.Delete, Answer: history.OK})
			(&client{book: b, actor: "eve", op: b.ops}).end(history.Committed, "")
			bob.from(begun).put("absent", history.OK, "v2", doc{}.plus("c2")).end(history.Committed, "v2")
			b.final("v2")
		},
	},
	{
		"refused, and stored", func(b *book) {
			b.setup(start)
			b.begin("ann", "append", "m1").get("v0").put("v0", history.PreconditionFailed, "v1", start.plus("m1")).end(history.Exhausted, "")
			b.append("bob", "m2", "v1", "v2")
			b.final("v2")
		}, []Invariant{byStore(storefault.RefusedAndKept)}, func(b *book) { // by a layer below, which had sent it twice
			b.setup(start)
			b.begin("ann", "append", "m1").get("v0").put("v0", history.PreconditionFailed, "v1", start.plus("m1")).echoed().end(history.Unknown, "")
			b.append("bob", "m2", "v1", "v2")
			b.final("v2")
		},
	},
	{
		"the next body under the ETag before", func(b *book) {
			b.setup(start)
			begun := b.now
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "load").from(begun).getAs("v0", start.plus("m1")).end(history.Committed, "v0")
			b.final("v1")
		}, []Invariant{byStore(storefault.BodyUnderOlder)}, func(b *book) {
			b.setup(start)
			begun := b.now
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "load").from(begun).get("v0").end(history.Committed, "v0")
			b.final("v1")
		},
	},
	{
		"the body before under the ETag after it, and a write on top", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			c := b.begin("bob", "append", "m2").getAs("v1", start)
			c.put("v1", history.OK, "v2", start.plus("m2")).end(history.Committed, "v2")
			b.final("v2")
		}, []Invariant{byStore(storefault.BodyUnderNewer)}, func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.append("bob", "m2", "v1", "v2")
			b.final("v2")
		},
	},
	{
		"an ETag that nobody was answered with", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.versions["w1"] = b.versions["v1"]
			b.append("bob", "m2", "w1", "v2")
			b.final("v2")
		}, []Invariant{byStore(storefault.UnstableETag)}, func(b *book) { // of a write without an answer
			b.setup(start)
			b.begin("ann", "append", "m1").get("v0").put("v0", history.UnknownAnswer, "w1", start.plus("m1")).end(history.Unknown, "")
			b.append("bob", "m2", "w1", "v2")
			b.final("v2")
		},
	},
	{
		"bytes that are no document", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "load").getAs("v1", doc{bad: "it ends too soon"}).end(history.Failed, "")
			b.final("v1")
		}, []Invariant{byStore(storefault.StrangeBody)}, func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "load").get("v1").end(history.Committed, "v1")
			b.final("v1")
		},
	},
	{
		"back from a deletion", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.begin("eve", "load").call(history.Event{Kind: history.Delete, Answer: history.OK})
			(&client{book: b, actor: "eve", op: b.ops}).end(history.Committed, "")
			b.begin("bob", "load").get("v1").end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{byStore(storefault.UndoneDelete)}, func(b *book) { // a write without an answer may have come late
			b.setup(start)
			b.begin("ann", "append", "m1").get("v0").put("v0", history.OK, "v1", start.plus("m1")).end(history.Committed, "v1")
			begun := b.now
			b.begin("bob", "load").from(begun-5).get("v1").end(history.Committed, "v1")
			b.begin("eve", "load").from(begun).call(history.Event{Kind: history.Delete, Answer: history.OK})
			(&client{book: b, actor: "eve", op: b.ops}).end(history.Committed, "")
			b.final("")
		},
	},
}

// TestWhoseFault: what the store did is not held against a core, and what a core did is, also
// where the store broke its word on the same object.
func TestWhoseFault(t *testing.T) {
	unsound := func(b *book) { // ann's write is lost in a race that has two winners
		b.setup(start)
		ann, bob := b.begin("ann", "append", "m1").get("v0"), b.begin("bob", "append", "m2").get("v0")
		begun := b.now
		ann.put("v0", history.OK, "v1", start.plus("m1")).end(history.Committed, "v1")
		bob.from(begun).put("v0", history.OK, "v2", start.plus("m2")).end(history.Committed, "v2")
	}
	for _, c := range []struct {
		name  string
		build func(*book)
		want  []Invariant
	}{
		{"nothing more", func(b *book) { b.final("v2") }, nil},
		{"an entry appended again to what holds it", func(b *book) {
			b.begin("bob", "append", "m2").get("v2").put("v2", history.OK, "v3", start.plus("m2", "m2")).end(history.Committed, "v3")
			b.final("v3")
		}, []Invariant{ExactlyOnce}},
		{"an entry dropped that was read", func(b *book) {
			b.begin("eve", "append", "m3").get("v2").put("v2", history.OK, "v3", start.plus("m3")).end(history.Committed, "v3")
			b.final("v3")
		}, []Invariant{NothingLost, AppendOnly}},
		{"a write without a condition", func(b *book) {
			eve := b.begin("eve", "append", "m3").get("v2")
			b.append("bob", "m4", "v2", "v3")
			eve.put("none", history.OK, "v4", start.plus("m2", "m3")).end(history.Committed, "v4")
			b.final("v4")
		}, []Invariant{NothingLost, OneChain}},
		{"a field that nobody asked to change", func(b *book) {
			b.begin("eve", "append", "m3").get("v2").put("v2", history.OK, "v3", start.plus("m2", "m3").set("plan", "Q")).end(history.Committed, "v3")
			b.final("v3")
		}, []Invariant{ForeignDataIntact}},
		{"a field that its writer had not seen", func(b *book) {
			b.save("bob", "m3", "v2", "v2", "v3", "title", "B")
			b.save("eve", "m4", "v2", "v3", "v4", "title", "C")
			b.final("v4")
		}, []Invariant{NoSilentOverwrite}},
		{"success that the store refused", func(b *book) {
			b.begin("eve", "append", "m3").get("v2").put("v2", history.PreconditionFailed, "", start.plus("m2", "m3")).end(history.Committed, "v2")
			b.final("v2")
		}, []Invariant{NothingLost, HonestAnswers}},
		{"a failure that the store acknowledged", func(b *book) {
			b.begin("eve", "append", "m3").get("v2").put("v2", history.OK, "v3", start.plus("m2", "m3")).end(history.Failed, "")
			b.final("v3")
		}, []Invariant{HonestAnswers}},
		{"a load that answers what was not read", func(b *book) {
			b.append("eve", "m3", "v2", "v3")
			b.begin("bob", "load").end(history.Committed, "v2")
			b.final("v3")
		}, []Invariant{RealTime}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			unsound(b)
			c.build(b)
			r := judged(history.Header{}, b.events)
			expect(t, r, append(c.want, byStore(storefault.TwoWinners))...)
			if r.Excused == 0 || !strings.Contains(strings.Join(r.Notes, ""), "not held against the core") {
				t.Errorf("excused %d: %v", r.Excused, r.Notes)
			}
		})
	}
}

// TestNothingIsProved: what an adapter may have done, or an ETag does not promise, is no
// proof against the store.
func TestNothingIsProved(t *testing.T) {
	race := func(etag string, spoil func(*history.Event)) Report {
		b := newBook()
		b.setup(start)
		ann, bob := b.begin("ann", "append", "m1").get("v0"), b.begin("bob", "append", "m2").get("v0")
		ann.put("v0", history.OK, "v1", start.plus("m1")).end(history.Committed, "v1")
		bob.put("v0", history.OK, etag, start.plus("m2"))
		spoil(b.events[len(b.events)-1])
		bob.end(history.Committed, etag)
		b.final(etag)
		return judged(history.Header{}, b.events)
	}
	for name, spoil := range map[string]func(*history.Event){
		"sent twice":              func(e *history.Event) { e.Requests = 2 },
		"sent on another":         func(e *history.Event) { e.Carried = "none" },
		"misread by the adapter":  func(e *history.Event) { e.Means = history.UnknownAnswer },
		"of a store of weak tags": func(*history.Event) {},
	} {
		etag := "v2"
		if strings.HasSuffix(name, "tags") {
			etag = `W/"2"`
		}
		if r := race(etag, spoil); len(r.StoreFindings) > 0 || r.Verdict != Violated {
			t.Errorf("%s: %s %v", name, r.Verdict, r.StoreFindings)
		}
	}
	if r := race("v2", func(*history.Event) {}); r.Verdict != StoreAtFault {
		t.Errorf("%s: %v", r.Verdict, r.Found)
	}
}

// TestPoolOfFindings: pooled reports are about all that was found, each kind once, the worst
// subject first.
func TestPoolOfFindings(t *testing.T) {
	var reports []Report
	for _, c := range []brokenCase{storeCases[5], storeCases[0], storeCases[5]} {
		b := newBook()
		c.broken(b)
		reports = append(reports, judged(history.Header{}, b.events))
	}
	r := Pool(history.Header{}, reports)
	expect(t, r, byStore(storefault.BodyUnderOlder), byStore(storefault.TwoWinners))
	if r.StoreFindings[0].Kind != storefault.TwoWinners || r.StoreFindings[1].Count != 2 || reports[0].StoreFindings[0].Count != 1 {
		t.Errorf("%+v", r.StoreFindings)
	}
}

// TestInjectedAbsence: a fault that answers 404 knows of no object, and its word is not the
// store's.
func TestInjectedAbsence(t *testing.T) {
	for _, means := range []string{history.NotFound, ""} {
		b := newBook()
		b.setup(start)
		b.append("ann", "m1", "v0", "v1")
		c := b.begin("bob", "append", "m2").get("v1").missing()
		b.events[len(b.events)-1].Means = means
		c.put("v1", history.OK, "v2", start.plus("m1", "m2")).end(history.Committed, "v2")
		b.final("v2")
		r := judged(history.Header{}, b.events)
		if injected := means != ""; injected != (r.Verdict == OK) || injected == (len(r.StoreFindings) > 0) {
			t.Errorf("means %q: %s %v", means, r.Verdict, r.StoreFindings)
		}
	}
}

// TestStaleReadExcusesNoAnswer: whom the store told nothing after the write, that was of unknown
// outcome, has no reason to call it failed, whatever the store does to others.
func TestStaleReadExcusesNoAnswer(t *testing.T) {
	for _, looked := range []bool{false, true} {
		b := newBook()
		b.setup(start)
		c := b.begin("ann", "append", "m1").get("v0").put("v0", history.UnknownAnswer, "", start.plus("m1"))
		b.versions["v1"] = start.plus("m1")
		if looked {
			c.get("v0")
		}
		c.end(history.Failed, "")
		b.append("bob", "m2", "v1", "v2")
		b.begin("eve", "load").get("v1").end(history.Committed, "v1")
		b.final("v2")
		r := judged(history.Header{}, b.events)
		if len(r.StoreFindings) == 0 || looked == (r.Found[HonestAnswers] > 0) {
			t.Errorf("looked %v: %s %v %v", looked, r.Verdict, r.StoreFindings, r.Found)
		}
	}
}

package check

import (
	"strings"
	"testing"

	"holdfast/scenarios/history"
)

// opening is what the histories of this file start from.
var opening = doc{entries: []string{"old"}, fields: map[string]string{"title": "A", "plan": "P"}}

// TestAsAsked: each history that must be accused has a twin, almost the same, that must
// not be.
func TestAsAsked(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(*book)
		want  []Invariant
	}{
		{"a save is stored", func(b *book) {
			b.save("ann", "m1", "v0", "v0", "v1", "title", "B")
			b.final("v1")
		}, nil},
		{"edit dropped after a 412", func(b *book) {
			ann := b.begin("ann", "save", "m1").on("v0").wants("title", "A", "B").get("v0")
			b.append("bob", "m2", "v0", "v1")
			ann.put("v0", history.PreconditionFailed, "", opening.plus("m1").set("title", "B")).get("v1")
			ann.put("v1", history.OK, "v2", b.versions["v1"].plus("m1")).end(history.Committed, "v2")
			b.final("v2")
		}, []Invariant{AsAsked}},
		{"edit kept after a 412", func(b *book) {
			ann := b.begin("ann", "save", "m1").on("v0").wants("title", "A", "B").get("v0")
			b.append("bob", "m2", "v0", "v1")
			ann.put("v0", history.PreconditionFailed, "", opening.plus("m1").set("title", "B")).get("v1")
			ann.put("v1", history.OK, "v2", b.versions["v1"].plus("m1").set("title", "B")).end(history.Committed, "v2")
			b.final("v2")
		}, nil},
		{"value cut", func(b *book) {
			ann := b.begin("ann", "save", "m1").on("v0").wants("title", "A", "Banana").get("v0")
			ann.put("v0", history.OK, "v1", opening.plus("m1").set("title", "Ban")).end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{AsAsked}},
		{"the first of two fields", func(b *book) {
			ann := b.begin("ann", "save", "m1").on("v0").wants("title", "A", "B").wants("plan", "P", "Q").get("v0")
			ann.put("v0", history.OK, "v1", opening.plus("m1").set("title", "B")).end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{AsAsked}},
		{"a field that its user did not change", func(b *book) {
			b.save("bob", "m2", "v0", "v0", "v1", "plan", "Q")
			ann := b.begin("ann", "save", "m1").on("v0").wants("title", "A", "B").wants("plan", "P", "P").get("v1")
			ann.put("v1", history.OK, "v2", b.versions["v1"].plus("m1").set("title", "B")).end(history.Committed, "v2")
			b.final("v2")
		}, nil},
		{"both changed it to the same", func(b *book) {
			b.save("bob", "m2", "v0", "v0", "v1", "title", "B")
			ann := b.begin("ann", "save", "m1").on("v0").wants("title", "A", "B").get("v1")
			ann.put("v1", history.OK, "v2", b.versions["v1"].plus("m1")).end(history.Committed, "v2")
			b.final("v2")
		}, nil},
		{"both changed it, and theirs is kept", func(b *book) {
			b.save("bob", "m2", "v0", "v0", "v1", "title", "C")
			ann := b.begin("ann", "save", "m1").on("v0").wants("title", "A", "B").get("v1")
			ann.put("v1", history.OK, "v2", b.versions["v1"].plus("m1")).end(history.Committed, "v2")
			b.final("v2")
		}, []Invariant{AsAsked}},
		{"a field removed", func(b *book) {
			ann := b.begin("ann", "save", "m1").on("v0").wants("plan", "P", "").get("v0")
			ann.put("v0", history.OK, "v1", opening.plus("m1").set("plan", "")).end(history.Committed, "v1")
			b.final("v1")
		}, nil},
		{"a field emptied instead of removed", func(b *book) {
			ann := b.begin("ann", "save", "m1").on("v0").wants("plan", "P", "").get("v0")
			ann.put("v0", history.OK, "v1", opening.plus("m1").set("plan", "null")).end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{AsAsked}},
		{"a save without base, of the value that is there", func(b *book) {
			ann := b.begin("ann", "save", "m1").on("v0").wants("title", "", "A").get("v0")
			ann.put("v0", history.OK, "v1", opening.plus("m1")).end(history.Committed, "v1")
			b.final("v1")
		}, nil},
		{"an append's field, dropped", func(b *book) {
			ann := b.begin("ann", "append", "m1").wants("meeting", "", "M").get("v0")
			ann.put("v0", history.OK, "v1", opening.plus("m1")).end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{AsAsked}},
		{"an append's field, as it is already", func(b *book) {
			ann := b.begin("ann", "append", "m1").wants("title", "", "A").get("v0")
			ann.put("v0", history.OK, "v1", opening.plus("m1")).end(history.Committed, "v1")
			b.final("v1")
		}, nil},
		{"an append's field, as somebody made it", func(b *book) {
			b.save("bob", "m2", "v0", "v0", "v1", "title", "B")
			b.save("bob", "m3", "v1", "v1", "v2", "title", "A")
			ann := b.begin("ann", "append", "m1").wants("title", "", "A").get("v2")
			ann.put("v2", history.OK, "v3", b.versions["v2"].plus("m1")).end(history.Committed, "v3")
			b.final("v3")
		}, nil},
		{"an append's field, as it was before somebody changed it", func(b *book) {
			b.save("bob", "m2", "v0", "v0", "v1", "title", "B")
			ann := b.begin("ann", "append", "m1").wants("title", "", "A").get("v1")
			ann.put("v1", history.OK, "v2", b.versions["v1"].plus("m1")).end(history.Committed, "v2")
			b.final("v2")
		}, []Invariant{AsAsked}},
		{"entry replaced", func(b *book) {
			ann := b.begin("ann", "append", "m1=ann").get("v0")
			ann.put("v0", history.OK, "v1", opening.plus("m1=system")).end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{AsAsked}},
		{"entries in another order", func(b *book) {
			ann := b.begin("ann", "append", "m1=x", "m2=y").get("v0")
			ann.put("v0", history.OK, "v1", opening.plus("m2=y", "m1=x")).end(history.Committed, "v1")
			b.final("v1")
		}, nil},
		{"entries exchanged", func(b *book) {
			ann := b.begin("ann", "append", "m1=x", "m2=y").get("v0")
			ann.put("v0", history.OK, "v1", opening.plus("m1=y", "m2=x")).end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{AsAsked}},
		{"a write of unknown outcome that was applied, and lacks the edit", func(b *book) {
			ann := b.begin("ann", "save", "m1").on("v0").wants("title", "A", "B").get("v0")
			b.versions["v1"] = opening.plus("m1")
			ann.put("v0", history.UnknownAnswer, "", opening.plus("m1")).end(history.Unknown, "")
			b.append("bob", "m2", "v1", "v2")
			b.final("v2")
		}, []Invariant{AsAsked}},
		{"a write of unknown outcome that was applied, and has it", func(b *book) {
			ann := b.begin("ann", "save", "m1").on("v0").wants("title", "A", "B").get("v0")
			b.versions["v1"] = opening.plus("m1").set("title", "B")
			ann.put("v0", history.UnknownAnswer, "", b.versions["v1"]).end(history.Unknown, "")
			b.append("bob", "m2", "v1", "v2")
			b.final("v2")
		}, nil},
		{"a call repeated", func(b *book) {
			b.save("ann", "m1", "v0", "v0", "v1", "title", "B")
			b.save("bob", "m2", "v1", "v1", "v2", "title", "C")
			b.begin("ann", "save", "m1").on("v0").wants("title", "A", "B").get("v2").end(history.Committed, "v2")
			b.final("v2")
		}, nil},
		{"id reused, with another field", func(b *book) {
			b.save("ann", "m1", "v0", "v0", "v1", "title", "B")
			b.begin("ann", "save", "m1").on("v0").wants("plan", "P", "Q").get("v1").end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{AsAsked}},
		{"id reused, with another entry", func(b *book) {
			b.append("ann", "m1", "v0", "v1")
			b.begin("bob", "append", "m1=bob").get("v1").end(history.Committed, "v1")
			b.final("v1")
		}, []Invariant{AsAsked}},
		{"work done twice, its results once", func(b *book) {
			ann := b.begin("ann", "append", "r1", "d=ann").once("d").wants("x", "", "1").get("v0")
			ann.put("v0", history.OK, "v1", opening.plus("r1", "d=ann").set("x", "1")).end(history.Committed, "v1")
			b.begin("bob", "append", "r2", "d=bob").once("d").wants("x", "", "2").get("v1").end(history.Committed, "v1")
			b.final("v1")
		}, nil},
		{"work done twice, its results twice", func(b *book) {
			ann := b.begin("ann", "append", "r1", "d=ann").once("d").wants("x", "", "1").get("v0")
			ann.put("v0", history.OK, "v1", opening.plus("r1", "d=ann").set("x", "1")).end(history.Committed, "v1")
			bob := b.begin("bob", "append", "r2", "d=bob").once("d").wants("x", "", "2").get("v1")
			bob.put("v1", history.OK, "v2", b.versions["v1"].plus("r2").set("x", "2")).end(history.Committed, "v2")
			b.final("v2")
		}, []Invariant{ExactlyOnce}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			b.setup(opening)
			c.build(b)
			expect(t, judged(history.Header{}, b.events), c.want...)
		})
	}
}

// TestAnsweredETags: an ETag comes with the content of its version, or to who wrote all
// of that.
func TestAnsweredETags(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(*book)
		want  []Invariant
	}{
		{"the own write, shown", func(b *book) { b.append("ann", "m1", "v0", "v1") }, nil},
		{"the own write on top of what the user had loaded, not shown", func(b *book) {
			ann := b.begin("ann", "save", "m1").on("v0").wants("title", "A", "B").get("v0")
			ann.put("v0", history.OK, "v1", opening.plus("m1").set("title", "B")).endWith(history.Committed, "v1", nil)
		}, nil},
		{"the own write, merged with another's, not shown", func(b *book) {
			b.append("bob", "m2", "v0", "v1")
			ann := b.begin("ann", "save", "m1").on("v0").wants("title", "A", "B").get("v1")
			ann.put("v1", history.OK, "v2", b.versions["v1"].plus("m1").set("title", "B")).endWith(history.Committed, "v2", nil)
		}, []Invariant{AsAsked}},
		{"rival's ETag", func(b *book) {
			ann := b.begin("ann", "append", "m1").get("v0").put("v0", history.OK, "v1", opening.plus("m1"))
			b.append("bob", "m2", "v1", "v2")
			ann.head("v2").endWith(history.Committed, "v2", b.versions["v1"].read())
		}, []Invariant{AsAsked}},
		{"rival's ETag, without content", func(b *book) {
			ann := b.begin("ann", "append", "m1").get("v0").put("v0", history.OK, "v1", opening.plus("m1"))
			b.append("bob", "m2", "v1", "v2")
			ann.head("v2").endWith(history.Committed, "v2", nil)
		}, []Invariant{AsAsked}},
		{"rival's ETag, with the rival's content", func(b *book) {
			ann := b.begin("ann", "append", "m1").get("v0").put("v0", history.OK, "v1", opening.plus("m1"))
			b.append("bob", "m2", "v1", "v2")
			ann.get("v2").end(history.Committed, "v2")
		}, nil},
		{"settled by reading back, not shown to an append", func(b *book) {
			b.versions["v1"] = opening.plus("m1")
			ann := b.begin("ann", "append", "m1").get("v0").put("v0", history.UnknownAnswer, "", opening.plus("m1"))
			ann.get("v1").endWith(history.Committed, "v1", nil)
		}, nil},
		{"settled by reading back, not shown to a user", func(b *book) {
			b.versions["v1"] = opening.plus("m1").set("title", "B")
			ann := b.begin("ann", "save", "m1").on("v0").wants("title", "A", "B").get("v0")
			ann.put("v0", history.UnknownAnswer, "", b.versions["v1"])
			b.append("bob", "m2", "v1", "v2")
			ann.get("v2").endWith(history.Committed, "v2", nil)
		}, []Invariant{AsAsked}},
		{"a load of another version than its ETag's", func(b *book) {
			b.append("bob", "m2", "v0", "v1")
			b.begin("ann", "load").get("v1").endWith(history.Committed, "v1", opening.read())
		}, []Invariant{AsAsked}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			b.setup(opening)
			c.build(b)
			last := "v0"
			for _, etag := range []string{"v1", "v2"} {
				if _, written := b.versions[etag]; written {
					last = etag
				}
			}
			b.final(last)
			expect(t, judged(history.Header{}, b.events), c.want...)
		})
	}
}

// TestCreatedAsAsked: a create stores the whole document and nothing else.
func TestCreatedAsAsked(t *testing.T) {
	for name, c := range map[string]struct {
		stored doc
		want   []Invariant
	}{
		"as it is":             {opening.plus("m1"), nil},
		"with a field more":    {opening.plus("m1").set("isUpdate", "true"), []Invariant{AsAsked}},
		"with a field less":    {opening.plus("m1").set("plan", ""), []Invariant{AsAsked}},
		"with another value":   {opening.plus("m1").set("plan", "p"), []Invariant{AsAsked}},
		"with another history": {opening.plus("m1=x"), []Invariant{AsAsked}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook()
			ann := b.begin("ann", "create", "old", "m1")
			b.events[0].Whole = opening.fieldSum()
			ann.put("absent", history.OK, "v1", c.stored).end(history.Committed, "v1")
			b.final("v1")
			expect(t, judged(history.Header{}, b.events), c.want...)
		})
	}
}

// TestOlderHistoriesSayWhatTheyDoNotSay: without values nothing is held against them.
func TestOlderHistoriesSayWhatTheyDoNotSay(t *testing.T) {
	b := newBook()
	b.setup(opening)
	ann := b.begin("ann", "save", "m1").edits("v0", "title").get("v0")
	ann.put("v0", history.OK, "v1", opening.plus("m1")).end(history.Committed, "v1")
	b.final("v1")
	for _, e := range b.events {
		e.Entries = nil
		if e.Kind == history.Return {
			e.Doc, e.Shown = nil, false
		}
		if e.Doc != nil {
			e.Doc.Entries, e.Doc.Holds, e.Doc.Whole = nil, nil, 0
			for i := range e.Doc.Set {
				e.Doc.Set[i].Sum = 0
			}
		}
	}
	r := judged(history.Header{}, b.events)
	expect(t, r)
	if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "values were not recorded of 1 of 1 acknowledged updates") {
		t.Errorf("notes: %q", r.Notes)
	}
}

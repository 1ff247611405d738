package check

import (
	"slices"
	"strings"
	"testing"

	"holdfast/scenarios/history"
)

// tell makes the last read say what the version holds that nobody else tells of: against one
// that is known, or in full ("").
func (c *client) tell(of string) *client {
	e := c.events[len(c.events)-1]
	e.Doc = c.versions[e.ETag].written(c.versions[of], of)
	return c
}

// is puts a version into the store that nobody is seen to write.
func (b *book) is(etag string, d doc) { b.versions[etag] = d }

// gapsHeader is that of two recorders the second of which is missing, or died.
func gapsHeader(lost bool) history.Header {
	h := history.Header{Recorders: 2, Shards: []history.Shard{{Number: 0, Attempt: 1}}}
	if lost {
		h.Shards = append(h.Shards, history.Shard{Number: 1, Attempt: 1, Lost: true})
	}
	return h
}

// TestGaps: what is proved though a recorder is missing, and what is left open.
func TestGaps(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(*book)
		want  []Invariant
		open  string // "I6 stale field written", …
	}{
		{"somebody unrecorded appends in between", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.is("v2", b.versions["v1"].plus("x"))
			b.begin("ann", "append", "m3").get("v2").tell("v1").put("v2", history.OK, "v3", b.versions["v2"].plus("m3")).end(history.Committed, "v3")
			b.final("v3")
		}, nil, "I3 never submitted"},
		{"several versions in between, of which one is read", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.is("v4", b.versions["v1"].plus("x", "y", "z"))
			b.begin("ann", "append", "m5").get("v4").tell("v1").put("v4", history.OK, "v5", b.versions["v4"].plus("m5")).end(history.Committed, "v5")
			b.final("v5")
		}, nil, "I3 never submitted"},
		{"somebody unrecorded wrote over an acknowledged entry", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.is("v2", start.plus("x"))
			b.begin("bob", "append", "m3").get("v2").tell("v0").put("v2", history.OK, "v3", b.versions["v2"].plus("m3")).end(history.Committed, "v3")
			b.final("v3")
		}, []Invariant{NothingLost, AppendOnly}, "I3 never submitted"},
		{"the last version of all lacks it, whoever wrote it", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.is("v2", start.plus("x"))
			b.final("v2")
			b.told("v0")
		}, []Invariant{NothingLost, AppendOnly}, "I3 never submitted"},
		{"what the last version holds is not known", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.is("v2", start.plus("x"))
			b.final("v2")
		}, nil, ""},
		{"an entry of somebody unrecorded stands twice", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.is("v2", b.versions["v1"].plus("x", "x"))
			b.begin("ann", "append", "m3").get("v2").tell("v1").put("v2", history.OK, "v3", b.versions["v2"].plus("m3")).end(history.Committed, "v3")
			b.final("v3")
		}, []Invariant{ExactlyOnce}, "I3 never submitted"},
		{"entries without ids of somebody unrecorded are alike", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.is("v2", b.versions["v1"].plus("#1", "#1"))
			b.final("v2")
			b.told("v1")
		}, nil, "I2 appended again"},
		{"an entry that its recorded writer was not asked for", func(b *book) {
			b.setup(start)
			b.is("v1", start.plus("x"))
			b.begin("ann", "append", "m2").get("v1").tell("v0").put("v1", history.OK, "v2", b.versions["v1"].plus("m2", "y")).end(history.Committed, "v2")
			b.final("v2")
		}, []Invariant{NothingInvented}, "I3 never submitted"},
		{"two recorded writers replaced a version of somebody unrecorded", func(b *book) {
			b.setup(start)
			b.is("v1", start.plus("x"))
			ann := b.begin("ann", "append", "m2").get("v1").tell("v0")
			bob := b.begin("bob", "append", "m3").get("v1")
			ann.put("none", history.OK, "v2", b.versions["v1"].plus("m2")).end(history.Committed, "v2")
			bob.put("none", history.OK, "v3", b.versions["v1"].plus("m3")).end(history.Committed, "v3")
			b.final("v3")
		}, []Invariant{NothingLost, OneChain}, "I3 never submitted"},
		{"somebody unrecorded set a field that was saved", func(b *book) {
			b.setup(start)
			b.save("ann", "m1", "v0", "v0", "v1", "title", "saved")
			b.is("v2", b.versions["v1"].plus("x").set("title", "X"))
			b.final("v2")
			b.told("v1")
		}, nil, "I6 stale field written"},
		{"a recorded writer who had not seen it", func(b *book) {
			b.setup(start)
			b.save("ann", "m1", "v0", "v0", "v1", "title", "saved")
			b.is("v2", b.versions["v1"].plus("x"))
			b.begin("bob", "load").get("v2").tell("v1").end(history.Committed, "v2")
			b.save("bob", "m3", "v0", "v2", "v3", "title", "B")
			b.final("v3")
		}, []Invariant{NoSilentOverwrite}, "I3 never submitted"},
		{"what somebody unrecorded set is replaced by one who had not seen it", func(b *book) {
			b.setup(start)
			b.is("v1", start.plus("x").set("title", "X"))
			b.begin("bob", "load").get("v1").tell("v0").end(history.Committed, "v1")
			b.save("bob", "m2", "v0", "v1", "v2", "title", "B")
			b.final("v2")
		}, nil, "I6 stale field written"},
		{"a foreign field that a recorded writer changed", func(b *book) {
			b.setup(start)
			b.is("v1", start.plus("x"))
			b.begin("ann", "append", "m2").get("v1").tell("v0").put("v1", history.OK, "v2", b.versions["v1"].plus("m2").set("status", "9")).end(history.Committed, "v2")
			b.final("v2")
		}, []Invariant{ForeignDataIntact}, "I3 never submitted"},
		{"a foreign field that somebody unrecorded changed", func(b *book) {
			b.setup(start)
			b.is("v1", start.plus("x").set("status", "9"))
			b.append("ann", "m2", "v1", "v2")
			b.final("v2")
			b.events[2].Doc = b.versions["v1"].written(start, "v0")
		}, nil, "I11 field changed unasked"},
		{"a refused entry that others may have written", func(b *book) {
			b.setup(start)
			b.begin("ann", "append", "m1").get("v0").put("v0", history.UnknownAnswer, "", start.plus("m1")).end(history.Exhausted, "")
			b.is("v2", start.plus("m1", "x"))
			b.final("v2")
			b.told("v0")
		}, nil, "I10 failure that committed"},
	} {
		for _, lost := range []bool{false, true} {
			t.Run(c.name, func(t *testing.T) {
				b := newBook()
				c.build(b)
				r := judged(gapsHeader(lost), b.events)
				var found []Invariant
				for i := range r.Found {
					found = append(found, i)
				}
				slices.Sort(found)
				if !slices.Equal(found, c.want) || len(r.StoreFindings) > 0 {
					t.Errorf("found %v and %v, want %v", r.Violations, r.StoreFindings, c.want)
				}
				if c.open == "" && (r.Verdict != Inconclusive || r.Tally.Unfollowed == 0) {
					t.Errorf("%s, though the last version is not known", r.Verdict)
				}
				if c.open != "" && !slices.ContainsFunc(r.Undetermined, func(u Undetermined) bool { return string(u.Invariant)+" "+u.Anomaly == c.open }) {
					t.Errorf("left open: %+v, want %s", r.Undetermined, c.open)
				}
			})
		}
	}
}

// told makes the final read tell.
func (b *book) told(of string) {
	e := b.events[len(b.events)-2]
	e.Doc = b.versions[e.ETag].written(b.versions[of], of)
}

// TestVerdictOverGaps: a missing recorder makes a history inconclusive; one that died leaves it
// ok, with a note, if it is known what the versions hold.
func TestVerdictOverGaps(t *testing.T) {
	gone := func(tells bool) func(b *book) {
		return func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			b.begin("eve", "append", "x")
			b.events[len(b.events)-1].Clock = 1 // and nothing more is known of it
			b.is("v2", b.versions["v1"].plus("x"))
			b.begin("ann", "append", "m3").get("v2")
			last := &client{book: b, actor: "ann", op: 3, read: "v2", base: b.versions["v2"]}
			if tells {
				last.tell("v1")
			}
			last.put("v2", history.OK, "v3", b.versions["v2"].plus("m3")).end(history.Committed, "v3")
			b.final("v3")
		}
	}
	for _, c := range []struct {
		name        string
		lost, tells bool
		want        Verdict
		says        string
	}{
		{"a recorder is missing", false, true, Inconclusive, "1 of 2 recorders are missing: number 1, from 0"},
		{"a recorder died", true, true, OK, "the recorder of shard 1 (attempt 1) died: what it did last is known from what others read; what became of 1 operations that it had begun is not"},
		{"a recorder died, and what it wrote is not known", true, false, Inconclusive, "could not be followed over what is missing: of 2 it is not known"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			gone(c.tells)(b)
			r := judged(gapsHeader(c.lost), b.events)
			if told := strings.Join(append(r.Reasons, r.Notes...), "\n"); r.Verdict != c.want || !strings.Contains(told, c.says) {
				t.Errorf("%s: %s %v\nwant %s: %s", r.Verdict, told, r.Violations, c.want, c.says)
			}
		})
	}
	b := newBook()
	gone(true)(b)
	if r := judged(history.Header{}, b.events); r.Found[OneChain] == 0 {
		t.Error("of a run that one recorder has seen a version that nobody wrote is no violation")
	}
}

// TestPossibleModifications: an entry that nobody is seen to submit is explained if its id is
// one that a client of the missing recorder has, and left open if it is not.
func TestPossibleModifications(t *testing.T) {
	h := gapsHeader(false)
	h.Seed, h.Scenario, h.Clients = 7, "burst", 12
	nth := func(actor string, n int) (id string) {
		ids := history.NewIDs(h.Seed, h.Scenario, actor)
		for range n {
			id = ids.Next()
		}
		return id
	}
	for _, c := range []struct {
		name, id string
		possible bool
	}{
		{"of another client of its kind", nth("1/1/backend-12", 1), true},
		{"a later one, of a later attempt", nth("1/2/backend-02", 50), true},
		{"of a recorder that is there", nth("0/1/backend-02", 1), false},
		{"of no client", nth("1/1/backend-13", 1), false},
		{"of another seed", "m-0", false},
	} {
		b := newBook()
		b.setup(start)
		b.append("0/1/backend-01", nth("0/1/backend-01", 1), "v0", "v1")
		b.is("v2", b.versions["v1"].plus(c.id))
		b.final("v2")
		b.told("v1")
		r := judged(h, b.events)
		if open := len(r.Undetermined) > 0; open == c.possible || len(r.Found) > 0 {
			t.Errorf("%s: %+v, %v", c.name, r.Undetermined, r.Found)
		}
	}
}

// TestEqualEntriesOverGaps: of versions that hold the same entries one that nobody is seen to
// write follows the last of those that others are known to have written one after the other, in
// whatever order they are told; and nothing is concluded from its place.
func TestEqualEntriesOverGaps(t *testing.T) {
	b := newBook()
	b.setup(start)
	b.is("v1", start.plus("m1"))
	ann := b.begin("ann", "append", "m1").get("v0") // who is answered late
	begun := b.now
	b.begin("bob", "save").on("v1").wants("title", "A", "B").get("v1").put("v1", history.OK, "v2", b.versions["v1"].set("title", "B")).end(history.Committed, "v2")
	ann.from(begun).put("v0", history.OK, "v1", b.versions["v1"]).end(history.Committed, "v1")
	b.is("v3", b.versions["v2"].set("plan", "X"))
	carol := b.begin("carol", "append", "m4").get("v3").tell("v2")
	b.begin("dora", "load").get("v2").end(history.Committed, "v2") // perhaps after v3
	carol.put("v3", history.OK, "v4", b.versions["v3"].plus("m4")).end(history.Committed, "v4")
	b.final("v4")
	r := judged(gapsHeader(false), b.events)
	open := map[string]bool{}
	for _, u := range r.Undetermined {
		open[u.Anomaly] = true
	}
	if open["fork"] || !open["stale read"] || r.Tally.Unfollowed > 0 || len(r.Found) > 0 || len(r.StoreFindings) > 0 {
		t.Errorf("left open: %+v, found %v and %v, %d not followed", r.Undetermined, r.Violations, r.StoreFindings, r.Tally.Unfollowed)
	}
	carol.begin("eve", "load").get("v2").end(history.Committed, "v2") // certainly after v4, which holds more
	if r := judged(gapsHeader(false), b.events); len(r.StoreFindings) == 0 {
		t.Errorf("a read of what had been there before is not found: %v", r.Undetermined)
	}
}

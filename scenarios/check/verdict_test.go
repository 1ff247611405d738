package check

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"holdfast/archive/storefault"
	"holdfast/scenarios/history"
)

// TestVerdicts: nothing that is not known is green.
func TestVerdicts(t *testing.T) {
	good := func(b *book) {
		b.setup(start)
		b.append("ann", "m1", "v0", "v1")
		bob := b.begin("bob", "append", "m2").from(20).get("v0") // asked long ago
		bob.put("v0", history.PreconditionFailed, "", start.plus("m2")).get("v1")
		bob.put("v1", history.OK, "v2", b.versions["v1"].plus("m2")).end(history.Committed, "v2")
		b.final("v2")
	}
	for _, c := range []struct {
		name  string
		build func(*book)
		min   int
		want  Verdict
		says  string
	}{
		{"good", good, 0, OK, ""},
		{"enough contention", good, 1, OK, ""},
		{"too little contention", good, 2, Inconclusive, "1 conflicts, the scenario wants at least 2"},
		{"nothing", func(*book) {}, 0, Inconclusive, "no operation"},
		{"only loads", func(b *book) {
			b.setup(start)
			b.begin("ann", "load").get("v0").end(history.Committed, "v0")
			b.final("v0")
		}, 0, Inconclusive, "no operation was run"},
		{"only a batch, of nothing", func(b *book) {
			b.setup(start)
			b.batch().get("v0").end(history.Committed, "v0")
			b.final("v0")
		}, 0, Inconclusive, "no operation was run"},
		{"nothing acknowledged", func(b *book) {
			b.setup(start)
			b.begin("ann", "append", "m1").get("v0").put("v0", history.UnknownAnswer, "", start.plus("m1")).end(history.Unknown, "")
			b.final("v0")
		}, 0, Inconclusive, "acknowledged"},
		{"no end", func(b *book) {
			good(b)
			b.events = b.events[:len(b.events)-1]
		}, 0, Inconclusive, "no end"},
		{"no final read", func(b *book) {
			good(b)
			b.events = append(b.events[:len(b.events)-2], b.events[len(b.events)-1])
		}, 0, Inconclusive, "final state of 1 of 1"},
		{"no final read, and the answers came late", func(b *book) {
			b.setup(start)
			ann := b.begin("ann", "append", "m1").get("v0")
			begun := b.now
			b.versions["v1"] = start.plus("m1")
			b.append("bob", "m2", "v1", "v2")
			ann.from(begun).put("v0", history.OK, "v1", start.plus("m1")).end(history.Committed, "v1")
			b.add(history.Event{Kind: history.End})
		}, 0, Inconclusive, "final state"},
		{"the final read failed", func(b *book) {
			good(b)
			b.events[len(b.events)-2].Answer, b.events[len(b.events)-2].ETag = history.Unavailable, ""
		}, 0, Inconclusive, "final state"},
		{"the final read has no ETag", func(b *book) {
			good(b)
			b.events[len(b.events)-2].ETag = ""
		}, 0, Inconclusive, "final state"},
		{"an operation has no end", func(b *book) {
			good(b)
			b.begin("eve", "append", "m3")
		}, 0, Inconclusive, "1 operations have no end"},
		{"cancelled", func(b *book) {
			good(b)
			b.begin("eve", "append", "m3").get("v2").put("v2", history.Conflict, "", start).end(history.Cancelled, "")
		}, 0, OK, ""},
		{"crashed", func(b *book) {
			good(b)
			b.begin("eve", "append", "m3").get("v2").put("v2", history.UnknownAnswer, "", start).end(history.Crashed, "")
		}, 0, OK, ""},
		{"all crashed", func(b *book) {
			b.setup(start)
			b.begin("ann", "append", "m1").get("v0").put("v0", history.UnknownAnswer, "v1", start.plus("m1")).end(history.Crashed, "")
			b.final("v1")
		}, 0, Inconclusive, "acknowledged"},
		{"committed after the final read", func(b *book) {
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			bob := b.begin("bob", "append", "m2").get("v1")
			begun := b.now
			b.final("v1")
			bob.from(begun).put("v1", history.OK, "v2", b.versions["v1"].plus("m2")).end(history.Committed, "v2")
			b.append("eve", "m3", "v2", "v3")
		}, 0, OK, ""},
		{"an operation begins twice", func(b *book) {
			good(b)
			b.events = append(b.events, b.events[1])
		}, 0, Inconclusive, "begins more than once"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			c.build(b)
			r := judged(history.Header{MinConflicts: c.min}, b.events)
			if r.Verdict != c.want || !strings.Contains(strings.Join(r.Reasons, "; "), c.says) || c.want == OK && len(r.Reasons) > 0 {
				t.Errorf("got %s: %v %v, want %s", r.Verdict, r.Reasons, r.Found, c.want)
			}
		})
	}
}

func TestInterruptedRunsAreMarked(t *testing.T) {
	b := newBook()
	b.setup(start)
	b.append("ann", "m1", "v0", "v1")
	b.final("v1")
	b.events[len(b.events)-1].Interrupted = true
	if r := judged(history.Header{}, b.events); !r.Interrupted || r.Verdict != OK {
		t.Errorf("%+v", r)
	}
}

// TestStaleReadsAreReportedOnce: the load that answers what a stale read of the
// store showed it is no violation of its own, whatever it read besides.
func TestStaleReadsAreReportedOnce(t *testing.T) {
	b := newBook()
	b.setup(start)
	b.append("ann", "m1", "v0", "v1")
	b.begin("bob", "load").get("v0").end(history.Committed, "v0")
	b.begin("bob", "load").get("v0").get("v1").end(history.Committed, "v0")
	b.begin("bob", "load").get("v1").get("v1").end(history.Committed, "v0")
	begun := b.now + 10
	b.begin("bob", "load").from(begun).get("v0").get("v1").end(history.Committed, "v0")
	b.final("v1")
	r := judged(history.Header{}, b.events)
	// Two are the store's, of which the last load is an answer, too.
	expect(t, r, RealTime, byStore(storefault.StaleRead))
	if r.Found[RealTime] != 1 || r.StoreFindings[0].Count != 3 {
		t.Errorf("found %v %v", r.Found, r.StoreFindings)
	}
	for _, v := range r.Violations {
		if !strings.HasPrefix(v.Summary, "bob loaded version v0 of archive/C.json after an acknowledged write had shown version v1") {
			t.Error(v.Summary)
		}
	}
	last := r.Violations[0].Witness
	if len(last) != 3 || last[0].Kind != history.Put || last[1].Kind != history.Invoke || last[2].Kind != history.Return {
		t.Errorf("%+v", last)
	}
}

// TestDeletion: what began before a deletion ended may be gone; what began
// after it may not.
func TestDeletion(t *testing.T) {
	remove := func(b *book, answer string) {
		c := b.begin("eve", "load")
		c.call(history.Event{Kind: history.Delete, Answer: answer})
		c.end(history.Committed, "")
	}
	recreate := func(b *book) {
		b.begin("bob", "create", "c2").put("absent", history.OK, "w0", doc{}.plus("c2")).end(history.Committed, "w0")
	}
	for _, c := range []struct {
		name  string
		build func(*book)
		want  []Invariant
	}{
		{"deleted and gone", func(b *book) { remove(b, history.OK); b.final("") }, nil},
		{"deleted and created anew", func(b *book) { remove(b, history.OK); recreate(b); b.final("w0") }, nil},
		{"perhaps deleted", func(b *book) { remove(b, history.UnknownAnswer); b.final("") }, nil},
		{"not deleted", func(b *book) { remove(b, history.PreconditionFailed); b.final("") }, []Invariant{byStore(storefault.LostWrite)}},
		{"created anew and lost", func(b *book) {
			remove(b, history.OK)
			recreate(b)
			b.append("ann", "m2", "w0", "w1")
			b.begin("ann", "append", "m3").get("w1").put("w1", history.OK, "w2", doc{}.plus("c2", "m3")).end(history.Committed, "w2")
			b.final("w2")
		}, []Invariant{NothingLost, AppendOnly}},
		{"created anew and vanished", func(b *book) { remove(b, history.OK); recreate(b); b.final("") }, []Invariant{NothingLost, RealTime}},
		{"brought back by an append", func(b *book) {
			remove(b, history.OK)
			b.begin("bob", "append", "m2").missing().put("absent", history.OK, "w0", doc{}.plus("m2")).end(history.Committed, "w0")
			b.final("w0")
		}, []Invariant{OneChain}},
		{"brought back by an append of which nobody was told", func(b *book) {
			remove(b, history.OK)
			b.begin("bob", "append", "m2").missing().put("absent", history.UnknownAnswer, "w0", doc{}.plus("m2")).end(history.Crashed, "")
			b.final("w0")
		}, []Invariant{OneChain}},
		{"not brought back by an append", func(b *book) {
			remove(b, history.OK)
			b.begin("bob", "append", "m2").missing().put("absent", history.UnknownAnswer, "", doc{}.plus("m2")).end(history.Unknown, "")
			b.begin("eve", "append", "m3").missing().put("absent", history.PreconditionFailed, "", doc{}.plus("m3")).missing().end(history.Gone, "")
			b.final("")
		}, nil},
		{"brought back by a blind save", func(b *book) {
			bob := b.begin("bob", "save", "m2").edits("v1", "title").get("v1")
			remove(b, history.OK)
			bob.put("none", history.OK, "v2", start.plus("m1", "m2").set("title", "B")).end(history.Committed, "v2")
			b.final("v2")
		}, []Invariant{OneChain}},
		{"a blind save that the deletion can have followed", func(b *book) {
			bob := b.begin("bob", "save", "m2").edits("v1", "title").get("v1")
			begun := b.now
			remove(b, history.OK)
			bob.from(begun).put("none", history.OK, "v2", start.plus("m1", "m2").set("title", "B")).end(history.Committed, "v2")
			b.final("v2")
		}, nil},
		{"a blind save on what was created anew", func(b *book) {
			remove(b, history.OK)
			recreate(b)
			b.begin("bob", "save", "m2").edits("w0", "title").get("w0").
				put("none", history.OK, "w1", doc{}.plus("c2", "m2").set("title", "B")).end(history.Committed, "w1")
			b.final("w1")
		}, nil},
		{"a blind save on what was perhaps created anew", func(b *book) {
			begun := b.now
			remove(b, history.OK)
			b.begin("eve", "create", "c2").from(begun).put("absent", history.UnknownAnswer, "", doc{}.plus("c2")).end(history.Unknown, "")
			b.begin("bob", "save", "m2").edits("v1", "title").
				put("none", history.OK, "w1", doc{}.plus("m2").set("title", "B")).end(history.Committed, "w1")
			b.final("w1")
		}, nil},
		{"created anew twice", func(b *book) {
			remove(b, history.OK)
			recreate(b)
			b.begin("eve", "create", "c3").put("none", history.OK, "x0", doc{}.plus("c3")).end(history.Committed, "x0")
			b.final("x0")
		}, []Invariant{NothingLost, OneChain, OneCreator}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			c.build(b)
			expect(t, judged(history.Header{}, b.events), c.want...)
		})
	}
}

// TestResurrectedIsExplained: by who deleted and who brought it back, once each.
func TestResurrectedIsExplained(t *testing.T) {
	b := newBook()
	b.setup(start)
	for i, actor := range []string{"ann", "bob", "eve"} {
		c := b.begin(actor, "load")
		c.call(history.Event{Kind: history.Delete, Answer: history.OK})
		c.end(history.Committed, "")
		w := fmt.Sprint("w", i)
		cond := []string{"absent", "none", "absent"}[i]
		b.begin("tom", "append", "m"+w).missing().put(cond, history.OK, w, doc{}.plus("m"+w)).end(history.Committed, w)
	}
	b.final("w2")
	r := judged(history.Header{}, b.events)
	if r.Found[OneChain] != 3 || len(r.Found) != 1 {
		t.Fatalf("found %v", r.Found)
	}
	for i, v := range r.Violations {
		actor := []string{"ann", "bob", "eve"}[i]
		var kinds []history.Kind
		for _, e := range v.Witness {
			kinds = append(kinds, e.Kind)
		}
		if v.Anomaly != "resurrected" || !strings.Contains(v.Summary, fmt.Sprintf("tom wrote version w%d", i)) ||
			!strings.HasSuffix(v.Summary, actor+" had deleted the object") || v.Witness[0].Actor != actor ||
			!slices.Equal(kinds, []history.Kind{history.Delete, history.Invoke, history.Get, history.Put, history.Return}) {
			t.Errorf("%s: %s: %v", v.Anomaly, v.Summary, kinds)
		}
	}
}

// TestSeveralObjects: ETags and ids of one object say nothing about another.
func TestSeveralObjects(t *testing.T) {
	b := newBook()
	keys := []string{"archive/A.json", "archive/B.json", "archive/C.json"}
	for _, key := range keys {
		b.key = key
		b.setup(start)
		b.save("ann", "m1", "v0", "v0", "v1", "title", "B")
		b.append("bob", "m2", "v1", "v2")
	}
	for _, key := range keys {
		b.key = key
		b.final("v2")
	}
	r := judged(history.Header{}, b.events)
	expect(t, r)
	if r.Counts.Committed != 6 {
		t.Errorf("%+v", r.Counts)
	}
}

// TestCounts: each modification is lost, or stands twice, once.
func TestCounts(t *testing.T) {
	b := newBook()
	b.setup(start)
	b.append("ann", "m1", "v0", "v1")
	b.append("ann", "m2", "v1", "v2")
	b.begin("ann", "append", "m2").get("v2").end(history.Committed, "v2") // told once more
	b.begin("bob", "append", "m3").get("v2").put("v2", history.OK, "v3", start.plus("m3", "m3", "m3")).end(history.Committed, "v3")
	b.begin("bob", "append", "m4").get("v3").put("v3", history.OK, "v4", start.plus("m4", "m3", "m3")).end(history.Committed, "v4")
	b.final("v4")
	r := judged(history.Header{}, b.events)
	if r.Counts != (Counts{Committed: 4, Lost: 2, Duplicated: 1}) {
		t.Errorf("%+v", r.Counts)
	}
}

// TestRestoredEntries: a version that was built on an old one brings back what
// was dropped since, and drops what was added since.
func TestRestoredEntries(t *testing.T) {
	b := newBook()
	b.setup(start)
	b.append("ann", "m1", "v0", "v1")
	eve := b.begin("eve", "append", "m3").get("v1")
	b.begin("bob", "append", "m2").get("v1").put("v1", history.OK, "v2", start.plus("m2")).end(history.Committed, "v2")
	eve.head("v2").put("v2", history.OK, "v3", start.plus("m1", "m3")).end(history.Committed, "v3")
	b.final("v3")
	r := judged(history.Header{}, b.events)
	if r.Counts.Lost != 1 || r.Found[AppendOnly] != 2 {
		t.Errorf("%+v %v", r.Counts, r.Found)
	}
	for _, v := range r.Violations {
		if v.Invariant == NothingLost && !strings.Contains(v.Summary, "bob was told that m2 is stored") {
			t.Error(v.Summary)
		}
	}
}

// TestAnomalies: the name of what went wrong is the closest one.
func TestAnomalies(t *testing.T) {
	b := newBook()
	b.setup(start)
	moved := start.plus("m1")
	moved.moved = true
	b.begin("ann", "append", "m1").get("v0").put("v0", history.OK, "v1", moved).end(history.Committed, "")
	b.final("v1")
	r := judged(history.Header{}, b.events)
	var names []string
	for _, v := range r.Violations {
		names = append(names, v.Anomaly)
	}
	if want := "fields reordered, success without an ETag"; strings.Join(names, ", ") != want {
		t.Errorf("got %v, want %s", names, want)
	}
}

// TestViolationsShownAreBounded: all are counted, the first few told.
func TestViolationsShownAreBounded(t *testing.T) {
	b := newBook()
	b.setup(start)
	for i := range 3 * MostShown {
		c := b.begin("ann", "append", fmt.Sprint("m", i)).get("v0")
		c.put("none", history.OK, fmt.Sprint("w", i), start.plus(fmt.Sprint("m", i))).end(history.Committed, fmt.Sprint("w", i))
	}
	b.final(fmt.Sprint("w", 3*MostShown-1))
	r := judged(history.Header{}, b.events)
	if r.Found[NothingLost] != 3*MostShown-1 || r.Counts.Lost != 3*MostShown-1 {
		t.Errorf("%v %+v", r.Found, r.Counts)
	}
	shown := map[Invariant]int{}
	for _, v := range r.Violations {
		shown[v.Invariant]++
	}
	if shown[NothingLost] != MostShown || shown[OneChain] != MostShown {
		t.Errorf("shown %v", shown)
	}
}

// TestGarbledEvents: whatever the events say, the judge comes to an end.
func TestGarbledEvents(t *testing.T) {
	circle := func(b *book) {
		b.setup(start)
		b.append("ann", "m1", "v2", "v1")
		b.append("ann", "m2", "v1", "v2")
		b.append("ann", "m3", "v3", "v3")
	}
	damages := map[string]func(e *history.Event){
		"negative operation": func(e *history.Event) { e.Op = -e.Op },
		"huge operation":     func(e *history.Event) { e.Op *= math.MaxInt / 8 },
		"other key":          func(e *history.Event) { e.Key += fmt.Sprint(e.At % 3) },
		"no key":             func(e *history.Event) { e.Key = "" },
		"no document":        func(e *history.Event) { e.Doc = nil },
		"other operation":    func(e *history.Event) { e.Op = 1 },
		"no ETags":           func(e *history.Event) { e.ETag, e.IfETag, e.Base = "", "", "" },
		"words unknown":      func(e *history.Event) { e.Answer, e.Outcome, e.If, e.Do = "?", "?", "?", "?" },
		"time goes back":     func(e *history.Event) { e.At, e.Start = -e.At, e.At },
		"counts huge": func(e *history.Event) {
			if e.Doc != nil {
				e.Doc.N, e.Doc.Keep = math.MaxInt, math.MaxInt
			}
		},
		"counts negative": func(e *history.Event) {
			if e.Doc != nil {
				e.Doc.N, e.Doc.Keep = -1, math.MinInt
			}
		},
		"built on nothing known": func(e *history.Event) {
			if e.Doc != nil {
				e.Doc.Of = "zz"
			}
		},
		"built on itself": func(e *history.Event) {
			if e.Doc != nil {
				e.Doc.Of, e.IfETag = e.ETag, e.ETag
			}
		},
	}
	for name, damage := range damages {
		for which := range 4 {
			t.Run(fmt.Sprintf("%s/%d", name, which), func(t *testing.T) {
				b := newBook()
				circle(b)
				b.save("ann", "m4", "v0", "v3", "v4", "title", "Z")
				b.final("v4")
				for i, e := range b.events {
					if which == 3 || i%3 == which {
						damage(e)
					}
				}
				if r := judged(history.Header{}, b.events); r.Verdict == OK {
					t.Errorf("ok: %+v", r)
				}
			})
		}
	}
}

// TestBrokenHistoriesAreJudgedInTime: the work on a large broken history is
// bounded, and the counts at its end are right all the same.
func TestBrokenHistoriesAreJudgedInTime(t *testing.T) {
	for _, c := range []struct {
		age, lost int
		locked    bool
	}{{3, 13_333, false}, {2, 10_000, true}} {
		j := New(history.Header{})
		stale(j, "archive/C.json", 20_000, c.age, c.locked, 0)
		j.Add(&history.Event{Kind: history.End})
		r := j.Finish()
		if r.Counts.Lost != c.lost {
			t.Errorf("%+v: lost %d", c, r.Counts.Lost)
		}
	}
}

// TestAnswersAfterAnInterrupt: whatever a client was told then, it is no evidence; what
// others did before still is.
func TestAnswersAfterAnInterrupt(t *testing.T) {
	for _, c := range []struct {
		outcome, etag string
	}{{history.Failed, ""}, {history.UserConflict, ""}, {history.Exhausted, ""}, {history.Gone, ""}, {history.Committed, "v9"}} {
		for _, cut := range []bool{false, true} {
			b := newBook()
			b.setup(start)
			b.append("ann", "m1", "v0", "v1")
			op := b.begin("bob", "save", "m2").edits("v1", "title").get("v1")
			if c.outcome == history.Failed {
				op.put("v1", history.PreconditionFailed, "", b.versions["v1"].plus("m2"))
			}
			op.end(c.outcome, c.etag)
			b.events[len(b.events)-1].Interrupted = cut
			b.final("v1")
			if r := judged(history.Header{}, b.events); (len(r.Found) > 0) == cut {
				t.Errorf("told %s, interrupted %v: found %v", c.outcome, cut, r.Found)
			}
		}
	}
}

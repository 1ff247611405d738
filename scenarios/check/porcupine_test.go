package check

import (
	"math"
	"slices"
	"testing"

	"holdfast/archive/storefault"
	"holdfast/scenarios/history"

	"github.com/anishathalye/porcupine"
	"pgregory.net/rapid"
)

// call is a store call on a register whose value is the ETag of the version that
// it holds, "" if it holds none.
type call struct {
	write bool
	cond  string   // what a write replaces
	makes []string // what it can have made
	maybe bool     // it may not have been applied
}

// cas is a register that is read, and written by compare-and-swap.
var cas = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{""} },
	Step: func(now, input, output any) (next []any) {
		c := input.(call)
		if !c.write && now == output || c.maybe {
			next = append(next, now)
		}
		for _, etag := range c.makes {
			if now == c.cond || now == etag {
				next = append(next, etag)
			}
		}
		return next
	},
}).ToModel()

func contentOf(d *history.Doc) content { return content{int32(d.N), d.Sum, d.Fields} }

// calls are the store calls of a history. A write without a good answer may have
// been applied at any time after it was sent, also one that was refused, for a
// layer below may have sent it twice. What it made is then one of the versions
// that were read with its content.
func calls(events []*history.Event) (all []porcupine.Operation) {
	read := map[content][]string{}
	for _, e := range events {
		if e.Kind == history.Get && e.Answer == history.OK && !slices.Contains(read[contentOf(e.Doc)], e.ETag) {
			read[contentOf(e.Doc)] = append(read[contentOf(e.Doc)], e.ETag)
		}
	}
	for _, e := range events {
		op := porcupine.Operation{Call: e.Start, Output: e.ETag, Return: e.At}
		switch {
		case e.Kind == history.Get:
			op.Input = call{}
		case e.Kind == history.Put && e.Answer == history.OK:
			op.Input = call{write: true, cond: e.IfETag, makes: []string{e.ETag}}
		case e.Kind == history.Put:
			op.Input = call{write: true, cond: e.IfETag, makes: read[contentOf(e.Doc)], maybe: true}
			op.Return = math.MaxInt64
		default:
			continue
		}
		all = append(all, op)
	}
	return all
}

// consistent: each ETag was met with one content. That is no question of order,
// so porcupine is not asked.
func consistent(events []*history.Event) bool {
	held := map[string]content{}
	for _, e := range events {
		if e.Doc == nil || e.ETag == "" {
			continue
		}
		if c, known := held[e.ETag]; known && c != contentOf(e.Doc) {
			return false
		}
		held[e.ETag] = contentOf(e.Doc)
	}
	return true
}

// storeSim is a simulation of correct clients on a store with a fault.
func storeSim(t *rapid.T, f fault) *sim {
	s := &sim{book: newBook(), t: t, fault: f, unique: rapid.Bool().Draw(t, "unique")}
	first := &applied{}
	if rapid.Bool().Draw(t, "there is an object") {
		s.setup(start)
		s.versions["v0"] = start
		first = &applied{doc: start, etag: "v0"}
	}
	s.begins(first, slices.Repeat([]bug{correct}, rapid.IntRange(2, 4).Draw(t, "clients")))
	return s
}

// seenByBoth are the invariants that a store breaks on correct clients: one of
// them is reported if, and only if, the history is not linearizable.
//
// Only the judge sees what clients make of a store: I2, I3, I6, I10 and I11, and I1
// and I5 where it is the client that lies or rewrites. Some of these come with a
// broken store too, but never alone. Only the content tells a body that was served
// under another ETag, so consistent looks after that. Both accept a write on a
// wrong condition that stores what stands there already, under the same ETag: it
// changed nothing.
var seenByBoth = []Invariant{NothingLost, OneChain, AppendOnly, RealTime, OneCreator}

func linearizable(events []*history.Event) bool {
	return consistent(events) && porcupine.CheckOperations(cas, calls(events))
}

func accused(r Report) bool {
	return slices.ContainsFunc(seenByBoth, func(i Invariant) bool { return r.Found[i] > 0 })
}

func TestJudgeAgreesWithPorcupine(t *testing.T) {
	for _, f := range []fault{sound, ignores, forgets, servesOld, repeats, splits, tears} {
		t.Run(string(f), func(t *testing.T) {
			seen := map[string]int{}
			rapid.Check(t, func(t *rapid.T) {
				s := storeSim(t, f)
				s.run()
				r := judged(history.Header{}, s.events)
				good := linearizable(s.events)
				if good == (accused(r) || len(r.StoreFindings) > 0) {
					for _, e := range s.events {
						t.Log(line(e))
					}
					for _, v := range r.Violations {
						t.Logf("%s %s: %s", v.Invariant, v.Anomaly, v.Summary)
					}
					t.Fatalf("porcupine: linearizable %v; judge: %v %v", good, r.Found, r.StoreFindings)
				}
				for _, found := range r.StoreFindings {
					seen[string(found.Kind)]++
				}
				// Whatever the store does, but for what the answer to a second sending
				// hides: by when the first had been applied.
				if r.Verdict == Violated && (f == sound || !good) {
					for _, e := range s.events {
						t.Log(line(e))
					}
					for _, v := range r.Violations {
						t.Logf("%s %s: %s", v.Invariant, v.Anomaly, v.Summary)
					}
					t.Fatalf("a correct client is accused; of the store: %v", r.StoreFindings)
				}
				seen[map[bool]string{true: "good", false: "bad"}[good]]++
				for i := range r.Found {
					seen[string(i)]++
				}
			})
			kinds := []string{"good", "bad"}
			if f == sound {
				kinds = kinds[:1]
			}
			enough(t, seen, 75, kinds...)
		})
	}
}

// TestJudgeAndPorcupine keeps what the random histories have shown, and one
// example of each difference in meaning.
func TestJudgeAndPorcupine(t *testing.T) {
	created := start.plus("m1")
	for _, c := range []struct {
		name         string
		write        func(*book)
		linearizable bool
		want         []Invariant
	}{
		{"created again after it was replaced", func(b *book) { // the judge had missed it
			b.versions["v1"] = created
			ann := b.begin("ann", "create", "s", "m1").missing().put("absent", history.UnknownAnswer, "", created)
			b.append("bob", "m2", "v1", "v2")
			ann.missing().put("absent", history.OK, "v1", created).end(history.Committed, "v1")
			b.final("v2")
		}, false, []Invariant{byStore(storefault.StaleRead)}},
		{"created again while nobody had seen it", func(b *book) {
			ann := b.begin("ann", "create", "s", "m1").missing().put("absent", history.UnknownAnswer, "", created)
			ann.put("absent", history.OK, "v1", created).end(history.Committed, "v1")
			b.append("bob", "m2", "v1", "v2")
			b.final("v2")
		}, true, nil},
		{"a wrong condition, and nothing changed", func(b *book) {
			b.versions["v1"] = created
			ann := b.begin("ann", "create", "s", "m1").missing().put("absent", history.UnknownAnswer, "", created)
			b.begin("bob", "load").get("v1").end(history.Committed, "v1")
			ann.put("absent", history.OK, "v1", created).end(history.Committed, "v1")
			b.final("v1")
		}, true, nil},
		{"a client that lies", func(b *book) {
			b.setup(start)
			b.begin("ann", "append", "m1").get("v0").put("v0", history.Throttled, "", created).end(history.Committed, "v0")
			b.final("v0")
		}, true, []Invariant{NothingLost, HonestAnswers}},
		{"a client that drops an entry", func(b *book) {
			b.setup(start.plus("m0"))
			b.begin("ann", "append", "m1").get("v0").put("v0", history.OK, "v1", created).end(history.Committed, "v1")
			b.final("v1")
		}, true, []Invariant{AppendOnly}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBook()
			c.write(b)
			expect(t, judged(history.Header{}, b.events), c.want...)
			if good := linearizable(b.events); good != c.linearizable {
				t.Errorf("linearizable: %v, want %v", good, c.linearizable)
			}
		})
	}
}

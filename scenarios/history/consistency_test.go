package history

import (
	"errors"
	"strings"
	"testing"
)

// inBetween is a history of two operations that overlap: it is fine as it is.
func inBetween() []*Event {
	doc := func(n int) *Doc { return &Doc{N: n, Sum: Sum(n), Fields: 1} }
	return []*Event{
		{Kind: Put, Start: 0, At: 1, Actor: SetupActor, Key: "k", If: IfAbsent, Answer: OK, ETag: "v0", Doc: doc(1)},
		{Kind: Begin, At: 1, Repetition: 1},
		{Kind: Invoke, At: 2, Actor: "ann", Op: 1, Key: "k", Do: "append", IDs: []string{"m1"}},
		{Kind: Invoke, At: 3, Actor: "bob", Op: 2, Key: "k", Do: "append", IDs: []string{"m2"}},
		{Kind: Get, Start: 2, At: 4, Actor: "ann", Op: 1, Key: "k", Answer: OK, ETag: "v0", Doc: doc(1)},
		{Kind: Put, Start: 5, At: 9, Actor: "ann", Op: 1, Key: "k", If: IfMatch, IfETag: "v0", Answer: OK, ETag: "v1", Doc: doc(2)},
		{Kind: Put, Start: 4, At: 9, Actor: "bob", Op: 2, Key: "k", If: IfMatch, IfETag: "v0", Answer: UnknownAnswer, Doc: doc(2)},
		{Kind: Wait, At: 9, Actor: "bob", Op: 2, Key: "k", Wait: 5},
		{Kind: Return, At: 10, Actor: "ann", Op: 1, Key: "k", Outcome: Committed, ETag: "v1"},
		{Kind: Return, At: 12, Actor: "bob", Op: 2, Key: "k", Outcome: Unknown},
		{Kind: Get, Start: 13, At: 14, Actor: FinalActor, Key: "k", Answer: OK, ETag: "v1", Doc: doc(2)},
		{Kind: End, At: 15},
	}
}

// at inserts an event before another.
func at(events []*Event, before int, e Event) []*Event {
	return append(events[:before:before], append([]*Event{&e}, events[before:]...)...)
}

// TestContradictions: each is told with its line, and what only looks like one is left
// to the judge.
func TestContradictions(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func([]*Event) []*Event
		line   int // of the header is 1; 0: it is no contradiction
		says   string
	}{
		{"as it was", func(es []*Event) []*Event { return es }, 0, ""},
		{"another actor in an operation", func(es []*Event) []*Event { es[5].Actor = "bob"; return es }, 7, "put event of bob in operation 1, which is another actor's"},
		{"another actor waits in an operation", func(es []*Event) []*Event { es[7].Actor = "ann"; return es }, 9, "another actor's"},
		{"another actor's answer", func(es []*Event) []*Event { es[8].Actor = "bob"; return es }, 10, "another actor's"},
		{"an answer on another key", func(es []*Event) []*Event { es[8].Key = "other"; return es }, 10, "operation 1 ends on other"},
		{"time goes back", func(es []*Event) []*Event { es[8].At = 7; return es }, 10, "time goes back: return event of ann at 7 ns, after one at 9 ns"},
		{"time goes back before the beginning", func(es []*Event) []*Event { es[2].At = 0; return es }, 4, "time goes back"},
		{"an event after the final read", func(es []*Event) []*Event { es[11].At = 13; return es }, 13, "time goes back"},
		{"a write acknowledged twice", func(es []*Event) []*Event { return at(es, 6, *es[5]) }, 8, "the write of version v1 of k by ann is acknowledged twice"},
		{"and by two ETags", func(es []*Event) []*Event {
			twice := *es[5]
			twice.ETag = "v2"
			return at(es, 6, twice)
		}, 8, "acknowledged twice"},
		{"a write without a duration acknowledged twice", func(es []*Event) []*Event { es[5].Start = 9; return at(es, 6, *es[5]) }, 8, "acknowledged twice"},
		{"a final read of a bad body", func(es []*Event) []*Event { es[10].Doc = &Doc{Bad: "cut off"}; return es }, 12, "(cut off), which nobody wrote"},
		{"an operation begins twice", func(es []*Event) []*Event { return at(es, 3, *es[2]) }, 5, "operation 1 begins more than once"},
		{"an operation ends twice", func(es []*Event) []*Event { return at(es, 9, *es[8]) }, 11, "operation 1 ends more than once"},
		{"an operation that never began", func(es []*Event) []*Event { return append(es[:2:2], es[3:]...) }, 5, "which has not begun"},
		{"a call before its operation", func(es []*Event) []*Event { es[4].Start = 1; return es }, 6, "sent before it began"},
		{"a call after its operation", func(es []*Event) []*Event {
			return at(es, 9, Event{Kind: Head, Start: 11, At: 11, Actor: "ann", Op: 1, Key: "k", Answer: OK, ETag: "v1"})
		}, 11, "sent after it had ended"},
		{"a wait after its operation", func(es []*Event) []*Event {
			return at(es, 9, Event{Kind: Wait, At: 11, Actor: "ann", Op: 1, Key: "k"})
		}, 11, "sent after it had ended"},
		{"a call of an operation that a batch stores", func(es []*Event) []*Event { es[2].Through = "queue"; return es }, 6, "get event of operation 1, which is stored by a batch"},
		{"a wait of an operation that a batch stores", func(es []*Event) []*Event {
			es[3].Through, es[6].Op, es[6].Actor = "queue", 1, "ann"
			return es
		}, 9, "wait event of operation 2, which is stored by a batch"},

		{"a batch that makes calls", func(es []*Event) []*Event { es[2].Through, es[2].Do, es[2].IDs = "queue", DoBatch, nil; return es }, 0, ""},
		{"an answer that comes late", func(es []*Event) []*Event {
			return at(es, 9, Event{Kind: Put, Start: 10, At: 11, Actor: "ann", Op: 1, Key: "k", If: IfNone, Answer: UnknownAnswer, Doc: &Doc{}})
		}, 0, ""},
		{"the same bytes written again", func(es []*Event) []*Event {
			again := *es[5]
			again.Start, again.At, again.If, again.IfETag = 9, 10, IfNone, ""
			return at(es, 6, again)
		}, 0, ""},
		{"one ETag for two contents", func(es []*Event) []*Event { es[6].Answer, es[6].ETag = OK, "v1"; return es }, 0, ""},
		{"a final read of a bad body that somebody wrote", func(es []*Event) []*Event {
			es[6].Doc, es[10].Doc = &Doc{Bad: "cut off"}, &Doc{Bad: "cut off"}
			return es
		}, 0, ""},
		{"triggers written at once", func(es []*Event) []*Event {
			put := Event{Kind: Put, Start: 5, At: 8, Actor: "ann", Key: "customers/hts/C.json", If: IfNone, Answer: OK, ETag: "t1"}
			other := Event{Kind: Put, Start: 5, At: 7, Actor: "ann", Key: "customers/cds/C.json", If: IfNone, Answer: OK, ETag: "t1"}
			return at(at(es, 5, other), 5, put)
		}, 0, ""},
		{"a trigger before what its actor did", func(es []*Event) []*Event {
			return at(es, 6, Event{Kind: Put, Start: 5, At: 8, Actor: "ann", Key: "customers/hts/C.json", If: IfNone, Answer: OK, ETag: "t1"})
		}, 8, "time goes back"},
		{"documents stored at once", func(es []*Event) []*Event {
			put := Event{Kind: Put, Start: 5, At: 8, Actor: SetupActor, Key: "k2", If: IfAbsent, Answer: OK, ETag: "v0", Doc: &Doc{}}
			other := put
			other.Key, other.At = "k3", 7
			return at(at(es, 5, other), 5, put)
		}, 0, ""},
		{"operations numbered at random", func(es []*Event) []*Event {
			for _, e := range es {
				e.Op *= 1_000_000_007
			}
			return es
		}, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := readBack(written(t, c.change(inBetween())))
			var where *LineError
			switch {
			case c.line == 0 && err != nil:
				t.Errorf("got %v, want nothing", err)
			case c.line > 0 && (!errors.As(err, &where) || where.Line != c.line || !strings.Contains(where.Reason, c.says)):
				t.Errorf("got %v, want line %d and %q", err, c.line, c.says)
			}
		})
	}
}

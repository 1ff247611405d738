package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// anyEvent draws events with any text and any numbers.
func anyEvent(t *rapid.T) *Event {
	text := rapid.OneOf(rapid.Just(""), rapid.StringMatching(`"?[a-zA-Z0-9/<&>\\-]{0,12}"?`), rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	texts := rapid.SliceOfN(text, 0, 3)
	number := rapid.OneOf(rapid.Just(0), rapid.Int(), rapid.IntRange(-1000, 1000))
	sum := rapid.Map(rapid.OneOf(rapid.Just(uint64(0)), rapid.Uint64()), func(n uint64) Sum { return Sum(n) })
	sums := rapid.SliceOfN(sum, 0, 3)
	e := &Event{
		Kind: Kind(text.Draw(t, "kind")), Start: int64(number.Draw(t, "start")), At: int64(number.Draw(t, "at")),
		Actor: text.Draw(t, "actor"), Op: number.Draw(t, "op"), Key: text.Draw(t, "key"), Repetition: number.Draw(t, "rep"),
		Do: text.Draw(t, "do"), Due: int64(number.Draw(t, "due")), IDs: texts.Draw(t, "ids"), Sets: texts.Draw(t, "sets"),
		Base: text.Draw(t, "base"), If: text.Draw(t, "if"), IfETag: text.Draw(t, "ifetag"), Answer: text.Draw(t, "answer"),
		ETag: text.Draw(t, "etag"), Wait: int64(number.Draw(t, "wait")), Attempt: number.Draw(t, "attempt"),
		Outcome: text.Draw(t, "outcome"), Fields: texts.Draw(t, "fields"), Text: text.Draw(t, "text"),
		Trigger: text.Draw(t, "trigger"), Told: texts.Draw(t, "told"), Customers: texts.Draw(t, "customers"), Count: number.Draw(t, "count"),
		GiveUp: int64(number.Draw(t, "giveup")), Entries: sums.Draw(t, "entries"), Whole: sum.Draw(t, "whole"), Once: text.Draw(t, "once"),
		Through: text.Draw(t, "through"), Invalid: rapid.Bool().Draw(t, "invalid"), Step: text.Draw(t, "step"),
		Worked: text.Draw(t, "worked"), Covers: text.Draw(t, "covers"), Asked: int64(number.Draw(t, "asked")), Fault: text.Draw(t, "fault"),
		Means: text.Draw(t, "means"), Requests: number.Draw(t, "requests"), RetryAfter: int64(number.Draw(t, "after")),
		Carried: text.Draw(t, "carried"), Status: number.Draw(t, "status"), Shown: rapid.Bool().Draw(t, "shown"),
		Interrupted: rapid.Bool().Draw(t, "interrupted"),
	}
	for range rapid.IntRange(0, 2).Draw(t, "values") {
		e.Values = append(e.Values, Value{sum.Draw(t, "value"), sum.Draw(t, "was"), text.Draw(t, "says")})
	}
	if rapid.Bool().Draw(t, "expected?") {
		e.Expected = &Expected{text.Draw(t, "want"), text.Draw(t, "got"), rapid.Bool().Draw(t, "missed")}
	}
	if rapid.Bool().Draw(t, "omitted?") {
		value := rapid.Float64Range(-1e9, 1e9).Draw(t, "value")
		e.Omitted = &Omitted{Repetitions: number.Draw(t, "left"), Refusals: number.Draw(t, "refusals"), Thresholds: []Measured{{"a<1", &value, true}, {"b<1", nil, false}}}
	}
	if rapid.Bool().Draw(t, "doc?") {
		e.Doc = &Doc{
			N: number.Draw(t, "n"), Sum: sum.Draw(t, "sum"), Fields: sum.Draw(t, "fields"), Entries: sums.Draw(t, "entries"), Whole: sum.Draw(t, "whole"),
			Of: text.Draw(t, "of"), Keep: number.Draw(t, "keep"), Add: texts.Draw(t, "add"),
			Moved: rapid.Bool().Draw(t, "moved"), Bad: text.Draw(t, "bad"),
		}
		for range rapid.IntRange(0, 2).Draw(t, "sets") {
			e.Doc.Set = append(e.Doc.Set, Set{Field: text.Draw(t, "f"), Was: text.Draw(t, "was"), Now: text.Draw(t, "now"), Sum: sum.Draw(t, "sum")})
		}
		for range rapid.IntRange(0, 2).Draw(t, "holds") {
			e.Doc.Holds = append(e.Doc.Holds, Held{text.Draw(t, "f"), sum.Draw(t, "sum")})
		}
	}
	return e
}

// TestLinesAreThoseOfEncodingJSON holds the fast encoder and encoding/json together.
func TestLinesAreThoseOfEncodingJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anyEvent(t)
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(e); err != nil {
			t.Fatal(err)
		}
		got := string(appendEvent(nil, e)) + "\n"
		if got != want.String() {
			t.Fatalf("got  %q\nwant %q", got, want.String())
		}
	})
}

func goodEvents() []*Event {
	put := &Event{
		Kind: Put, Start: 10, At: 20, Actor: "a", Op: 1, Key: "k", If: IfMatch, IfETag: "v0", Answer: OK, ETag: "v1",
		Doc: &Doc{N: 2, Sum: 5, Fields: 6, Of: "v0", Keep: 1, Add: []string{"m"}, Set: []Set{{"title", `"A"`, `"Ü …"`, 9}}, Entries: []Sum{7}, Holds: []Held{{"plan", 8}, {"x", 0}}, Whole: 3},
	}
	return []*Event{
		{Kind: Begin, At: 1, Repetition: 1},
		{Kind: Invoke, At: 2, Actor: "a", Op: 1, Key: "k", Do: "save", IDs: []string{"m"}, Sets: []string{"title"}, Base: "v0", Due: 1, Entries: []Sum{7}, Values: []Value{{9, 0, "Ü …"}}, Once: "m", Whole: 4},
		{Kind: Get, Start: 3, At: 9, Actor: "a", Op: 1, Key: "k", Answer: OK, ETag: "v0", Doc: &Doc{N: 1, Sum: 5, Fields: 6}},
		put,
		{Kind: Wait, At: 21, Actor: "a", Op: 1, Key: "k", Wait: 100, Attempt: 2, Answer: PreconditionFailed},
		{Kind: Head, Start: 22, At: 23, Actor: "a", Op: 1, Key: "k", Answer: NotFound},
		{Kind: Delete, Start: 24, At: 25, Actor: "a", Op: 1, Key: "k", Answer: OtherError, Text: "denied"},
		{Kind: Return, At: 26, Actor: "a", Op: 1, Key: "k", Outcome: UserConflict, Fields: []string{"title"}, Text: "conflict"},
		{Kind: Invoke, At: 26, Actor: "a", Op: 2, Key: "k", Do: "load"},
		{Kind: Return, At: 26, Actor: "a", Op: 2, Key: "k", Outcome: Crashed, Text: "the client died"},
		{Kind: Note, At: 27, Text: "a\nb"},
		{Kind: Skip, At: 27, Actor: "a", Count: 3, Text: "it was busy"},
		{Kind: Step, At: 27, Do: "T1 a save", Expected: &Expected{"committed", "conflict on title", true}},
		{Kind: Omit, At: 27, Omitted: &Omitted{Repetitions: 3, Updates: 6, Acknowledged: 5, Refusals: 4, Thresholds: []Measured{{"attempts.max<2", nil, false}}}},
		{Kind: End, At: 28, Interrupted: true},
	}
}

func written(t testing.TB, events []*Event) string {
	t.Helper()
	var file bytes.Buffer
	w, err := NewWriter(&file, Header{Scenario: "burst", Seed: 1<<64 - 1, Clients: 3, MinConflicts: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		w.Add(e)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

// readBack returns all events and the error that ended reading.
func readBack(file string) (h Header, events []*Event, err error) {
	r, err := NewReader(strings.NewReader(file), "run.ndjson")
	if err != nil {
		return h, nil, err
	}
	for e, err := range r.Events() {
		if err != nil {
			return r.Header, events, err
		}
		events = append(events, e.Clone())
	}
	return r.Header, events, nil
}

func TestWhatWasWrittenIsReadBack(t *testing.T) {
	h, events, err := readBack(written(t, goodEvents()))
	if err != nil {
		t.Fatal(err)
	}
	if want := (Header{Schema: Schema, Scenario: "burst", Seed: 1<<64 - 1, Clients: 3, MinConflicts: 2}); !reflect.DeepEqual(h, want) {
		t.Errorf("header %+v, want %+v", h, want)
	}
	if diff := cmp.Diff(goodEvents(), events); diff != "" {
		t.Error(diff)
	}
}

// TestDamagedHistories names the line of every kind of damage. Line 1 is the header.
func TestDamagedHistories(t *testing.T) {
	good := strings.SplitAfter(written(t, goodEvents()), "\n")
	good = good[:len(good)-1]
	replace := func(line int, old, with string) []string {
		lines := slices.Clone(good)
		lines[line-1] = strings.Replace(lines[line-1], old, with, 1)
		if lines[line-1] == good[line-1] {
			t.Fatalf("%q is not in line %d", old, line)
		}
		return lines
	}
	for _, c := range []struct {
		name  string
		lines []string
		line  int
		says  string
	}{
		{"empty file", nil, 1, "empty"},
		{"no header", good[1:], 1, "no header"},
		{"header of something else", []string{`{"schema":"other/v1"}` + "\n"}, 1, "other/v1"},
		{"header garbled", replace(1, `"schema"`, `schema`), 1, "no header"},
		{"only a header", good[:1], 2, "truncated"},
		{"no end line", good[:len(good)-1], len(good), "truncated"},
		{"cut within a line", []string{strings.Join(good[:4], ""), good[4][:len(good[4])/2]}, 5, "no event"},
		{"two events in a line", replace(3, "}\n", "} {}\n"), 3, "more than one"},
		{"rubbish after an event", replace(3, "}\n", "}}\n"), 3, "more than one"},
		{"empty line", replace(3, good[2], "\n"), 3, "no event"},
		{"null", replace(3, good[2], "null\n"), 3, "unknown kind"},
		{"unknown key", replace(3, `"op"`, `"opp"`), 3, "opp"},
		{"unknown kind", replace(3, `"invoke"`, `"invoked"`), 3, "invoked"},
		{"wrong checksum", replace(4, `"sum":"0000`, `"sum":"000`), 4, "checksum"},
		{"no hexadecimal checksum", replace(4, `"sum":"0000`, `"sum":"000g`), 4, "checksum"},
		{"operation without a number", replace(3, `"op":1,`, ``), 3, "without operation"},
		{"negative operation", replace(4, `"op":1,`, `"op":-1,`), 4, "out of range"},
		{"huge operation", replace(4, `"op":1,`, `"op":99999999999,`), 4, "out of range"},
		{"negative count", replace(4, `"n":1,`, `"n":-1,`), 4, "out of range"},
		{"negative keep", replace(5, `"keep":1`, `"keep":-1`), 5, "out of range"},
		{"unknown answer", replace(5, `"answer":"ok"`, `"answer":"OK"`), 5, "unknown answer"},
		{"unknown condition", replace(5, `"if":"match"`, `"if":"maybe"`), 5, "unknown condition"},
		{"unknown outcome", replace(9, `"outcome":"conflict"`, `"outcome":"fine"`), 9, "unknown outcome"},
		{"a call without a key", replace(7, `"key":"k",`, ``), 7, "without key"},
		{"a skip of nothing", replace(4, good[3], `{"e":"skip","at_ns":9,"actor":"a"}`+"\n"), 4, "without an actor or a count"},
		{"a negative count", replace(4, good[3], `{"e":"note","at_ns":9,"count":-1}`+"\n"), 4, "count -1 is out of range"},
		{"a read without a document", replace(4, good[3], `{"e":"get","at_ns":9,"key":"k","answer":"ok","etag":"v0"}`+"\n"), 4, "without its document"},
		{"answered before it was sent", replace(5, `"at_ns":20`, `"at_ns":2`), 5, "before it starts"},
		{"a save that is batched", replace(3, `"once":"m"`, `"once":"m","through":"q"`), 3, "save through q"},
		{"a batch through nothing", replace(10, `"do":"load"`, `"do":"batch"`), 10, "through nothing"},
		{"a batch that wants something", replace(3, `"do":"save"`, `"do":"batch","through":"q"`), 3, "wants something itself"},
		{"an end that goes through something", replace(9, `"op":1,`, `"op":1,"through":"q",`), 9, "says through what"},
		{"a second history", append(slices.Clone(good), good...), len(good) + 1, "goes on"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := readBack(strings.Join(c.lines, ""))
			var at *LineError
			if !errors.As(err, &at) {
				t.Fatalf("got %v, want a LineError", err)
			}
			if at.File != "run.ndjson" || at.Line != c.line || !strings.Contains(at.Reason, c.says) {
				t.Errorf("got %v, want line %d and %q", err, c.line, c.says)
			}
			if !strings.HasPrefix(at.Error(), fmt.Sprintf("run.ndjson:%d: ", c.line)) {
				t.Errorf("the message does not begin with file and line: %v", at)
			}
		})
	}
}

func TestLongLinesAndBlankEndAreFine(t *testing.T) {
	events := goodEvents()
	events[9].Text = strings.Repeat("long ", 1<<20)
	if _, _, err := readBack(written(t, events) + "\n  \n"); err != nil {
		t.Error(err)
	}
	events[9].Text = strings.Repeat("x", mostLine)
	_, _, err := readBack(written(t, events))
	var at *LineError
	if !errors.As(err, &at) || at.Line != 11 || !strings.Contains(at.Reason, "too long") {
		t.Errorf("a line beyond the limit: %v", err)
	}
}

// full is a disk that takes so many bytes.
type full struct{ room int }

var errFull = errors.New("no space left on device")

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestFirstErrorOfWritingSticks(t *testing.T) {
	told := 0
	w, err := NewWriter(&full{room: 300 << 10}, Header{})
	if err != nil {
		t.Fatal(err)
	}
	w.OnError = func(err error) {
		told++
		if !errors.Is(err, errFull) || !errors.Is(w.Err(), errFull) { // asking must not deadlock
			t.Errorf("told %v, Err is %v", err, w.Err())
		}
	}
	for range 10_000 {
		w.Add(typicalPut())
	}
	if told != 1 || !errors.Is(w.Err(), errFull) || !errors.Is(w.Close(), errFull) {
		t.Errorf("told %d times; Err %v", told, w.Err())
	}
}

func TestErrorAtCloseIsReturned(t *testing.T) {
	w, err := NewWriter(&full{room: 10}, Header{})
	if err != nil {
		t.Fatal(err)
	}
	w.Add(typicalPut())
	if err := w.Close(); !errors.Is(err, errFull) || !errors.Is(w.Err(), errFull) {
		t.Errorf("Close: %v", err)
	}
}

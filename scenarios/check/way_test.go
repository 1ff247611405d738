package check

import (
	"slices"
	"strings"
	"testing"

	"holdfast/scenarios/history"
)

// judgedWay plays a save that is sound but for what the way of its write is said to be.
func judgedWay(planned []string, way func(put *history.Event)) Report {
	j := New(history.Header{Faults: planned})
	doc := func(n int) *history.Doc { return &history.Doc{N: n, Sum: history.Sum(n)} }
	put := &history.Event{
		Kind: history.Put, Actor: "a", Op: 1, Key: "k", Start: 3, At: 4, If: history.IfMatch, IfETag: "1", Answer: history.OK, ETag: "2",
		Doc: &history.Doc{N: 1, Sum: 1, Of: "1", Add: []string{"m"}},
	}
	way(put)
	for _, e := range []*history.Event{
		{Kind: history.Put, Actor: history.SetupActor, Key: "k", If: history.IfAbsent, Answer: history.OK, ETag: "1", Doc: doc(0)},
		{Kind: history.Begin, At: 1, Repetition: 1},
		{Kind: history.Invoke, Actor: "a", Op: 1, Key: "k", At: 1, Do: "append", IDs: []string{"m"}},
		{Kind: history.Get, Actor: "a", Op: 1, Key: "k", Start: 1, At: 2, Answer: history.OK, ETag: "1", Doc: doc(0)},
		put,
		{Kind: history.Return, Actor: "a", Op: 1, Key: "k", At: 5, Outcome: history.Committed, ETag: "2"},
		{Kind: history.Note, Actor: "b", At: 5, Fault: "crash(nth=1)", Text: "the fault struck"},
		{Kind: history.Get, Actor: history.FinalActor, Key: "k", Start: 6, At: 7, Answer: history.OK, ETag: "2", Doc: doc(1)},
		{Kind: history.End, At: 8},
	} {
		j.Add(e)
	}
	return j.Finish()
}

func TestTheWayOfACall(t *testing.T) {
	for _, test := range []struct {
		name string
		way  func(*history.Event)
		want string // anomaly; empty: none
		text string
	}{
		{"nothing", func(*history.Event) {}, "", ""},
		{"one that was read rightly", func(e *history.Event) { e.Means = history.OK }, "", ""},
		{"one that was read wrongly", func(e *history.Event) { e.Means = history.UnknownAnswer }, "misread answer",
			`the put of k by a was answered so that it means "unknown", and the store's adapter made "ok" of it`},
		{"one request", func(e *history.Event) { e.Requests = 1 }, "", ""},
		{"two requests", func(e *history.Event) { e.Requests = 2 }, "sent again", "was sent 2 times, so its answer may be that to a repetition: the SDK's retries must be off"},
		{"another condition", func(e *history.Event) { e.Carried = "unconditional" }, "sent on another condition",
			`the put of k by a was sent on the condition "unconditional", which is not the one that its caller had asked for`},
	} {
		r := judgedWay(nil, test.way)
		if test.want == "" {
			if r.Verdict != OK {
				t.Errorf("%s: %s %v %v", test.name, r.Verdict, r.Reasons, r.Violations)
			}
			continue
		}
		if r.Verdict != Violated || r.Found[HonestAnswers] != 1 || len(r.Found) != 1 || r.Violations[0].Anomaly != test.want ||
			!strings.Contains(r.Violations[0].Summary, test.text) || len(r.Violations[0].Witness) != 1 {
			t.Errorf("%s: %s %+v", test.name, r.Verdict, r.Violations)
		}
	}
}

// TestPlannedFaults: a run in which one of them struck nobody is not the one that was
// asked for.
func TestPlannedFaults(t *testing.T) {
	struck := func(e *history.Event) { e.Fault = "500(nth=1)" }
	for _, test := range []struct {
		planned []string
		reason  string
	}{
		{nil, ""},
		{[]string{"500(nth=1)", "crash(nth=1)"}, ""},
		{[]string{"500(nth=1)", "503(nth=4)"}, "1 of 2 planned faults struck nobody: 503(nth=4)"},
		{[]string{"a", "b", "c", "d"}, "4 of 4 planned faults struck nobody: a, b, c, …"},
	} {
		r := judgedWay(test.planned, struck)
		want := Inconclusive
		if test.reason == "" {
			want = OK
		}
		if r.Verdict != want || want == Inconclusive && !slices.Equal(r.Reasons, []string{test.reason}) {
			t.Errorf("%v: %s %q", test.planned, r.Verdict, r.Reasons)
		}
	}
	// Of several repetitions it is enough if it struck in one.
	h := history.Header{Faults: []string{"500(nth=1)", "crash(nth=1)"}}
	pooled := Pool(h, []Report{judgedWay(nil, func(*history.Event) {}), judgedWay(nil, struck)})
	if pooled.Verdict != OK || !slices.Equal(pooled.Tally.Struck, []string{"500(nth=1)", "crash(nth=1)"}) {
		t.Errorf("pooled: %s %v", pooled.Verdict, pooled.Reasons)
	}
}

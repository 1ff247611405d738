package reports

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/scenarios"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

// recorded plays a run and returns what it has shown, with the file of its history.
func recorded(t testing.TB, name, world string, c scenarios.Choice) (*measure.Measurement, string) {
	t.Helper()
	run, err := scenarios.Prepare(name, c)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), HistoryFile)
	measured, err := measure.Play(t.Context(), measure.Plan{Points: []measure.Point{{Run: *run, World: world, Replay: "simulate run " + name}}},
		measure.Config{History: func(int) (string, error) { return file, nil }})
	if err != nil {
		t.Fatal(err)
	}
	return &measured[0].Measurement, file
}

// trace is one that was read again.
type trace struct {
	Events []traceEvent `json:"traceEvents"`
	About  struct {
		Runs    []traceAbout `json:"runs"`
		LeftOut []string     `json:"left_out"`
	} `json:"otherData"`
	Unit string `json:"displayTimeUnit"`
	left []string
}

func traceOf(t testing.TB, file string, run *measure.Measurement, o TraceOptions) trace {
	t.Helper()
	return tracesOf(t, []Traceable{{file, run}}, nil, o)
}

func tracesOf(t testing.TB, runs []Traceable, lacking []string, o TraceOptions) trace {
	t.Helper()
	var b bytes.Buffer
	left, err := WriteTrace(&b, runs, lacking, o)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(&b)
	d.DisallowUnknownFields()
	read := trace{left: left}
	if err := d.Decode(&read); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(read.left, read.About.LeftOut) && len(read.left)+len(read.About.LeftOut) > 0 {
		t.Errorf("it says that it lacks %q, but told %q", read.About.LeftOut, read.left)
	}
	return read
}

func (t *trace) of(phase, category string) (all []traceEvent) {
	for _, e := range t.Events {
		if e.Phase == phase && (category == "" || e.Category == category) {
			all = append(all, e)
		}
	}
	return all
}

// checkTrace reports what a viewer would not show, or not where it belongs.
func checkTrace(t *testing.T, tr *trace) {
	t.Helper()
	type thread struct{ pid, tid int }
	named, slicesOf := map[thread]string{}, map[thread][]traceEvent{}
	arrows := map[int][]traceEvent{}
	for _, e := range tr.Events {
		at := thread{e.PID, e.TID}
		if e.TS < 0 || e.PID == 0 || e.Name == "" {
			t.Errorf("no time, process or name: %+v", e)
		}
		switch e.Phase {
		case "M":
			if e.Name == "thread_name" {
				if named[at] != "" {
					t.Errorf("thread %v has two names", at)
				}
				named[at], _ = e.Args["name"].(string)
			}
		case "X":
			if e.Duration == nil || *e.Duration < 0 {
				t.Errorf("no duration: %+v", e)
				continue
			}
			slicesOf[at] = append(slicesOf[at], e)
		case "i":
			if !slices.Contains([]string{"g", "p", "t"}, e.Scope) {
				t.Errorf("an instant without a scope: %+v", e)
			}
		case "s", "f":
			arrows[e.ID] = append(arrows[e.ID], e)
		default:
			t.Errorf("phase %q", e.Phase)
		}
	}
	for at, all := range slicesOf {
		if named[at] == "" {
			t.Errorf("thread %v has no name", at)
		}
		slices.SortStableFunc(all, func(a, b traceEvent) int {
			return cmp.Or(cmp.Compare(a.TS, b.TS), cmp.Compare(*b.Duration, *a.Duration))
		})
		var open []traceEvent
		for _, e := range all {
			for len(open) > 0 && open[len(open)-1].end() <= e.TS {
				open = open[:len(open)-1]
			}
			if len(open) > 0 && open[len(open)-1].end() < e.end() {
				t.Errorf("%s: %+v begins within %+v and ends after it", named[at], e, open[len(open)-1])
			}
			open = append(open, e)
		}
	}
	within := func(e *traceEvent) bool {
		return slices.ContainsFunc(slicesOf[thread{e.PID, e.TID}], func(s traceEvent) bool {
			return s.Category == "store" && s.TS <= e.TS && e.TS < s.end()
		})
	}
	for id, ends := range arrows {
		if len(ends) != 2 || ends[0].Phase != "s" || ends[1].Phase != "f" || ends[1].Binding != "e" || ends[0].TS > ends[1].TS || !within(&ends[0]) || !within(&ends[1]) {
			t.Errorf("arrow %d: %+v", id, ends)
		}
	}
}

func (e *traceEvent) end() int64 { return e.TS + *e.Duration }

// TestTraces of all kinds of scenarios: what is in them is where viewers look for it, and
// all operations and calls are.
func TestTraces(t *testing.T) {
	for _, tt := range []struct {
		name  string
		world string
		c     scenarios.Choice
	}{
		{"storm", scenarios.VirtualWorld, scenarios.Choice{Seed: 3, Repetitions: 3}},
		{"storm", scenarios.VirtualWorld, scenarios.Choice{Seed: 3, Repetitions: 2, Via: scenarios.ViaAPI}},
		{"burst", scenarios.VirtualWorld, scenarios.Choice{Seed: 1, Repetitions: 2}},
		{"outbox", scenarios.VirtualWorld, scenarios.Choice{Seed: 1, Repetitions: 2}},
		{"redelivery", scenarios.VirtualWorld, scenarios.Choice{Seed: 1, Repetitions: 5}},
		{"two-users", scenarios.RealWorld, scenarios.Choice{Seed: 1, Repetitions: 2}},
	} {
		m, file := recorded(t, tt.name, tt.world, tt.c)
		tr := traceOf(t, file, m, TraceOptions{})
		checkTrace(t, &tr)
		operations, calls := 0, 0
		rd, err := history.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		for e, err := range rd.Events() {
			if err != nil {
				t.Fatal(err)
			}
			switch e.Kind {
			case history.Return:
				operations++
			case history.Get, history.Head, history.Put, history.Delete:
				calls++
			}
		}
		if err := rd.Close(); err != nil {
			t.Fatal(err)
		}
		if o, c := len(tr.of("X", "operation")), len(tr.of("X", "store")); o < operations || c != calls || len(tr.left) > 0 || tr.About.Runs[0].Scenario != tt.name {
			t.Errorf("%s, %s: %d operations of %d, %d calls of %d, left out %q", tt.name, tt.world, o, operations, c, calls, tr.left)
		}
		if len(tr.of("s", "")) == 0 {
			t.Errorf("%s: no arrows", tt.name)
		}
	}
}

// TestTraceOfFreshDocuments: making the next one ends no repetition.
func TestTraceOfFreshDocuments(t *testing.T) {
	long := 15 * time.Second // several documents
	for repetitions := 1; repetitions < 3; repetitions++ {
		m, file := recorded(t, "sustained-contention", scenarios.VirtualWorld, scenarios.Choice{Seed: 1, Repetitions: repetitions, Duration: &long})
		tr := traceOf(t, file, m, TraceOptions{})
		checkTrace(t, &tr)
		if n := len(tr.of("X", "operation")); n < m.Counts.Operations || m.Counts.Committed < 200 || len(tr.left) > 0 {
			t.Errorf("%d operations of %d, %d commits, left out %q", n, m.Counts.Operations, m.Counts.Committed, tr.left)
		}
	}
}

// TestTraceOfSeveral: each run has its processes and its share of the events, of which those
// without a history say that they are lacking.
func TestTraceOfSeveral(t *testing.T) {
	var runs []Traceable
	operations := 0
	for _, name := range []string{"sustained-contention", "two-users", "burst"} {
		m, file := recorded(t, name, scenarios.VirtualWorld, scenarios.Choice{Seed: 1, Repetitions: 3})
		runs, operations = append(runs, Traceable{file, m}), operations+m.Counts.Operations
	}
	whole := tracesOf(t, runs, nil, TraceOptions{})
	checkTrace(t, &whole)
	names := map[string]int{}
	for _, e := range whole.of("M", "") {
		if e.Name == "process_name" {
			names[e.Args["name"].(string)] = e.PID
		}
	}
	if n := len(whole.of("X", "operation")); len(names) != 9 || names["burst, repetition 2"] == names["two-users, repetition 2"] || n < operations || len(whole.left) > 0 {
		t.Errorf("%v, %d operations of %d, left out %q", names, n, operations, whole.left)
	}

	const most = 3000
	tr := tracesOf(t, runs, []string{"storm"}, TraceOptions{MostEvents: most})
	checkTrace(t, &tr)
	of := map[string]int{}
	for _, e := range tr.Events {
		for name, pid := range names {
			if pid == e.PID {
				of[strings.Split(name, ",")[0]]++
			}
		}
	}
	about := tr.About.Runs
	if about[0].Scenario != "sustained-contention" || !about[0].EndsEarly || about[1].EndsEarly || about[2].EndsEarly {
		t.Errorf("not the longest alone ends early: %+v", about)
	}
	if n := len(tr.Events); n < most || n > most*11/10 || of["sustained-contention"] < most/3 || of["two-users"] == 0 {
		t.Errorf("%d events: %v", n, of)
	}
	if text := strings.Join(tr.left, "\n"); !strings.Contains(text, "1 of 3 runs end early") || !strings.Contains(text, "of 9 repetitions") || !strings.Contains(text, "without a history: storm") {
		t.Errorf("left out\n%s", text)
	}
}

// TestTraceOfOneRepetition: its times count from its beginning, and it says what it lacks.
func TestTraceOfOneRepetition(t *testing.T) {
	m, file := recorded(t, "burst", scenarios.VirtualWorld, scenarios.Choice{Seed: 1, Repetitions: 4})
	tr := traceOf(t, file, m, TraceOptions{Repetition: 3})
	checkTrace(t, &tr)
	for _, e := range tr.Events {
		if e.PID != 3 {
			t.Fatalf("of another repetition: %+v", e)
		}
	}
	if ops := tr.of("X", "operation"); len(ops) != 20 || ops[0].TS > 1e6 || len(tr.left) != 1 || !strings.Contains(tr.left[0], "1 of 4 repetitions") {
		t.Errorf("%d operations, %q", len(ops), tr.left)
	}
	var missing *NoRepetitionError
	if _, err := WriteTrace(io.Discard, []Traceable{{file, m}}, nil, TraceOptions{Repetition: 9}); !errors.As(err, &missing) || !strings.Contains(err.Error(), "4 repetitions, from 1 to 4") {
		t.Errorf("a repetition that there is not: %v", err)
	}
}

// TestTraceHasABound, and what it holds until then can be shown.
func TestTraceHasABound(t *testing.T) {
	m, file := recorded(t, "burst", scenarios.VirtualWorld, scenarios.Choice{Seed: 1, Repetitions: 4})
	tr := traceOf(t, file, m, TraceOptions{MostEvents: 500})
	checkTrace(t, &tr)
	if n := len(tr.Events); n < 500 || n > 600 || len(tr.left) != 2 || !strings.Contains(tr.left[0], "it ends after") {
		t.Errorf("%d events, %q", n, tr.left)
	}
}

// TestTraceMarksWhatWasFound where the last of its witnesses ends, in its repetition.
func TestTraceMarksWhatWasFound(t *testing.T) {
	for world, latency := range map[string]string{scenarios.VirtualWorld: "uniform(5ms,50ms)", scenarios.RealWorld: ""} { // no two calls end together
		m, file := recorded(t, "two-users", world, scenarios.Choice{Seed: 1, Repetitions: 3, Core: "unlocked", Latency: latency})
		tr := traceOf(t, file, m, TraceOptions{})
		checkTrace(t, &tr)
		marks := tr.of("i", "found")
		if len(marks) == 0 || len(marks) != len(m.Violations)+len(m.StoreFindings) {
			t.Fatalf("%s: %d marks of %d violations, %q", world, len(marks), len(m.Violations), tr.left)
		}
		repetitions := map[int]bool{}
		for _, mark := range marks {
			repetitions[mark.PID] = true
			if mark.Scope != "g" || !slices.ContainsFunc(tr.of("X", ""), func(s traceEvent) bool { return s.PID == mark.PID && s.end() == mark.TS }) {
				t.Errorf("%s: nothing ends at %+v", world, mark)
			}
		}
		if len(repetitions) < 2 {
			t.Errorf("%s: all marks are in one repetition", world)
		}
		// Who does not say where it was gets no mark.
		if world == scenarios.VirtualWorld {
			m.Windows = nil
			if tr := traceOf(t, file, m, TraceOptions{}); len(tr.of("i", "found")) > 0 || len(tr.left) == 0 {
				t.Errorf("marks of violations nowhere, %q", tr.left)
			}
		}
	}
}

// TestTraceLanes: what goes on at once stands in several threads.
func TestTraceLanes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.ndjson")
	f, err := history.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w, err := history.NewWriter(f, history.Header{Scenario: "made", World: scenarios.RealWorld, Repetitions: 1})
	if err != nil {
		t.Fatal(err)
	}
	const ms = int64(1e6)
	for _, e := range []history.Event{
		{Kind: history.Begin, At: 0, Repetition: 1},
		{Kind: history.Invoke, At: 1 * ms, Actor: "a", Op: 1, Key: "k", Do: "append", Due: ms / 2},
		{Kind: history.Invoke, At: 2 * ms, Actor: "a", Op: 2, Key: "k", Do: "append"},
		{Kind: history.Get, Start: 2 * ms, At: 5 * ms, Actor: "a", Op: 1, Key: "k", Answer: history.NotFound},
		{Kind: history.Put, Start: 3 * ms, At: 6 * ms, Actor: "a", Op: 1, Key: "k", If: history.IfAbsent, Answer: history.OK, ETag: "v1", Doc: &history.Doc{N: 1}, Fault: "slow(10ms)"},
		{Kind: history.Wait, At: 6 * ms, Actor: "a", Op: 1, Key: "k", Wait: 100 * ms, Attempt: 2},
		{Kind: history.Get, Start: 8 * ms, At: 9 * ms, Actor: "a", Op: 1, Key: "k", Answer: history.OK, ETag: "v1", Doc: &history.Doc{N: 1}},
		{Kind: history.Return, At: 10 * ms, Actor: "a", Op: 1, Key: "k", Outcome: history.Crashed},
		{Kind: history.End, At: 20 * ms},
	} {
		w.Add(&e)
	}
	if err := errors.Join(w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	tr := traceOf(t, file, nil, TraceOptions{})
	checkTrace(t, &tr)
	var names []string
	for _, e := range tr.of("M", "") {
		if e.Name == "thread_name" {
			names = append(names, e.Args["name"].(string))
		}
	}
	if want := []string{"a", "a (2)", "a (3)"}; !slices.Equal(names, want) {
		t.Errorf("threads %q, want %q", names, want)
	}
	waits := tr.of("X", "wait")
	if len(waits) != 1 || waits[0].TS != 6000 || *waits[0].Duration != 2000 {
		t.Errorf("a wait that is cut short: %+v", waits)
	}
	if faults := tr.of("i", "fault"); len(faults) != 2 || faults[0].Name != "fault slow(10ms)" || faults[1].Name != "the client dies" {
		t.Errorf("faults: %+v", faults)
	}
	operations := tr.of("X", "operation")
	if len(operations) != 2 || operations[0].Args["queued_ms"] != 0.5 || operations[1].Args["outcome"] != "unfinished" || operations[1].end() != 20_000 {
		t.Errorf("operations: %+v", operations)
	}
}

package reports

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"holdfast/scenarios"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

// DefaultTraceEvents are about 100 MB, which viewers still open.
const DefaultTraceEvents = 400_000

// TraceOptions choose what of histories is traced.
type TraceOptions struct {
	// Repetition is the only one that is traced of each, from 1; 0: all of them.
	Repetition int
	// MostEvents bounds a trace: that of a history ends at the repetition, or in the one, in
	// which its share is reached. 0: [DefaultTraceEvents].
	MostEvents int
}

// Traceable is a run that can be traced.
type Traceable struct {
	History string               // its file, or the directory that it is in
	Run     *measure.Measurement // what it has shown; nil: nobody knows
}

// WriteTrace writes histories as Chrome trace events, in the JSON Object Format of "Trace
// Event Format" (Google), which Perfetto and chrome://tracing open.
//
// Each repetition is a process and each actor a thread, or several if it does several things
// at once. Operations are complete events; in them stand the calls of the store and the waits
// that they made. Planned faults and what became of messages are instants, violations and
// store findings of the run too, through all threads. An arrow leads from a write to each read of its
// version.
//
// Times are whole microseconds of a history, rounded down, so that nothing overlaps that did
// not, and begin with it; those of a single repetition count from its beginning. Several runs
// stand one below the other, each from time 0 on. They share the bound on events evenly, and what
// short ones leave of theirs goes to longer ones.
//
// It needs memory for a few versions of each object and for what is under way, however long
// the histories are. Lacking are runs that the caller has left out. Left says what the trace does
// not hold, if anything; the trace says so itself.
func WriteTrace(w io.Writer, runs []Traceable, lacking []string, o TraceOptions) (left []string, err error) {
	if o.MostEvents == 0 {
		o.MostEvents = DefaultTraceEvents
	}
	t := &tracer{out: bufio.NewWriterSize(w, 256<<10), options: o, about: make([]traceAbout, len(runs))}
	t.text(`{"traceEvents":[`)
	for i, n := range byLength(runs) {
		share := (o.MostEvents - t.written) / (len(runs) - i)
		if t.about[n], err = t.history(runs[n], t.written+share); err != nil {
			return nil, err
		}
	}
	if t.err == nil && t.lastPID == 0 && o.Repetition > 0 {
		return nil, &NoRepetitionError{o.Repetition, t.header.Scenario, t.seen}
	}
	left = t.left(lacking)
	t.text("\n],")
	t.value(`"displayTimeUnit":`, "ms")
	t.value(`,"otherData":`, map[string]any{"runs": t.about, "left_out": left})
	t.text("}\n")
	if t.err == nil {
		t.err = t.out.Flush()
	}
	return left, t.err
}

// byLength are the numbers of runs, those with the fewest operations first.
func byLength(runs []Traceable) []int {
	order := make([]int, len(runs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(runs[a].operations(), runs[b].operations()) })
	return order
}

// operations is how many there are in a run; one of which that is not known may be of any length.
func (r Traceable) operations() int {
	if r.Run == nil {
		return math.MaxInt
	}
	return r.Run.Counts.Operations
}

// traceAbout is what a trace says of one of its runs.
type traceAbout struct {
	Scenario    string `json:"scenario"`
	Core        string `json:"core"`
	World       string `json:"world"`
	Policy      string `json:"policy"`
	Seed        uint64 `json:"seed"`
	Replay      string `json:"replay"`
	Repetitions int    `json:"repetitions"`
	Traced      int    `json:"repetitions_traced"`
	EndsEarly   bool   `json:"ends_early"` // at its share of the events
}

// history traces a history, until so many events are written.
func (t *tracer) history(run Traceable, until int) (about traceAbout, err error) {
	rd, err := history.Open(run.History)
	if err != nil {
		return about, err
	}
	defer rd.Close()
	h := &rd.Header
	t.tracedHistory = tracedHistory{header: h, marks: marksOf(run.Run, *h), until: until, pidsBefore: t.lastPID}
	for e, err := range rd.Events() {
		if err != nil {
			return about, err
		}
		t.add(e)
		if t.err != nil || t.past() {
			break
		}
	}
	t.closeRepetition()
	for i := range t.marks {
		if !t.marks[i].done {
			t.unmarked++
		}
	}
	return traceAbout{h.Scenario, h.Core, h.World, h.Policy, h.Seed, h.Replay, h.Repetitions, t.traced, t.full}, nil
}

// NoRepetitionError says that no history that was to be traced holds a repetition.
type NoRepetitionError struct {
	Repetition int
	scenario   string // of the longest history
	seen       []int  // those that it holds
}

func (e *NoRepetitionError) Error() string {
	if len(e.seen) == 0 {
		return "the history of " + e.scenario + " has no repetition"
	}
	return fmt.Sprintf("the history of %s has no repetition %d: it holds %s, from %d to %d", e.scenario, e.Repetition, Plural(len(e.seen), "repetition"), e.seen[0], e.seen[len(e.seen)-1])
}

// tracer makes a trace of the events of histories, in their order.
type tracer struct {
	out     *bufio.Writer
	err     error // the first of writing
	options TraceOptions
	about   []traceAbout

	written     int // events
	arrowsSoFar int
	lastPID     int // the largest so far
	unmarked    int // violations and findings

	tracedHistory
}

// tracedHistory is the history that is being traced.
type tracedHistory struct {
	header     *history.Header
	marks      []traceMark
	until      int // so many events may be written when it ends
	pidsBefore int // those of its repetitions begin after that
	traced     int
	full       bool  // there is no room for what follows
	seen       []int // its repetitions so far

	at      int64 // its latest time
	current *traced
}

// traced is a repetition that is being traced.
type traced struct {
	n      int   // its number; 0: it has not begun, its objects are being made
	pid    int   // that of its process
	shift  int64 // when its time began, in that of the history
	base   int64 // what is subtracted from times
	held   []*history.Event
	lanes  traceLanes
	open   map[int]*openSlice
	writes map[string][]tracedWrite // of each object, the last few
}

// past reports whether nothing that follows is to be traced.
func (t *tracer) past() bool {
	return t.full || t.options.Repetition > 0 && t.current != nil && t.current.n > t.options.Repetition
}

// add traces an event. What comes before a repetition begins belongs to it already: its
// objects are made then. Others are made in the midst of it, when a fresh one takes over.
func (t *tracer) add(e *history.Event) {
	if t.current == nil || t.current.n > 0 && t.current.isOver(e) {
		t.closeRepetition()
		t.current = newTraced(e)
	}
	t.at = max(t.at, e.At)
	r := t.current
	switch {
	case e.Kind == history.Begin:
		t.begin(r, e)
	case r.n == 0:
		r.held = append(r.held, e.Clone())
	default:
		t.trace(r, e)
	}
}

// isOver reports whether an event is of another repetition.
func (r *traced) isOver(e *history.Event) bool {
	if e.Actor == history.SetupActor {
		n, _ := history.PartOf(e.Key)
		return n > 0 && n != r.n
	}
	return e.Kind == history.Begin
}

// newTraced begins with the first event of a repetition, whose time begins with it.
func newTraced(e *history.Event) *traced {
	shift := e.At
	switch e.Kind {
	case history.Get, history.Head, history.Put, history.Delete:
		shift = e.Start
	}
	return &traced{shift: shift, open: map[int]*openSlice{}, writes: map[string][]tracedWrite{}}
}

// begin begins a repetition's process, if it is to be traced.
func (t *tracer) begin(r *traced, e *history.Event) {
	r.n = e.Repetition
	t.seen = append(t.seen, r.n)
	if t.options.Repetition > 0 && r.n != t.options.Repetition {
		r.held = nil
		return
	}
	if t.written >= t.until {
		t.full = true
		return
	}
	t.traced++
	r.pid = t.pidsBefore + r.n
	t.lastPID = max(t.lastPID, r.pid)
	if t.options.Repetition > 0 {
		r.base = r.shift
	}
	t.emit(&traceEvent{Name: "process_name", Phase: "M", PID: r.pid, Args: map[string]any{"name": fmt.Sprintf("%s, repetition %d", t.header.Scenario, r.n)}})
	t.emit(&traceEvent{Name: "process_sort_index", Phase: "M", PID: r.pid, Args: map[string]any{"sort_index": r.pid}})
	for _, held := range r.held {
		t.trace(r, held)
	}
	r.held = nil
}

// closeRepetition ends what is under way, and marks what was found in it.
func (t *tracer) closeRepetition() {
	r := t.current
	t.current = nil
	if r == nil || r.pid == 0 {
		return
	}
	for _, n := range slices.Sorted(maps.Keys(r.open)) {
		t.endOperation(r, r.open[n], &history.Event{Kind: history.Return, At: t.at, Op: n, Outcome: "unfinished"})
	}
	for i := range t.marks {
		t.mark(r, &t.marks[i])
	}
}

// left says what the trace does not hold.
func (t *tracer) left(lacking []string) []string {
	left := []string{}
	traced, repetitions, cut := 0, 0, 0
	for i := range t.about {
		a := &t.about[i]
		traced, repetitions = traced+a.Traced, repetitions+a.Repetitions
		if a.EndsEarly {
			cut++
		}
	}
	switch {
	case cut > 0 && repetitions > 1 && len(t.about) == 1:
		left = append(left, fmt.Sprintf("it ends after %d events; --repetition N traces another one", t.written))
	case cut > 0 && len(t.about) == 1:
		left = append(left, fmt.Sprintf("it ends after %d events, at %s s", t.written, seconds(float64(t.at)/1e9)))
	case cut > 0:
		left = append(left, fmt.Sprintf("%d of %d runs end early, as they share %d events; the trace of one alone holds more of it", cut, len(t.about), t.options.MostEvents))
	}
	if traced < repetitions {
		left = append(left, fmt.Sprintf("it holds %d of %s", traced, Plural(repetitions, "repetition")))
	}
	if t.unmarked > 0 {
		left = append(left, fmt.Sprintf("of what was found %d are not marked: they are not in what is traced, or nobody says in which repetition they were", t.unmarked))
	}
	if len(lacking) > 0 {
		left = append(left, fmt.Sprintf("it lacks %s without a history: %s", Plural(len(lacking), "run"), strings.Join(lacking, ", ")))
	}
	return left
}

// traceMark is a violation or a finding about the store.
type traceMark struct {
	repetition int   // its number, or one of those below
	at         int64 // of its last witness, in the time of its repetition
	name, text string
	done       bool
}

const (
	wholeHistory = 0  // at is a time of the whole history
	nowhere      = -1 // nobody says in which repetition it was
)

// marksOf are what a run has found. Nil: there is no result, only a history.
func marksOf(run *measure.Measurement, h history.Header) []traceMark {
	if run == nil {
		return nil
	}
	where := func(violation, finding int) int {
		switch i := slices.IndexFunc(run.Windows, func(w measure.Window) bool { return w.Violation == violation && w.Finding == finding }); {
		case h.World != scenarios.VirtualWorld:
			return wholeHistory
		case h.Repetitions == 1:
			return 1
		case i >= 0:
			return run.Windows[i].Repetition
		}
		return nowhere
	}
	var marks []traceMark
	for i := range run.Violations {
		v := &run.Violations[i]
		name := fmt.Sprintf("%s %s: %s", v.Invariant, v.Invariant.Title(), v.Anomaly)
		marks = append(marks, traceMark{repetition: where(i, -1), at: lastOf(v.Witness), name: name, text: v.Summary})
	}
	for i := range run.StoreFindings {
		f := &run.StoreFindings[i]
		marks = append(marks, traceMark{repetition: where(-1, i), at: lastOf(f.Witness), name: "the store: " + string(f.Kind), text: f.Summary})
	}
	return marks
}

func lastOf(witness []history.Event) int64 {
	at := int64(0)
	for i := range witness {
		at = max(at, witness[i].At)
	}
	return at
}

// text and value write a part of the document.
func (t *tracer) text(s string) {
	if t.err == nil {
		_, t.err = t.out.WriteString(s)
	}
}

func (t *tracer) value(before string, v any) {
	t.text(before)
	if t.err == nil {
		var text []byte
		if text, t.err = json.Marshal(v); t.err == nil {
			_, t.err = t.out.Write(text)
		}
	}
}

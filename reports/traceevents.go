package reports

import (
	"cmp"
	"fmt"
	"maps"

	"holdfast/scenarios/history"
)

// traceEvent is one of the format's events. Times are whole microseconds.
type traceEvent struct {
	Name     string         `json:"name"`
	Category string         `json:"cat,omitempty"`
	Phase    string         `json:"ph"` // X complete, i instant, s and f the ends of an arrow, M metadata
	TS       int64          `json:"ts"`
	Duration *int64         `json:"dur,omitempty"`
	PID      int            `json:"pid"`
	TID      int            `json:"tid"`
	Scope    string         `json:"s,omitempty"` // of an instant: g global, p process, t thread
	ID       int            `json:"id,omitempty"`
	Binding  string         `json:"bp,omitempty"` // e: an arrow ends in the event around it
	Args     map[string]any `json:"args,omitempty"`
}

// emit writes an event.
func (t *tracer) emit(e *traceEvent) {
	comma := ","
	if t.written == 0 {
		comma = ""
	}
	t.written++
	t.value(comma+"\n", e)
}

// slice is a time in a thread.
type slice struct {
	lane       int
	start, end int64 // in the history's time
}

// openSlice is an operation that is under way, of which the calls and waits are told already.
type openSlice struct {
	invoke  history.Event
	lane    int
	busy    int64 // until when its calls and waits in its lane go
	waiting *history.Event
}

// traceLanes are the threads of a process: those of an actor are one after the other.
type traceLanes struct {
	of   map[string][]int // of each actor, in their order
	free []int64          // of each, until when it is taken
	held []bool           // an operation is under way in it
}

// take returns a lane of an actor in which nothing goes on since start.
func (l *traceLanes) take(actor string, start int64) (lane int, isNew bool) {
	if l.of == nil {
		l.of = map[string][]int{}
	}
	for _, lane := range l.of[actor] {
		if !l.held[lane] && l.free[lane] <= start {
			return lane, false
		}
	}
	lane = len(l.free)
	l.free, l.held = append(l.free, start), append(l.held, false)
	l.of[actor] = append(l.of[actor], lane)
	return lane, true
}

// lane returns a lane, which it introduces if it is new.
func (t *tracer) lane(r *traced, actor string, start int64) int {
	lane, isNew := r.lanes.take(actor, start)
	if isNew {
		name := actor
		if n := len(r.lanes.of[actor]); n > 1 {
			name = fmt.Sprintf("%s (%d)", actor, n)
		}
		t.emit(&traceEvent{Name: "thread_name", Phase: "M", PID: r.pid, TID: lane + 1, Args: map[string]any{"name": name}})
	}
	return lane
}

// micros is a time of the history in the trace.
func (r *traced) micros(ns int64) int64 { return max(ns-r.base, 0) / 1000 }

// complete writes a slice.
func (t *tracer) complete(r *traced, s slice, name, category string, args map[string]any) {
	from := r.micros(s.start)
	dur := max(r.micros(s.end)-from, 0)
	t.emit(&traceEvent{Name: name, Category: category, Phase: "X", TS: from, Duration: &dur, PID: r.pid, TID: s.lane + 1, Args: args})
}

func (t *tracer) instant(r *traced, lane int, at int64, scope, name, category string, args map[string]any) {
	t.emit(&traceEvent{Name: name, Category: category, Phase: "i", TS: r.micros(at), PID: r.pid, TID: lane + 1, Scope: scope, Args: args})
}

// trace traces an event of a repetition, if that is traced.
func (t *tracer) trace(r *traced, e *history.Event) {
	if r.pid == 0 {
		return
	}
	if t.written >= t.until {
		t.full = true
		return
	}
	switch e.Kind {
	case history.Invoke:
		lane := t.lane(r, e.Actor, e.At)
		r.lanes.held[lane] = true
		r.open[e.Op] = &openSlice{invoke: *e.Clone(), lane: lane, busy: e.At}
	case history.Get, history.Head, history.Put, history.Delete:
		t.call(r, e)
	case history.Wait:
		if op := r.open[e.Op]; op != nil {
			t.endWait(r, op, e.At)
			op.waiting = e.Clone()
		}
	case history.Return:
		if op := r.open[e.Op]; op != nil {
			t.endOperation(r, op, e)
		}
	case history.Tell:
		t.complete(r, t.alone(r, e), "look whom to tell", "reconciler", argsOf(e))
	case history.Queue:
		t.instant(r, t.lane(r, e.Actor, e.At), e.At, "t", "message "+e.Do, "queue", argsOf(e))
	case history.Skip:
		t.instant(r, t.lane(r, e.Actor, e.At), e.At, "t", "never begun", "skip", argsOf(e))
	case history.Note:
		name := cmp.Or(e.Fault, "note")
		t.instant(r, t.lane(r, cmp.Or(e.Actor, "notes"), e.At), e.At, "p", name, "note", argsOf(e))
	case history.Begin, history.Request, history.Step, history.Omit, history.End:
	}
}

// alone is the slice of what belongs to no operation.
func (t *tracer) alone(r *traced, e *history.Event) slice {
	lane := t.lane(r, e.Actor, e.Start)
	r.lanes.free[lane] = e.At
	return slice{lane, e.Start, e.At}
}

// call traces a call of the store, in its operation if it has one and makes no other call at
// that time.
func (t *tracer) call(r *traced, e *history.Event) {
	op := r.open[e.Op]
	if op != nil {
		begun := e.Start
		if e.Asked > 0 {
			begun = e.Asked
		}
		t.endWait(r, op, begun)
	}
	var s slice
	if op != nil && e.Start >= op.busy {
		s = slice{op.lane, e.Start, e.At}
		op.busy = e.At
	} else {
		s = t.alone(r, e)
	}
	name := string(e.Kind) + " " + e.Answer
	t.complete(r, s, name, "store", argsOf(e))
	if e.Fault != "" {
		t.instant(r, s.lane, e.At, "t", "fault "+e.Fault, "fault", nil)
	}
	t.arrows(r, e, s)
}

// endWait traces the wait of an operation that goes on with something else.
func (t *tracer) endWait(r *traced, op *openSlice, at int64) {
	e := op.waiting
	if e == nil {
		return
	}
	op.waiting = nil
	end := min(e.At+e.Wait, at)
	if e.At < op.busy || end < e.At { // it did something else meanwhile
		return
	}
	op.busy = end
	t.complete(r, slice{op.lane, e.At, end}, "wait", "wait", argsOf(e))
}

// endOperation traces an operation that has ended.
func (t *tracer) endOperation(r *traced, op *openSlice, e *history.Event) {
	t.endWait(r, op, e.At)
	delete(r.open, e.Op)
	r.lanes.held[op.lane] = false
	s := slice{op.lane, op.invoke.At, max(e.At, op.busy)}
	r.lanes.free[op.lane] = s.end
	args := argsOf(&op.invoke)
	maps.Copy(args, argsOf(e))
	t.complete(r, s, cmp.Or(op.invoke.Do, "operation")+" "+e.Outcome, "operation", args)
	if e.Outcome == history.Crashed {
		t.instant(r, op.lane, e.At, "t", "the client dies", "fault", nil)
	}
}

// argsOf is what an event says, besides what its place in the trace does.
func argsOf(e *history.Event) map[string]any {
	args := map[string]any{}
	for _, a := range []struct{ name, value string }{
		{"object", e.Key}, {"condition", e.If}, {"if_etag", e.IfETag}, {"answer", e.Answer}, {"etag", e.ETag}, {"base", e.Base},
		{"outcome", e.Outcome}, {"fault", e.Fault}, {"means", e.Means}, {"carried", e.Carried}, {"trigger", e.Trigger}, {"through", e.Through}, {"text", e.Text},
	} {
		if a.value != "" {
			args[a.name] = a.value
		}
	}
	for _, a := range []struct {
		name  string
		value int
	}{{"operation", e.Op}, {"attempt", e.Attempt}, {"requests", e.Requests}, {"status", e.Status}, {"count", e.Count}} {
		if a.value != 0 {
			args[a.name] = a.value
		}
	}
	for _, a := range []struct {
		name string
		ns   int64
	}{{"wait_ms", e.Wait}, {"retry_after_ms", e.RetryAfter}} {
		if a.ns != 0 {
			args[a.name] = float64(a.ns) / 1e6
		}
	}
	if e.Due > 0 && e.Due < e.At {
		args["queued_ms"] = float64(e.At-e.Due) / 1e6
	}
	for _, a := range []struct {
		name   string
		values []string
	}{{"modifications", e.IDs}, {"fields", e.Sets}, {"conflicting", e.Fields}, {"told", e.Told}} {
		if len(a.values) > 0 {
			args[a.name] = a.values
		}
	}
	if e.Doc != nil {
		args["entries"] = e.Doc.N
	}
	return args
}

// tracedWrite is one that made a version.
type tracedWrite struct {
	etag string
	slice
}

// mostVersions of an object are remembered: what reads see is new.
const mostVersions = 16

// arrows leads one from the write of the version that a read has seen to the read.
func (t *tracer) arrows(r *traced, e *history.Event, s slice) {
	if e.ETag == "" || e.Answer != history.OK {
		return
	}
	known := r.writes[e.Key]
	if e.Kind == history.Put {
		r.writes[e.Key] = append(known[max(len(known)-mostVersions+1, 0):len(known):len(known)], tracedWrite{e.ETag, s})
		return
	}
	for i := len(known) - 1; i >= 0; i-- {
		w := &known[i]
		from, to := r.micros(w.start), r.micros(s.end)-1 // an arrow ends within the read
		if w.etag != e.ETag || to < from || to < r.micros(s.start) || r.micros(w.end) == from {
			continue
		}
		t.arrowsSoFar++
		arrow := traceEvent{Name: "version", Category: "version", Phase: "s", TS: from, PID: r.pid, TID: w.lane + 1, ID: t.arrowsSoFar}
		t.emit(&arrow)
		arrow.Phase, arrow.TS, arrow.TID, arrow.Binding = "f", to, s.lane+1, "e"
		t.emit(&arrow)
		return
	}
}

// mark marks what was found in a repetition.
func (t *tracer) mark(r *traced, m *traceMark) {
	at := m.at
	switch {
	case m.done || m.repetition != wholeHistory && m.repetition != r.n:
		return
	case m.repetition != wholeHistory:
		at += r.shift
	case at < r.shift || at > t.at:
		return
	}
	m.done = true
	t.instant(r, 0, at, "g", m.name, "found", map[string]any{"text": m.text})
}

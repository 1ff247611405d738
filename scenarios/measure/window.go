package measure

import (
	"cmp"
	"slices"

	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// How much of what happened around a witness is kept.
const (
	aroundWitness = 12  // events before its first and after its last
	betweenEach   = 6   // for which there is to be room between each two of its events
	mostOfWindow  = 150 // events, unless the witness itself has more
)

// Windows returns what happened around the witnesses of violations and findings, in their
// order, out of events that are the history, or the repetition, in which they were found.
// A witness none of whose events is there has none.
func Windows(l *history.Layout, violations []check.Violation, findings []check.StoreFinding, events []*history.Event) []Window {
	w := newWindows(l, violations, findings)
	for _, e := range events {
		w.Add(e)
	}
	return w.list()
}

// windows are made in one pass through the events, with memory for what they hold.
type windows struct {
	layout     *history.Layout
	all        []*windowing
	of         map[string][]*windowing // by the keys of their objects
	messages   bool                    // some are about messages too
	repetition int
}

// windowing is a window that is being made.
type windowing struct {
	Window
	repetition int             // that the keys of its object name; 0: they don't
	actors     map[string]bool // of the witness
	messages   bool
	wanted     map[mark]bool // events of the witness that have not come yet
	pending    []history.Event
	skipped    int // of those that are pending, after the first aroundWitness
	following  int // events since the last of the witness
}

// mark is by what an event of a witness is known: the judge makes it anew from what it has
// kept of the recorded one. A look at an ETag is a read to it.
type mark struct {
	kind    history.Kind
	at      int64
	op      int
	actor   string
	key     string
	message string // what became of which
}

func markOf(e *history.Event) mark {
	m := mark{kind: e.Kind, at: e.At, op: e.Op, actor: e.Actor, key: e.Key}
	switch e.Kind {
	case history.Head:
		m.kind = history.Get
	case history.Queue:
		m.message = e.Do + " " + e.Trigger
	}
	return m
}

func newWindows(l *history.Layout, violations []check.Violation, findings []check.StoreFinding) *windows {
	w := &windows{layout: l, of: map[string][]*windowing{}}
	for i := range violations {
		w.open(Window{Violation: i, Finding: -1}, violations[i].Witness)
	}
	for i := range findings {
		w.open(Window{Violation: -1, Finding: i}, findings[i].Witness)
	}
	return w
}

// open begins a window; there is none around nothing.
func (w *windows) open(of Window, witness []history.Event) {
	if len(witness) == 0 {
		return
	}
	v := &windowing{Window: of, wanted: map[mark]bool{}, actors: map[string]bool{}}
	keys := map[string]bool{}
	for i := range witness {
		e := &witness[i]
		v.wanted[markOf(e)] = true
		v.actors[e.Actor] = true
		object, ofMessage := w.object(e)
		v.messages = v.messages || ofMessage
		if object != "" && !keys[object] {
			keys[object] = true
			w.of[object] = append(w.of[object], v)
			v.repetition, _ = history.PartOf(object)
		}
	}
	w.messages = w.messages || v.messages
	w.all = append(w.all, v)
}

// object is the key of the document that an event is about, perhaps by a message.
func (w *windows) object(e *history.Event) (key string, ofMessage bool) {
	trigger := e.Key
	if e.Kind == history.Queue {
		trigger = e.Trigger
	} else if e.Doc != nil || e.Key == "" {
		return e.Key, false
	}
	if object, _, ok := w.layout.SplitTrigger(trigger); ok {
		return object, true
	}
	return e.Key, false
}

// Add implements [history.Sink].
func (w *windows) Add(e *history.Event) {
	if n := begins(e); n > 0 {
		w.repetition = n
	}
	if e.Key == "" && e.Kind != history.Queue {
		w.addAside(e)
		return
	}
	if windows := w.of[e.Key]; len(windows) > 0 {
		for _, v := range windows {
			v.add(e, w.repetition)
		}
	} else if w.messages {
		if object, ofMessage := w.object(e); ofMessage {
			for _, v := range w.of[object] {
				if v.messages {
					v.add(e, w.repetition)
				}
			}
		}
	}
}

// addAside adds what is about no object: the fault that struck an actor, such as a crash, and
// the outcome of a step.
func (w *windows) addAside(e *history.Event) {
	if e.Kind != history.Step && (e.Kind != history.Note || e.Fault == "") {
		return
	}
	for _, v := range w.all {
		if (v.repetition == 0 || v.repetition == w.repetition) && (e.Kind == history.Step || v.actors[e.Actor]) {
			v.add(e, w.repetition)
		}
	}
}

func (v *windowing) add(e *history.Event, repetition int) {
	if m := markOf(e); v.wanted[m] {
		delete(v.wanted, m)
		v.Repetition = max(repetition, 1)
		v.join()
		v.Witness = append(v.Witness, len(v.Events))
		v.Events = append(v.Events, *e.Clone())
		v.following = 0
		return
	}
	v.following++
	if len(v.Witness) > 0 && len(v.wanted) == 0 && v.following > aroundWitness {
		v.After++
		return
	}
	v.pending = append(v.pending, *e.Clone())
	if len(v.pending) >= 2*mostOfWindow {
		v.forget(min(len(v.Witness), 1)*aroundWitness, mostOfWindow)
	}
}

// forget leaves out what is pending, but for so many of the first and of the last.
func (v *windowing) forget(first, last int) {
	if n := len(v.pending) - first - last; n > 0 {
		v.pending = slices.Delete(v.pending, first, first+n)
		v.skipped += n
	}
}

// join adds what is pending to the window, in front of an event of the witness.
func (v *windowing) join() {
	if len(v.Witness) == 0 {
		v.forget(0, aroundWitness)
		v.Before, v.skipped = v.skipped, 0
	} else if most := max(v.room(), 0); v.skipped+len(v.pending) > most {
		each := min(most/2, aroundWitness)
		v.forget(each, each)
		v.Skipped = append(v.Skipped, Skipped{len(v.Events) + each, v.skipped})
	}
	v.Events = append(v.Events, v.pending...)
	v.pending, v.skipped = v.pending[:0], 0
}

// room is for so many events between the last of the witness and the one that has come.
func (v *windowing) room() int {
	following := len(v.wanted)
	free := mostOfWindow - len(v.Events) - 1 - following - aroundWitness
	return max(free-following*betweenEach, free/(following+1))
}

// list ends all windows.
func (w *windows) list() []Window {
	var all []Window
	for _, v := range w.all {
		if len(v.Witness) == 0 {
			continue
		}
		n := min(len(v.pending), aroundWitness)
		v.After += len(v.pending) - n + v.skipped
		v.Events = append(v.Events, v.pending[:n]...)
		all = append(all, v.Window)
	}
	slices.SortStableFunc(all, func(a, b Window) int {
		return cmp.Or(cmp.Compare(a.Finding, b.Finding), cmp.Compare(a.Violation, b.Violation))
	})
	return all
}

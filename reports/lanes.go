package reports

import (
	"cmp"
	"fmt"
	"slices"

	"holdfast/reports/page"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

// What is drawn of a story at most.
const (
	mostSteps  = 40
	mostBeside = 3  // events on either side of one that is evidence
	mostActors = 8  // with a lane of their own
	mostDrawn  = 10 // stories of a page; more are told in words
)

// story is a violation, or what is like one, that is to be drawn and told.
type story struct {
	id string // of the block
	check.Violation
	window []history.Event // what happened around it, in the order in which it ended; nil: nobody knows
	// before and after are how many events of the object the window leaves out.
	before, after int
	scenario      string
	untimed       bool // a schedule has an order, but no times
	conditions    bool // it is about the store
	moves         []page.LaneMove
	fate          string // where it became inevitable; empty: nobody knows
}

// violationSections tell violations in their order. What they have in common is that of a
// story of none of them.
func violationSections(all []check.Violation, windows []measure.Window, common story) []page.Block {
	var blocks []page.Block
	for i := range all {
		v, t := &all[i], common
		t.id, t.Violation = fmt.Sprintf("violation-%d-story", i+1), *v
		t.around(windows, i, -1)
		if i > 0 {
			t.fate = "" // which is that of the first
		}
		l := t.lanes()
		l.Undrawn = i >= mostDrawn
		blocks = append(blocks, page.Section{
			ID: fmt.Sprintf("violation-%d", i+1), Title: fmt.Sprintf("%s %s: %s", v.Invariant, v.Invariant.Title(), v.Anomaly), Verdict: "violated",
			Blocks: []page.Block{l},
		})
	}
	return blocks
}

// around takes what happened around a violation or a finding, by its place in the list of those.
func (t *story) around(windows []measure.Window, violation, finding int) {
	for i := range windows {
		if w := &windows[i]; w.Violation == violation && w.Finding == finding {
			t.window, t.before, t.after = w.Events, w.Before, w.After
		}
	}
}

// seen is an event that is drawn, and why.
type seen struct {
	history.Event
	weight page.Weight
	left   int // events that are left out before it
}

// lanes draws and tells it.
func (t *story) lanes() page.Lanes {
	b := t.board(t.events())
	l := page.Lanes{ID: t.id, Title: b.title(), Where: b.where(), Across: b.named, Moves: t.moves, Fate: t.fate}
	for i := range b.seen {
		if left := b.seen[i].left; left > 0 {
			l.Steps = append(l.Steps, page.LaneStep{Weight: page.Gap, Text: leftOut(left, i == 0)})
		}
		b.at[i] = len(l.Steps)
		l.Steps = append(l.Steps, b.step(i))
	}
	if left := b.after; left > 0 {
		l.Steps = append(l.Steps, page.LaneStep{Weight: page.Gap, Text: Plural(left, "event") + " after this"})
	}
	l.Before = b.known
	l.Bars, l.Bands = b.bars(), b.bands()
	for i := range l.Steps {
		if a := l.Steps[i].Arrow; a != nil {
			a.Sent = b.sent(i)
		}
	}
	return l
}

func leftOut(n int, first bool) string {
	if first {
		return Plural(n, "event") + " before this"
	}
	return Plural(n, "event") + " in between"
}

// place tells events of one history apart.
type place struct {
	kind      history.Kind
	actor, do string
	op        int
	start, at int64
}

func placeOf(e *history.Event) place { return place{e.Kind, e.Actor, e.Do, e.Op, e.Start, e.At} }

// events are those that are drawn: the evidence, and what happened beside it.
func (t *story) events() (shown []seen) {
	all := t.merged()
	wrong := t.wrong(all)
	keep := chosen(all)
	skipped := t.before
	for i := range all {
		if !keep[i] {
			skipped++
			continue
		}
		all[i].left, skipped = skipped, 0
		if i == wrong {
			all[i].weight = page.Wrong
		}
		shown = append(shown, all[i])
	}
	t.after += skipped
	return shown
}

// merged are the events of the witness and of the window, in order. Where both have one, the
// window knows what was recorded, and the witness of which version a write turned out to be.
func (t *story) merged() []seen {
	evidence := map[place]*history.Event{}
	for i := range t.Witness {
		evidence[placeOf(&t.Witness[i])] = &t.Witness[i]
	}
	var all []seen
	for i := range t.window {
		e := seen{Event: t.window[i], weight: page.Context}
		if !drawable(&e.Event) {
			continue
		}
		if w := evidence[placeOf(&e.Event)]; w != nil {
			e.weight, e.ETag = page.Evidence, cmp.Or(e.ETag, w.ETag)
			delete(evidence, placeOf(w))
		}
		all = append(all, e)
	}
	for i := range t.Witness {
		e := &t.Witness[i]
		if evidence[placeOf(e)] == nil {
			continue
		}
		at := len(all)
		for at > 0 && all[at-1].At > e.At {
			at--
		}
		all = slices.Insert(all, at, seen{Event: *e})
	}
	return all
}

// drawable reports whether an event is part of what is told: not the frame of a run.
func drawable(e *history.Event) bool {
	switch e.Kind {
	case history.Begin, history.Skip, history.Request, history.Step, history.Omit, history.End:
		return false
	case history.Note:
		return e.Fault != ""
	}
	return true
}

// chosen are the events that are drawn: of the evidence the first and the last, if it is very
// long, and what is next to it.
func chosen(all []seen) []bool {
	keep := make([]bool, len(all))
	var evidence []int
	for i := range all {
		if all[i].weight != page.Context {
			evidence = append(evidence, i)
		}
	}
	if n := len(evidence); n > mostSteps {
		evidence = slices.Delete(evidence, mostSteps/4, n-mostSteps*3/4)
	}
	for _, i := range evidence {
		keep[i] = true
	}
	left := mostSteps - len(evidence)
	for near := 1; near <= mostBeside; near++ {
		for _, i := range evidence {
			for _, k := range []int{i - near, i + near} {
				if left > 0 && k >= 0 && k < len(all) && !keep[k] && all[k].weight == page.Context {
					keep[k] = true
					left--
				}
			}
		}
	}
	return keep
}

// wrong is the event in which it goes wrong, -1 if that is none of them.
func (t *story) wrong(all []seen) int {
	last := func(is func(e *history.Event) bool) int {
		for i := len(all) - 1; i >= 0; i-- {
			if e := &all[i]; e.weight != page.Context && e.Actor != history.FinalActor && is(&e.Event) {
				return i
			}
		}
		return -1
	}
	wrote := func(e *history.Event) bool { return e.Kind == history.Put && e.ETag != "" }
	returned := func(e *history.Event) bool { return e.Kind == history.Return }
	succeeded := func(e *history.Event) bool { return e.Outcome == history.Committed }
	any := func(*history.Event) bool { return true }
	switch t.Invariant {
	case check.HonestAnswers:
		return cmp.Or(1+last(returned), 1+last(any)) - 1
	case check.OneCreator:
		return last(succeeded)
	case check.RealTime:
		return len(all) - 1
	case check.ArchiveFirst:
		// Whoever gives a message back has said that all is done.
		given := last(func(e *history.Event) bool { return e.Do == history.Acknowledged })
		if t.Anomaly == "trigger vanished" && given >= 0 {
			return given
		}
		return cmp.Or(1+last(func(e *history.Event) bool { return !succeeded(e) }), 1+last(any)) - 1
	case "":
		return cmp.Or(1+last(func(e *history.Event) bool { return !succeeded(e) }), 1+last(any)) - 1
	case check.NothingLost:
		switch {
		case t.overwriter() != nil:
		case t.Anomaly == "never written":
			return last(succeeded)
		default:
			return len(all) - 1 // the last read
		}
	}
	return cmp.Or(1+last(wrote), 1+last(any)) - 1
}

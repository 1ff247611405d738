package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"holdfast/reports/page"
	"holdfast/scenarios/check"
	"holdfast/scenarios/explore"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

// What is drawn of a story at most.
const (
	mostSteps  = 40
	mostBeside = 3 // events on either side of one that is evidence
	mostActors = 8 // with a lane of their own
)

// story is a violation, or what is like one, that is to be drawn and told.
type story struct {
	id string // of the block
	check.Violation
	window     measure.Window // what happened around it; nothing, if nobody knows
	after      int            // events that are left out after the last
	scenario   string
	untimed    bool // a schedule has an order, but no times
	conditions bool // it is about the store
	moves      []page.LaneMove
	fate       string // where it became inevitable; empty: nobody knows
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
		blocks = append(blocks, page.Section{
			ID: fmt.Sprintf("violation-%d", i+1), Title: fmt.Sprintf("%s %s: %s", v.Invariant, v.Invariant.Title(), v.Anomaly), Verdict: "violated",
			Blocks: []page.Block{t.lanes()},
		})
	}
	return blocks
}

// around takes what happened around a violation or a finding, by its place in the list of those.
func (t *story) around(windows []measure.Window, violation, finding int) {
	for i := range windows {
		if w := &windows[i]; w.Violation == violation && w.Finding == finding {
			t.window = *w
		}
	}
}

// laneEvent is an event that is drawn, and why.
type laneEvent struct {
	history.Event
	weight page.Weight
	left   int // events that are left out before it
}

// lanes draws and tells it.
func (t *story) lanes() page.Lanes {
	b := t.board(t.events())
	l := page.Lanes{ID: t.id, Title: b.title(), Means: b.known(), Where: b.where(), Across: b.named, Moves: t.moves, Fate: t.fate}
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
	l.Before = b.first
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
	kind       history.Kind
	actor, key string
	op         int
	at         int64
	message    string
}

func placeOf(e *history.Event) place {
	p := place{kind: e.Kind, actor: e.Actor, key: e.Key, op: e.Op, at: e.At}
	if e.Kind == history.Queue {
		p.message = e.Do + " " + e.Trigger
	}
	return p
}

// events are those that are drawn: the evidence, and what happened beside it.
func (t *story) events() (shown []laneEvent) {
	all := t.merged()
	wrong := t.wrong(all)
	keep := t.chosen(all)
	skipped := t.window.Before
	for i := range all {
		skipped += all[i].left
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
	t.after = skipped + t.window.After
	return shown
}

// merged are the events of the witness and of the window, in order. Where both have one, the
// window knows what was recorded, and the witness of which version a write turned out to be.
func (t *story) merged() []laneEvent {
	evidence := map[place]*history.Event{}
	for i := range t.Witness {
		evidence[placeOf(&t.Witness[i])] = &t.Witness[i]
	}
	skipped := map[int]int{} // in front of an event of the window
	for _, s := range t.window.Skipped {
		skipped[s.Before] += s.Events
	}
	var all []laneEvent
	left := 0
	for i := range t.window.Events {
		e := laneEvent{Event: t.window.Events[i], weight: page.Context}
		left += skipped[i]
		if !drawable(&e.Event) {
			continue
		}
		if w := evidence[placeOf(&e.Event)]; w != nil {
			e.weight, e.ETag = page.Evidence, cmp.Or(e.ETag, w.ETag)
			delete(evidence, placeOf(w))
		}
		e.left, left = left, 0
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
		all = slices.Insert(all, at, laneEvent{Event: *e})
	}
	t.promote(all)
	return t.scheduled(all)
}

// scheduled are events of a schedule: what comes of its having ended is left out, and a write
// that took effect later than its client gave it up is there when it did.
func (t *story) scheduled(all []laneEvent) []laneEvent {
	if len(t.moves) == 0 {
		return all
	}
	end := tick(len(t.moves))
	all = slices.DeleteFunc(all, func(e laneEvent) bool { return e.weight == page.Context && e.At > end })
	for i, m := range t.moves {
		actor, late := strings.CutSuffix(m.Name, "!late")
		if !late {
			continue
		}
		for k := len(all) - 1; k >= 0; k-- {
			sent := &all[k]
			if n := moveOf(sent.At); sent.Kind != history.Put || sent.Actor != actor || n < 1 || n > i || t.moves[n-1].Name != actor+"!slow" {
				continue
			}
			landed := laneEvent{Event: sent.Event, weight: sent.weight}
			landed.Kind, landed.At, landed.Start, landed.Fault = history.Note, tick(i+1), tick(i+1), "late"
			sent.ETag = "" // it has none yet
			at := k + 1
			for at < len(all) && all[at].At < landed.At {
				at++
			}
			all = slices.Insert(all, at, landed)
			break
		}
	}
	return all
}

// tick is the time of a move of a schedule, from 1, and moveOf is the move of a time.
func tick(move int) int64 { return int64(move) * explore.Tick.Nanoseconds() }

func moveOf(at int64) int { return int(at / explore.Tick.Nanoseconds()) }

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

// chosen are the events that are drawn: of the evidence what tells most, if it is very long, and
// of what is next to it what belongs to it.
func (t *story) chosen(all []laneEvent) []bool {
	keep := make([]bool, len(all))
	var evidence []int
	for i := range all {
		if all[i].weight != page.Context {
			evidence = append(evidence, i)
		}
	}
	belongs := t.belonging(all, evidence)
	evidence = t.telling(all, evidence)
	for _, i := range evidence {
		keep[i] = true
	}
	left := mostSteps - len(evidence)
	for near := 1; near <= mostBeside; near++ {
		for _, i := range evidence {
			for _, k := range []int{i - near, i + near} {
				if left > 0 && k >= 0 && k < len(all) && !keep[k] && belongs(&all[k].Event) {
					keep[k] = true
					left--
				}
			}
		}
	}
	return keep
}

// telling are so many places of evidence as are drawn at most: left out is what only leads up to
// it, in the middle first, and never where it goes wrong.
func (t *story) telling(all []laneEvent, evidence []int) []int {
	n := len(evidence) - mostSteps
	if n <= 0 {
		return evidence
	}
	wrong, of := t.wrong(all), map[int][]int{}
	for _, i := range evidence {
		grade := leadingUp(t.Violation, &all[i].Event)
		of[grade] = append(of[grade], i)
	}
	soon := map[int]int{}
	for grade, places := range of {
		for k, i := range places {
			soon[i] = grade*len(all) + min(k, len(places)-1-k)
		}
	}
	soon[wrong] = -1
	byWeight := slices.Clone(evidence)
	slices.SortStableFunc(byWeight, func(a, b int) int { return cmp.Compare(soon[b], soon[a]) })
	kept := slices.Clone(byWeight[n:])
	slices.Sort(kept)
	return kept
}

// belonging says of an event beside the evidence whether it belongs to it: what those did who
// are part of it, what made a version, and what became of the messages that it is about.
func (t *story) belonging(all []laneEvent, evidence []int) func(e *history.Event) bool {
	actors, triggers := map[string]bool{}, map[string]bool{}
	for _, i := range evidence {
		e := &all[i]
		actors[e.Actor] = e.Actor != "" && !strings.HasPrefix(e.Actor, "harness/")
		if key, _, about := strings.Cut(e.Trigger, "@"); about {
			triggers[key] = true
		}
	}
	return func(e *history.Event) bool {
		switch {
		case e.Kind == history.Queue:
			key, _, _ := strings.Cut(e.Trigger, "@")
			return triggers[key]
		case e.OfTrigger():
			return triggers[e.Key]
		case e.Kind == history.Put && e.ETag != "":
			return true
		case e.Op != 0 && t.operation(e.Op) == nil:
			return false // nobody knows of what it is a part
		}
		return actors[e.Actor]
	}
}

// wrong is the event in which it goes wrong, -1 if that is none of them.
func (t *story) wrong(all []laneEvent) int {
	last := func(is func(e *history.Event) bool) int {
		for i := len(all) - 1; i >= 0; i-- {
			if e := &all[i]; e.weight != page.Context && !strings.HasPrefix(e.Actor, "harness/") && is(&e.Event) {
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
	case check.OneCreator: // the second, when there was one already
		first := slices.IndexFunc(all, func(e laneEvent) bool { return e.weight != page.Context && succeeded(&e.Event) })
		for i := first + 1; i < len(all); i++ {
			if all[i].weight != page.Context && succeeded(&all[i].Event) {
				return i
			}
		}
	case check.RealTime:
		return lastEvidence(all)
	case check.ArchiveFirst:
		switch t.Anomaly {
		case "trigger never written":
			return last(returned)
		case triggerVanished, triggerDeleted:
			if i := slices.IndexFunc(all, func(e laneEvent) bool { return e.weight != page.Context && removes(&e.Event) }); i >= 0 {
				return i
			}
			// Who gives a message back says that all is done.
			if given := last(func(e *history.Event) bool { return e.Do == history.Acknowledged }); given >= 0 {
				return given
			}
		}
		return cmp.Or(1+last(func(e *history.Event) bool { return !succeeded(e) }), 1+last(any)) - 1
	case "":
		return cmp.Or(1+last(func(e *history.Event) bool { return !succeeded(e) }), 1+last(any)) - 1
	case check.NothingLost, check.NoSilentOverwrite:
		by := t.overwriter()
		switch {
		case by != nil:
			return slices.IndexFunc(all, func(e laneEvent) bool { return placeOf(&e.Event) == placeOf(by) })
		case t.Invariant == check.NoSilentOverwrite:
			return cmp.Or(1+last(wrote), 1+last(any)) - 1
		case t.Anomaly == neverWritten:
			return last(succeeded)
		default:
			return lastEvidence(all) // the last read
		}
	}
	return cmp.Or(1+last(wrote), 1+last(any)) - 1
}

// lastEvidence is the last event that is not merely beside the story, -1 if there is none.
func lastEvidence(all []laneEvent) int {
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].weight != page.Context {
			return i
		}
	}
	return -1
}

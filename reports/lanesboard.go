package reports

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"holdfast/reports/page"
	"holdfast/scenarios/history"
)

// board is where a story is drawn: its events, the lanes, and the names that the drawing and
// the words share.
type board struct {
	*story
	seen  []laneEvent
	at    []int // of each event, the number of its step
	named []page.Lane
	lane  map[string]int // of an actor, a key or a queue
	names *strings.Replacer
	first []page.LaneVersion // that were there at first
	made  map[string]bool    // versions that have been drawn
	begun map[string]bool    // objects of which a version has been
}

// The lanes that are nobody's name.
const (
	queueLane  = "\x00queue"
	othersLane = "\x00others"
)

func (t *story) board(shown []laneEvent) *board {
	b := &board{story: t, seen: shown, at: make([]int, len(shown)), lane: map[string]int{}, made: map[string]bool{}, begun: map[string]bool{}}
	all := make([]history.Event, len(shown))
	for i := range shown {
		if all[i] = shown[i].Event; all[i].OfTrigger() {
			all[i].ETag, all[i].IfETag = "", "" // of no version of the object
		}
	}
	v := t.Violation
	v.Witness = all
	b.names = shortNames(v)
	b.layOut()
	return b
}

// layOut gives everybody a lane: the objects in the middle, so that ways are short.
func (b *board) layOut() {
	actors, objects, queue := b.who()
	acting := len(actors)
	if acting > 0 && actors[acting-1] == history.FinalActor {
		acting-- // which reads when the others have ended
	}
	half := (acting + 1) / 2
	for _, name := range actors[:half] {
		b.add(name, false)
	}
	for _, key := range objects {
		b.add(key, true)
	}
	if queue {
		b.add(queueLane, true)
	}
	for _, name := range actors[half:] {
		b.add(name, false)
	}
}

// who takes part, in the order in which it appears. Of actors that are too many those are put
// together who have the least part in it: no success, or the latest, or no evidence.
func (b *board) who() (actors, objects []string, queue bool) {
	evident, leads := map[string]bool{}, map[string]int{} // since when, from 1
	for i := range b.seen {
		e := &b.seen[i]
		if e.weight != page.Context {
			evident[e.Actor] = true
			if leads[e.Actor] == 0 && (e.weight == page.Wrong || e.Outcome == history.Committed) {
				leads[e.Actor] = i + 1
			}
		}
		queue = queue || e.Kind == history.Queue || e.OfTrigger()
		if e.Actor != "" && !slices.Contains(actors, e.Actor) {
			actors = append(actors, e.Actor)
		}
		if e.Key != "" && !e.OfTrigger() && !slices.Contains(objects, e.Key) {
			objects = append(objects, e.Key)
		}
	}
	if len(actors) <= mostActors {
		return actors, objects, queue
	}
	part := func(name string) int {
		switch {
		case leads[name] > 0:
			return leads[name]
		case evident[name]:
			return len(b.seen) + 1
		}
		return len(b.seen) + 2
	}
	byPart := slices.Clone(actors)
	slices.SortStableFunc(byPart, func(a, b string) int { return part(a) - part(b) })
	others := byPart[mostActors-1:]
	b.others(others)
	own := slices.DeleteFunc(actors, func(name string) bool { return slices.Contains(others, name) })
	return append(own, othersLane), objects, queue
}

// others put actors into one lane.
func (b *board) others(names []string) {
	for _, name := range names {
		b.lane[name] = -len(names)
	}
}

func (b *board) add(name string, object bool) {
	l := page.Lane{Name: name, Title: name, Object: object}
	switch name {
	case queueLane:
		l.Name, l.Title = "queue", "the queue, and the triggers that feed it"
	case othersLane:
		for other, n := range b.lane {
			if n < 0 {
				l.Name = fmt.Sprintf("%d others", -n)
				b.lane[other] = len(b.named)
			}
		}
		l.Title = l.Name
	case history.SetupActor, history.FinalActor:
		l.Name = strings.TrimPrefix(called(name), "the ")
	default:
		if object {
			l.Name = strings.TrimSuffix(path.Base(name), ".json")
		}
	}
	b.lane[name] = len(b.named)
	b.named = append(b.named, l)
}

// called is an actor's name in a sentence.
func called(actor string) string {
	switch actor {
	case history.SetupActor:
		return "the setup"
	case history.FinalActor:
		return "the last read"
	}
	return actor
}

// step draws and tells an event.
func (b *board) step(i int) page.LaneStep {
	e := &b.seen[i]
	said := tell(&e.Event)
	switch {
	case b.shows(&e.Event):
		said = "is shown version " + e.ETag
	case late(&e.Event):
		said = strings.TrimSuffix("'s write, which was under way, takes effect: version "+e.ETag, ": version ")
	}
	if left := b.dropped(e); len(left) > 0 {
		said += ", and leaves " + strings.Join(left, ", ") + " as it was"
	}
	if b.conditions {
		said += (Text{untimed: b.untimed}).asked(&e.Event)
	}
	s := page.LaneStep{When: b.when(e.At), Text: strings.TrimSpace(b.say(e.Actor, said)), Weight: e.weight, Fault: e.Fault}
	if b.untimed {
		s.Move = moveOf(e.At)
		if e.Kind == history.Invoke || s.Move > len(b.moves) {
			s.Move = 0
		}
	}
	b.draw(&s, &e.Event)
	if s.Move > 0 && s.Arrow != nil {
		if _, fault, struck := strings.Cut(b.moves[s.Move-1].Name, "!"); struck {
			s.Fault = fault
		}
	}
	return s
}

// shows reports whether an event is the answer to a load.
func (b *board) shows(e *history.Event) bool {
	op := b.operation(e.Op)
	return e.Kind == history.Return && e.Outcome == history.Committed && op != nil && op.Do == "load"
}

// late reports whether an event is that a write takes effect which its client has given up.
func late(e *history.Event) bool { return e.Kind == history.Note && e.Doc != nil }

func (b *board) say(actor, what string) string {
	if actor == history.FinalActor {
		what = strings.Replace(what, "reads version", "shows version", 1)
	}
	if !strings.HasPrefix(what, "'s ") {
		what = " " + what
	}
	return b.short(called(actor) + what)
}

// short is a text with the names of the story.
func (b *board) short(text string) string {
	return legible(b.names.Replace(text))
}

func (b *board) when(at int64) string {
	return strings.TrimSpace(Text{untimed: b.untimed}.moment(at))
}

// sent is the number of the step before which a step's call was sent.
func (b *board) sent(step int) int {
	i := slices.Index(b.at, step)
	e := &b.seen[i]
	k := i
	for k > 0 && b.seen[k-1].At > e.Start && e.Kind != history.Queue && e.Kind != history.Tell {
		k--
	}
	if e.Start == 0 && e.Kind != history.Get && e.Kind != history.Put && e.Kind != history.Head && e.Kind != history.Delete {
		return step
	}
	// Nobody sends before the operation has begun.
	for n := k; n < i; n++ {
		if b.seen[n].Kind == history.Invoke && b.seen[n].Op == e.Op && e.Op != 0 {
			k = n + 1
		}
	}
	return b.at[k]
}

// bars are the operations.
func (b *board) bars() (bars []page.LaneBar) {
	where := map[int]int{} // of an operation, its bar
	for i := range b.seen {
		e := &b.seen[i]
		if e.Op == 0 || e.Actor == "" {
			continue
		}
		n, begun := where[e.Op]
		if !begun {
			n = len(bars)
			where[e.Op] = n
			bars = append(bars, page.LaneBar{Lane: b.lane[e.Actor], From: b.at[i], Open: true})
		}
		bars[n].To = b.at[i]
		if e.Kind == history.Return {
			bars[n].Open = false
		}
	}
	return slices.DeleteFunc(bars, func(b page.LaneBar) bool { return b.From == b.To })
}

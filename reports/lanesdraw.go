package reports

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/reports/page"
	"holdfast/scenarios/history"
	"holdfast/scenarios/units"
)

// draw draws an event.
func (b *board) draw(s *page.LaneStep, e *history.Event) {
	switch e.Kind {
	case history.Invoke:
		b.know(e.Key, e.Base)
		s.Box = &page.LaneBox{Lane: b.lane[e.Actor], Shape: page.Begins, Lines: b.wanted(e)}
	case history.Return:
		s.Box = b.answered(e)
	case history.Wait:
		waits := "waits " + units.Seconds(float64(e.Wait)/1e6)
		s.Box = &page.LaneBox{Lane: b.lane[e.Actor], Shape: page.Waits, Lines: []string{waits}}
	case history.Get, history.Head:
		b.drawRead(s, e)
	case history.Put, history.Delete:
		b.drawWrite(s, e)
	case history.Queue:
		b.drawMessage(s, e)
	case history.Tell:
		b.meet(s, e)
		s.Arrow = &page.LaneArrow{From: b.lane[e.Key], To: b.lane[e.Actor], Above: "looks at " + b.short(e.ETag), End: page.Arrives}
	case history.Note: // a fault that struck
		if late(e) {
			b.drawWrite(s, e)
			return
		}
		s.Fault = ""
		s.Box = &page.LaneBox{Lane: b.lane[e.Actor], Shape: page.Says, Lines: []string{"⚡ " + e.Fault}}
	}
}

// know draws a version that was there before anything is drawn of it.
func (b *board) know(key, etag string) {
	if etag == "" || b.made[etag] || b.begun[key] || b.lane[key] >= len(b.named) {
		return
	}
	if b.comes(key, etag) {
		return
	}
	b.made[etag], b.begun[key] = true, true
	b.first = append(b.first, page.LaneVersion{Lane: b.lane[key], Name: b.short(etag)})
}

// comes reports whether a version is made later, or when nobody looks.
func (b *board) comes(key, etag string) bool {
	makes := func(e *history.Event) bool {
		return e.Kind == history.Put && e.Key == key && e.ETag == etag && e.Answer == history.OK && e.At >= b.seen[0].At
	}
	first := slices.IndexFunc(b.window.Events, func(e history.Event) bool { return placeOf(&e) == placeOf(&b.seen[0].Event) })
	return slices.ContainsFunc(b.seen, func(e laneEvent) bool { return makes(&e.Event) }) ||
		slices.ContainsFunc(b.window.Events[max(first, 0):], func(e history.Event) bool { return makes(&e) })
}

// meet draws a version that is shown to somebody, if it has not been drawn: it was there at
// first, or has come when nobody looked.
func (b *board) meet(s *page.LaneStep, e *history.Event) {
	switch {
	case e.ETag == "" || b.made[e.ETag]:
	case b.begun[e.Key]:
		b.made[e.ETag] = true
		s.Version = &page.LaneVersion{Lane: b.lane[e.Key], Name: b.short(e.ETag), Seen: true}
	default:
		b.know(e.Key, e.ETag)
	}
}

// wanted is what an operation is about, in two lines.
func (b *board) wanted(e *history.Event) []string {
	first := strings.TrimSpace(e.Step + " " + e.Do)
	what := strings.Join(e.Sets, ", ")
	if n := len(e.IDs); what == "" && n > 0 {
		what = b.short(e.IDs[n-1])
	}
	if e.Base != "" {
		first += " on " + b.short(e.Base)
	}
	if what == "" {
		return []string{first}
	}
	return []string{first, what}
}

func (b *board) answered(e *history.Event) *page.LaneBox {
	box := &page.LaneBox{Lane: b.lane[e.Actor], Shape: page.Failed, Lines: []string{"is told", e.Outcome}}
	switch {
	case e.Outcome == history.Crashed:
		box.Shape, box.Lines = page.Dies, []string{"dies"}
	case b.shows(e):
		box.Shape, box.Lines = page.Done, []string{"is shown", b.short(e.ETag)}
	case e.Outcome == history.Committed:
		box.Shape = page.Done
		box.Lines[1] += " " + b.short(e.ETag)
	case len(e.Fields) > 0:
		box.Lines[1] += " on " + strings.Join(e.Fields, ", ")
	}
	return box
}

// from is the lane of what a call is about.
func (b *board) from(e *history.Event) int {
	if e.OfTrigger() {
		return b.lane[queueLane]
	}
	return b.lane[e.Key]
}

func (b *board) drawRead(s *page.LaneStep, e *history.Event) {
	a := &page.LaneArrow{From: b.from(e), To: b.lane[e.Actor], End: page.Arrives}
	s.Arrow = a
	switch {
	case e.Answer == history.NotFound:
		a.Above = "reads: absent"
	case e.Answer != history.OK:
		a.From, a.To, a.End, a.Above, a.Below = a.To, a.From, page.Unanswered, "reads", refusal(e)
	case e.OfTrigger():
		a.Above = "reads the trigger"
	default:
		b.meet(s, e)
		a.Above = "reads " + b.short(e.ETag)
		if e.Doc != nil && e.Doc.Bad != "" {
			a.Below = "no document"
		}
	}
}

// refusal is an answer in a word or two.
func refusal(e *history.Event) string {
	switch e.Answer {
	case history.UnknownAnswer:
		return "no answer"
	case history.Unavailable:
		return "not sent"
	}
	return e.Answer
}

func (b *board) drawWrite(s *page.LaneStep, e *history.Event) {
	a := &page.LaneArrow{From: b.lane[e.Actor], To: b.from(e), Above: b.condition(e), End: page.Arrives}
	s.Arrow = a
	of := ""
	if e.Doc != nil {
		of = e.Doc.Of
		a.Below = b.brings(e.Doc)
	}
	on := of
	if e.If == history.IfMatch {
		on = e.IfETag
	}
	b.know(e.Key, on)
	applied := e.Answer == history.OK || e.Answer == history.UnknownAnswer && e.ETag != ""
	switch {
	case late(e):
	case e.Answer == history.UnknownAnswer && applied:
		a.End = page.ReplyLost
	case e.Answer == history.UnknownAnswer:
		a.End, a.Below = page.Unanswered, "no answer"
	case !applied:
		a.End, a.Below = page.Refused, refusal(e)
	}
	switch {
	case e.OfTrigger():
		a.Above = strings.TrimSpace("trigger " + b.customer(e.Key))
		if e.Kind == history.Delete {
			a.Below = strings.TrimSpace("deleted " + a.Below)
		}
	case e.Kind == history.Delete:
		a.Below = strings.TrimSpace("deletes " + a.Below)
		if applied {
			s.Version = &page.LaneVersion{Lane: a.To, Name: "gone", Gone: true}
		}
	case applied && e.ETag != "":
		b.made[e.ETag], b.begun[e.Key] = true, true
		s.Version = &page.LaneVersion{Lane: a.To, Name: b.short(e.ETag), On: b.short(on)}
		if on == e.ETag { // the same bytes once more
			s.Version.On = ""
		}
	}
}

// condition is the one of a write, as it is sent.
func (b *board) condition(e *history.Event) string {
	switch {
	case e.If == history.IfAbsent:
		return "If-None-Match: *"
	case e.IfETag != "":
		return "If-Match: " + b.short(e.IfETag)
	}
	return "no condition"
}

// brings is what a write adds and changes.
func (b *board) brings(d *history.Doc) string {
	n := len(d.Add)
	switch {
	case d.Bad != "":
		return "no document"
	case d.Of == "":
		return "the whole"
	case n == 1:
		return "+ " + b.short(d.Add[0])
	case n > 1:
		return fmt.Sprintf("+ %d entries", n)
	}
	var fields []string
	for _, set := range d.Set {
		fields = append(fields, set.Field)
	}
	return strings.Join(fields, ", ")
}

func (b *board) customer(trigger string) string {
	_, customer, _ := (*history.Layout)(nil).SplitTrigger(trigger)
	return customer
}

func (b *board) drawMessage(s *page.LaneStep, e *history.Event) {
	queue := b.lane[queueLane]
	what := "message " + b.customer(e.Trigger)
	switch e.Do {
	case history.Delivered:
		s.Arrow = &page.LaneArrow{From: queue, To: b.lane[e.Actor], Above: what, Below: fmt.Sprintf("delivery %d", e.Attempt), End: page.Arrives}
	case history.Acknowledged:
		s.Arrow = &page.LaneArrow{From: b.lane[e.Actor], To: queue, Above: "acknowledges", Below: what, End: page.Arrives}
	default:
		done := map[string]string{history.Sent: "is sent", history.DeadLettered: "becomes a dead letter", history.Left: "is still queued"}[e.Do]
		s.Box = &page.LaneBox{Lane: queue, Shape: page.Says, Lines: []string{what, done}}
	}
}

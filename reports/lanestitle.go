package reports

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/reports/page"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// Anomalies of which more can be said than their summary does, as package check names them.
const (
	appendedAgain   = "appended again"
	staleRead       = "stale read"
	neverWritten    = "never written"
	triggerVanished = "trigger vanished"
	triggerDeleted  = "trigger deleted before it was processed"
	processedTwice  = "processed twice"
	changedUnasked  = "field changed unasked"
	editDropped     = "edit dropped"

	failureThatCommitted = "failure that committed"
)

// title says in one sentence who did what to whom.
func (b *board) title() string {
	if b.Invariant == check.OneCreator {
		return b.creators()
	}
	for _, say := range []func() string{b.again, b.stale, b.unwritten, b.unprocessed, b.twice, b.stored, b.unasked} {
		if said := say(); said != "" {
			return b.short(said)
		}
	}
	by := b.overwriter()
	if by == nil {
		return b.short(b.Summary)
	}
	from := b.victim(by)
	lost := b.lost(by, from)
	if lost == "" || from.ETag == "" {
		return b.short(b.Summary)
	}
	on := ""
	if by.Doc != nil && by.Doc.Of != "" {
		on = " on top of " + by.Doc.Of
	}
	if b.Invariant == check.NoSilentOverwrite {
		seen := ""
		if op := b.operation(by.Op); op != nil && op.Base != "" {
			seen = fmt.Sprintf(": %s had loaded %s", called(by.Actor), op.Base)
		}
		return b.short(fmt.Sprintf("%s wrote %s%s and replaced %s %s of %s without having seen it%s",
			called(by.Actor), by.ETag, on, owner(from.Actor), lost, from.ETag, seen))
	}
	what := "modification " + lost
	if op := b.operation(from.Op); op != nil && len(op.Sets) > 0 {
		what = fmt.Sprintf("change of %s (%s)", strings.Join(op.Sets, ", "), lost)
	}
	return b.short(fmt.Sprintf("%s wrote %s%s, without %s %s, which %s had been told is stored as %s",
		called(by.Actor), by.ETag, on, owner(from.Actor), what, called(from.Actor), from.ETag))
}

// owner is an actor's name before what is his.
func owner(actor string) string {
	name := called(actor)
	if strings.HasSuffix(name, "s") {
		return name + "'"
	}
	return name + "'s"
}

// known says what the literature calls such a violation, and what it is.
func (t *story) known() string {
	if t.KnownAs == "" {
		return t.Means
	}
	return strings.TrimSpace(fmt.Sprintf("Known as %s. %s", t.KnownAs, t.Means))
}

// creators are those who were told that they had created an object.
func (b *board) creators() string {
	var names []string
	for i := range b.Witness {
		if e := &b.Witness[i]; e.Kind == history.Return && e.Outcome == history.Committed {
			names = append(names, called(e.Actor))
		}
	}
	if len(names) < 2 {
		return b.short(b.Summary)
	}
	return fmt.Sprintf("%s were all told that they had created %s", few(names), b.Witness[0].Key)
}

// promote makes evidence of what happened beside it, if the title names it.
func (t *story) promote(all []laneEvent) {
	for i := range all {
		e := &all[i]
		switch {
		case e.weight != page.Context:
		case t.removesTrigger(&e.Event), t.Anomaly == failureThatCommitted && t.brought(&e.Event) != "", t.Anomaly == neverWritten && e.Kind == history.Put && e.ETag != "" && t.promised() == e.ETag:
			e.weight = page.Evidence
		}
	}
}

// doubled is the write that made a modification stand twice, the one that made it stand, and its
// id; nil if it is another kind of story.
func (t *story) doubled() (again, first *history.Event, id string) {
	if t.Anomaly != appendedAgain {
		return nil, nil, ""
	}
	for i := range t.Witness {
		if e := &t.Witness[i]; e.Kind == history.Put && e.ETag != "" && e.Doc != nil {
			if first == nil {
				first = e
			}
			again = e
		}
	}
	if again == first {
		return nil, nil, ""
	}
	for _, id := range again.Doc.Add {
		if strings.Contains(t.Summary, id) {
			return again, first, id
		}
	}
	return nil, nil, ""
}

// again says of a modification that stands twice how it came there both times.
func (b *board) again() string {
	again, first, id := b.doubled()
	if again == nil {
		return ""
	}
	on, unanswered, since := "", "", ""
	if again.Doc.Of != "" {
		on = " on top of " + again.Doc.Of
	}
	if first.Answer == history.UnknownAnswer {
		unanswered = " and got no answer"
	}
	others := func(e history.Event) bool {
		return e.Kind == history.Put && e.Key == first.Key && e.ETag != "" && e.Actor != again.Actor && e.At > first.At && e.At < again.At
	}
	if slices.ContainsFunc(b.window.Events, others) || slices.ContainsFunc(b.Witness, others) {
		since = ", and others have written since"
	}
	return fmt.Sprintf("%s wrote %s%s and added modification %s once more, so that it stands twice: %s had written it as %s%s%s",
		called(again.Actor), again.ETag, on, id, called(first.Actor), first.ETag, unanswered, since)
}

// newer is the event that shows that there was a newer version than an operation was shown, nil
// if it is not known.
func (t *story) newer() (newer, stale *history.Event) {
	if t.Invariant != check.RealTime || len(t.Witness) == 0 {
		return nil, nil
	}
	stale = &t.Witness[len(t.Witness)-1]
	for i := range t.Witness[:len(t.Witness)-1] {
		if e := &t.Witness[i]; e.Key == stale.Key && e.ETag != "" && e.ETag != stale.ETag && (e.Kind == history.Put || e.Kind == history.Get) {
			newer = e
		}
	}
	return newer, stale
}

// stale says who had made or seen the newer version, and whether the store was asked at all.
func (b *board) stale() string {
	newer, stale := b.newer()
	if newer == nil || b.Anomaly != staleRead {
		return ""
	}
	had := "read"
	if newer.Kind == history.Put {
		had = "written"
	}
	said := fmt.Sprintf("%s; %s had %s %s", b.Summary, called(newer.Actor), had, newer.ETag)
	if stale.Kind == history.Return && b.unread(stale) {
		said += fmt.Sprintf(", and %s load made no call of the store", owner(stale.Actor))
	}
	return said
}

// unread reports whether an operation is known to have made no call of the store.
func (b *board) unread(answer *history.Event) bool {
	begun := false
	for i := range b.seen {
		e := &b.seen[i]
		switch {
		case begun && e.left > 0:
			return false // nobody knows
		case e.Op != answer.Op:
		case e.Kind == history.Invoke:
			begun = true
		case e.Kind == history.Return:
			return begun
		case begun:
			return false
		}
	}
	return false
}

// promised is the version in which somebody was told that his change is stored.
func (t *story) promised() string {
	for i := len(t.Witness) - 1; i >= 0; i-- {
		if e := &t.Witness[i]; e.Kind == history.Return && e.Outcome == history.Committed {
			return e.ETag
		}
	}
	return ""
}

// unwritten says of a change that was acknowledged and never written what was written instead.
func (b *board) unwritten() string {
	told, etag := "", b.promised()
	for i := range b.Witness {
		if e := &b.Witness[i]; e.Kind == history.Return && e.Outcome == history.Committed {
			told = called(e.Actor)
		}
	}
	if b.Anomaly != neverWritten || told == "" {
		return ""
	}
	if etag == "" {
		return b.Summary + ", nor was " + told + " told in which it is"
	}
	for i := range b.seen {
		e := &b.seen[i]
		if e.Kind != history.Put || e.ETag != etag || e.Doc == nil || slices.ContainsFunc(e.Doc.Add, func(id string) bool { return strings.Contains(b.Summary, id+" ") }) {
			continue
		}
		return fmt.Sprintf("%s; %s wrote %s without it", strings.Replace(b.Summary, "; no version", " as "+etag+"; no version", 1), called(e.Actor), etag)
	}
	return ""
}

// removes reports whether an event takes a trigger away.
func removes(e *history.Event) bool {
	return e.Kind == history.Delete && e.OfTrigger() && (e.Answer == history.OK || e.Answer == history.UnknownAnswer)
}

// removesTrigger reports whether an event takes the trigger away that a story is about.
func (t *story) removesTrigger(e *history.Event) bool {
	if t.Anomaly != triggerVanished && t.Anomaly != triggerDeleted || !removes(e) {
		return false
	}
	return slices.ContainsFunc(t.Witness, func(of history.Event) bool {
		key, etag, about := strings.Cut(of.Trigger, "@")
		return about && key == e.Key && (e.IfETag == etag || e.IfETag == "")
	})
}

// unprocessed says who is to blame for work that nobody will do: who deleted the trigger, or gave
// its message back, and what had become of his work on it.
func (b *board) unprocessed() string {
	if b.Anomaly != triggerVanished && b.Anomaly != triggerDeleted || len(b.window.Events) == 0 {
		return "" // of the witness alone nobody knows who deleted it
	}
	blamed, did := (*history.Event)(nil), ""
	for i := range b.seen {
		e := &b.seen[i].Event
		switch {
		case b.removesTrigger(e):
			if !strings.HasPrefix(did, "deleted") { // the first who did
				blamed, did = e, "deleted the trigger"
			}
		case e.Kind == history.Queue && e.Do == history.Acknowledged && !strings.HasPrefix(did, "deleted"):
			blamed, did = e, "acknowledged the message"
		}
	}
	if blamed == nil {
		return ""
	}
	ended := ", without having tried to"
	for i := range b.Witness {
		e := &b.Witness[i]
		if op := b.operation(e.Op); e.Actor == blamed.Actor && e.At <= blamed.At && op != nil && op.Do != "load" {
			ended = ", before its attempt had ended"
			if e.Kind == history.Return {
				ended = fmt.Sprintf(": its %s had ended as %s", op.Do, e.Outcome)
			}
			if e.Outcome == history.Committed {
				return "" // of something else
			}
		}
	}
	if b.Anomaly == triggerDeleted {
		ended = strings.Replace(ended, ", without having tried to", " before it had tried to store that", 1)
		return fmt.Sprintf("%s; %s deleted it%s", b.Summary, called(blamed.Actor), ended)
	}
	return fmt.Sprintf("%s; %s %s though it had stored nothing of what that asks for%s", b.Summary, called(blamed.Actor), did, ended)
}

// twice says who stored work twice, and as which versions.
func (b *board) twice() string {
	if b.Anomaly != processedTwice {
		return ""
	}
	said := ""
	for i := range b.seen {
		e := &b.seen[i].Event
		if id := b.brought(e); id != "" {
			said += fmt.Sprintf("; %s wrote %s as %s", called(e.Actor), id, e.ETag)
		}
	}
	return b.Summary + said
}

// stored says who wrote what somebody was told is not stored, and as which version.
func (b *board) stored() string {
	if b.Anomaly != failureThatCommitted {
		return ""
	}
	for i := range b.seen {
		if e := &b.seen[i].Event; b.brought(e) != "" {
			return fmt.Sprintf("%s: %s wrote it as %s", b.Summary, called(e.Actor), e.ETag)
		}
	}
	return ""
}

// brought is the modification that a story is about, if a write added it; empty: it added none.
func (t *story) brought(e *history.Event) string {
	if e.Kind != history.Put || e.ETag == "" || e.Doc == nil {
		return ""
	}
	for _, id := range e.Doc.Add {
		if strings.Contains(t.Summary+" ", " "+id+" ") {
			return id
		}
	}
	return ""
}

// unasked says which field a write changed that it was not to.
func (b *board) unasked() string {
	if b.Anomaly != changedUnasked {
		return ""
	}
	for i := len(b.Witness) - 1; i >= 0; i-- {
		e := &b.Witness[i]
		if e.Kind != history.Put || e.ETag == "" || e.Doc == nil {
			continue
		}
		for _, s := range e.Doc.Set {
			if strings.Contains(b.Summary, "changed "+s.Field+" ") {
				return fmt.Sprintf("%s wrote %s on top of %s and changed %s, which it was not asked to do", called(e.Actor), e.ETag, e.Doc.Of, tellChange(s))
			}
		}
	}
	return ""
}

// dropped are the fields that a write was to set and left as they were, if that is the story.
func (b *board) dropped(e *laneEvent) []string {
	op := b.operation(e.Op)
	if b.Anomaly != editDropped || e.weight != page.Wrong || e.Doc == nil || op == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(op.Sets), func(field string) bool {
		return !strings.Contains(b.Summary, field) || slices.ContainsFunc(e.Doc.Set, func(s history.Set) bool { return s.Field == field })
	})
}

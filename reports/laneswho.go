package reports

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/reports/page"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// operation is the beginning of one, nil if nobody knows it.
func (t *story) operation(number int) *history.Event {
	for _, events := range [][]history.Event{t.Witness, t.window.Events} {
		for i := range events {
			if e := &events[i]; e.Kind == history.Invoke && e.Op == number && number != 0 {
				return e
			}
		}
	}
	return nil
}

// overwriter is the write that took from the object what somebody had been told is stored in
// it, nil if it is not known or it is another kind of story.
func (t *story) overwriter() *history.Event {
	if t.Invariant != check.NothingLost && t.Invariant != check.NoSilentOverwrite {
		return nil
	}
	for i := len(t.Witness) - 1; i >= 0; i-- {
		if e := &t.Witness[i]; e.Kind == history.Put && e.ETag != "" {
			if v := t.victim(e); v != nil {
				return e
			}
			return nil
		}
	}
	return nil
}

// victim is the answer to the operation that a write took from the object.
func (t *story) victim(by *history.Event) *history.Event {
	for i := range t.Witness {
		if e := &t.Witness[i]; e.Kind == history.Return && e.Outcome == history.Committed && e.Op != by.Op {
			return e
		}
	}
	return nil
}

// lost is what was taken: a modification, or a field.
func (t *story) lost(by, from *history.Event) string {
	op := t.operation(from.Op)
	if op == nil {
		return ""
	}
	if t.Invariant == check.NoSilentOverwrite {
		for _, s := range by.Doc.Set {
			if slices.Contains(op.Sets, s.Field) {
				return s.Field
			}
		}
		return strings.Join(op.Sets, ", ")
	}
	for _, id := range op.IDs {
		if strings.Contains(t.Summary, id) {
			return id
		}
	}
	return ""
}

// title says in one sentence who did what to whom.
func (b *board) title() string {
	if b.Invariant == check.OneCreator {
		return b.creators()
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
		return b.short(fmt.Sprintf("%s wrote %s%s and replaced %s's %s of %s without having seen it%s",
			called(by.Actor), by.ETag, on, called(from.Actor), lost, from.ETag, seen))
	}
	what := "modification " + lost
	if op := b.operation(from.Op); op != nil && len(op.Sets) > 0 {
		what = fmt.Sprintf("change of %s (%s)", strings.Join(op.Sets, ", "), lost)
	}
	return b.short(fmt.Sprintf("%s wrote %s%s, without %[4]s's %[5]s, which %[4]s had been told is stored as %[6]s",
		called(by.Actor), by.ETag, on, called(from.Actor), what, from.ETag))
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
	return fmt.Sprintf("%s were all told that they had created %s", few(names, 4), b.Witness[0].Key)
}

// where says which part of the scenario to look at.
func (b *board) where() string {
	if b.scenario == "" {
		return ""
	}
	var steps, actors []string
	add := func(op *history.Event, part string) {
		if op == nil {
			return
		}
		if op.Step != "" {
			steps = append(steps, fmt.Sprintf("step %s (%s: %s)%s", op.Step, called(op.Actor), strings.TrimSpace(op.Do+" "+strings.Join(op.Sets, ", ")), part))
		} else if who := called(op.Actor); !slices.Contains(actors, who) {
			actors = append(actors, who)
		}
	}
	if by := b.overwriter(); by != nil {
		add(b.operation(by.Op), ", which overwrites,")
		add(b.operation(b.victim(by).Op), ", whose change is lost")
	} else {
		for i := range b.Witness {
			if e := &b.Witness[i]; e.Kind == history.Invoke {
				add(e, "")
			}
		}
	}
	const most = 4
	switch {
	case len(steps) > 0:
		return fmt.Sprintf("In the scenario %s, look at %s", b.scenario, few(steps, most))
	case len(actors) > 0:
		return fmt.Sprintf("In the scenario %s, look at what %s do%s", b.scenario, few(actors, most), map[bool]string{true: "es"}[len(actors) == 1])
	}
	return ""
}

// few names some, and how many there are besides.
func few(names []string, most int) string {
	if n := len(names); n > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most-1], ", "), n-most+1)
	}
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// bands are for how long what was lost was there, or what was not seen.
func (b *board) bands() []page.LaneBand {
	at := func(e *history.Event) int {
		for i := range b.seen {
			if placeOf(&b.seen[i].Event) == placeOf(e) {
				return b.at[i]
			}
		}
		return -1
	}
	band := page.LaneBand{From: -1}
	if by := b.overwriter(); by != nil {
		from := b.victim(by)
		band = page.LaneBand{Lane: b.lane[by.Key], From: at(from), To: at(by), Label: b.short(b.lost(by, from)), State: "is stored", End: "✕ lacks it"}
	} else if b.Invariant == check.RealTime && len(b.Witness) > 0 {
		stale := &b.Witness[len(b.Witness)-1]
		for i := range b.Witness[:len(b.Witness)-1] {
			if e := &b.Witness[i]; e.Key == stale.Key && e.ETag != "" && e.ETag != stale.ETag && (e.Kind == history.Put || e.Kind == history.Get) {
				band = page.LaneBand{Lane: b.lane[e.Key], From: at(e), To: at(stale), Label: b.short(e.ETag), State: "is there", End: "✕ older"}
			}
		}
	}
	if band.From < 0 || band.To <= band.From {
		return nil
	}
	return []page.LaneBand{band}
}

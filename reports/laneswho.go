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
	for i := len(t.Witness) - 1; i >= 0; i-- {
		if e := &t.Witness[i]; e.Kind == history.Put && e.ETag != "" && t.accuses(e) {
			if t.victim(e) == nil {
				return nil
			}
			return e
		}
	}
	return nil
}

// accuses reports whether a write is the one that the summary says took something away. That need
// not be the last that was answered.
func (t *story) accuses(e *history.Event) bool {
	switch t.Invariant {
	case check.NothingLost:
		return strings.Contains(t.Summary, " wrote version "+e.ETag+" without it")
	case check.NoSilentOverwrite:
		return e.Doc != nil && strings.Contains(t.Summary, "; "+e.Actor+" had loaded ") &&
			slices.ContainsFunc(e.Doc.Set, func(s history.Set) bool {
				return strings.Contains(t.Summary, " set "+s.Field+" of ") && strings.Contains(t.Summary, " replaced it by "+s.Now)
			})
	}
	return false
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
			if slices.Contains(op.Sets, s.Field) && strings.Contains(t.Summary, " set "+s.Field+" of ") {
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

// where says which part of the scenario to look at.
func (b *board) where() string {
	if b.scenario == "" {
		return ""
	}
	var steps, loads []string
	by := map[string][]string{} // of what actors of a name do, the actors
	add := func(op *history.Event, part string) {
		if op == nil {
			return
		}
		if op.Step != "" {
			steps = append(steps, fmt.Sprintf("step %s (%s: %s)%s", op.Step, called(op.Actor), strings.TrimSpace(op.Do+" "+strings.Join(op.Sets, ", ")), part))
			return
		}
		load, who := "the load of "+ofScenario(op.Actor)+" ("+op.Do, called(op.Actor)
		if op.Do == "batch" { // of which a scenario says how many write, and not what
			load = "the batches (written"
		}
		if by[load] == nil {
			loads = append(loads, load)
		}
		if !slices.Contains(by[load], who) {
			by[load] = append(by[load], who)
		}
	}
	if last := b.overwriter(); last != nil {
		add(b.operation(last.Op), ", which overwrites,")
		add(b.operation(b.victim(last).Op), ", whose change is lost")
	} else {
		for i := range b.Witness {
			if e := &b.Witness[i]; e.Kind == history.Invoke {
				add(e, "")
			}
		}
		for i := range b.Witness {
			if e := &b.Witness[i]; e.Kind == history.Queue && e.Actor != "" && len(steps)+len(loads) == 0 {
				add(&history.Event{Actor: e.Actor, Do: "messages"}, "") // of which nothing came
			}
		}
	}
	for i, load := range loads {
		if strings.HasPrefix(load, "the load of "+by[load][0]+" ") {
			loads[i] = load + ")"
			continue
		}
		loads[i] = load + " by " + few(by[load]) + ")"
	}
	all := slices.Concat(steps, loads)
	if len(all) == 0 {
		return ""
	}
	return fmt.Sprintf("In the scenario %s, look at %s", b.scenario, strings.TrimSuffix(few(all), ","))
}

// ofScenario is the actor of a scenario: of one that has a count each has a number.
func ofScenario(actor string) string {
	if i := strings.LastIndexByte(actor, '-'); i > 0 && i+1 < len(actor) && strings.Trim(actor[i+1:], "0123456789") == "" {
		return actor[:i]
	}
	return actor
}

// few names some, and how many there are besides.
func few(names []string) string {
	const most = 4
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
	} else if again, first, id := b.doubled(); again != nil {
		band = page.LaneBand{Lane: b.lane[again.Key], From: at(first), To: at(again), Label: b.short(id), State: "is stored", End: "✕ again"}
	} else if newer, stale := b.newer(); newer != nil {
		band = page.LaneBand{Lane: b.lane[newer.Key], From: at(newer), To: at(stale), Label: b.short(newer.ETag), State: "is stored", End: "✕ shows older"}
	}
	if band.From < 0 || band.To <= band.From {
		return nil
	}
	return []page.LaneBand{band}
}

package check

import (
	"fmt"
	"slices"
	"strings"

	"holdfast/scenarios/history"
)

// Tally is what a verdict needs besides the violations. Tallies of histories
// that share no object add up to the tally of all.
type Tally struct {
	Updates      int // operations begun that were no loads
	Acknowledged int // of them, those whose client was told that they committed
	Refusals     int // writes that met another, and conflicts left to the user
	Open         int // operations that began and have not ended
	Objects      int // that an operation or a write meant to change
	Unread       int // of them, those whose final state was not read
	// Unvalued are acknowledged updates of which the history, of the older format, does
	// not say what they wanted by value.
	Unvalued int
	// Contradictions counts the events that can't be true; Contradiction says
	// what is wrong with the first.
	Contradictions int
	Contradiction  string
	Ended          bool // the history has its end
	// Cut are operations that began and have not ended because their recorder died.
	// Unfollowed are versions of which it is not known what they hold or what they replaced,
	// in a history that lacks a recorder, or what one has seen last.
	Cut, Unfollowed int
	// Struck are the planned faults that have struck somebody, in order.
	Struck []string
	// Drawn are the waits that the policy drew, to be tested all together.
	Drawn Drawn
}

// conclude sets the verdict and its reasons.
func (r *Report) conclude(h history.Header) {
	r.Verdict, r.Reasons, r.Notes = OK, r.Tally.doubts(h), nil
	r.checkDrawn(h)
	if t := &r.Tally; t.Unvalued > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf(
			"values were not recorded of %d of %d acknowledged updates, as in histories of the older format: whether what was asked for is what was stored (%s) was not judged for them",
			t.Unvalued, t.Acknowledged, AsAsked))
	}
	if r.Excused > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf(
			"%d times what would have violated an invariant is not held against the core, since the store broke its word on that object", r.Excused))
	}
	g := gapsOf(h)
	r.Notes = append(r.Notes, g.notes(&r.Tally)...)
	for _, why := range []Cause{Unrecorded, Unaligned} {
		if note := openNote(r.Undetermined, why); note != "" {
			r.Notes = append(r.Notes, note)
		}
	}
	switch {
	case len(r.Found) > 0:
		r.Verdict = Violated
	case len(r.StoreFindings) > 0:
		r.Verdict = StoreAtFault
	case len(r.Reasons) > 0:
		r.Verdict = Inconclusive
	}
}

// Proved are the invariants that are violated, in the order of their names. That waits are
// unlike the policy is not of them: it takes those of all repetitions to say so.
func (r *Report) Proved() []Invariant {
	uneven := 0
	for i := range r.Violations {
		if r.Violations[i].Anomaly == unevenWaits {
			uneven++
		}
	}
	var proved []Invariant
	for invariant, n := range r.Found {
		if invariant != HonestAnswers || n > uneven {
			proved = append(proved, invariant)
		}
	}
	slices.Sort(proved)
	return proved
}

// plus adds everything but whether the history has ended.
func (t Tally) plus(u Tally) Tally {
	if t.Contradictions == 0 {
		t.Contradiction = u.Contradiction
	}
	t.Updates += u.Updates
	t.Acknowledged += u.Acknowledged
	t.Refusals += u.Refusals
	t.Open += u.Open
	t.Objects += u.Objects
	t.Unread += u.Unread
	t.Unvalued += u.Unvalued
	t.Contradictions += u.Contradictions
	t.Cut += u.Cut
	t.Unfollowed += u.Unfollowed
	t.Drawn = t.Drawn.plus(u.Drawn)
	if len(u.Struck) > 0 {
		t.Struck = slices.Clone(t.Struck) // u's, or another one's, may be the same memory
	}
	for _, fault := range u.Struck {
		t.struck(fault)
	}
	return t
}

func (c Counts) plus(d Counts) Counts {
	return Counts{
		c.Committed + d.Committed, c.Lost + d.Lost, c.Duplicated + d.Duplicated, c.Overwritten + d.Overwritten,
		c.Untold + d.Untold, c.DeadLettersProcessed + d.DeadLettersProcessed, c.AcknowledgedLate + d.AcknowledgedLate,
	}
}

// doubts are the reasons not to call a history without violations ok.
func (t *Tally) doubts(h history.Header) []string {
	var why []string
	switch {
	case t.Updates == 0:
		why = append(why, "no operation was run")
	case t.Acknowledged == 0:
		why = append(why, "no operation was acknowledged, so none could be lost")
	case t.Refusals < h.MinConflicts:
		why = append(why, fmt.Sprintf("too little contention to prove anything: %d conflicts, the scenario wants at least %d",
			t.Refusals, h.MinConflicts))
	}
	if missed := t.Missed(h.Faults); len(missed) > 0 {
		const most = 3
		list := strings.Join(missed[:min(most, len(missed))], ", ")
		if len(missed) > most {
			list += ", …"
		}
		why = append(why, fmt.Sprintf("%d of %d planned faults struck nobody: %s", len(missed), len(h.Faults), list))
	}
	if !t.Ended {
		why = append(why, "the history has no end")
	}
	if t.Open > 0 {
		why = append(why, fmt.Sprintf("%d operations have no end, so what their clients were told is not known", t.Open))
	}
	if t.Contradictions > 0 {
		why = append(why, fmt.Sprintf("the history contradicts itself %d times, first: %s", t.Contradictions, t.Contradiction))
	}
	g := gapsOf(h)
	why = append(why, g.doubts(t, h.Recorders)...)
	if t.Unread > 0 {
		why = append(why, fmt.Sprintf("the final state of %d of %d objects was not read", t.Unread, t.Objects))
	}
	return why
}

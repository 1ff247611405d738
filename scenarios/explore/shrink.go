package explore

import (
	"context"
	"fmt"
	"slices"

	"holdfast/scenarios/check"
)

// shrink makes a witness as short as it can: fewer faults, then fewer moves, with
// which fewer actors have a part. What is left out never happened: who is not
// scheduled any more has died. Every candidate is played; nothing is guessed.
func (p *runner) shrink(ctx context.Context, w *Witness) error {
	p.keeping = true
	best, err := p.attempt(ctx, w.Invariant, &sequence{names: w.moves})
	if err != nil {
		return err
	}
	if best == nil {
		return fmt.Errorf("explore: schedule %d violated %s and does not when it is played again", w.Found, w.Invariant)
	}
	for improved := true; improved; {
		improved = false
		for _, candidate := range smaller(best.Schedule) {
			next, err := p.attempt(ctx, w.Invariant, &follower{schedule: candidate, lenient: true})
			if err != nil {
				return err
			}
			if next != nil && less(next.Schedule, best.Schedule) {
				best, improved = next, true
				break
			}
		}
	}
	w.Schedule, w.Report, w.Calls = best.Schedule, best.Report, len(best.Schedule)
	return nil
}

// attempt plays a schedule and returns it as it really went, nil if it does not
// violate the invariant.
func (p *runner) attempt(ctx context.Context, i check.Invariant, c chooser) (*Witness, error) {
	report, err := p.play(ctx, c)
	if err != nil || report.Found[i] == 0 {
		return nil, err
	}
	w := &Witness{Report: report}
	for _, t := range p.taken {
		w.Schedule = append(w.Schedule, Move{t.actor, t.variant})
	}
	return w, nil
}

// less prefers fewer faults, then fewer moves, then fewer changes between actors.
func less(a, b Schedule) bool {
	switch {
	case a.Faults() != b.Faults():
		return a.Faults() < b.Faults()
	case len(a) != len(b):
		return len(a) < len(b)
	}
	return a.switches() < b.switches()
}

func (s Schedule) switches() int {
	n := 0
	for i := 1; i < len(s); i++ {
		if s[i].Actor != s[i-1].Actor {
			n++
		}
	}
	return n
}

// smaller lists what to try in place of a schedule, the boldest first.
func smaller(s Schedule) []Schedule {
	var all []Schedule
	var actors []string
	for i, m := range s {
		if m.fault() {
			without := slices.Clone(s)
			without[i].variant = plain
			all = append(all, without)
		}
		if !slices.Contains(actors, m.Actor) {
			actors = append(actors, m.Actor)
		}
	}
	for _, a := range actors {
		all = append(all, slices.DeleteFunc(slices.Clone(s), func(m Move) bool { return m.Actor == a }))
	}
	for size := len(s) / 2; size >= 1; size /= 2 {
		for from := 0; from+size <= len(s); from += size {
			all = append(all, slices.Concat(s[:from], s[from+size:]))
		}
	}
	for i := 0; i+1 < len(s); i++ {
		if s[i].Actor != s[i+1].Actor {
			swapped := slices.Clone(s)
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
			all = append(all, swapped)
		}
	}
	return all
}

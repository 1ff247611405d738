package explore

import (
	"context"
	"errors"

	"holdfast/scenarios/check"
)

// Shown is what a part of a search has shown. Its JSON is the same whoever has played it.
type Shown struct {
	Schedules int `json:"schedules"` // that were played to their end and judged
	tally
	// Violation is the first one, with which the part ends; nil: there is none.
	Violation *Violation `json:"violation,omitempty"`
	unseen    bool       // it was stopped
}

// Violation is where a part of a search has found one.
type Violation struct {
	Invariant check.Invariant `json:"invariant"`
	// Number is that of the schedule, from 1: in the part, or in the whole search if that draws
	// its schedules.
	Number int    `json:"number"`
	Moves  []name `json:"moves"`
}

// pool adds up what the parts of a search have shown. They may come in any order, each once:
// they count in their own order, up to the first with a violation.
type pool struct {
	strategy Strategy
	next     int // the first part that has not been added
	early    map[int]*Shown
	total    Shown
	missing  bool
}

func newPool(s Strategy) *pool { return &pool{strategy: s, early: map[int]*Shown{}} }

// add takes what a part has shown; nil: nobody has played it.
func (p *pool) add(i int, s *Shown) {
	p.early[i] = s
	for s, ok := p.early[p.next]; ok; s, ok = p.early[p.next] {
		delete(p.early, p.next)
		p.next++
		p.take(s)
	}
}

// take adds the next part in their order.
func (p *pool) take(s *Shown) {
	t := &p.total
	switch {
	case t.Violation != nil:
		return
	case s == nil:
		p.missing, t.unseen = true, true
		return
	}
	if s.Violation != nil {
		v := *s.Violation
		if p.strategy == Exhaustive {
			v.Number += t.Schedules
		}
		t.Violation = &v
	}
	t.Schedules += s.Schedules
	t.unseen = t.unseen || s.unseen
	t.add(s.tally)
}

// result is what all parts have shown together.
func (p *pool) result(ctx context.Context, c *Config) Result {
	t := &p.total
	acknowledged := &t.Acknowledged
	r := Result{
		Strategy: c.Strategy, Schedules: t.Schedules, Complete: c.Strategy == Exhaustive && !t.unseen && t.Violation == nil,
		Acknowledged: acknowledged.All, Saves: acknowledged.Saves, Appends: acknowledged.Appends, Creates: acknowledged.Creates,
		Conflicts: t.Conflicts,
	}
	if v := t.Violation; v != nil {
		r.Witness = &Witness{Invariant: v.Invariant, Found: v.Number, Longest: len(v.Moves), moves: v.Moves}
	}
	switch {
	case c.Strategy == Exhaustive && !t.unseen:
	case p.missing:
		r.Stopped = Missing
	case errors.Is(context.Cause(ctx), errBudget):
		r.Stopped = errBudget.Error()
	case ctx.Err() != nil:
		r.Stopped = Interrupted
	case c.Schedules > 0:
		r.Stopped = "the number of schedules is reached"
	}
	return r
}

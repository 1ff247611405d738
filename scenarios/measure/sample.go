package measure

import (
	"context"
	"errors"

	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// Sample is what a part has shown.
type Sample struct {
	first, last int
	numbers     *Collector
	found       found
	steps       steps
	evidence    []int           // the repetitions that show more than that all went well
	others      history.Omitted // what the others have shown
	interrupted bool            // the last repetition that was begun is not complete
	err         error           // why it could not go on
	lost        error           // a repetition that had to be kept, or its windows, could not be
	// each repetition that was begun, for who wants more of it than what the rest says; nil:
	// nobody does.
	each []repetition
}

// repetition is what one has shown that is not a number.
type repetition struct {
	report check.Report
	// evidence: it shows more than that all went well.
	evidence bool
	events   []*history.Event // nil: nobody has asked for them
}

func newSample(p Part) *Sample {
	s := &Sample{first: p.First, last: p.Last, numbers: NewCollector()}
	s.numbers.errors.all = true
	return s
}

// failed is the sample of a part that could not be begun.
func failed(p Part, why error) *Sample {
	s := newSample(p)
	s.err = why
	return s
}

// played are the repetitions that were begun.
func (s *Sample) played() int { return s.found.Histories }

// Missing is the sample of a part that nobody has played: what comes after it counts, and its
// point is interrupted.
func (p Part) Missing() *Sample {
	s := newSample(p)
	s.interrupted = true
	return s
}

// Of reports whether the sample is that of a part.
func (s *Sample) Of(p Part) bool { return s.first == p.First && s.last == p.Last }

// Err is why the sample does not show all of its part, which was played under ctx; nil: it does.
func (s *Sample) Err(ctx context.Context) error {
	switch {
	case s.err != nil:
		return s.err
	case s.interrupted && ctx.Err() != nil:
		return context.Cause(ctx)
	case s.interrupted:
		return errors.New("the part was interrupted")
	}
	return s.lost
}

// whole reports whether it shows all of its part.
func (s *Sample) whole() bool { return s.err == nil && !s.interrupted && s.lost == nil }

func (s *Sample) add(n int, w *witness, r *repetition) {
	s.numbers.Merge(w.numbers)
	for _, step := range w.steps {
		s.steps.add(step)
	}
	s.found.Add(&r.report)
	if r.evidence {
		s.evidence = append(s.evidence, n)
		return
	}
	omit(&s.others, omitted(&r.report))
}

// omitted is what a history that leaves a repetition out says of it.
func omitted(r *check.Report) history.Omitted {
	return history.Omitted{Repetitions: 1, Updates: r.Tally.Updates, Acknowledged: r.Tally.Acknowledged, Refusals: r.Tally.Refusals}
}

// omit adds repetitions to those that are left out.
func omit(to *history.Omitted, more history.Omitted) {
	to.Repetitions += more.Repetitions
	to.Updates += more.Updates
	to.Acknowledged += more.Acknowledged
	to.Refusals += more.Refusals
}

// evidence reports whether a repetition shows more than that all went well.
func evidence(r *check.Report) bool {
	t := &r.Tally
	return len(r.Found) > 0 || len(r.StoreFindings) > 0 || !t.Ended || t.Open > 0 || t.Unread > 0 || t.Contradictions > 0
}

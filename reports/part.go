package reports

import (
	"context"
	"errors"

	"holdfast/scenarios"
	"holdfast/scenarios/check"
	"holdfast/scenarios/history"
)

// ErrInterrupted is a part that was not played to its end.
var ErrInterrupted = errors.New("interrupted")

// Part is what some repetitions of a virtual run have shown.
type Part struct {
	numbers  *Collector
	verdicts []check.Report
	puts     []float64 // of each repetition
}

// Sampler plays parts of virtual runs, one after the other on one goroutine, and
// keeps the memory that judging needs. Its zero value is ready.
type Sampler struct{ witness *witness }

// Play plays and judges the repetitions from first to last. What it returns depends
// on its arguments only.
func (s *Sampler) Play(ctx context.Context, run *scenarios.Run, h history.Header, first, last int) (*Part, error) {
	if s.witness == nil {
		s.witness = &witness{judge: check.New(h), numbers: NewCollector()}
	}
	part := &Part{numbers: NewCollector()}
	part.numbers.delays = map[string]*delay{}
	played, err := run.PlayPart(ctx, first, last, scenarios.Repetitions{
		Open: func(int) history.Sink {
			s.witness.reset(h, false)
			s.witness.numbers.delays = part.numbers.delays
			return s.witness
		},
		Done: func(int, history.Sink) {
			part.verdicts = append(part.verdicts, s.witness.judge.Finish())
			part.puts = append(part.puts, float64(s.witness.numbers.counts.Puts))
			part.numbers.Merge(s.witness.numbers)
		},
	})
	if err == nil && played.Interrupted {
		err = ErrInterrupted
	}
	if err != nil {
		s.witness = nil // somebody may still hold what is in it
		return nil, err
	}
	return part, nil
}

// Sample is a run with what its repetitions had each.
type Sample struct {
	Run         Run
	Puts        []float64
	MakespansMS []float64 // of the repetitions in which somebody was answered
	// Fairness is Jain's index of the mean latencies of the clients: 1 if all have
	// the same, 1/n if one of n waits and the others don't. Nil: it takes two clients
	// that were acknowledged.
	Fairness *float64
}

// Pool puts the parts of a run together, in the order of their repetitions.
func Pool(h history.Header, parts []*Part) Sample {
	var s Sample
	total := NewCollector()
	delays := map[string]*delay{}
	var verdicts []check.Report
	for _, p := range parts {
		total.Merge(p.numbers)
		verdicts = append(verdicts, p.verdicts...)
		s.Puts = append(s.Puts, p.puts...)
		for actor, d := range p.numbers.delays {
			delayOf(delays, actor).add(*d)
		}
	}
	verdict := check.Pool(h, verdicts)
	s.Run = newRun(h, verdict)
	total.Fill(&s.Run, verdict.Counts)
	s.MakespansMS = total.makespans
	s.Fairness = jain(delays)
	return s
}

package tuning

import (
	"fmt"
	"math/bits"
	"time"

	"holdfast/archive"
)

// The parts of a plan, as shares of its effort. The rest, and what there is beyond the
// effort, is for the validation.
const (
	partSearch  = 0.40
	partFinal   = 0.20
	partPromise = 0.08
	partAdvice  = 0.10
	partRobust  = 0.03 // in all settings together
)

// sizes say how much is played. A search must repeat to the byte by its number of
// evaluations, and yet end in time on a machine whose speed nobody knows before. So the
// parts follow from the effort, which is the number of evaluations rounded down to a
// doubling of the smallest plan, and the validation takes what they leave: up to then,
// the clock may choose among all the numbers that round down to the same effort.
type sizes struct {
	effort int // evaluations that the sizes of the parts follow from
	// expected evaluations, until it is known how many there are; 0: not known.
	expected int
}

// least is the smallest plan: its race is worth playing.
func (s *scale) least() int {
	const rounds = 2 // the opening, and as much for what is refined
	return int(rounds * openingBatches / partSearch * float64(fewBatches*s.batch*len(s.candidates)))
}

// decide makes the sizes of a plan of so many evaluations.
func (s *search) decide(evaluations int) error {
	least := s.least()
	if evaluations < least {
		return &TooFewError{evaluations, least}
	}
	s.effort = least << (bits.Len(uint(evaluations/least)) - 1)
	return nil
}

// TooFewError says that a plan is too small to tell anything apart.
type TooFewError struct{ Asked, Least int }

func (e *TooFewError) Error() string {
	return fmt.Sprintf("%d evaluations are too few to tell candidates apart; this scenario needs at least %d", e.Asked, e.Least)
}

// batchesOf is how many batches a part of the plan has for each of so many policies.
func (s *search) batchesOf(part float64, policies int) int {
	return int(part*float64(s.effort)) / s.batch / max(policies, 1)
}

// pace keeps a budget of time.
type pace struct {
	clock  archive.Clock
	start  time.Time
	budget time.Duration
	// since and played are when, and after how many repetitions, the speed was last asked.
	since  time.Time
	played int
}

func newPace(clock archive.Clock, budget time.Duration) *pace {
	now := clock.Now()
	return &pace{clock: clock, start: now, budget: budget, since: now}
}

// lap begins to measure the speed anew.
func (p *pace) lap(played int) { p.since, p.played = p.clock.Now(), played }

// aside leaves out of the budget what is played until the returned function is called.
func (p *pace) aside() func() {
	if p == nil {
		return func() {}
	}
	began := p.clock.Now()
	return func() { p.start = p.start.Add(p.clock.Now().Sub(began)) }
}

// more is how many repetitions fit what is left of the budget, at the speed since the last
// lap.
func (p *pace) more(played int) int {
	now := p.clock.Now()
	const usable = 0.95 // the rest is for what no part of the plan counts
	left := scaled(p.budget, usable) - now.Sub(p.start)
	took := max(now.Sub(p.since), 1)
	return int(float64(max(left, 0)) / float64(took) * float64(max(played-p.played, 1)))
}

// overran is how a plan was longer than its budget by more than a quarter; nil: it was not.
func (s *search) overran() *Overrun {
	if s.pace == nil {
		return nil
	}
	const tolerated = 1.25
	took := s.pace.clock.Now().Sub(s.pace.start)
	if took <= scaled(s.pace.budget, tolerated) {
		return nil
	}
	return &Overrun{BudgetMS: ms(s.pace.budget), TookMS: ms(took), Smallest: s.effort <= s.least()}
}

// chooseEffort is asked when the opening of the race was played, whose size is the same in
// every plan, and how fast its best candidates are.
func (s *search) chooseEffort() error {
	if s.pace == nil {
		return nil
	}
	s.expected = max(s.played+s.pace.more(s.played), s.least())
	return s.decide(s.expected)
}

// chooseEvaluations is asked before the validation, which takes what the budget leaves.
func (s *search) chooseEvaluations() {
	if s.pace == nil {
		return
	}
	n := s.played + s.pace.more(s.played)
	s.Evaluations = min(max(n, s.effort), 2*s.effort-1)
	s.result.Plan.Evaluations = s.Evaluations
}

// left is how many batches the validation may play, so that there is enough for what follows.
func (s *search) left() int {
	return int(float64(s.Evaluations-s.played)-(partAdvice+partRobust)*float64(s.effort)) / s.batch
}

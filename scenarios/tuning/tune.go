package tuning

import (
	"context"
	"errors"

	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
)

// search is a tuning under way.
type search struct {
	Config
	*player
	scale
	sizes
	pace   *pace // nil: the number of evaluations is given
	result *Result
	stage  string

	raced    []*measured        // the entrants, by their number
	finals   []*measured        // those that are left, the best first
	ranked   func() []*measured // of the race so far, the best first; nil: none yet
	winner   *measured          // in the finals
	broke    []*measured        // in the finals, and missed a limit in the promise
	yielded  *measured          // in the finals, and was worse in the validation than what is in use
	promised *measured
}

// newSearch is one that has not begun.
func newSearch(c Config) (*search, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	s := &search{Config: c, player: c.player()}
	s.result = &Result{
		Schema: Schema, Scenario: c.Run.Scenario.Name, Core: c.Run.Core.Name, Latency: c.Run.Latency().Label(), Codec: string(c.Run.Codec()), Layout: c.Run.Layout.String(),
		Clients: c.Run.Scenario.Clients(), Objective: c.Objective.String(), Seed: c.Run.Seed, Verdict: check.OK,
		Violations: []check.Violation{}, Incumbents: []Policy{}, Front: []Policy{}, Advice: []Advice{},
	}
	return s, nil
}

// Enough reports whether the number of evaluations is enough for a search: a [TooFewError] if it
// is not. It plays some repetitions to find out how large they are.
func Enough(ctx context.Context, c Config) error {
	s, err := newSearch(c)
	if err != nil {
		return err
	}
	if s.scale, err = s.measureScale(ctx, s.Objective); err != nil {
		return err
	}
	if err = s.measureStability(ctx); err != nil || s.result.unstable() {
		return err
	}
	return s.decide(s.Evaluations)
}

// Tune plays a plan. A violated invariant and an interruption are no errors: the
// result says so, with what was found before.
func Tune(ctx context.Context, c Config) (*Result, error) {
	s, err := newSearch(c)
	if err != nil {
		return nil, err
	}
	s.progress = func(played int) {
		if c.Progress == nil {
			return
		}
		p := Progress{Stage: s.stage, Played: played}
		if n := max(s.Evaluations, s.expected); n > 0 {
			p.Share = float64(played) / float64(n)
		}
		c.Progress(p)
	}
	err = s.play(ctx)
	s.result.Plan.Played, s.result.Plan.Overrun = s.played, s.overran()
	var violated *violatedError
	switch {
	case errors.As(err, &violated):
		s.result.Withhold(&violated.run, replay(&violated.run, &c)+violated.where)
	case err != nil && ctx.Err() != nil:
		s.result.Interrupted = true
		s.salvage()
	case err != nil:
		return nil, err
	}
	return s.result, nil
}

// Withhold leaves nothing but what was found: settings repair neither a core that loses
// modifications nor a store that breaks its word. Replay shows it again.
func (r *Result) Withhold(run *measure.Measurement, replay string) {
	r.Verdict, r.Violations, r.StoreFindings, r.Passed = run.Verdict, run.Violations, run.StoreFindings, false
	r.Recommendation, r.Incumbents, r.Front, r.Capacity = nil, []Policy{}, []Policy{}, nil
	r.Missed, r.Stability, r.Robustness, r.Architectures = nil, nil, nil, nil
	r.Advice = []Advice{withheld(run, replay)}
}

// play goes through the parts of the plan.
func (s *search) play(ctx context.Context) (err error) {
	s.stage = "scale"
	if s.Evaluations == 0 {
		s.pace = newPace(s.Clock, s.Budget)
	}
	if s.scale, err = s.measureScale(ctx, s.Objective); err != nil {
		return err
	}
	s.stage = "stability"
	if err = s.measureStability(ctx); err != nil {
		return err
	}
	if s.result.unstable() {
		s.result.Plan.Evaluations = max(s.Evaluations, s.least()) // with which the command says the same again
		s.stage = "architectures"
		return s.compareArchitectures(ctx)
	}
	if s.Evaluations > 0 {
		if err = s.decide(s.Evaluations); err != nil {
			return err
		}
	}
	s.result.Plan = Plan{Evaluations: s.Evaluations, Batch: s.batch}
	for _, part := range []struct {
		name string
		play func(context.Context) error
	}{
		{"race", s.race}, {"finals", s.playFinals}, {"promise", s.promise}, {"validation", s.validate}, {"stability", s.endure}, {"robustness", s.stress},
		{"architectures", s.compareArchitectures}, {"advice", s.advise}, {"capacity", s.measureCapacity},
	} {
		s.stage = part.name
		if err := part.play(ctx); err != nil {
			return err
		}
		if s.result.Verdict != check.OK {
			return nil
		}
	}
	return nil
}

// salvage makes the best of a search that was interrupted.
func (s *search) salvage() {
	if s.result.Recommendation == nil || s.result.Recommendation.Validated == nil {
		s.result.Verdict = check.Inconclusive
		s.result.Reasons = []string{"it was interrupted before the validation"}
	}
	if s.result.Recommendation != nil || s.ranked == nil {
		return
	}
	if best := s.ranked(); s.winner != nil {
		s.result.Recommendation = s.recommend(s.winner)
	} else if len(best) > 0 {
		best[0].policy = s.bounded(best[0]) // nobody has reached the wider ones
		s.result.Recommendation = s.recommend(best[0])
	}
}

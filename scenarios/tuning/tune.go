package tuning

import (
	"context"
	"errors"
	"slices"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/check"
	"holdfast/scenarios/measure"
)

// search is a tuning under way.
type search struct {
	Config
	*player
	scale
	result *Result
	stage  string

	raced    []*measured        // the entrants, by their number
	finals   []*measured        // those that are left, the best first
	ranked   func() []*measured // of the race so far, the best first; nil: none yet
	winner   *measured          // in the finals
	broke    []*measured        // in the finals, and missed a limit in the promise
	promised *measured
}

// Tune plays a plan. A violated invariant and an interruption are no errors: the
// result says so, with what was found before.
func Tune(ctx context.Context, c Config) (*Result, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	s := &search{Config: c, player: c.player()}
	s.progress = func(played int) {
		if c.Progress == nil {
			return
		}
		p := Progress{Stage: s.stage, Played: played}
		if s.Evaluations > 0 {
			p.Share = float64(played) / float64(s.Evaluations)
		}
		c.Progress(p)
	}
	s.result = &Result{
		Schema: Schema, Scenario: c.Run.Scenario.Name, Core: c.Run.Core.Name, Latency: c.Run.Latency().Name, Codec: string(c.Run.Codec()), Layout: c.Run.Layout.String(),
		Clients: c.Run.Scenario.Clients(), Objective: c.Objective.String(), Seed: c.Run.Seed, Verdict: check.OK,
		Violations: []check.Violation{}, Incumbents: []Policy{}, Front: []Policy{}, Advice: []Advice{},
	}
	err := s.play(ctx)
	s.result.Plan.Played = s.played
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

// Withhold leaves nothing but a violation: settings don't repair a core that loses
// modifications. Replay shows it again.
func (r *Result) Withhold(run *measure.Measurement, replay string) {
	r.Verdict, r.Violations, r.Passed = check.Violated, run.Violations, false
	r.Recommendation, r.Incumbents, r.Front, r.Capacity = nil, []Policy{}, []Policy{}, nil
	r.Missed, r.Stability, r.Robustness, r.Architectures = nil, nil, nil, nil
	r.Advice = []Advice{withheld(run, replay)}
}

// play goes through the parts of the plan.
func (s *search) play(ctx context.Context) (err error) {
	s.stage = "scale"
	var start time.Time // of the budget
	if s.Evaluations == 0 {
		start = s.Clock.Now()
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
	if s.Evaluations == 0 {
		if s.Evaluations, err = s.plan(ctx, start); err != nil {
			return err
		}
	}
	if err = s.fit(s.Evaluations); err != nil {
		return err
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

// batchesOf is how many batches a part of the plan has for each of so many policies.
func (s *search) batchesOf(part float64, policies int) int {
	return int(part*float64(s.Evaluations)) / s.batch / max(policies, 1)
}

// race lets the candidates race, and adds others around the best of the first rounds.
func (s *search) race(ctx context.Context) error {
	r := race{objective: s.Objective.guarded(), play: s.playTurns}
	var entrants []*entrant
	enter := func(p archive.Policy) {
		if s.unfit(s.inTime(p)) == "" && !slices.ContainsFunc(s.raced, func(m *measured) bool { return m.policy == p }) {
			entrants = append(entrants, &entrant{number: len(s.raced)})
			s.raced = append(s.raced, s.measure(p))
		}
	}
	for _, p := range s.candidates {
		enter(p)
	}
	s.ranked = func() []*measured {
		s.count(entrants)
		var all []*measured
		for _, e := range r.rank(slices.DeleteFunc(slices.Clone(entrants), func(e *entrant) bool { return e.batches() == 0 })) {
			all = append(all, s.raced[e.number])
		}
		return all
	}
	have := 0
	for i, keep := range keepAfter {
		if keep == 0 {
			keep = max(16, len(entrants)/3)
		}
		in := len(r.running(entrants))
		have += max(s.batchesOf(partSearch/float64(len(keepAfter)), in), fewestBatches)
		if err := r.round(ctx, entrants, have, keep); err != nil {
			return err
		}
		if i < 2 { // later ones could not catch up
			const around = 4
			ranked := r.rank(entrants)
			for _, e := range ranked[:min(around, len(ranked))] {
				for _, p := range neighbours(s.raced[e.number].policy) {
					enter(p)
				}
			}
		}
	}
	s.finals = s.ranked()
	if m := s.finals[0]; m.pooled().Counts.Acknowledged == 0 {
		s.result.Verdict = check.Inconclusive
		s.result.Reasons = []string{"with no candidate was anything acknowledged"}
	} else if a := nothingToRetry(s.raced); a != nil {
		s.result.Verdict = check.Inconclusive
		s.result.Reasons = []string{"hardly any operation needs a second attempt"}
		s.result.Advice = append(s.result.Advice, *a)
	}
	return nil
}

func (s *search) count(entrants []*entrant) {
	plan := &s.result.Plan
	plan.Candidates, plan.ToldApart, plan.Cut = len(entrants), 0, 0
	for _, e := range entrants {
		switch e.out {
		case apart:
			plan.ToldApart++
		case cut:
			plan.Cut++
		}
	}
}

// playTurns plays batches of entrants.
func (s *search) playTurns(ctx context.Context, turns []turn) (scores [][]float64, err error) {
	var all []batch
	for _, t := range turns {
		all = append(all, batch{s.raced[t.entrant.number], seedOf(s.run.Seed, streamSearch, t.batch)})
	}
	err = s.player.play(ctx, all, s.batch)
	for _, t := range turns {
		m := s.raced[t.entrant.number]
		if t.batch >= len(m.batches) {
			break
		}
		var values []float64
		for _, metric := range s.Objective.metrics() {
			values = append(values, m.of(&m.batches[t.batch], metric))
		}
		scores = append(scores, values)
	}
	return scores, err
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
		best[0].policy = s.bounded(best[0], tailMargin) // nobody has reached the wider ones
		s.result.Recommendation = s.recommend(best[0])
	}
}

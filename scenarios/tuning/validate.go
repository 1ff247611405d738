package tuning

import (
	"context"

	"holdfast/archive"
)

// validate plays the recommendation and the incumbents on seeds that nobody has seen,
// and says whether the objective is met there. An incumbent that is better than the
// recommendation takes its place, and is judged by seeds that did not choose it.
func (s *search) validate(ctx context.Context) error {
	s.chooseEvaluations()
	policies := []archive.Policy{s.promised.policy}
	for _, i := range s.Incumbents {
		policies = append(policies, i.Policy)
	}
	const compared = 0.25 // of the validation, all together
	few := max(int(compared*float64(s.left()))/len(policies), s.fewest)
	each, err := s.playEach(ctx, policies, streamValidate, few, s.batch)
	if err != nil {
		return err
	}
	for n, m := range each[1:] {
		s.result.Incumbents = append(s.result.Incumbents, s.summary(m, s.Incumbents[n].Name))
	}
	if err := s.validateComparators(ctx, few); err != nil {
		return err
	}
	rest := max(s.left(), few)
	best := each[0]
	for _, m := range each[1:] {
		if s.overtakes(m, best) {
			best = m
		}
	}
	v, err := s.playRest(ctx, best, best != each[0], few, rest)
	if err != nil {
		return err
	}
	for n, m := range each[1:] {
		if v.Meets || !s.result.Incumbents[n].Meets || m == best || s.unfit(m.policy) != "" {
			continue
		}
		other, err := s.playRest(ctx, m, true, few, rest)
		if err != nil {
			return err
		}
		if other.Meets {
			v, best = other, m
		}
	}
	if best != each[0] {
		s.yield(best.policy)
	}
	s.conclude(v)
	return nil
}

// playRest plays the rest of the validation with a policy. If it was chosen for the first
// batches, those don't count.
func (s *search) playRest(ctx context.Context, m *measured, chosen bool, few, rest int) (Policy, error) {
	if chosen {
		m = s.measure(m.policy)
		m.skipped = few
	}
	err := s.batches(ctx, m, streamValidate, rest, s.batch)
	return s.summary(m, Recommended), err
}

// overtakes reports whether what is in use is better than a recommendation on the same
// seeds: the recommendation is seen to miss a limit that it keeps, or both keep all, and it
// has less of the metric, told apart.
func (s *search) overtakes(inUse, recommended *measured) bool {
	if inUse.policy == recommended.policy || s.unfit(inUse.policy) != "" || s.misses(inUse) > 0 {
		return false
	}
	for _, c := range s.Objective.Constraints {
		if g := exhaustion(recommended); c.Metric == exhaustedRate && g.Observed == 0 {
			continue
		}
		if !c.Holds(recommended.value(c.Metric)) {
			return true
		}
	}
	metric := s.Objective.Minimize
	less := inUse.value(metric) < (1-same)*recommended.value(metric)
	return less && paired(inUse.values(metric), recommended.values(metric)).P < 1-confidence
}

// yield makes an incumbent the recommendation; the finals have played it.
func (s *search) yield(to archive.Policy) {
	for _, m := range s.finals {
		if m.policy == to {
			s.yielded, s.winner, s.promised = s.winner, m, m
			s.result.Recommendation = s.recommend(m)
			return
		}
	}
}

// conclude says what the validation has shown.
func (s *search) conclude(v Policy) {
	r := s.result.Recommendation
	r.Validated, s.result.Passed = &v, v.Meets
	s.result.Missed = s.seenMissed(&v)
	if target := s.Objective.Target(); v.Meets && v.Exhaustion.Counted > target {
		r.NeedOperations = trialsFor(target)
	}
}

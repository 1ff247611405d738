package tuning

import (
	"context"

	"holdfast/archive"
)

// mostPromises is how many of the finals are asked to keep their promise.
const mostPromises = 5

// promise plays the winner on seeds of its own. It was chosen for its numbers, some of
// which are luck: if it misses a limit here, the next of those that kept all is asked.
func (s *search) promise(ctx context.Context) error {
	asked := []*measured{s.winner}
	for _, m := range s.finals {
		if m != s.winner && s.unfit(m.policy) == "" && s.misses(m) == 0 && s.misses(s.winner) == 0 && len(asked) < mostPromises {
			asked = append(asked, m)
		}
	}
	for i, m := range asked {
		promised, err := s.playPromise(ctx, m.policy)
		if err != nil {
			return err
		}
		kept := s.keeps(promised)
		if i == 0 || kept {
			s.winner, s.promised = m, promised
		}
		if kept {
			break
		}
		s.broke = append(s.broke, m)
	}
	s.result.Recommendation = s.recommend(s.promised)
	return nil
}

func (s *search) keeps(m *measured) bool { return m.summary(Recommended, s.Objective).Meets }

// playPromise plays a policy, and raises its number of retries until the tail of its
// attempts is far enough below the limit.
func (s *search) playPromise(ctx context.Context, p archive.Policy) (*measured, error) {
	m := s.measure(p)
	batches := max(s.batchesOf(partPromise, 1), 2*fewestBatches)
	if err := s.batches(ctx, m, streamPromise, batches, s.batch); err != nil {
		return nil, err
	}
	if m.pooled().Counts.GivenUp() == 0 {
		// Nobody reached the bound, so with a higher one the same happens.
		if _, ok := retriesFor(m, s.Objective.Target()/tailMargin); ok && s.Objective.Target() < countable {
			m.policy.Retries = max(m.policy.Retries, s.retries(m, tailMargin))
		}
		return m, s.spare(ctx, m)
	}
	return m, nil
}

// validate plays the recommendation and the incumbents on seeds that nobody has seen,
// and says whether the objective is met there.
func (s *search) validate(ctx context.Context) error {
	const forIncumbents = 0.2 // of the part, together
	few := max(s.batchesOf(partValidate*forIncumbents, len(s.Incumbents)), 2*fewestBatches)
	for _, i := range s.Incumbents {
		m := s.measure(i.Policy)
		if err := s.batches(ctx, m, streamValidate, few, s.batch); err != nil {
			return err
		}
		s.result.Incumbents = append(s.result.Incumbents, s.summary(m, i.Name))
	}
	if err := s.validateComparators(ctx, few); err != nil {
		return err
	}
	m := s.measure(s.promised.policy)
	many := max(s.batchesOf(partValidate*(1-forIncumbents), 1), few)
	if err := s.batches(ctx, m, streamValidate, many, s.batch); err != nil {
		return err
	}
	v := s.summary(m, Recommended)
	r := s.result.Recommendation
	r.Validated, s.result.Passed = &v, v.Meets
	s.result.Missed = s.seenMissed(&v)
	if target := s.Objective.Target(); v.Meets && v.Exhaustion.Counted > target {
		r.NeedOperations = trialsFor(target)
	}
	return nil
}

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

// playPromise plays a policy, whose number of retries then follows from more operations than
// the race had, and is raised until it holds up with more clients. What is in use keeps its own
// if they are more.
func (s *search) playPromise(ctx context.Context, p archive.Policy) (*measured, error) {
	m := s.measure(p)
	batches := max(s.batchesOf(partPromise, 1), s.fewest)
	if err := s.batches(ctx, m, streamPromise, batches, s.batch); err != nil {
		return nil, err
	}
	if m.pooled().Counts.GivenUp() > 0 || s.Objective.Target() >= countable {
		return m, nil
	}
	// Nobody reached the bound, so with another that is not below what was needed the same happens.
	if n, ok := retriesFor(m, partAttempts*s.Objective.Target()); ok {
		if m.policy.Retries = n; s.inUse(p) != "" {
			m.policy.Retries = max(n, p.Retries)
		}
	}
	return m, s.spare(ctx, m)
}

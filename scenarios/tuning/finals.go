package tuning

import (
	"cmp"
	"context"
	"math"
	"slices"

	"holdfast/archive"
	"holdfast/scenarios"
)

// partAttempts of the limit of give-ups is for those who run out of attempts, and the rest for
// those who run out of time: what is judged is the sum of their upper limits. No other margin is
// needed, as those limits bear a minority that was not seen ([extremes]).
const partAttempts = 0.5

// countable is the share of give-ups from which a limit can be approached from
// above: fewer retries shorten what the others wait.
const countable = 1e-4

// Candidates whose metrics differ by less than same are equal, and the cheaper one wins;
// those that are not told apart, if they differ by less than indistinct.
const (
	same       = 0.02
	indistinct = 0.03
)

// playFinals gives those who are left their bounds, and plays them beside the front and
// what is in use: as it is, and ending before nobody waits for it.
func (s *search) playFinals(ctx context.Context) error {
	if s.pace != nil {
		s.pace.lap(s.played)
	}
	contenders, front := s.contenders(s.finals), s.frontier()
	for _, i := range s.Incumbents {
		contenders = append(contenders, i.Policy, s.inTime(i.Policy))
	}
	for _, p := range contenders {
		contenders = append(contenders, jittered(p))
	}
	s.finals = nil
	if err := s.enterFinals(ctx, contenders, partFinal*(1-partFront)); err != nil {
		return err
	}
	best := s.winner
	if err := s.enterFinals(ctx, front, partFinal*partFront); err != nil {
		return err
	}
	if s.misses(best) == 0 {
		s.winner = best // the others have played less
	}
	s.result.Front = s.frontOf(front)
	return nil
}

// partFront of the finals is for the front, which is shown and wins hardly ever.
const partFront = 0.15

// enterFinals plays policies that have not been played, for a part of the plan, ranks all
// that have, and chooses the winner.
func (s *search) enterFinals(ctx context.Context, policies []archive.Policy, part float64) error {
	policies = slices.DeleteFunc(unique(policies), func(p archive.Policy) bool {
		return slices.ContainsFunc(s.finals, func(m *measured) bool { return m.policy == p })
	})
	batches := max(s.batchesOf(part, len(policies)), s.fewest)
	fresh, err := s.playEach(ctx, policies, streamFinal, batches, s.batch)
	if err != nil {
		return err
	}
	s.finals = append(s.finals, fresh...)
	slices.SortStableFunc(s.finals, s.better)
	fit := slices.DeleteFunc(slices.Clone(s.finals), func(m *measured) bool { return s.unfit(m.policy) != "" })
	s.winner, err = s.choose(ctx, fit)
	return err
}

// contenders are the survivors of the race with their bounds.
func (s *search) contenders(survivors []*measured) []archive.Policy {
	var all []archive.Policy
	for _, m := range survivors {
		all = append(all, s.bounded(m))
	}
	return unique(all)
}

// bounded is a policy with the bounds that keep it below the limit.
func (s *search) bounded(m *measured) archive.Policy {
	p := m.policy
	p.Deadline = min(deadline(s.patience), p.Deadline)
	p.Retries = min(s.retries(m), p.Retries)
	return p
}

// retries are the fewest that keep give-ups below the part of the limit that is for attempts, or
// twice what was needed where the tail says nothing.
func (s *search) retries(m *measured) int {
	if n, ok := retriesFor(m, partAttempts*s.Objective.Target()); ok {
		return n
	}
	return 2 * max(m.pooled().Attempts.Max, 1)
}

// retriesFor is the smallest number of retries beyond which fewer than a share of the
// operations need another, at the upper limit.
func retriesFor(m *measured, target float64) (int, bool) {
	n, ok := newTail(m).least(target, mostAttempts)
	return max(int(n)-1, 0), ok
}

// mostAttempts are more than any call comes to.
const mostAttempts = 100_000

// better orders by how far policies are beyond the limits, then by the metric, then by
// what they cost.
func (s *search) better(a, b *measured) int {
	return cmp.Or(
		cmp.Compare(s.misses(a), s.misses(b)),
		cmp.Compare(a.value(s.Objective.Minimize), b.value(s.Objective.Minimize)),
		cmp.Compare(a.value(s.Objective.tieBreak()), b.value(s.Objective.tieBreak())),
	)
}

// misses is how far a policy is beyond the guarded limits.
func (s *search) misses(m *measured) float64 {
	total := 0.0
	for _, c := range s.Objective.guarded().Constraints {
		v := m.compared(c)
		if math.IsInf(v, 0) {
			return missing
		}
		total += excess(c, v)
	}
	return total
}

// compared is the value by which a policy is compared with a limit: the unfavourable end of
// the interval. Give-ups that were extrapolated count at their estimate, as the few operations
// of a comparison show none to be rare; the promise is judged at the limit.
func (m *measured) compared(c scenarios.Threshold) float64 {
	if c.Metric == exhaustedRate {
		if g := exhaustion(m); g.Method == Extrapolated {
			return g.Value
		}
	}
	return m.atLimit(c.Metric, c.Upper())
}

// equal reports whether a policy is as good as a better one: their metrics differ by
// hardly anything, or by little that is not told apart.
func (s *search) equal(m, better *measured) bool {
	metric := s.Objective.Minimize
	more := m.value(metric)/better.value(metric) - 1
	return more <= same || more <= indistinct && paired(m.values(metric), better.values(metric)).P >= 1-confidence
}

// mostOfFront is how many policies of the front are played and shown.
const mostOfFront = 5

// frontier chooses, of all that raced, those that nobody beats in both latency and
// writes, spread over the range.
func (s *search) frontier() []archive.Policy {
	front := slices.DeleteFunc(slices.Clone(s.raced), func(m *measured) bool {
		return len(m.batches) == 0 || m.pooled().Counts.GivenUp() > 0 || m.value(latencyP99) == missing || dominated(m, s.raced)
	})
	slices.SortStableFunc(front, byLatency)
	var chosen []archive.Policy
	for i := range min(mostOfFront, len(front)) {
		at := i
		if len(front) > mostOfFront {
			at = i * (len(front) - 1) / (mostOfFront - 1)
		}
		chosen = append(chosen, s.bounded(front[at]))
	}
	return unique(chosen)
}

func byLatency(a, b *measured) int {
	return cmp.Or(cmp.Compare(a.value(latencyP99), b.value(latencyP99)), cmp.Compare(a.value(putsPerCommit), b.value(putsPerCommit)))
}

// dominated reports whether another gives up no more, and is at least as good in both
// latency and writes and better in one.
func dominated(m *measured, all []*measured) bool {
	return slices.ContainsFunc(all, func(o *measured) bool {
		if o == m || len(o.batches) == 0 || o.pooled().Counts.GivenUp() > m.pooled().Counts.GivenUp() {
			return false
		}
		p99, puts := cmp.Compare(o.value(latencyP99), m.value(latencyP99)), cmp.Compare(o.value(putsPerCommit), m.value(putsPerCommit))
		return p99 <= 0 && puts <= 0 && p99+puts < 0
	})
}

// frontOf is the front as the finals have measured it, with the winner.
func (s *search) frontOf(front []archive.Policy) []Policy {
	all := slices.DeleteFunc(slices.Clone(s.finals), func(m *measured) bool {
		return m != s.winner && !slices.Contains(front, m.policy)
	})
	among := slices.Clone(all)
	all = slices.DeleteFunc(all, func(m *measured) bool { return m != s.winner && dominated(m, among) })
	slices.SortStableFunc(all, byLatency)
	var shown []Policy
	for _, m := range all {
		shown = append(shown, s.summary(m, ""))
	}
	return shown
}

package tuning

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/check"
)

// field is a race with its entrants, and with what the search knows of them.
type field struct {
	race
	entrants []*entrant
	policy   func(*entrant) archive.Policy
	needed   map[*entrant]need
}

// need is the deadline that a candidate needs, as of so many batches.
type need struct {
	batches  int
	deadline time.Duration
}

// openingBatches is how many times the few batches the opening plays of each of the
// first candidates, on average.
const openingBatches = 1.25

// race lets the first candidates race, and then others around the best of each kind, in
// steps that become smaller, until nothing better is near.
func (s *search) race(ctx context.Context) error {
	f := &field{race: race{objective: s.Objective.guarded(), play: s.playTurns, few: fewBatches}, needed: map[*entrant]need{}}
	f.late = func(e *entrant) float64 { return s.late(f, e) }
	metrics := s.Objective.metrics()
	f.value = func(e *entrant, score int) float64 { return s.raced[e.number].value(metrics[score]) }
	f.policy = func(e *entrant) archive.Policy { return s.raced[e.number].policy }
	for _, p := range s.candidates {
		s.enter(f, p)
	}
	s.ranked = func() []*measured {
		s.count(f)
		var all []*measured
		for _, e := range f.rank(slices.DeleteFunc(slices.Clone(f.entrants), func(e *entrant) bool { return e.batches() == 0 })) {
			all = append(all, s.raced[e.number])
		}
		return all
	}
	if err := s.open(ctx, f); err != nil {
		return err
	}
	if s.finals = s.ranked(); s.nothingToJudge() {
		return nil
	}
	if err := s.refine(ctx, f); err != nil {
		return err
	}
	if err := s.playOff(ctx, f); err != nil {
		return err
	}
	s.finals = s.ranked()
	return nil
}

// nothingToJudge ends a search in which nothing can be told apart.
func (s *search) nothingToJudge() bool {
	if m := s.finals[0]; m.pooled().Counts.Acknowledged == 0 {
		s.result.Verdict = check.Inconclusive
		s.result.Reasons = []string{"with no candidate was anything acknowledged"}
	} else if a := nothingToRetry(s.raced); a != nil {
		s.result.Verdict = check.Inconclusive
		s.result.Reasons = []string{"hardly any operation needs a second attempt"}
		s.result.Advice = append(s.result.Advice, *a)
	}
	return s.result.Verdict != check.OK
}

// enter adds a candidate that has not raced yet, and says whether it did.
func (s *search) enter(f *field, p archive.Policy) bool {
	if s.unfit(s.inTime(p)) != "" || slices.ContainsFunc(s.raced, func(m *measured) bool { return m.policy == p }) {
		return false
	}
	f.entrants = append(f.entrants, &entrant{number: len(s.raced)})
	s.raced = append(s.raced, s.measure(p))
	return true
}

// open plays the first candidates. How much does not depend on the size of the plan, which
// may be chosen by how long the better ones take here.
func (s *search) open(ctx context.Context, f *field) error {
	f.margin = s.spacing() - 1
	if err := f.round(ctx, f.entrants, fewBatches, len(f.entrants)/4); err != nil {
		return err
	}
	if s.pace != nil {
		s.pace.lap(s.played)
	}
	if err := f.round(ctx, f.entrants, 2*fewBatches, len(f.entrants)); err != nil {
		return err
	}
	return s.chooseEffort()
}

const (
	finestStep    = 1.08 // of a base or a cap, as a ratio: below that, metrics hardly differ
	moves         = 3    // of a leader with the same step
	playOffs      = 0.3  // of what the opening leaves of the race is for the last ones
	mostFinalists = 6
	mostOfKind    = 3  // go on
	enoughSlow    = 50 // operations, and a share of them is counted
)

// refine lets neighbours of the best of each kind race, with steps whose logarithm is
// halved when nothing better was found.
func (s *search) refine(ctx context.Context, f *field) error {
	total := s.batchesOf(partSearch, 1)
	total -= int(playOffs * float64(max(total-f.played(), 0)))
	for step := math.Sqrt(s.spacing()); step > finestStep; step = math.Sqrt(step) {
		f.margin = (step - 1) / 2
		batches := f.most(f.running(f.entrants)) * 3 / 2 // what is left is for later steps
		for range moves {
			rounds := moves / 2. * math.Ceil(math.Log2(math.Log(step)/math.Log(finestStep))) // to come, about
			before := f.leaders()
			s.enterAround(f, step, batches, int(float64(total-f.played())/max(rounds, 1)))
			if err := f.round(ctx, f.entrants, batches, len(f.entrants)); err != nil {
				return err
			}
			f.thin(mostOfKind)
			if slices.Equal(before, f.leaders()) {
				break
			}
		}
	}
	return nil
}

// playOff lets the last ones play what is left of the race.
func (s *search) playOff(ctx context.Context, f *field) error {
	f.margin = 0
	for i, keep := range []int{12, mostFinalists} {
		running := f.running(f.entrants)
		have := f.most(running)
		left := s.batchesOf(partSearch, 1) - f.played()
		more := min(left/(2-i)/max(len(running), 1), have)
		if err := f.round(ctx, f.entrants, have+max(more, 0), keep); err != nil {
			return err
		}
	}
	return nil
}

// leaders are the best of each kind that is left, by rank and by merit, the best kinds
// first.
func (f *field) leaders() []*entrant {
	ranked := f.rank(f.entrants)
	byMerit := slices.Clone(ranked)
	slices.SortStableFunc(byMerit, func(a, b *entrant) int { return cmp.Compare(f.merit(a), f.merit(b)) })
	var all []*entrant
	for _, order := range [][]*entrant{ranked, byMerit} {
		seen := map[archive.Kind]bool{}
		for _, e := range order {
			if kind := f.policy(e).Kind; !seen[kind] {
				seen[kind] = true
				all = append(all, e)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *entrant) int { return cmp.Compare(f.merit(a), f.merit(b)) })
	return slices.Compact(all)
}

// thin cuts by rank within each kind, as another one may be the best when it is refined,
// and who is so much behind the leader that no refining makes up for it.
func (f *field) thin(keep int) {
	of := map[archive.Kind]int{}
	ranked := f.rank(f.entrants)
	most := (1.05 + 3*f.margin) * f.merit(ranked[0])
	for i, e := range ranked {
		kind := f.policy(e).Kind
		if of[kind]++; i >= fewestLeft && (of[kind] > keep || f.merit(e) > most) {
			e.out = cut
		}
	}
}

// played counts batches.
func (f *field) played() int {
	n := 0
	for _, e := range f.entrants {
		n += e.batches()
	}
	return n
}

func (f *field) most(of []*entrant) int {
	most := 0
	for _, e := range of {
		most = max(most, e.batches())
	}
	return most
}

// enterAround adds the neighbours of the leaders, one of each in turn and no more than can
// play so many batches, as the others will: more of them are to be played, together.
func (s *search) enterAround(f *field, step float64, batches, more int) {
	room := more
	for _, e := range f.running(f.entrants) {
		room -= batches - e.batches()
	}
	var near [][]archive.Policy
	longest := 0
	for _, leader := range f.leaders() {
		near = append(near, s.around(s.raced[leader.number], step))
		longest = max(longest, len(near[len(near)-1]))
	}
	for i := range longest {
		for _, of := range near {
			if i < len(of) && room >= batches && s.enter(f, of[i]) {
				room -= batches
			}
		}
	}
}

// around are the neighbours of a candidate. Where give-ups are so frequent that they are
// counted, fewer attempts and less time may be better, and are varied too.
func (s *search) around(m *measured, step float64) []archive.Policy {
	all := neighbours(m.policy, step)
	target := s.Objective.Target()
	if target < countable {
		return all
	}
	with := func(retries int, deadline time.Duration) {
		p := m.policy
		p.Retries, p.Deadline = min(max(retries, 1), s.bounds.Retries), min(readable(deadline), s.bounds.Deadline)
		all = append(all, p)
	}
	if p := m.policy; p.Retries < s.bounds.Retries {
		with(min(p.Retries-1, int(math.Round(float64(p.Retries)/step))), p.Deadline)
		with(max(p.Retries+1, int(math.Round(float64(p.Retries)*step))), p.Deadline)
	} else if n, ok := retriesFor(m, target); ok {
		with(n, p.Deadline)
	}
	if p := m.policy; p.Deadline < s.bounds.Deadline {
		with(p.Retries, scaled(p.Deadline, 1/step))
		with(p.Retries, scaled(p.Deadline, step))
	} else {
		with(p.Retries, m.deadlineFor(target))
	}
	return all
}

// late is how far the deadline that a candidate needs is beyond what others wait for a
// call, as a share of it.
func (s *search) late(f *field, e *entrant) float64 {
	m := s.raced[e.number]
	if m.policy.Deadline < s.bounds.Deadline {
		return 0 // it has one, and who gives up for it is counted
	}
	if n := f.needed[e]; n.batches != e.batches() || n.deadline == 0 {
		f.needed[e] = need{e.batches(), m.deadlineFor(s.Objective.Target())}
	}
	return max(float64(f.needed[e].deadline)/float64(deadline(s.patience))-1, 0)
}

// deadlineFor is the shortest deadline that no more than a share of the operations needs:
// counted where there are enough, else by the tail that the finals judge by, as candidates
// at its edge would all be refused there, else, with few operations, by an estimate.
func (m *measured) deadlineFor(share float64) time.Duration {
	if share*float64(len(m.latencies())) < enoughSlow {
		if t, ok := newSlowTail(m); ok {
			return t.likely(share)
		}
	}
	return deadlineFor(m.latencies(), share)
}

// deadlineFor takes the slowest to become fewer exponentially, as those do whose attempts
// succeed by chance.
func deadlineFor(sorted []int64, share float64) time.Duration {
	n := len(sorted)
	if n == 0 {
		return 0
	}
	slow := min(max(n/20, 1), enoughSlow)
	if beyond := int(share * float64(n)); beyond >= slow {
		return time.Duration(sorted[n-beyond]) * time.Microsecond
	}
	threshold, excess := sorted[max(n-slow-1, 0)], 0.0
	for _, l := range sorted[n-slow:] {
		excess += float64(l-threshold) / float64(slow)
	}
	micros := float64(threshold) + excess*math.Log(float64(slow)/float64(n)/share)
	return time.Duration(micros * float64(time.Microsecond))
}

func (s *search) count(f *field) {
	plan := &s.result.Plan
	plan.Candidates, plan.ToldApart, plan.Cut = len(f.entrants), 0, 0
	for _, e := range f.entrants {
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

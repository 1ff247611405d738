package tuning

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/units"
)

// Stability compares what loads with a rate offer with what can be carried. What is beyond
// that waits, and the longer the load lasts the longer it waits, whatever the policy.
type Stability struct {
	// Offered are the operations a second of all loads with a rate.
	Offered float64 `json:"offered_per_second"`
	// Ceiling is what the store can commit of them: the object that gets most of the load
	// takes a commit each time that the store has served one or, where only the legs of a
	// call take time, each two legs, on average.
	Ceiling float64 `json:"ceiling_per_second"`
	// Carried is what was acknowledged when the same clients always had something to do,
	// with the Policy that carries most of those that were tried.
	Carried Interval       `json:"carried_per_second"`
	Policy  archive.Policy `json:"policy"`
	// Unstable: no policy carries what is offered, so nothing was searched.
	Unstable bool `json:"unstable"`
	// Recommended is what the recommendation carries, and Growth how its latency grows with
	// time; null if the search did not come to them, or if it is far from its edge.
	Recommended *Interval `json:"recommended_per_second"`
	Growth      *Growth   `json:"growth"`
}

// Growth is what the p99 does when the same load lasts twice as long.
type Growth struct {
	Duration float64 `json:"duration_ms"`
	P99      float64 `json:"latency_p99_ms"`
	Later    float64 `json:"latency_p99_of_twice_ms"`
	// Ratio of the two, by the mean of its logarithm over batches. Of a queue that is
	// stable it approaches 1; at the very edge its length is a random walk, and the ratio
	// √2; beyond, the wait grows with time, and the ratio is 2.
	Ratio   Interval `json:"ratio"`
	Batches int      `json:"batches"`
}

const (
	saturatedCommits = 150 // that fit into the shorter of two saturated plays
	trialCommits     = 50  // the same, for a first look
	stabilityBatches = 8
	mostCarriers     = 2   // of those tried, that play more
	nearEdge         = 0.8 // share of what is carried, from which waiting becomes unsteady
)

// measureStability says whether any policy can carry what is offered. If none can, there is
// nothing to search.
func (s *search) measureStability(ctx context.Context) error {
	sc := s.run.Scenario
	if offered(sc) == 0 {
		return nil
	}
	st := &Stability{Offered: offered(sc), Ceiling: perSecond(commitTime(&s.run)) / mostPopular(sc)}
	s.result.Stability = st
	var err error
	if st.Policy, st.Carried, err = s.carriers(ctx); err != nil {
		return err
	}
	st.Unstable = st.Offered > st.Carried.High
	if !st.Unstable {
		return nil
	}
	s.result.Missed = []string{fmt.Sprintf("stability (%s updates a second are offered, and no policy carries more than %s)",
		units.Number(st.Offered), units.Number(st.Carried.Value))}
	s.result.Advice = append(s.result.Advice, s.overload(st))
	return nil
}

// carriers tries policies where everybody always has something to do, and returns what the
// best of them carries.
func (s *search) carriers(ctx context.Context) (archive.Policy, Interval, error) {
	type carrier struct {
		policy  archive.Policy
		carried Interval
	}
	play := func(of []archive.Policy, stream string, batches, commits int) (all []carrier, err error) {
		for _, p := range of {
			c, err := s.carried(ctx, p, stream, batches, commits)
			if err != nil {
				return nil, err
			}
			all = append(all, carrier{p, c})
		}
		slices.SortStableFunc(all, func(a, b carrier) int { return cmp.Compare(b.carried.Value, a.carried.Value) })
		return all, nil
	}
	tried, err := play(s.carrying(), streamScale, 1, trialCommits)
	if err != nil {
		return archive.Policy{}, Interval{}, err
	}
	var most []archive.Policy
	for _, c := range tried[:min(len(tried), mostCarriers)] {
		most = append(most, c.policy)
	}
	best, err := play(most, streamStability, stabilityBatches, saturatedCommits) // seeds by which they were not chosen
	if err != nil {
		return archive.Policy{}, Interval{}, err
	}
	return best[0].policy, best[0].carried, nil
}

// carrying are the policies that are tried: the candidates of a few kinds with jitter and,
// since the more clients there are the wider their waits must be spread, full jitter up to the
// time that all of them need. What is in use is tried too.
func (s *search) carrying() []archive.Policy {
	all := slices.DeleteFunc(slices.Clone(s.candidates), func(p archive.Policy) bool {
		return p.Kind != archive.Full && p.Kind != archive.Decorrelated && p.Kind != archive.Adaptive
	})
	attempt := max(s.attempt, time.Millisecond)
	for _, spread := range []float64{0.5, 2, 8} {
		widest := readable(scaled(attempt, max(spread*float64(writersOfOne(s.run.Scenario)), 2)))
		if p, ok := candidate(archive.Full, readable(attempt), widest, s.bounds); ok {
			all = append(all, p)
		}
	}
	for _, i := range s.Incumbents {
		p := i.Policy
		p.Retries, p.Deadline = s.bounds.Retries, s.bounds.Deadline
		all = append(all, p)
	}
	return slices.DeleteFunc(unique(all), func(p archive.Policy) bool { return s.unfit(s.inTime(p)) != "" })
}

// carried is how many operations a second are done, acknowledged or handed back to a person
// to decide, where the clients of loads with a rate always have something to do, and nobody
// else has. It is the difference between a play and one that lasts twice as long, over the
// time by which they differ: how they begin and end is no part of it.
func (s *search) carried(ctx context.Context, policy archive.Policy, stream string, batches, commits int) (Interval, error) {
	p := *s.player
	p.run.Scenario = saturated(s.run.Scenario, time.Duration(commits)*max(commitTime(&s.run), time.Millisecond))
	once, twice, err := p.twice(ctx, policy, stream, batches)
	s.played = p.played
	if err != nil {
		return Interval{}, err
	}
	var each []float64
	for i := range once.batches {
		each = append(each, float64(done(&twice.batches[i])-done(&once.batches[i]))/time.Duration(p.run.Scenario.Duration).Seconds())
	}
	mean, half := meanHalf(each)
	return Interval{mean, mean - half, mean + half}, nil
}

func done(m *measure.Measurement) int { return m.Counts.Acknowledged + m.Counts.UserConflicts }

// twice plays repetitions of a scenario as it is, and others that last twice as long, with
// the same seeds.
func (p *player) twice(ctx context.Context, policy archive.Policy, stream string, batches int) (once, twice *measured, err error) {
	once, twice = p.measure(policy), p.measure(policy)
	longer := *p
	longer.run.Scenario = changed(p.run.Scenario)
	longer.run.Scenario.Duration *= 2
	if err = p.batches(ctx, once, stream, batches, 1); err == nil {
		longer.played = p.played
		err = longer.batches(ctx, twice, stream, batches, 1)
		p.played = longer.played
	}
	return once, twice, err
}

// saturated is a scenario whose open loads begin an operation as soon as the last one has
// ended. Other loads are left out, so that what is carried is the most that can be, and so
// are faults that strike once or for a while.
func saturated(sc *scenarios.Scenario, lasting time.Duration) *scenarios.Scenario {
	c := changed(sc)
	c.Actors = slices.DeleteFunc(c.Actors, func(a scenarios.Actor) bool {
		return a.Load != nil && !open(&a) && !(a.Kind == scenarios.Backend && sc.TakesMessages())
	})
	for i := range c.Actors {
		if a := &c.Actors[i]; open(a) {
			a.Load.Rate, a.Load.Arrivals = 0, scenarios.Arrivals{}
		}
	}
	c.Faults = slices.DeleteFunc(c.Faults, func(f scenarios.Fault) bool { return f.Nth > 0 || f.From > 0 || f.To > 0 })
	c.Objects.FreshAfter = 0 // two documents would be written side by side for a while
	c.Duration = scenarios.Duration(lasting)
	return c
}

// endure says how the recommendation bears a load with a rate for longer than it was
// played, if it is near what it can carry.
func (s *search) endure(ctx context.Context) error {
	st := s.result.Stability
	if st == nil {
		return nil
	}
	defer s.pace.aside()()
	carried, err := s.carried(ctx, s.promised.policy, streamStability, stabilityBatches, saturatedCommits)
	if err != nil {
		return err
	}
	st.Recommended = &carried
	if st.Offered < nearEdge*carried.Low {
		return nil
	}
	g, err := s.growth(ctx, s.promised.policy)
	if err != nil || g == nil {
		return err
	}
	st.Growth = g
	if st.unsteady() {
		s.result.Missed = append(s.result.Missed, g.String())
		s.result.Passed, s.result.Recommendation.Validated.Meets = false, false
	}
	s.result.Advice = append(s.result.Advice, s.nearTheEdge(st))
	return nil
}

// unsteady reports whether the recommendation does not carry what is offered: because it
// carries less with everybody busy, or because waits grow faster than at the very edge.
func (st *Stability) unsteady() bool {
	return st.Offered > st.Recommended.High || st.Growth.Ratio.Low > math.Sqrt2
}

// growth plays the load as it is and twice as long, with the same seeds; nil: nothing was
// acknowledged.
func (s *search) growth(ctx context.Context, policy archive.Policy) (*Growth, error) {
	once, twice, err := s.twice(ctx, policy, streamStability, stabilityBatches)
	if err != nil {
		return nil, err
	}
	var logs []float64
	before, after := once.values(latencyP99), twice.values(latencyP99)
	for i := range before {
		if before[i] == missing || after[i] == missing {
			return nil, nil
		}
		logs = append(logs, math.Log(after[i]/before[i]))
	}
	mean, half := meanHalf(logs)
	return &Growth{
		Duration: ms(time.Duration(s.run.Scenario.Duration)), P99: once.value(latencyP99), Later: twice.value(latencyP99),
		Ratio: Interval{math.Exp(mean), math.Exp(mean - half), math.Exp(mean + half)}, Batches: len(logs),
	}, nil
}

func (g *Growth) String() string {
	return fmt.Sprintf("stability (p99 is %s after %s, and %s after %s)",
		units.Seconds(g.P99), units.Seconds(g.Duration), units.Seconds(g.Later), units.Seconds(2*g.Duration))
}

// overload says what could carry a load that no policy carries.
func (s *search) overload(st *Stability) Advice {
	sc := s.run.Scenario
	object, busy := st.Carried.Value, float64(openClients(sc))*perSecond(s.attempt)
	var could []string
	if st.Offered > busy { // whatever the object takes
		object = st.Ceiling
		could = append(could, fmt.Sprintf("%s clients instead of %s, since each does one update after the other, of %s",
			units.Thousands(needed(st.Offered, perSecond(s.attempt))), units.Thousands(openClients(sc)), units.Seconds(ms(s.attempt))))
	}
	if st.Offered > nearEdge*object {
		serial := perSecond(s.attempt) / mostPopular(sc) // one writer of each object
		could = append(could,
			fmt.Sprintf("the object split into %d parts, each with its share of the load", needed(st.Offered, object)),
			fmt.Sprintf("a FIFO queue for each object whose consumer stores %d updates or more in one write, at %s writes a second", needed(st.Offered, serial), units.Number(serial)),
			"a group commit, by which each process stores in one write what has come meanwhile")
	}
	return Advice{
		Rule: overloaded,
		Text: fmt.Sprintf("What could carry it, at %.0f %% of what each can: %s.", 100*nearEdge, strings.Join(could, "; ")),
		Evidence: fmt.Sprintf("the store commits %s a second at most; with everybody busy %s were carried by %s (95 %% CI %s to %s, %d plays of %s)",
			units.Number(st.Ceiling), units.Number(st.Carried.Value), st.Policy, units.Number(st.Carried.Low), units.Number(st.Carried.High),
			stabilityBatches, units.Seconds(2*saturatedCommits*ms(commitTime(&s.run)))),
		Confidence: "the load: measured, over the policies that were tried; the architectures: computed from the time of a commit and of an update, not played",
	}
}

// needed is how many of what carries so much are needed, not to be at their edge.
func needed(offered, each float64) int { return int(math.Ceil(offered / (nearEdge * each))) }

// nearTheEdge says how a load is borne that is near what the recommendation carries.
func (s *search) nearTheEdge(st *Stability) Advice {
	g := st.Growth
	what := "its queues have room, but hardly any"
	switch {
	case st.unsteady():
		what = "its queues grow for as long as the load lasts"
	case g.Ratio.Low > 1:
		what = "its queues still grow"
	}
	return Advice{
		Rule: nearCapacity, Subject: Recommended,
		Text: fmt.Sprintf("%s updates a second are offered, which is %s of what the %s policy carries, and %s: p99 is %s after %s and %s after %s.",
			units.Number(st.Offered), units.Percent(st.Offered/st.Recommended.Value), Recommended, what,
			units.Seconds(g.P99), units.Seconds(g.Duration), units.Seconds(g.Later), units.Seconds(2*g.Duration)),
		Evidence: fmt.Sprintf("%s a second carried with everybody busy (95 %% CI %s to %s); p99 grows by %s when the load lasts twice as long (95 %% CI %s to %s, %d batches with the same seeds)",
			units.Number(st.Recommended.Value), units.Number(st.Recommended.Low), units.Number(st.Recommended.High),
			units.Number(g.Ratio.Value), units.Number(g.Ratio.Low), units.Number(g.Ratio.High), g.Batches),
		Confidence: "95 %: Student's over batches; at the very edge of stability it would grow by √2, beyond by 2",
	}
}

const (
	overloaded   = "overload"
	nearCapacity = "near-capacity"
)

// unstable reports whether nothing was searched because nothing can carry the load.
func (r *Result) unstable() bool { return r.Stability != nil && r.Stability.Unstable }

package tuning

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast/archive"
	"holdfast/scenarios"
	"holdfast/scenarios/network"
	"holdfast/scenarios/units"
)

// Robust is what the recommendation does where things are not as they were played.
type Robust struct {
	Setting    string     `json:"setting"`
	Operations int        `json:"operations"`
	Exhaustion Exhaustion `json:"give_ups"`
	P99        Interval   `json:"latency_p99_ms"`
	Puts       Interval   `json:"puts_per_commit"`
	// HoldsUp: fewer than one of a hundred operations gives up.
	HoldsUp bool `json:"holds_up"`
	// Meets: no limit of the objective was seen missed. That give-ups are as rare as it
	// wants takes more operations to show than are played here.
	Meets  bool     `json:"meets"`
	Missed []string `json:"missed,omitempty"`
	// Unstable: more is offered than any policy carries, so that the numbers grow for as
	// long as it lasts.
	Unstable bool `json:"unstable,omitempty"`
}

// cliff is the share of give-ups from which a policy does not hold up.
const cliff = 0.01

const (
	robustBatches     = 4
	cliffOperations   = 600 // at least, in each setting, so that a cliff is seen
	mostEquals        = 4   // that are compared in the settings
	many              = 30  // clients, which few become
	stormRate         = 0.5
	stormOfRepetition = 0.5
)

// setting is something that is not as it was played.
type setting struct {
	name    string
	run     scenarios.Run
	offered float64 // operations a second of all open loads; 0: there are none
}

// settings: more clients or, of loads with a rate, more of it; a slower store; a storm of
// 503s that lasts for a part of the time that a repetition takes.
func (s *search) settings(repetition time.Duration) []setting {
	all := s.crowds()
	add := func(name string, change func(*scenarios.Scenario)) { all = s.with(all, name, change) }
	add("a store twice as slow", func(c *scenarios.Scenario) { c.Latency = new(scenarios.Latency(s.run.Latency().Times(2))) })
	storm := network.Fault{Kind: network.Throttled503, Call: network.AnyMethod, Rate: stormRate, To: max(readable(scaled(repetition, stormOfRepetition)), time.Millisecond)}
	add(fmt.Sprintf("503 to %s of all calls for %s", units.Percent(stormRate), units.Seconds(ms(storm.To))), func(c *scenarios.Scenario) {
		c.Faults = append(c.Faults, scenarios.Fault(storm))
	})
	return all
}

// crowds are the settings with more clients, or more of a load with a rate.
func (s *search) crowds() (all []setting) {
	for _, times := range s.multiples() {
		all = s.with(all, s.loadTimes(times), func(c *scenarios.Scenario) { multiply(c, times) })
	}
	return all
}

// with adds a setting in which the scenario is changed, if it can be.
func (s *search) with(all []setting, name string, change func(*scenarios.Scenario)) []setting {
	at := setting{name, s.run, 0}
	at.run.Scenario = changed(s.run.Scenario)
	change(at.run.Scenario)
	if at.run.Scenario.Validate() != nil {
		return all
	}
	at.offered = offered(at.run.Scenario)
	return append(all, at)
}

// multiples of the load: twice and three times, and of few clients as many as make many.
func (s *search) multiples() []int {
	sc := s.run.Scenario
	if len(sc.Timeline) > 0 {
		return nil // which nobody can join
	}
	all := []int{2, 3}
	if n := loaded(sc); offered(sc) == 0 && 3*n < many {
		all = append(all, (many+n-1)/n)
	}
	return all
}

// loadTimes names so many times the load.
func (s *search) loadTimes(times int) string {
	if rate := offered(s.run.Scenario); rate > 0 {
		return units.Number(rate*float64(times)) + " updates a second"
	}
	return fmt.Sprintf("%d clients", times*loaded(s.run.Scenario))
}

// loaded are the clients with a load, which can be more.
func loaded(sc *scenarios.Scenario) int {
	n := 0
	for i := range sc.Actors {
		if a := &sc.Actors[i]; a.Load != nil && a.Kind != scenarios.Outsider {
			n += max(a.Count, 1)
		}
	}
	return n
}

// multiply makes the open loads of a changed copy come so many times as fast or, where there
// is none, the clients as many more.
func multiply(sc *scenarios.Scenario, times int) {
	if offered(sc) > 0 {
		rescale(sc, float64(times))
		return
	}
	for i := range sc.Actors {
		if a := &sc.Actors[i]; a.Load != nil && a.Kind != scenarios.Outsider {
			a.Count = times * max(a.Count, 1)
		}
	}
}

// playSetting plays a policy where something is not as it was, at least so many operations.
func (s *search) playSetting(ctx context.Context, of *measured, at setting, operations int) (*measured, error) {
	p := *s.player
	p.run = at.run
	m := p.measure(of.policy)
	each := max(s.operations*loaded(at.run.Scenario)/max(loaded(s.run.Scenario), 1), 1)
	err := p.batches(ctx, m, streamRobust, robustBatches, max(operations/(robustBatches*each), 1))
	s.played = p.played
	var violated *violatedError
	if errors.As(err, &violated) {
		violated.where = fmt.Sprintf(" (it was seen with %s, which this command does not play)", at.name)
	}
	return m, err
}

// choose chooses, of ranked policies, one of those that are as good as the best: without
// jitter only what is clearly better than everything that has it, and holds up in all
// settings.
func (s *search) choose(ctx context.Context, ranked []*measured) (*measured, error) {
	with := slices.DeleteFunc(slices.Clone(ranked), func(m *measured) bool { return !jitters(m.policy) })
	if len(with) == 0 || !s.contended {
		return s.sturdiest(ctx, s.equals(ranked))
	}
	worth := slices.DeleteFunc(slices.Clone(ranked), func(m *measured) bool { return !jitters(m.policy) && !s.clearly(m, with[0]) })
	best, err := s.sturdiest(ctx, s.equals(worth))
	if err != nil || jitters(best.policy) || best.falls == "" {
		return best, err
	}
	return s.sturdiest(ctx, s.equals(with))
}

// clearly reports whether a policy is better than another by a tenth or more, and told apart.
func (s *search) clearly(m, than *measured) bool {
	if a, b := s.misses(m), s.misses(than); a != b {
		return a < b
	}
	metric := s.Objective.Minimize
	return than.value(metric) >= (1+worthwhile)*m.value(metric) && paired(than.values(metric), m.values(metric)).P < 1-confidence
}

// sturdiest is, of policies that are as good as each other, the cheapest first, the one that
// holds up in most settings, and of those the first.
func (s *search) sturdiest(ctx context.Context, equals []*measured) (*measured, error) {
	equals = equals[:min(len(equals), mostEquals)]
	if len(equals) == 1 && jitters(equals[0].policy) {
		return equals[0], nil
	}
	settings := s.settings(equals[0].makespan())
	best, fewest := equals[0], len(settings)+1
	for _, m := range equals {
		falls := 0
		for _, at := range settings {
			played, err := s.playSetting(ctx, s.spared(m), at, cliffOperations)
			if err != nil {
				return nil, err
			}
			if rate := played.value(exhaustedRate); rate >= cliff {
				falls++
				m.falls = fmt.Sprintf("%s give up with %s", units.Percent(rate), at.name)
			}
		}
		if falls < fewest {
			best, fewest = m, falls
		}
	}
	return best, nil
}

// spared is a policy with as many retries as it may be given to spare. Those of a policy in
// use, and those by which a limit is approached from above, stay as they are.
func (s *search) spared(m *measured) *measured {
	wide := s.measure(m.policy)
	if m.policy.Retries != archive.Unlimited && s.inUse(m.policy) == "" && s.Objective.Target() < countable {
		wide.policy.Retries = max(s.bounds.Retries, m.policy.Retries)
	}
	return wide
}

// spare raises the retries of a policy whose bound nobody has reached until it holds up where
// there are more clients, and give up half as often as that allows: a retry costs nothing until
// it is needed.
func (s *search) spare(ctx context.Context, m *measured) error {
	wide := s.spared(m)
	if wide.policy == m.policy {
		return nil
	}
	for _, at := range s.crowds() {
		crowd, err := s.playSetting(ctx, wide, at, cliffOperations)
		if err != nil {
			return err
		}
		m.policy.Retries = max(m.policy.Retries, min(crowd.retriesSeen(cliff/2), wide.policy.Retries))
	}
	return nil
}

// retriesSeen is the fewest retries that were enough for all but a share of the operations,
// as counted. Who gave up had needed more than any number.
func (m *measured) retriesSeen(share float64) int {
	r := m.pooled()
	left := float64(r.Counts.Operations)
	for attempts, n := range r.Attempts.Histogram {
		if left -= float64(n); left <= share*float64(r.Counts.Operations) {
			return max(attempts-1, 0)
		}
	}
	return archive.Unlimited
}

// makespan is how long a repetition took on average.
func (m *measured) makespan() time.Duration {
	if span := m.pooled().MakespanMS; span != nil {
		return time.Duration(span.Mean * float64(time.Millisecond))
	}
	return 0
}

// stress plays the recommendation in all settings.
func (s *search) stress(ctx context.Context) error {
	settings := s.settings(s.promised.makespan())
	operations := max(int(partRobust*float64(s.effort*s.operations))/max(len(settings), 1), cliffOperations)
	s.result.Robustness = []Robust{}
	for _, at := range settings {
		m, err := s.playSetting(ctx, s.promised, at, operations)
		if err != nil {
			return err
		}
		s.result.Robustness = append(s.result.Robustness, s.robust(m, at))
	}
	return nil
}

// robust says what a setting has shown.
func (s *search) robust(m *measured, at setting) Robust {
	sum := m.summary(at.name, s.Objective)
	r := Robust{
		Setting: at.name, Operations: sum.Operations, Exhaustion: sum.Exhaustion, P99: sum.P99, Puts: sum.PutsPerCommit,
		HoldsUp: m.value(exhaustedRate) < cliff, Missed: s.seenMissed(&sum),
	}
	if st := s.result.Stability; st != nil && at.offered > st.Carried.High {
		r.Unstable = true
		r.Missed = append(r.Missed, fmt.Sprintf("stability (at most %s updates a second are carried)", units.Number(st.Carried.Value)))
	}
	r.Meets = len(r.Missed) == 0
	return r
}

// seenMissed names the limits that were seen missed.
func (s *search) seenMissed(p *Policy) []string {
	var all []string
	for _, c := range s.Objective.Constraints {
		value := p.Metrics[c.Metric].Value
		if c.Metric == exhaustedRate && p.Exhaustion.Observed == 0 || c.Holds(value) {
			continue
		}
		all = append(all, fmt.Sprintf("%s (it is %s)", c, units.Metric(c.Metric, value)))
	}
	return all
}

// equals are the policies that are as good as the best, the cheapest first.
func (s *search) equals(ranked []*measured) []*measured {
	first, tie := ranked[0], s.Objective.tieBreak()
	all := slices.DeleteFunc(slices.Clone(ranked), func(m *measured) bool {
		return m != first && (s.misses(m) > s.misses(first) || !s.equal(m, first))
	})
	slices.SortStableFunc(all, func(a, b *measured) int { return cmp.Compare(a.value(tie), b.value(tie)) })
	return all
}

package tuning

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/scenarios"
	"holdfast/scenarios/units"
)

// hotObject says what would help where no policy does, each played with the best one.
// A limit that is only not shown to be kept is no sign of it, nor one that is missed
// without contention or because all but one of the creators must be refused.
func (s *search) hotObject(ctx context.Context, f *facts) (*Advice, error) {
	missed := s.result.Missed
	if len(missed) == 0 || s.anybodyMeets() || !s.promised.contended() || s.run.Scenario.Objects.Absent {
		return nil, nil
	}
	var gains []string
	for _, v := range s.variants() {
		text, err := s.predict(ctx, v)
		if err != nil {
			return nil, err
		}
		gains = append(gains, text)
	}
	text := fmt.Sprintf("No policy that was tried meets the objective; the best misses %s. %s.", strings.Join(missed, ", "), f.demand())
	if len(gains) > 0 {
		text += fmt.Sprintf(" Predicted with %s: %s.", s.promised.policy, strings.Join(gains, "; "))
	}
	return &Advice{
		Rule: "hot-object", Text: text,
		Evidence:   fmt.Sprintf("the best of %d candidates and of what is in use, on seeds that the search never saw", s.result.Plan.Candidates),
		Confidence: fmt.Sprintf("the candidates that were tried; gains are of the model, %d batches each", variantBatches),
	}, nil
}

// demand says what is asked of one object, beside what it can give.
func (f *facts) demand() string {
	if f.offered > 0 {
		return fmt.Sprintf("%s updates a second are offered to one object, which takes %s commits a second at most",
			units.Number(f.offered), units.Number(perSecond(f.commit)))
	}
	return fmt.Sprintf("%d writers of one object, which takes %s commits a second at most, need at least %s",
		f.writers, units.Number(perSecond(f.commit)), units.Seconds(ms(f.commit)*float64(f.writers)))
}

// anybodyMeets reports whether the recommendation or a policy in use keeps all limits.
func (s *search) anybodyMeets() bool {
	return s.result.Recommendation.Validated.Meets || slices.ContainsFunc(s.result.Incumbents, func(p Policy) bool { return p.Meets })
}

const variantBatches = 8

// predict plays the best policy where something was done about the object.
func (s *search) predict(ctx context.Context, v variant) (string, error) {
	p := *s.player
	p.run.Scenario = v.scenario
	m := p.measure(s.promised.policy)
	err := p.batches(ctx, m, streamAdvice, variantBatches, s.batch)
	s.played = p.played
	if err != nil {
		return "", err
	}
	p99, verdict := m.value(latencyP99), s.stillMissed(m)
	if v.serial > 0 { // the last one waits for all before it
		p99, verdict = float64(v.serial)*ms(m.meanCall()), "and no write meets another"
	}
	return fmt.Sprintf("%s: p99 %s, %s puts each, %s", v.name, units.Seconds(p99), units.Number(m.value(putsPerCommit)), verdict), nil
}

// stillMissed says which limit is not kept. That nobody gave up among the few operations
// of a prediction misses none.
func (s *search) stillMissed(m *measured) string {
	for _, c := range s.Objective.Constraints {
		if g := exhaustion(m); c.Metric == exhaustedRate && g.Observed == 0 {
			continue
		}
		if !c.Holds(m.atLimit(c.Metric, c.Upper())) {
			return "which still misses " + c.String()
		}
	}
	if m.pooled().Counts.GivenUp() == 0 {
		return fmt.Sprintf("within the other limits, and none of %s gave up", units.Thousands(m.pooled().Counts.Operations))
	}
	return "which meets it"
}

// variant is something that can be done about a hot object.
type variant struct {
	name     string
	scenario *scenarios.Scenario
	// serial are the writers that wait for the one that is played, so that its own time is
	// what an update takes; 0: what is played is what is predicted.
	serial int
}

// variants: split the object, write for several at a time, put a queue in front.
func (s *search) variants() []variant {
	const parts, batch = 2, 5
	sc := s.run.Scenario
	var all []variant
	add := func(name string, serial int, change func(*scenarios.Scenario) error) {
		c := changed(sc)
		if change(c) == nil && c.Validate() == nil {
			all = append(all, variant{name, c, serial})
		}
	}
	add(fmt.Sprintf("twice as many objects (%d)", parts*max(sc.Objects.Count, 1)), 0, func(c *scenarios.Scenario) error {
		c.Objects.Count = parts * max(sc.Objects.Count, 1)
		return nil
	})
	n := sc.Scalable()
	if n <= batch {
		return all
	}
	add(fmt.Sprintf("batches of %d in one write", batch), 0, func(c *scenarios.Scenario) error { return c.Scale((n + batch - 1) / batch) })
	switch name := "a queue in front and one writer"; {
	case sc.Clients() != n:
	case offered(sc) > 0: // which come whether or not the writer is busy
		add(name, 0, func(c *scenarios.Scenario) error {
			rescale(c, float64(n))
			return c.Scale(1)
		})
	default:
		add(name, n, func(c *scenarios.Scenario) error { return c.Scale(1) })
	}
	return all
}

// meanCall is how long an acknowledged call took on average.
func (m *measured) meanCall() time.Duration {
	m.pooled()
	micros := m.numbers.Latencies()
	total := time.Duration(0)
	for _, each := range micros {
		total += time.Duration(each) * time.Microsecond
	}
	return total / time.Duration(max(len(micros), 1))
}

// changed is a copy that can be changed: what a scenario expects is about the original.
func changed(s *scenarios.Scenario) *scenarios.Scenario {
	c := *s
	c.Actors = slices.Clone(s.Actors)
	for i := range c.Actors {
		if l := c.Actors[i].Load; l != nil {
			load := *l
			c.Actors[i].Load = &load
		}
	}
	c.Faults = slices.Clone(s.Faults)
	c.Expect = scenarios.Expect{}
	return &c
}

package tuning

import (
	"context"
	"fmt"
	"slices"
	"strings"

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
	text := fmt.Sprintf("No policy that was tried meets the objective; the best misses %s. %d writers of one object, which takes %s commits a second at most, need at least %s.",
		strings.Join(missed, ", "), f.writers, units.Number(1000/ms(f.commit)), units.Seconds(ms(f.commit)*float64(f.writers)))
	if len(gains) > 0 {
		text += fmt.Sprintf(" Predicted with %s: %s.", s.promised.policy, strings.Join(gains, "; "))
	}
	return &Advice{
		Rule: "hot-object", Text: text,
		Evidence:   fmt.Sprintf("the best of %d candidates and of what is in use, on seeds that the search never saw", s.result.Plan.Candidates),
		Confidence: fmt.Sprintf("the candidates that were tried; gains are of the model, %d batches each", variantBatches),
	}, nil
}

// missed names the limits that the validation has seen missed.
func (s *search) missed() []string {
	v := s.result.Recommendation.Validated
	var all []string
	for _, c := range s.Objective.Constraints {
		value := v.Metrics[c.Metric].Value
		if c.Metric == exhaustedRate && v.Exhaustion.Observed == 0 || c.Holds(value) {
			continue
		}
		all = append(all, fmt.Sprintf("%s (it is %s)", c, units.Metric(c.Metric, value)))
	}
	return all
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
	if v.serial > 0 { // one after the other: the last one waits for all before it
		p99, verdict = float64(v.serial)*m.value("latency_ms.p50"), "and no write meets another"
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
	if m.pooled().Counts.Exhausted == 0 {
		return fmt.Sprintf("within the other limits, and none of %s gave up", units.Thousands(m.pooled().Counts.Operations))
	}
	return "which meets it"
}

// variant is something that can be done about a hot object.
type variant struct {
	name     string
	scenario *scenarios.Scenario
	serial   int // writers that one stands for, one after the other; 0: none
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
	if sc.Clients() == n {
		add("a queue in front and one writer", n, func(c *scenarios.Scenario) error { return c.Scale(1) })
	}
	return all
}

// changed is a copy that can be changed: what a scenario expects is about the original.
func changed(s *scenarios.Scenario) *scenarios.Scenario {
	c := *s
	c.Actors = slices.Clone(s.Actors)
	c.Expect = scenarios.Expect{}
	return &c
}

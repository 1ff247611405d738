package tuning

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"holdfast/scenarios"
	"holdfast/scenarios/units"
)

// compareArchitectures plays what can be done about the object: all of it, or only so much
// that its user learns whether retries are the question.
func (s *search) compareArchitectures(ctx context.Context) error {
	if s.promised == nil && s.result.Stability == nil {
		return nil // there is no policy to compare with
	}
	all := s.architectures()
	c := &comparison{search: s, best: map[string]*trial{}}
	result := &Architectures{Complete: s.Architectures, Rows: []Architecture{}, Frontier: []string{}, Sensitivity: []Sensitivity{}}
	if !s.Architectures {
		all = s.few(all)
	}
	for i := range all {
		row, err := c.row(ctx, &all[i])
		if err != nil {
			return err
		}
		result.Rows = append(result.Rows, row)
	}
	c.choose(result)
	if s.Architectures {
		if err := c.vary(ctx, result); err != nil {
			return err
		}
	}
	s.result.Architectures = result
	return nil
}

// few are the retries and what mostly is better, with settings that mostly are good ones.
func (s *search) few(all []architecture) []architecture {
	all = slices.DeleteFunc(all, func(a architecture) bool {
		return !slices.Contains([]string{BestRetries, FIFOBatches, SplitObject}, a.name)
	})
	const parts = 3
	for i := range all {
		if a := &all[i]; a.name == SplitObject {
			a.options = []option{{parts: parts, policy: s.bestRetries()}}
		}
	}
	return all
}

// comparison of architectures.
type comparison struct {
	*search
	best map[string]*trial // by the names of architectures, of those that were played
}

// row plays an architecture with the best of its settings, on seeds by which they were not
// chosen.
func (c *comparison) row(ctx context.Context, a *architecture) (Architecture, error) {
	row := Architecture{Name: a.name, LeftOut: cmp.Or(a.leftOut, a.refused(c.run)), Demands: a.demands}
	if row.LeftOut != "" {
		return row, nil
	}
	o, err := c.bestOption(ctx, a)
	if err != nil {
		return row, err
	}
	how := play{stream: streamArchitectures, operations: validOperations, batches: validBatches, steady: true}
	if offered(c.run.Scenario) > 0 {
		how.batches = stabilityBatches
	}
	if !c.Architectures {
		how.operations, how.batches = shiftOperations, min(how.batches, shortBatches)
	}
	t, err := c.tryOption(ctx, o, how)
	if err != nil {
		return row, err
	}
	c.best[a.name] = t
	if c.result.unstable() && o.alone() { // which was seen where everybody is always busy
		t.unstable = true
		t.missed = c.missedBy(t)
	}
	row.option = o
	row.Settings, row.Policy, row.Tried, row.Ordering = o.String(), &o.policy, len(a.options), a.ordering
	row.Operations, row.NotStored, row.Puts, row.Price = t.pooled().Counts.Operations, t.notStored(), finite(t.value(putsPerUpdate)), t.price()
	row.Unstable, row.Missed, row.Change = t.unstable, t.missed, a.change(&o, &c.run)
	if !t.unstable && t.value(latencyP99) != missing {
		row.P99 = new(t.interval(latencyP99))
	}
	if !c.Architectures {
		return row, nil
	}
	row.Carries, err = c.carries(ctx, o)
	if own := offered(c.run.Scenario); err == nil && own > 0 && row.Carries.Most < own && row.Meets() {
		row.Missed = []string{fmt.Sprintf("stability (%s a second are carried)", units.Number(row.Carries.Most))}
	}
	return row, err
}

// refused says why the scenario can't be played so; empty: it can.
func (a *architecture) refused(run scenarios.Run) string {
	if _, err := a.options[0].of(run); err != nil {
		return "the scenario does not allow it: " + err.Error()
	}
	return ""
}

// shortBatches are those of a comparison that is not complete.
const shortBatches = 5

// finite is a number that JSON has.
func finite(v float64) float64 {
	if v == missing {
		return 0
	}
	return v
}

// choose finds the frontier, and what is recommended: the best by what the objective
// minimizes or, of those that differ by less than a tenth, the cheapest.
func (c *comparison) choose(r *Architectures) {
	var meet []*Architecture
	for i := range r.Rows {
		a := &r.Rows[i]
		if a.P99 == nil || a.NotStored > 0 {
			continue
		}
		if !slices.ContainsFunc(r.Rows, func(b Architecture) bool { return b.beats(a) }) {
			r.Frontier = append(r.Frontier, a.Name)
		}
		if a.Meets() && a.Demands == "" && c.unfit(*a.Policy) == "" {
			meet = append(meet, a)
		}
	}
	if len(meet) == 0 {
		return
	}
	value := func(a *Architecture) float64 { return c.best[a.Name].valueOf(c.Objective.Minimize) }
	least := value(slices.MinFunc(meet, func(a, b *Architecture) int { return cmp.Compare(value(a), value(b)) }))
	meet = slices.DeleteFunc(meet, func(a *Architecture) bool { return value(a) > (1+worthwhile)*least })
	best := slices.MinFunc(meet, func(a, b *Architecture) int { return cmp.Compare(a.Price.Total(), b.Price.Total()) })
	r.Recommended, r.Evidence = best.Name, c.evidence(r, best)
}

// beats reports whether an architecture without demands is as good as another in p99 and
// dollars, and better in one.
func (a *Architecture) beats(b *Architecture) bool {
	if a.P99 == nil || a.NotStored > 0 || a.Demands != "" || a.Name == b.Name {
		return false
	}
	p99, price := cmp.Compare(a.P99.Value, b.P99.Value), cmp.Compare(a.Price.Total(), b.Price.Total())
	return p99 <= 0 && price <= 0 && p99+price < 0
}

func (c *comparison) evidence(r *Architectures, best *Architecture) string {
	text := fmt.Sprintf("p99 %s (95 %% CI %s to %s) over %s updates on seeds by which no setting was chosen",
		units.Seconds(best.P99.Value), units.Seconds(best.P99.Low), units.Seconds(best.P99.High), units.Thousands(best.Operations))
	i := slices.IndexFunc(r.Rows, func(a Architecture) bool { return a.Name == BestRetries })
	if retries := &r.Rows[i]; retries.P99 != nil && best.Name != BestRetries {
		text += fmt.Sprintf("; %s have %s (%s to %s)", BestRetries, units.Seconds(retries.P99.Value), units.Seconds(retries.P99.Low), units.Seconds(retries.P99.High))
	} else if retries.Unstable {
		text += "; with the " + BestRetries + " waits grow for as long as the load lasts"
	}
	return text
}

// shifts are half and twice of the load and of what the store commits.
func (c *comparison) shifts() []shift {
	var all []shift
	for _, times := range []float64{0.5, 2} {
		switch n, rate := c.run.Scenario.Scalable(), offered(c.run.Scenario); {
		case rate > 0:
			all = append(all, shift{name: units.Number(rate*times) + " a second", load: faster(times)})
		case n > 0 && float64(n)*times >= 1:
			all = append(all, shift{name: fmt.Sprintf("%d clients", int(float64(n)*times)), load: clientsTo(int(float64(n) * times))})
		}
	}
	return append(all, shift{name: "½ × commits", store: 0.5}, shift{name: "2 × commits", store: 2})
}

func faster(times float64) func(*scenarios.Scenario) error {
	return func(sc *scenarios.Scenario) error {
		rescale(sc, times)
		return nil
	}
}

func clientsTo(clients int) func(*scenarios.Scenario) error {
	return func(sc *scenarios.Scenario) error { return sc.Scale(clients) }
}

// vary plays all where things are not as they were.
func (c *comparison) vary(ctx context.Context, r *Architectures) error {
	for _, w := range c.shifts() {
		at := Sensitivity{Setting: w.name, Cells: []Shift{}}
		for i := range r.Rows {
			best := c.best[r.Rows[i].Name]
			if best == nil {
				continue
			}
			t, err := c.tryOption(ctx, best.option, play{stream: streamArchitectures, operations: shiftOperations, batches: optionBatches, steady: true, shift: w})
			if err != nil {
				return err
			}
			cell := Shift{Name: r.Rows[i].Name, Puts: finite(t.value(putsPerUpdate)), Missed: t.missed}
			if p99 := t.value(latencyP99); !t.unstable && p99 != missing {
				cell.P99 = &p99
			}
			at.Cells = append(at.Cells, cell)
		}
		r.Sensitivity = append(r.Sensitivity, at)
	}
	return nil
}

// Of is the row of an architecture; nil: there is none.
func (r *Architectures) Of(name string) *Architecture {
	i := slices.IndexFunc(r.Rows, func(a Architecture) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	return &r.Rows[i]
}

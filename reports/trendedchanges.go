package reports

import (
	"math"
	"slices"

	"holdfast/scenarios/changepoint"
)

// tested are metrics that have values of the same runs, and are tested together.
type tested struct {
	runs    []int // their places
	metrics []int
}

// together puts those metrics together. A run in which nothing was acknowledged has no latency;
// that says nothing of the others' latencies.
func (s *TrendSeries) together() []tested {
	var all []tested
	for m := range s.Metrics {
		var runs []int
		for i, v := range s.Metrics[m].Values {
			if v != nil {
				runs = append(runs, i)
			}
		}
		at := slices.IndexFunc(all, func(t tested) bool { return slices.Equal(t.runs, runs) })
		if at < 0 {
			at = len(all)
			all = append(all, tested{runs: runs})
		}
		all[at].metrics = append(all[at].metrics, m)
	}
	return all
}

// find looks for the changes of the metrics.
func (t *tested) find(s *TrendSeries, j *judge) {
	find := changepoint.Find
	if s.Exact {
		find = exactChanges
	}
	var quantities [][]float64
	for _, m := range t.metrics {
		var values []float64
		for _, run := range t.runs {
			values = append(values, *s.Metrics[m].Values[run])
		}
		quantities = append(quantities, values)
	}
	state, why := stateOf(len(t.runs), len(j.points), s.Exact)
	for i, found := range find(quantities) {
		m := &s.Metrics[t.metrics[i]]
		if m.State, m.Why = state, why; state == Unclear {
			continue
		}
		if !s.Exact {
			m.Noise = noise(quantities[i], found)
		}
		for _, c := range found {
			before := t.runs[c.At-1]
			c.At = t.runs[c.At]
			change := newTrendChange(c, s.Exact, j.points, j.rules)
			if s.Exact {
				change.Verdict = j.verdict(m.Metric, before, c.At, change.Verdict)
			}
			m.State = Changed
			m.Changes = append(m.Changes, change)
		}
		lately := m.lately(j.rules)
		if lately != nil && s.Exact && j.verdict(m.Metric, t.before(lately.At), t.runs[len(t.runs)-1], Worse) != Worse {
			lately = nil
		}
		m.Lately = lately
	}
}

// before is the place of the last run with a value before another.
func (t *tested) before(place int) int { return t.runs[slices.Index(t.runs, place)-1] }

// stateOf says what may be learned of so many values of so many runs: nothing, or else it is
// steady until a change is found.
func stateOf(values, runs int, exact bool) (state TrendState, why string) {
	least := changepoint.Least
	if exact {
		least = 2
	}
	switch {
	case values >= least:
		return Steady, ""
	case values < runs:
		return Unclear, Plural(runs-values, "run") + " of " + formatNumber(float64(runs)) + " without a value, as of one in which nothing was acknowledged"
	case exact:
		return Unclear, "it is a single run"
	}
	return Unclear, Plural(runs, "run") + ", and a change can't be told from chance in fewer than " + formatNumber(changepoint.Least)
}

// lately are the recent changes in one, if it takes them all to see that they are for the worse.
func (m *TrendMetric) lately(rules TrendRules) *TrendChange {
	first := slices.IndexFunc(m.Changes, func(c TrendChange) bool { return c.Recent })
	if first < 0 || m.worsening() != nil {
		return nil
	}
	c := m.Changes[first]
	c.After, c.Verdict, c.P = m.Changes[len(m.Changes)-1].After, Worse, nil
	if c.Delta = nil; c.Before != 0 {
		delta := (c.After - c.Before) / c.Before
		c.Delta = &delta
	}
	if c.After <= c.Before || c.Delta != nil && *c.Delta < rules.MinEffect {
		return nil
	}
	return &c
}

// worsening is the recent change that has made the figure worse: the latest that is more than
// slight, unless slight ones since then have made most of it good, or all of them in one; nil: none
// has.
func (m *TrendMetric) worsening() *TrendChange {
	if m.Lately != nil {
		return m.Lately
	}
	c := m.latest()
	if c == nil || c.Verdict != Worse || !c.Recent {
		return nil
	}
	if now := m.Changes[len(m.Changes)-1].After; now-c.Before < (c.After-c.Before)/2 {
		return nil
	}
	return c
}

// worse reports whether the figure is worse than before the last few runs.
func (m *TrendMetric) worse() bool { return m.worsening() != nil }

// latest is the last change that is shown to be for the better or worse; nil: there is none.
func (m *TrendMetric) latest() *TrendChange {
	for i, c := range slices.Backward(m.Changes) {
		if c.Verdict == Better || c.Verdict == Worse {
			return &m.Changes[i]
		}
	}
	return nil
}

// exactChanges are all differences from one run to the next.
func exactChanges(quantities [][]float64) [][]changepoint.Change {
	all := make([][]changepoint.Change, len(quantities))
	for q, values := range quantities {
		for i := 1; i < len(values); i++ {
			if values[i] != values[i-1] {
				all[q] = append(all[q], changepoint.Change{At: i, Before: values[i-1], After: values[i]})
			}
		}
	}
	return all
}

func newTrendChange(found changepoint.Change, exact bool, points []KeptRun, rules TrendRules) TrendChange {
	c := TrendChange{At: found.At, Before: found.Before, After: found.After, Recent: len(points)-found.At <= recentRuns, Verdict: Worse}
	if found.After < found.Before {
		c.Verdict = Better
	}
	if found.Before != 0 {
		delta := (found.After - found.Before) / found.Before
		if c.Delta = &delta; math.Abs(delta) < rules.MinEffect {
			c.Verdict = Slight
		}
	}
	around := 0
	if !exact {
		around, c.P = placeError, &found.P
	}
	c.Differs = differences(points, found.At-around, found.At+around)
	return c
}

// placeError is by how many runs the place of a change may be wrong: of those of three standard
// deviations hardly any is further off, see docs/trend.md.
const placeError = 2

// noise is the standard deviation around the means between changes, as a share of the last.
func noise(values []float64, changes []changepoint.Change) *float64 {
	squares, from := 0.0, 0
	last := 0.0
	for i := range len(changes) + 1 {
		to := len(values)
		if i < len(changes) {
			to = changes[i].At
		}
		part := values[from:to]
		sum := 0.0
		for _, v := range part {
			sum += v
		}
		last = sum / float64(len(part))
		for _, v := range part {
			squares += (v - last) * (v - last)
		}
		from = to
	}
	if last == 0 {
		return nil
	}
	share := math.Sqrt(squares/float64(len(values)-len(changes)-1)) / last
	return &share
}

package compare

import (
	"holdfast/scenarios"
	"holdfast/scenarios/measure"
)

// metric is a number of a repetition that can be better or worse. Those of thresholds have
// their names.
type metric struct {
	name string
	// of a repetition; not ok: it has none.
	of func(r *measure.Repetition) (value float64, ok bool)
	// gain: more is better.
	gain bool
}

var metrics = []metric{
	{name: "acknowledged.per_repetition", gain: true, of: func(r *measure.Repetition) (float64, bool) { return float64(r.Acknowledged), true }},
	{name: "given_up.per_repetition", of: func(r *measure.Repetition) (float64, bool) { return float64(r.GaveUp), true }},
	{name: "puts.per_update", of: func(r *measure.Repetition) (float64, bool) { return perUpdate(r, r.Puts) }},
	{name: "gets.per_update", of: func(r *measure.Repetition) (float64, bool) { return perUpdate(r, r.Gets) }},
	{name: "makespan_ms", of: func(r *measure.Repetition) (float64, bool) { return r.MakespanMS, r.MakespanMS > 0 }},
	{name: "latency_ms.mean", of: func(r *measure.Repetition) (float64, bool) { return r.LatencyMS, r.Acknowledged > 0 }},
	{name: "latency_ms.p99", of: func(r *measure.Repetition) (float64, bool) { return r.P99MS, r.Acknowledged > 0 }},
}

func perUpdate(r *measure.Repetition, n int) (float64, bool) {
	if r.Acknowledged == 0 {
		return 0, false
	}
	return float64(n) / float64(r.Acknowledged), true
}

// values are a metric's, of the repetitions that have one.
func (m *metric) values(all []measure.Repetition) []float64 {
	values := make([]float64, 0, len(all))
	for i := range all {
		if v, ok := m.of(&all[i]); ok {
			values = append(values, v)
		}
	}
	return values
}

// pairs are a metric's, of the repetitions that have one on both sides.
func (m *metric) pairs(old, new []measure.Repetition) (olds, news []float64) {
	for i := range old {
		a, okA := m.of(&old[i])
		if b, okB := m.of(&new[i]); okA && okB {
			olds, news = append(olds, a), append(news, b)
		}
	}
	return olds, news
}

// wallClock reports whether how often and how long things happen depends on the machine.
func wallClock(m *Run) bool { return m.World == scenarios.RealWorld }

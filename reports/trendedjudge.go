package reports

import (
	"slices"

	"holdfast/reports/compare"
)

// compares says which figure of a comparison decides whether a metric's change is for the better or
// worse.
var compares = map[string]string{
	"attempts.mean": "puts.per_update", "puts.per_update": "puts.per_update", "conflict.rate": "puts.per_update",
	"cost_usd.per_1000_commits": "puts.per_update", "exhausted.rate": "given_up.per_repetition", "latency_ms.p50": "latency_ms.mean",
	"latency_ms.p99": "latency_ms.p99", "makespan_ms.mean": "makespan_ms",
}

// judge compares runs of one seed by their repetitions. That they differ is certain; whether the
// later one is worse is not, for a program that draws other random numbers has other figures, as with
// another seed.
type judge struct {
	points []KeptRun
	rules  TrendRules
	known  map[[2]int]*compare.Comparison // by the places of both runs; nil: too little is kept
}

// verdict is that of a metric's change from one run to a later one.
func (j *judge) verdict(metric string, from, to int, by ChangeWord) ChangeWord {
	places := [2]int{from, to}
	c, known := j.known[places]
	if !known {
		c = j.compare(&j.points[from], &j.points[to])
		j.known[places] = c
	}
	if c == nil || by == Slight {
		return by
	}
	at := slices.IndexFunc(c.Rows, func(r compare.Row) bool { return r.Metric == compares[metric] })
	if at >= 0 && string(c.Rows[at].Verdict) == string(by) {
		return by
	}
	return Unshown
}

func (j *judge) compare(old, new *KeptRun) *compare.Comparison {
	if old.repetitions == nil || new.repetitions == nil {
		return nil
	}
	a, b := compare.Run{Measurement: old.Run}, compare.Run{Measurement: new.Run}
	a.Each, b.Each = old.repetitions(), new.repetitions()
	if len(a.Each) == 0 || len(b.Each) == 0 {
		return nil
	}
	s := compare.Defaults()
	s.MinEffect = j.rules.MinEffect
	c := compare.Compare(compare.Side{Runs: []compare.Run{a}}, compare.Side{Runs: []compare.Run{b}}, s)
	return &c
}

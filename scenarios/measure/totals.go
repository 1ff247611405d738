package measure

import (
	"slices"

	"gonum.org/v1/gonum/stat"
)

func (c *Collector) attempts() Attempts {
	a := Attempts{Histogram: slices.Clone(c.histogram)}
	if a.Histogram == nil {
		a.Histogram = []int{}
	}
	var values, weights []float64
	for needed, operations := range c.histogram {
		if operations > 0 {
			values, weights = append(values, float64(needed)), append(weights, float64(operations))
			a.Max = needed
		}
	}
	if len(values) > 0 {
		a.Mean = stat.Mean(values, weights)
		at := func(p float64) float64 { return stat.Quantile(p, stat.Empirical, values, weights) }
		a.P50, a.P90, a.P99 = at(0.5), at(0.9), at(0.99)
	}
	return a
}

// Rates are shares of the counts, as thresholds name them, and how many a repetition has.
func (c Counts) Rates(repetitions int) map[string]float64 {
	share := func(part, of int) float64 {
		if of == 0 {
			return 0
		}
		return float64(part) / float64(of)
	}
	all := map[string]float64{
		"acknowledged.rate":           share(c.Acknowledged, c.Operations+c.NeverBegun),
		"acknowledged.per_repetition": share(c.Acknowledged, repetitions),
		"user_conflict.rate":          share(c.UserConflicts, c.Operations),
		"exhausted.rate":              share(c.Exhausted, c.Operations),
		"failed.rate":                 share(c.Failed, c.Operations),
		"unknown.rate":                share(c.EndedUnknown, c.Operations),
		"conflict.rate":               share(c.Conflicts412+c.Conflicts409, c.Puts),
	}
	if c.Acknowledged > 0 {
		all["puts.per_update"] = share(c.Puts, c.Acknowledged)
	}
	if c.Committed > 0 {
		all["puts.per_commit"] = share(c.Puts, c.Committed)
	}
	return all
}

package tuning

import (
	"math"
	"slices"
	"strings"
)

// quantiles are the shares of latencies below which the metrics are.
var quantiles = map[string]float64{"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}

// quantileOf is the share that a metric is a quantile of latencies at.
func quantileOf(metric string) (share float64, ok bool) {
	name, is := strings.CutPrefix(metric, "latency_ms.")
	share, ok = quantiles[name]
	return share, ok && is
}

// latencies of all batches, sorted, in microseconds.
func (m *measured) latencies() []int64 {
	if len(m.sorted) != len(m.numbers.Latencies()) {
		m.sorted = slices.Sorted(slices.Values(m.numbers.Latencies()))
	}
	return m.sorted
}

// quantileInterval is Woodruff's (Journal of the American Statistical Association 47,
// 1952): the interval of the share below the quantile, turned into latencies. Batches
// are clusters, since operations of one repetition hang together; the quantile of a
// batch of a hundred operations is another number than that of all.
func (m *measured) quantileInterval(value, at float64) Interval {
	sorted := m.latencies()
	se := m.shareError(value*1000, 1-at)
	if se == 0 || len(sorted) == 0 {
		return Interval{value, value, value}
	}
	half := student(len(m.batches)-1).Quantile(1-(1-confidence)/2) * se
	rank := func(share float64) float64 {
		n := len(sorted)
		return float64(sorted[min(max(int(math.Ceil(share*float64(n)))-1, 0), n-1)]) / 1000
	}
	return Interval{value, min(rank(at-half), value), max(rank(at+half), value)}
}

// shareError is the standard error of the share of latencies above so many
// microseconds, which is about share: that of a ratio over the batches. 0: not known.
func (m *measured) shareError(micros, share float64) float64 {
	n := float64(len(m.numbers.Latencies()))
	if len(m.batches) < 2 || n == 0 {
		return 0
	}
	squares := 0.0
	for i, above := range m.above(micros) {
		d := above - share*float64(m.batches[i].Counts.Acknowledged)
		squares += d * d
	}
	b := float64(len(m.batches))
	return math.Sqrt(squares*b/(b-1)) / n
}

// above counts the latencies of each batch that are above so many microseconds.
func (m *measured) above(micros float64) []float64 {
	counts, rest := make([]float64, len(m.batches)), m.numbers.Latencies()
	for i := range m.batches {
		n := m.batches[i].Counts.Acknowledged
		for _, l := range rest[:n] {
			if float64(l) > micros {
				counts[i]++
			}
		}
		rest = rest[n:]
	}
	return counts
}

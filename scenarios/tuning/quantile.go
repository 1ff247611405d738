package tuning

import (
	"math"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
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

// slowTail describes the slowest operations: the share that is slower than a threshold,
// and the index of the power law by which they become fewer, both at their upper limits.
type slowTail struct {
	threshold float64 // milliseconds
	share     float64
	index     float64 // P(slower than x·threshold) = share · x^(-1/index)
}

// The operations that make a tail: as far out as so many allow, and further where
// those are of several kinds.
const (
	fewestSlow = 12
	enoughSlow = 50
	mostSlow   = 500
	fewestAll  = 10 * enoughSlow
)

// newSlowTail fits a power law to the slowest operations (Hill, Annals of Statistics 3,
// 1975). Latencies mostly fall off faster, so that it errs to the safe side. It is
// refused if they fall off more slowly even than that.
func newSlowTail(m *measured) (slowTail, bool) {
	n := len(m.latencies())
	if n < fewestAll {
		return slowTail{}, false
	}
	for k := min(max(n/1000, enoughSlow), mostSlow); k >= fewestSlow; k /= 2 {
		if t, ok := m.fitSlowest(k); ok {
			return t, true
		}
	}
	return slowTail{}, false
}

// fitSlowest fits a power law to so many operations.
func (m *measured) fitSlowest(k int) (slowTail, bool) {
	sorted := m.latencies()
	n := len(sorted)
	threshold := float64(sorted[n-k-1])
	excesses, sum := make([]float64, k), 0.0
	for i, l := range sorted[n-k:] {
		excesses[i] = math.Log(float64(l) / threshold)
		sum += excesses[i]
	}
	if heavier(excesses) {
		return slowTail{}, false
	}
	spread, share := 1.0, float64(k)/float64(n)
	if se := m.shareError(threshold, share); se > 0 {
		spread = max(se*se*float64(n)/(share*(1-share)), 1)
	}
	// Log excesses of a power law are exponential: 2·sum/index has a χ² distribution with
	// 2k degrees of freedom.
	worth := float64(k) / spread
	return slowTail{
		threshold: threshold / 1000,
		share:     clopperPearson(worth, float64(n)/spread).High,
		index:     2 * sum / spread / distuv.ChiSquared{K: 2 * worth}.Quantile((1-confidence)/2),
	}, true
}

// heavier reports whether sorted excesses have a heavier tail than an exponential
// distribution, at a level of 1 %: Gnedenko's F test of the normalized spacings. If it
// were exponential, the gaps between the slowest would be no wider than those between
// the others, once each is multiplied by the number that is beyond.
func heavier(excesses []float64) bool {
	const level = 0.01
	halves, before, k := [2]float64{}, 0.0, len(excesses)
	for i, e := range excesses {
		halves[i*2/k] += float64(k-i) * (e - before)
		before = e
	}
	first, second := float64((k+1)/2), float64(k-(k+1)/2)
	if halves[0] == 0 {
		return halves[1] > 0
	}
	ratio := (halves[1] / second) / (halves[0] / first)
	return ratio > distuv.F{D1: 2 * second, D2: 2 * first}.Quantile(1-level)
}

// beyond is the share of operations that are slower than a deadline.
func (t slowTail) beyond(deadline time.Duration) (float64, bool) {
	if ms(deadline) <= t.threshold {
		return 0, false
	}
	if t.index == 0 { // all take the same time
		return 0, true
	}
	return t.share * math.Pow(ms(deadline)/t.threshold, -1/t.index), true
}

// deadline is the shortest that only a share of the operations does not keep.
func (t slowTail) deadline(share float64) time.Duration {
	return time.Duration(t.threshold * math.Pow(max(t.share/share, 1), t.index) * float64(time.Millisecond))
}

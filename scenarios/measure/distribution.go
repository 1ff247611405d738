package measure

import (
	"fmt"
	"io"
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Quantile is a point of a distribution: so many percent of the samples took at most so long.
type Quantile struct {
	Percent float64 `json:"percent"`
	MS      float64 `json:"ms"`
}

// What a distribution has: ten points for each factor of ten in which the share of the samples
// that took longer shrinks, as the logarithmic axis of percentiles shows them.
const (
	fewestForDistribution = 10 // samples
	quantilesPerDecade    = 10
	mostQuantiles         = 60
)

// distribution is that of a histogram in microseconds, up to the last quantile that the samples
// tell from the maximum, which follows; nil: there are too few.
func distribution(h *hdrhistogram.Histogram) []Quantile {
	n := h.TotalCount()
	if n < fewestForDistribution {
		return nil
	}
	var points []Quantile
	var ranks []float64
	for k := 0; k < mostQuantiles-1; k++ {
		longer := math.Pow(10, -float64(k)/quantilesPerDecade)
		if longer*float64(n) < 1 {
			break
		}
		const digits = 1e6 // of a percentage, below which architectures may differ
		percent := math.Round(100*(1-longer)*digits) / digits
		points, ranks = append(points, Quantile{Percent: percent}), append(ranks, rankOf(percent, n))
	}
	points, ranks = append(points, Quantile{Percent: 100}), append(ranks, 100)
	for i, micros := range h.ValueAtPercentilesSlice(ranks) {
		points[i].MS = float64(micros) / 1e3
	}
	points[0].MS = float64(h.Min()) / 1e3
	return points
}

// rankOf is the percentile to ask the library for: it rounds the rank to the nearest, so
// that it would call the last but one of six samples their p90.
func rankOf(percent float64, n int64) float64 {
	return 100 * math.Ceil(percent*float64(n)/100-1e-9) / float64(n)
}

// latency of operations, in microseconds, with its distribution.
func latency(micros []int64) (*Latency, []Quantile) {
	n := len(micros)
	if n == 0 {
		return nil, nil
	}
	histogram := histogramOf(micros)
	at := func(percent float64) float64 {
		return float64(histogram.ValueAtPercentile(rankOf(percent, int64(n)))) / 1e3
	}
	return &Latency{n, at(50), at(90), at(99), at(99.9), float64(histogram.Max()) / 1e3}, distribution(histogram)
}

// DistributionFile is the name of what [Measurement.WriteDistribution] writes, in the directory
// of a run.
const DistributionFile = "latency.hgrm"

// ticksPerHalf is how many percentiles are written for each halving of the distance to 100 %:
// the number that HdrHistogram's own tools take.
const ticksPerHalf = 5

// histogramOf is that of latencies in microseconds, with three significant digits.
func histogramOf(micros []int64) *hdrhistogram.Histogram {
	h := hdrhistogram.New(1, latencyMostMicros, 3)
	for _, m := range micros {
		_ = h.RecordValue(m) // in range by construction
	}
	return h
}

// WriteDistribution writes the whole distribution of the latencies, in milliseconds, as the
// text of percentiles that HdrHistogram's plotters read. Of nothing there is none.
func (m *Measurement) WriteDistribution(w io.Writer) error {
	if len(m.Latencies) == 0 {
		return nil
	}
	if _, err := histogramOf(m.Latencies).PercentilesPrint(w, ticksPerHalf, 1e3); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "#[Latency in milliseconds of %d acknowledged operations, from their intended start: %s, seed %d]\n",
		len(m.Latencies), m.Scenario, m.Seed)
	return err
}

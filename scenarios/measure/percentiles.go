package measure

import (
	"fmt"
	"io"

	"github.com/HdrHistogram/hdrhistogram-go"
)

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

package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"holdfast/archive"
)

// outcomeAttribute is the attribute of every instrument.
const outcomeAttribute = "holdfast.outcome"

// durationBounds are the buckets of the duration, in seconds. The alarm's bound,
// 1 s, is one of them, so that it needs no interpolation; the last is beyond the
// default policy's deadline.
var durationBounds = []float64{0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 30}

// Instruments records metrics with OpenTelemetry. It is a [Sink].
type Instruments struct {
	counters map[Service][]instrument
	duration metric.Float64Histogram
	size     metric.Int64Histogram
	outcomes map[archive.Outcome]metric.MeasurementOption
}

var _ Sink = (*Instruments)(nil)

type instrument struct {
	counter
	metric.Int64Counter
}

// sizeBounds are from a kilobyte to what is allowed by default.
var sizeBounds = []float64{1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 2 << 20, 4 << 20, 5 << 20}

// NewInstruments makes the instruments of a meter.
func NewInstruments(m metric.Meter) (*Instruments, error) {
	in := &Instruments{counters: map[Service][]instrument{}, outcomes: map[archive.Outcome]metric.MeasurementOption{}}
	for _, s := range services {
		for _, c := range countersOf(s) {
			made, err := m.Int64Counter(c.instrument, metric.WithUnit(c.unit), metric.WithDescription(c.description))
			if err != nil {
				return nil, err
			}
			in.counters[s] = append(in.counters[s], instrument{c, made})
		}
	}
	var err error
	in.duration, err = m.Float64Histogram(durationInstrument, metric.WithUnit("s"),
		metric.WithDescription("Duration of appends, from the call to its end."),
		metric.WithExplicitBucketBoundaries(durationBounds...))
	if err != nil {
		return nil, err
	}
	in.size, err = m.Int64Histogram(sizeInstrument, metric.WithUnit("By"),
		metric.WithDescription("Size of documents when they are stored."),
		metric.WithExplicitBucketBoundaries(sizeBounds...))
	if err != nil {
		return nil, err
	}
	for _, o := range archive.Outcomes() {
		in.outcomes[o] = metric.WithAttributeSet(attribute.NewSet(attribute.String(outcomeAttribute, string(o))))
	}
	return in, nil
}

// Record implements [Sink]. Counters that stay as they are are told so too: a rate
// of something that never happened is 0 and not unknown.
func (in *Instruments) Record(ctx context.Context, u Update) {
	outcome := in.outcomes[u.Outcome]
	for _, i := range in.counters[u.Service] {
		i.Add(ctx, i.of(u), outcome)
	}
	if u.Bytes > 0 {
		in.size.Record(ctx, int64(u.Bytes), outcome)
	}
	if u.Service == Backend {
		in.duration.Record(ctx, u.Elapsed.Seconds(), outcome)
	}
}

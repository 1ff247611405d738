package telemetry

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// collect returns all metrics of a reader by name.
func collect(t *testing.T, r sdkmetric.Reader) map[string]metricdata.Metrics {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := r.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	found := map[string]metricdata.Metrics{}
	for _, s := range all.ScopeMetrics {
		for _, m := range s.Metrics {
			found[m.Name] = m
		}
	}
	return found
}

// TestInstrumentsAgreeWithEMF: the same updates, by name of the documented mapping.
func TestInstrumentsAgreeWithEMF(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	instruments, err := NewInstruments(provider.Meter("holdfast"))
	if err != nil {
		t.Fatal(err)
	}
	emf, out := newEMF(t, EMFOptions{})
	observer, delivered := Metrics(emf, instruments), Delivered(emf, instruments)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for n := range 100 {
		op := []string{"save", "append", "append", "create", "load"}[n%5]
		err := []error{nil, nil, errMismatch, errExhausted, errUnknown, archive.ErrNotFound, context.Canceled,
			&archive.UnavailableError{Last: archive.ErrThrottled}, &archive.ContradictionError{}}[n%9]
		if op == "append" && err == error(errMismatch) {
			err = errExhausted
		}
		ctx := t.Context()
		if n%2 == 0 {
			ctx = cancelled // who left is counted all the same
		}
		observer.Done(ctx, done(op, 1+n%4, n%4, err))
	}
	for n := range 10 {
		err := []error{nil, errors.New("403"), nil}[n%3]
		delivered.Trigger(t.Context(), delivery.TriggerInfo{Err: err})
		delivered.Message(t.Context(), delivery.MessageInfo{Err: err})
		delivered.DeadLetter(t.Context(), delivery.Message{})
	}
	for _, r := range reconciled {
		Reconciled(emf, instruments)(t.Context(), r)
	}
	flush(t, emf)
	read, found := validateEMF(t, out.String()), collect(t, reader)
	for _, s := range services {
		for _, c := range countersOf(s) {
			m := found[c.instrument]
			sum, ok := m.Data.(metricdata.Sum[int64])
			if !ok || !sum.IsMonotonic || m.Unit != c.unit || m.Description == "" {
				t.Errorf("%s is %+v", c.instrument, m)
				continue
			}
			total := int64(0)
			for _, p := range sum.DataPoints {
				total += p.Value
				if _, there := p.Attributes.Value(outcomeAttribute); !there || p.Attributes.Len() != 1 {
					t.Errorf("%s has the attributes %v", c.instrument, p.Attributes.ToSlice())
				}
			}
			if float64(total) != read.sum[c.name] || total == 0 {
				t.Errorf("%s is %d, %s is %v", c.instrument, total, c.name, read.sum[c.name])
			}
		}
	}
	m := found[durationInstrument]
	histogram, ok := m.Data.(metricdata.Histogram[float64])
	if !ok || m.Unit != "s" {
		t.Fatalf("%s is %+v", durationInstrument, m)
	}
	n, seconds := uint64(0), 0.0
	for _, p := range histogram.DataPoints {
		n, seconds = n+p.Count, seconds+p.Sum
		if d := cmp.Diff(durationBounds, p.Bounds); d != "" {
			t.Error(d)
		}
	}
	if n != uint64(read.samples[durationName]) || !near(seconds*1000, read.sum[durationName]) {
		t.Errorf("%d durations of %v s; CloudWatch: %d of %v ms", n, seconds, read.samples[durationName], read.sum[durationName])
	}
	if len(found) != 24 {
		t.Errorf("%d instruments", len(found))
	}
	for name := range found {
		if name != strings.ToLower(name) || !strings.HasPrefix(name, "holdfast.") {
			t.Errorf("%s is no name in OpenTelemetry's style", name)
		}
	}
}

func near(a, b float64) bool { return a-b < 1e-6 && b-a < 1e-6 }

// TestCountersBeginWithZero: no mismatch yet is 0, not "no data".
func TestCountersBeginWithZero(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	instruments, err := NewInstruments(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter("holdfast"))
	if err != nil {
		t.Fatal(err)
	}
	Metrics(instruments).Done(t.Context(), done("save", 1, 0, nil))
	sum, ok := collect(t, reader)["holdfast.frontend.etag_mismatch"].Data.(metricdata.Sum[int64])
	if !ok || len(sum.DataPoints) != 1 || sum.DataPoints[0].Value != 0 {
		t.Errorf("%+v", sum)
	}
}

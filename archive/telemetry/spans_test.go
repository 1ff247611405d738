package telemetry

import (
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"holdfast/archive"
)

// setClock is a clock that is set.
type setClock struct {
	archive.WallClock
	now time.Time
}

func (c *setClock) Now() time.Time { return c.now }

// TestSpans of a call whose first attempt is refused and whose wait is cut short: what it did
// stands in it, one after the other.
func TestSpans(t *testing.T) {
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	began := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	clock := &setClock{now: began}
	o := Spans(provider.Tracer("test"), clock, attribute.String("actor", "alice"))
	info := archive.CallInfo{Op: "append", Key: "archive/CHG-1.json"}
	at := func(ms int) { clock.now = began.Add(time.Duration(ms) * time.Millisecond) }

	ctx := o.Start(t.Context(), info)
	at(10)
	o.Attempt(ctx, archive.AttemptInfo{CallInfo: info, Attempt: 1, Wrote: true, Err: archive.ErrPreconditionFailed})
	o.Wait(ctx, archive.WaitInfo{CallInfo: info, Attempt: 2, Wait: 5 * time.Millisecond})
	at(25)
	o.Attempt(ctx, archive.AttemptInfo{CallInfo: info, Attempt: 2, Wrote: true, Err: archive.ErrPreconditionFailed})
	o.Wait(ctx, archive.WaitInfo{CallInfo: info, Attempt: 3, Wait: time.Hour})
	at(30)
	o.Done(ctx, archive.DoneInfo{CallInfo: info, Attempts: 2, Err: context.Canceled})

	type told struct {
		name     string
		from, to int // milliseconds
		failed   bool
	}
	want := []told{{"attempt", 0, 10, true}, {"wait", 10, 15, false}, {"attempt", 15, 25, true}, {"wait", 25, 30, false}, {"archive append", 0, 30, true}}
	spans := exporter.GetSpans()
	if len(spans) != len(want) {
		t.Fatalf("%d spans, want %d", len(spans), len(want))
	}
	call := spans[len(spans)-1]
	for i, s := range spans {
		got := told{s.Name, int(s.StartTime.Sub(began).Milliseconds()), int(s.EndTime.Sub(began).Milliseconds()), s.Status.Code == codes.Error}
		if got != want[i] {
			t.Errorf("span %d is %+v, want %+v", i, got, want[i])
		}
		if s.Name != call.Name && s.Parent.SpanID() != call.SpanContext.SpanID() {
			t.Errorf("span %d does not stand in its call", i)
		}
	}
	attributes := attribute.NewSet(call.Attributes...)
	for name, want := range map[attribute.Key]string{
		"actor": "alice", "holdfast.key": "archive/CHG-1.json", "holdfast.attempts": "2", "holdfast.outcome": "cancelled", "error.type": "cancelled",
	} {
		if v, _ := attributes.Value(name); v.String() != want {
			t.Errorf("%s is %q, want %q", name, v.String(), want)
		}
	}
	// A hook of a call that began before there were spans makes none.
	exporter.Reset()
	o.Attempt(t.Context(), archive.AttemptInfo{CallInfo: info})
	o.Wait(t.Context(), archive.WaitInfo{CallInfo: info})
	o.Done(t.Context(), archive.DoneInfo{CallInfo: info})
	if n := len(exporter.GetSpans()); n != 0 {
		t.Errorf("%d spans of a call that has none", n)
	}
}

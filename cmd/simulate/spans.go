package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"holdfast/archive"
	"holdfast/archive/telemetry"
	"holdfast/scenarios"
)

// tracesVariable names the exporter of spans, as OpenTelemetry has it.
const tracesVariable = "OTEL_TRACES_EXPORTER"

// tracerProvider returns what the environment asks for by OTEL_TRACES_EXPORTER (otlp, console,
// none); nil, as of metrics, unless it asks for something. Spans are exported in batches: if
// they come faster than the collector takes them, some are dropped rather than the run held
// up (OTEL_BSP_MAX_QUEUE_SIZE).
func tracerProvider(ctx context.Context, stderr io.Writer) (*traces, error) {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return nil, nil
	}
	exporter, err := spanExporter(ctx, os.Getenv(tracesVariable), stderr)
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w", tracesVariable, os.Getenv(tracesVariable), err)
	}
	if exporter == nil {
		return nil, nil
	}
	about, err := programResource(ctx)
	if err != nil {
		return nil, errors.Join(err, exporter.Shutdown(ctx))
	}
	telling := &tellingExporter{SpanExporter: exporter}
	return &traces{sdktrace.NewTracerProvider(sdktrace.WithBatcher(telling), sdktrace.WithResource(about)), telling}, nil
}

// traces are where spans go.
type traces struct {
	*sdktrace.TracerProvider
	exporter *tellingExporter
}

// close exports what has not been exported.
func (t *traces) close(ctx context.Context) error {
	return cmp.Or(t.Shutdown(ctx), t.exporter.failed())
}

// tellingExporter keeps the first error of exporting, which the SDK would log in its own way
// each time.
type tellingExporter struct {
	sdktrace.SpanExporter
	mu  sync.Mutex
	err error
}

// ExportSpans implements [sdktrace.SpanExporter].
func (e *tellingExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.err = cmp.Or(e.err, err)
	return nil
}

func (e *tellingExporter) failed() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

// spanExporter makes the exporter of a name; nil: none is wanted.
func spanExporter(ctx context.Context, exporter string, stderr io.Writer) (sdktrace.SpanExporter, error) {
	switch exporter {
	case "", "none":
		return nil, nil
	case "console": // stdout is for the report
		return stdouttrace.New(stdouttrace.WithWriter(stderr))
	case "otlp":
	default:
		return nil, errors.New("it is none of otlp, console and none")
	}
	const ofTraces, ofAll = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"
	switch protocol := cmp.Or(os.Getenv(ofTraces), os.Getenv(ofAll), "http/protobuf"); protocol {
	case "http/protobuf":
		return otlptracehttp.New(ctx)
	case "grpc":
		return otlptracegrpc.New(ctx)
	default:
		return nil, fmt.Errorf("the protocol %s is neither http/protobuf nor grpc: see %s and %s", protocol, ofTraces, ofAll)
	}
}

// spansOf makes the spans of a run's calls; nil: there are none to make. Those of a virtual
// run would say when it was played, and not how long anything took.
func (m *metrics) spansOf(p *play) func(actor string) archive.Observer {
	if m.traces == nil || p.point.World != scenarios.RealWorld {
		return nil
	}
	tracer, run := m.traces.Tracer("holdfast/archive/telemetry"), &p.point.Run
	return func(actor string) archive.Observer {
		return telemetry.Spans(tracer, nil, attribute.String("holdfast.scenario", run.Scenario.Name), attribute.String("holdfast.actor", actor))
	}
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	promexporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/exporters/stdout/stdoutmetric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"

	"holdfast/reports"
)

// exporterVariable names the exporter of metrics, as OpenTelemetry has it.
const exporterVariable = "OTEL_METRICS_EXPORTER"

// meterProvider returns what the environment asks for by OTEL_METRICS_EXPORTER
// (otlp, prometheus, console, none) and the variables that go with each, such as
// OTEL_EXPORTER_OTLP_ENDPOINT; see
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables.
//
// Without that variable it is nil, and nothing is sent anywhere: the specification
// has otlp as its default, but a simulation must not connect to what somebody left
// in the environment for another program.
func meterProvider(ctx context.Context, stderr io.Writer) (*sdkmetric.MeterProvider, error) {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return nil, nil
	}
	reader, err := metricReader(ctx, os.Getenv(exporterVariable), stderr)
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w", exporterVariable, os.Getenv(exporterVariable), err)
	}
	if reader == nil {
		return nil, nil
	}
	about, err := programResource(ctx)
	if err != nil {
		return nil, errors.Join(err, reader.Shutdown(ctx))
	}
	return sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithResource(about)), nil
}

// programResource says who exports.
func programResource(ctx context.Context) (*resource.Resource, error) {
	return resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", "simulate"), attribute.String("service.version", reports.Version())),
		resource.WithFromEnv()) // last, so that it wins
}

// metricReader makes the exporter of a name; nil: none is wanted.
// go.opentelemetry.io/contrib/exporters/autoexport would do the same, but brings the
// exporters of logs along.
func metricReader(ctx context.Context, exporter string, stderr io.Writer) (sdkmetric.Reader, error) {
	switch exporter {
	case "", "none":
		return nil, nil
	case "console": // stdout is for the report
		return periodic(stdoutmetric.New(stdoutmetric.WithWriter(stderr)))
	case "otlp":
		return otlpReader(ctx)
	case "prometheus":
		return newPrometheusReader(ctx)
	}
	return nil, errors.New("it is none of otlp, prometheus, console and none")
}

func periodic(e sdkmetric.Exporter, err error) (sdkmetric.Reader, error) {
	if err != nil {
		return nil, err
	}
	return sdkmetric.NewPeriodicReader(e), nil
}

// otlpReader exports by the protocol that the environment names. gRPC costs nothing:
// the exporter over HTTP needs it, too.
func otlpReader(ctx context.Context) (sdkmetric.Reader, error) {
	const ofMetrics, ofAll = "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"
	switch protocol := cmp.Or(os.Getenv(ofMetrics), os.Getenv(ofAll), "http/protobuf"); protocol {
	case "http/protobuf":
		e, err := otlpmetrichttp.New(ctx)
		return periodic(e, err)
	case "grpc":
		e, err := otlpmetricgrpc.New(ctx)
		return periodic(e, err)
	default:
		return nil, fmt.Errorf("the protocol %s is neither http/protobuf nor grpc: see %s and %s", protocol, ofMetrics, ofAll)
	}
}

// prometheusReader serves /metrics until it is shut down.
type prometheusReader struct {
	sdkmetric.Reader
	server *http.Server
}

func newPrometheusReader(ctx context.Context) (sdkmetric.Reader, error) {
	registry := prometheus.NewRegistry()
	exporter, err := promexporter.New(promexporter.WithRegisterer(registry))
	if err != nil {
		return nil, err
	}
	address := cmp.Or(os.Getenv("OTEL_EXPORTER_PROMETHEUS_HOST"), "localhost") + ":" + cmp.Or(os.Getenv("OTEL_EXPORTER_PROMETHEUS_PORT"), "9464")
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("serve /metrics: %w", err), exporter.Shutdown(ctx))
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{Registry: registry}))
	const patience = 10 * time.Second
	server := &http.Server{Handler: mux, ReadTimeout: patience, WriteTimeout: patience, IdleTimeout: 12 * patience}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			otel.Handle(fmt.Errorf("serve /metrics: %w", err))
		}
	}()
	return prometheusReader{exporter, server}, nil
}

// Shutdown implements [sdkmetric.Reader].
func (r prometheusReader) Shutdown(ctx context.Context) error {
	return errors.Join(r.Reader.Shutdown(ctx), r.server.Shutdown(ctx))
}

package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// collector is where OpenTelemetry exports to.
type collector struct {
	mu       sync.Mutex
	requests []string // path and body
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = append(c.requests, r.URL.Path+" "+string(body))
	if r.Header.Get("Content-Type") == "application/grpc" {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
		_, _ = w.Write(make([]byte, 5)) // an empty message, not compressed
	}
}

func (c *collector) got() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests
}

// TestExportIsAskedForByTheEnvironment: and without that nothing is sent, whatever
// else the environment says.
func TestExportIsAskedForByTheEnvironment(t *testing.T) {
	for _, tt := range []struct {
		exporter, disabled string
		requests           bool
	}{
		{"", "", false}, {"none", "", false}, {"otlp", "true", false}, {"otlp", "", true},
	} {
		var c collector
		server := httptest.NewServer(&c)
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
		t.Setenv(exporterVariable, tt.exporter)
		t.Setenv("OTEL_SDK_DISABLED", tt.disabled)
		code, _, stderr := simulate(t, "run", "two-users", "--quiet", "--out", t.TempDir())
		server.Close()
		if code != exitPassed || stderr != "" {
			t.Errorf("%+v: exit %d, %s", tt, code, stderr)
		}
		if sent := len(c.got()) > 0; sent != tt.requests {
			t.Errorf("%+v: %d requests", tt, len(c.got()))
		}
		for _, r := range c.got() {
			for _, want := range []string{"/v1/metrics ", "holdfast.frontend.saves", "holdfast.outcome", "simulate"} {
				if !strings.Contains(r, want) {
					t.Errorf("no %s in %q", want, r)
				}
			}
		}
	}
}

// TestProtocolsOfOTLP: what metrics alone are sent by comes before what all is.
func TestProtocolsOfOTLP(t *testing.T) {
	const overHTTP, overGRPC = "/v1/metrics ", "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export "
	for _, tt := range []struct{ ofMetrics, ofAll, path string }{
		{"", "", overHTTP}, {"", "http/protobuf", overHTTP}, {"", "grpc", overGRPC}, {"http/protobuf", "grpc", overHTTP}, {"grpc", "http/json", overGRPC},
	} {
		var c collector
		server := httptest.NewUnstartedServer(&c)
		server.Config.Protocols = new(http.Protocols)
		server.Config.Protocols.SetHTTP1(true)
		server.Config.Protocols.SetUnencryptedHTTP2(true)
		server.Start()
		t.Setenv(exporterVariable, "otlp")
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
		t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", tt.ofAll)
		t.Setenv("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", tt.ofMetrics)
		code, _, stderr := simulate(t, "run", "two-users", "--quiet", "--out", t.TempDir())
		server.Close()
		if code != exitPassed || stderr != "" {
			t.Errorf("%+v: exit %d, %s", tt, code, stderr)
		}
		if got := strings.Join(c.got(), "\n"); !strings.HasPrefix(got, tt.path) || !strings.Contains(got, "holdfast.frontend.saves") {
			t.Errorf("%+v: %q", tt, got)
		}
	}
	t.Setenv("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/json")
	code, _, stderr := simulate(t, "run", "two-users", "--quiet", "--out", t.TempDir())
	if code != exitUsage || !strings.Contains(stderr, "http/json is neither http/protobuf nor grpc") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// TestPrometheusIsServed until the end, at the address that the environment names.
func TestPrometheusIsServed(t *testing.T) {
	host, port, err := net.SplitHostPort(closedPort(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(exporterVariable, "prometheus")
	t.Setenv("OTEL_EXPORTER_PROMETHEUS_HOST", host)
	t.Setenv("OTEL_EXPORTER_PROMETHEUS_PORT", port)
	p, err := meterProvider(t.Context(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	saves, err := p.Meter("test").Int64Counter("saves")
	if err != nil {
		t.Fatal(err)
	}
	saves.Add(t.Context(), 7)
	address := "http://" + host + ":" + port + "/metrics"
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil || !strings.Contains(string(body), "saves_total{") || !strings.Contains(string(body), "} 7\n") {
		t.Errorf("%v, %s", err, body)
	}
	if code, _, stderr := simulate(t, "run", "two-users", "--quiet", "--out", t.TempDir()); code != exitUsage || !strings.Contains(stderr, "in use") {
		t.Errorf("a port that is taken: exit %d, %s", code, stderr)
	}
	if err := p.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if answer, err := http.Get(address); err == nil {
		_ = answer.Body.Close()
		t.Error("it is still served")
	}
}

func TestTheConsoleIsNotStdout(t *testing.T) {
	t.Setenv(exporterVariable, "console")
	code, stdout, stderr := simulate(t, "run", "two-users", "--json", "--out", t.TempDir())
	var document any
	if code != exitPassed || json.Unmarshal([]byte(stdout), &document) != nil || !strings.Contains(stderr, "holdfast.frontend.saves") {
		t.Errorf("exit %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

// TestMissingCollectorFailsNothing, and is told in one line.
func TestMissingCollectorFailsNothing(t *testing.T) {
	t.Setenv(exporterVariable, "otlp")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+closedPort(t))
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "200")
	code, _, stderr := simulate(t, "run", "two-users", "--quiet", "--out", t.TempDir())
	if code != exitPassed || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "the metrics were not exported") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

func TestUnknownExporterIsRefused(t *testing.T) {
	t.Setenv(exporterVariable, "smoke-signals")
	code, _, stderr := simulate(t, "run", "two-users", "--quiet", "--out", t.TempDir())
	if code != exitUsage || !strings.Contains(stderr, "OTEL_METRICS_EXPORTER=smoke-signals") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// TestNothingIsMadeUnasked: not even an SDK.
func TestNothingIsMadeUnasked(t *testing.T) {
	t.Setenv(exporterVariable, "")
	p, err := meterProvider(context.Background(), io.Discard)
	if p != nil || err != nil {
		t.Errorf("%v, %v", p, err)
	}
}

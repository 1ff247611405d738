package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestSpansAreAskedForByTheEnvironment: those of runs in the real world, by the protocol that
// it names; without it nothing is sent.
func TestSpansAreAskedForByTheEnvironment(t *testing.T) {
	const overHTTP, overGRPC = "/v1/traces ", "/opentelemetry.proto.collector.trace.v1.TraceService/Export "
	for _, tt := range []struct{ exporter, disabled, world, protocol, path string }{
		{"", "", "real", "", ""}, {"none", "", "real", "", ""}, {"otlp", "true", "real", "", ""}, {"otlp", "", "virtual", "", ""},
		{"otlp", "", "real", "", overHTTP}, {"otlp", "", "real", "grpc", overGRPC},
	} {
		var c collector
		server := httptest.NewUnstartedServer(&c)
		server.Config.Protocols = new(http.Protocols)
		server.Config.Protocols.SetHTTP1(true)
		server.Config.Protocols.SetUnencryptedHTTP2(true)
		server.Start()
		t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
		t.Setenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", tt.protocol)
		t.Setenv(tracesVariable, tt.exporter)
		t.Setenv("OTEL_SDK_DISABLED", tt.disabled)
		code, _, stderr := simulate(t, "run", "two-users", "--world", tt.world, "--quiet", "--out", t.TempDir())
		server.Close()
		if code != exitPassed || stderr != "" {
			t.Errorf("%+v: exit %d, %s", tt, code, stderr)
		}
		got := strings.Join(c.got(), "\n")
		if tt.path == "" && got != "" || !strings.HasPrefix(got, tt.path) {
			t.Errorf("%+v: %q", tt, got)
		}
		for _, want := range []string{"archive save", "attempt", "holdfast.outcome", "alice", "two-users", "simulate"} {
			if tt.path != "" && !strings.Contains(got, want) {
				t.Errorf("%+v: no %s in %q", tt, want, got)
			}
		}
	}
}

// TestSpansThatCanNotBeExported are told in a line, and fail no run; a wrong name does.
func TestSpansThatCanNotBeExported(t *testing.T) {
	t.Setenv(tracesVariable, "otlp")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+closedPort(t))
	code, _, stderr := simulate(t, "run", "two-users", "--quiet", "--out", t.TempDir())
	if code != exitPassed || !strings.HasPrefix(stderr, "simulate: the spans were not exported: ") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("without a collector: exit %d, %q", code, stderr)
	}
	t.Setenv(tracesVariable, "zipkin")
	code, _, stderr = simulate(t, "run", "two-users", "--quiet", "--out", t.TempDir())
	if code != exitUsage || !strings.Contains(stderr, "OTEL_TRACES_EXPORTER=zipkin: it is none of otlp, console and none") {
		t.Errorf("an unknown exporter: exit %d, %s", code, stderr)
	}
}

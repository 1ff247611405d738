package main

import (
	"context"
	"encoding/json"
	"holdfast/scenarios/measure"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"holdfast/reports"
	"holdfast/scenarios/history"
)

// measured is a run of one scenario with its metrics.
type measured struct {
	run     measure.Measurement
	sum     map[string]int // of the counters
	samples int            // of ArchiveUpdateDuration
	emf     string
	history string // file
}

// measure runs a scenario with --metrics.
func measureRun(t *testing.T, args ...string) measured {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "metrics.emf")
	args = append([]string{"run"}, append(args, "--json", "--progress", "none", "--out", dir, "--metrics", file)...)
	code, stdout, stderr := simulate(t, args...)
	if code != exitPassed {
		t.Fatalf("%v: exit %d\n%s", args, code, stderr)
	}
	var result reports.Result
	if err := json.Unmarshal([]byte(stdout), &result); err != nil {
		t.Fatal(err)
	}
	emf, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := measured{run: result.Runs[0], sum: map[string]int{}, emf: string(emf), history: filepath.Join(dir, "latest", reports.HistoryFile)}
	for line := range strings.Lines(m.emf) {
		m.add(t, line)
	}
	return m
}

// add adds a line up. Package telemetry's tests hold lines against the specification.
func (m *measured) add(t *testing.T, line string) {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal([]byte(line), &members); err != nil {
		t.Fatal(err)
	}
	for name, value := range members {
		switch v := value.(type) {
		case float64:
			m.sum[name] += int(v)
		case []any:
			m.samples += len(v)
		}
	}
	if members["scenario"] != m.run.Scenario || members["world"] != m.run.World {
		t.Errorf("a line of scenario %v, world %v", members["scenario"], members["world"])
	}
}

// refused is what the history says of operations that were answered 412 or 409.
type refused struct {
	mismatches int // ended operations that were, or that ended as a conflict
	successes  int // acknowledged operations that were
	unseen     int // such answers to clients that died
}

func readRefused(t *testing.T, file string) (r refused) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rd, err := history.NewReader(f, file)
	if err != nil {
		t.Fatal(err)
	}
	answers := map[int]int{} // of the operations that are open
	for e, err := range rd.Events() {
		switch {
		case err != nil:
			t.Fatal(err)
		case e.Kind == history.Put && e.Op > 0 && (e.Answer == history.PreconditionFailed || e.Answer == history.Conflict):
			answers[e.Op]++
		case e.Kind != history.Return:
		case e.Outcome == history.Crashed:
			r.unseen += answers[e.Op]
		default:
			if answers[e.Op] > 0 || e.Outcome == history.UserConflict {
				r.mismatches++
			}
			if answers[e.Op] > 0 && e.Outcome == history.Committed {
				r.successes++
			}
		}
	}
	return r
}

// TestMetricsAgreeWithTheResult holds the equations that package telemetry states.
func TestMetricsAgreeWithTheResult(t *testing.T) {
	for _, c := range []struct {
		args   []string
		faults bool
	}{
		{[]string{"backend-fan-in"}, false},
		{[]string{"backend-fan-in", "--policy", "documented"}, false},
		{[]string{"sustained-contention", "--operations", "5"}, false},
		{[]string{"sustained-contention", "--operations", "5", "--policy", "none(retries=1)"}, false},
		{[]string{"persistent-conflict"}, false},
		{[]string{"two-users-same-field"}, false},
		{[]string{"create-race"}, false},
		{[]string{"lost-reply"}, true},
		{[]string{"storm"}, true},
	} {
		for world, more := range map[string][]string{
			real:    {"--world", "real"},
			virtual: {"--world", "virtual", "--runs", "60"},
		} {
			t.Run(strings.Join(c.args, " ")+" "+world, func(t *testing.T) {
				t.Parallel()
				m := measureRun(t, append(c.args, more...)...)
				m.compare(t)
				if !c.faults {
					m.compareWithoutFaults(t)
				}
			})
		}
	}
}

// compare holds what is true of every run.
func (m measured) compare(t *testing.T) {
	t.Helper()
	n, s, r := m.run.Counts, m.sum, readRefused(t, m.history)
	for _, eq := range []struct {
		what      string
		got, want int
	}{
		{"updates = operations − crashed − unfinished",
			s["FrontendSaveCount"] + s["ArchiveUpdateCount"], n.Operations - n.Crashed - n.Unfinished},
		{"errors and exhaustion = user_conflicts + exhausted",
			s["ConcurrentModificationErrorCount"] + s["ArchiveUpdateExhaustedCount"], n.UserConflicts + n.Exhausted},
		{"write conflicts = conflicts_412 + conflicts_409 − those of clients that died",
			s["FrontendWriteConflictCount"] + s["WriteConflictCount"], n.Conflicts412 + n.Conflicts409 - r.unseen},
		{"durations = updates of the back end", m.samples, s["ArchiveUpdateCount"]},
		{"retry successes = acknowledged operations that were refused",
			s["FrontendRetrySuccessCount"] + s["RetrySuccessCount"], r.successes},
		{"mismatches = ended operations that were refused, and conflicts",
			s["FrontendETagMismatchCount"] + s["ETagMismatchCount"], r.mismatches},
	} {
		if eq.got != eq.want {
			t.Errorf("%s: %d = %d; %+v", eq.what, eq.got, eq.want, n)
		}
	}
	for _, order := range [][]string{
		{"FrontendRetrySuccessCount", "FrontendETagMismatchCount", "FrontendSaveCount"},
		{"RetrySuccessCount", "ETagMismatchCount", "ArchiveUpdateCount"},
	} {
		if s[order[0]] > s[order[1]] || s[order[1]] > s[order[2]] {
			t.Errorf("%v is %d, %d, %d", order, s[order[0]], s[order[1]], s[order[2]])
		}
	}
}

// compareWithoutFaults holds what is true where only writers disturb each other.
func (m measured) compareWithoutFaults(t *testing.T) {
	t.Helper()
	n, s := m.run.Counts, m.sum
	if n.Gone+n.Failed+n.Cancelled+n.EndedUnknown+n.Crashed+n.Unfinished+n.Throttled+n.UnknownOutcomes+n.RefusedOtherwise > 0 {
		t.Fatalf("something else went wrong: %+v", n)
	}
	again := 0
	for needed, operations := range m.run.Attempts.Histogram {
		if needed >= 2 {
			again += operations
		}
	}
	if got := s["FrontendRetrySuccessCount"] + s["RetrySuccessCount"]; got != again {
		t.Errorf("%d retry successes, %d operations needed 2 attempts or more", got, again)
	}
	if got, want := s["FrontendETagMismatchCount"]+s["ETagMismatchCount"], again+n.UserConflicts+n.Exhausted; got != want {
		t.Errorf("%d mismatches, want %d", got, want)
	}
}

// TestVirtualMetricsRepeat: the same seed, the same bytes.
func TestVirtualMetricsRepeat(t *testing.T) {
	args := []string{"storm", "--world", "virtual", "--runs", "30", "--seed", "5"}
	first, again := measureRun(t, args...).emf, measureRun(t, args...).emf
	if first != again || first == "" {
		t.Errorf("the same seed wrote\n%s\nand\n%s", first, again)
	}
	if other := measureRun(t, append(args[:len(args)-1], "6")...).emf; first == other {
		t.Error("another seed wrote the same")
	}
}

func TestMetricsOfSeveralRunsAreInOneFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "metrics.emf")
	code, _, stderr := simulate(t, "run", "two-users", "create-race", "--quiet", "--out", dir, "--metrics", file)
	if code != exitPassed {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	emf, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"scenario":"two-users"`, `"scenario":"create-race"`} {
		if strings.Count(string(emf), want) != 1 { // the front end's line
			t.Errorf("not one line has %s:\n%s", want, emf)
		}
	}
}

func TestMetricsThatCantBeHad(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--metrics", "-"}, exitUsage, "stdout is for the report"},
		{[]string{"--metrics", filepath.Join(dir, "x"), "--core", "documented"}, exitUsage, "documented"},
		{[]string{"--metrics", filepath.Join(dir, "no", "x")}, exitCouldNotRun, "--metrics"},
		{[]string{"--metrics", "/dev/full"}, exitCouldNotRun, "no space left"},
	} {
		code, _, stderr := simulate(t, append([]string{"run", "two-users", "--quiet", "--out", dir}, c.args...)...)
		if code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%v: exit %d, %s", c.args, code, stderr)
		}
	}
}

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
	w.WriteHeader(http.StatusOK)
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

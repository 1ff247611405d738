package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/reports"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
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

// TestAlarmsOfEveryWay: through the API with refused input and faults, in groups and batches.
func TestAlarmsOfEveryWay(t *testing.T) {
	for _, name := range []string{"bad-requests", "group-commit", "service-batches", "service-faults", "fifo-batches", "impatient", "delete-race"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			measureRun(t, name, "--world", "virtual", "--runs", "8").compareAlarms(t)
		})
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
	m.compareAlarms(t)
	for _, order := range [][]string{
		{"FrontendRetrySuccessCount", "FrontendETagMismatchCount", "FrontendSaveCount"},
		{"RetrySuccessCount", "ETagMismatchCount", "ArchiveUpdateCount"},
	} {
		if s[order[0]] > s[order[1]] || s[order[1]] > s[order[2]] {
			t.Errorf("%v is %d, %d, %d", order, s[order[0]], s[order[1]], s[order[2]])
		}
	}
}

// compareAlarms: those of the document go by what the metrics count.
func (m measured) compareAlarms(t *testing.T) {
	t.Helper()
	s := m.sum
	percent := func(part, of string) float64 { return 100 * float64(s[part]) / float64(max(s[of], 1)) }
	for _, want := range []struct {
		alarm   int
		value   float64
		samples int
	}{
		{0, percent("FrontendETagMismatchCount", "FrontendSaveCount"), s["FrontendSaveCount"]},
		{1, percent("FrontendRetrySuccessCount", "FrontendETagMismatchCount"), s["FrontendETagMismatchCount"]},
		{3, percent("ETagMismatchCount", "ArchiveUpdateCount"), s["ArchiveUpdateCount"]},
		{4, percent("RetrySuccessCount", "ETagMismatchCount"), s["ETagMismatchCount"]},
		{5, m.run.Alarms[5].Value, m.samples},
	} {
		if a := m.run.Alarms[want.alarm]; a.Value != want.value || a.Samples != want.samples {
			t.Errorf("%s is %v of %d, by the metrics %v of %d", a.Metric, a.Value, a.Samples, want.value, want.samples)
		}
	}
	if a, n := m.run.Alarms[2], s["ConcurrentModificationErrorCount"]; a.Fires != (n > 10) {
		t.Errorf("%+v, by the metrics %d", a, n)
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

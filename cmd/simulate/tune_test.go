package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/reports/schema"
	"holdfast/scenarios/tuning"
)

// small is a search that takes a second or two.
var small = []string{"tune", "burst", "--clients", "5", "--latency", "normal(10ms,2ms)", "--progress", "none"}

// tune runs with --json and decodes what it prints.
func tune(t *testing.T, wantCode int, args ...string) (tuning.Result, string) {
	t.Helper()
	code, stdout, stderr := simulate(t, append(args, "--json", "--out", t.TempDir())...)
	if code != wantCode {
		t.Fatalf("%v: exit %d, want %d\n%s%s", args, code, wantCode, stdout, stderr)
	}
	var r tuning.Result
	dec := json.NewDecoder(strings.NewReader(stdout))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		t.Fatalf("%v: stdout is no document: %v\n%s", args, err, stdout)
	}
	validate(t, schema.Tune, stdout)
	return r, stdout
}

// with adds arguments to those of the small search.
func with(args ...string) []string { return append(append([]string{}, small...), args...) }

func TestTuneRecommends(t *testing.T) {
	if raceDetector {
		t.Skip("not under the race detector: TestTuneConfirm plays the same there")
	}
	t.Parallel()
	chart := filepath.Join(t.TempDir(), "capacity.svg")
	r, stdout := tune(t, exitPassed, with("--evaluations", "17750", "--capacity", "--chart", chart)...)
	if !r.Passed || r.Recommendation == nil || r.Recommendation.Validated == nil || r.Capacity == nil {
		t.Fatal(stdout)
	}
	if a := r.Architectures; a == nil || a.Complete || len(a.Rows) != 3 {
		t.Errorf("%+v", a)
	}
	svg, err := os.ReadFile(chart)
	if err != nil || !strings.Contains(string(svg), "<svg") {
		t.Errorf("the chart: %v, %.80s", err, svg)
	}
	// The command that it states gives the same again.
	_, again := tune(t, exitPassed, append(words(r.Replay)[1:], "--progress", "none")...)
	if again != stdout {
		t.Errorf("%s gives another document", r.Replay)
	}
}

// overloaded are more updates than anything can carry.
const overloaded = `
name: overloaded
shows: Updates that come faster than the store commits them.
why: For tests.
duration: 10s
actors:
  - {name: backend, kind: backend, count: 10, load: {rate: 3}}
`

// TestTuneArchitectures: all in the document, and a chart of them.
func TestTuneArchitectures(t *testing.T) {
	if raceDetector {
		t.Skip("not under the race detector: the tests of the package tuning play the same there")
	}
	t.Parallel()
	chart := filepath.Join(t.TempDir(), "architectures.svg")
	r, _ := tune(t, exitPassed, with("--evaluations", "17750", "--architectures", "--chart", chart)...)
	a := r.Architectures
	if a == nil || !a.Complete || len(a.Rows) != 11 || a.Recommended == "" || len(a.Sensitivity) != 4 {
		t.Fatalf("%+v", a)
	}
	if zone := a.Rows[10]; zone.LeftOut == "" || zone.P99 != nil {
		t.Errorf("%+v", zone)
	}
	if svg, err := os.ReadFile(chart); err != nil || !strings.Contains(string(svg), tuning.FIFOBatches) {
		t.Errorf("the chart: %v, %.80s", err, svg)
	}
	if !strings.Contains(r.Replay, "--architectures") {
		t.Error(r.Replay)
	}
	for _, args := range [][]string{{"--chart", chart}, {"--chart", chart, "--capacity", "--architectures"}} {
		if code, _, stderr := simulate(t, with(args...)...); code != exitUsage || !strings.Contains(stderr, "--architectures") {
			t.Errorf("%v: exit %d, %s", args, code, stderr)
		}
	}
}

func TestTuneExitCodes(t *testing.T) {
	t.Parallel()
	if !raceDetector { // it is twenty times slower there, and no other code
		r, _ := tune(t, exitThreshold, with("--evaluations", "17750", "--objective", "latency_ms.p99<30, min puts.per_commit", "--incumbent", "aimd(deadline=9s)")...)
		if r.Passed || r.Recommendation == nil {
			t.Errorf("%+v", r)
		}
		if n := len(r.Incumbents); n != 3 || r.Incumbents[n-1].Core != "aimd" || !strings.Contains(r.Replay, "aimd(deadline=9s)") {
			t.Errorf("%+v, %s", r.Incumbents, r.Replay)
		}
	}
	file := filepath.Join(t.TempDir(), "overloaded.yaml")
	if err := os.WriteFile(file, []byte(overloaded), 0o600); err != nil {
		t.Fatal(err)
	}
	over, _ := tune(t, exitThreshold, "tune", file, "--latency", "s3-standard", "--progress", "none")
	if over.Recommendation != nil || !over.Stability.Unstable || len(over.Missed) != 1 || over.Advice[0].Rule != "overload" {
		t.Errorf("%+v", over)
	}
	if _, again := tune(t, exitThreshold, append(words(over.Replay)[1:], "--progress", "none")...); !strings.Contains(again, over.Missed[0]) {
		t.Errorf("%s says something else: %s", over.Replay, again)
	}
	r, _ := tune(t, exitViolated, with("--core", "unlocked")...)
	if r.Recommendation != nil || len(r.Advice) != 1 || r.Advice[0].Rule != "withheld" {
		t.Errorf("%+v", r)
	}
	// What it prints to replay the violation does.
	_, command, _ := strings.Cut(r.Advice[0].Evidence, "replay: ")
	if code, stdout, stderr := simulate(t, append(words(command)[1:], "--quiet", "--out", t.TempDir())...); code != exitViolated {
		t.Errorf("%s: exit %d\n%s%s", command, code, stdout, stderr)
	}
	ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	if code, stdout, _ := simulateIn(ctx, with("--evaluations", "1000000", "--quiet", "--out", t.TempDir())...); code != exitInterrupted || !strings.HasPrefix(stdout, "STOPPED") {
		t.Errorf("interrupted: exit %d: %s", code, stdout)
	}
}

func TestTuneMistakes(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"":                                   "wants a scenario",
		"nowhere":                            "nowhere",
		"burst --objective min":              "--objective",
		"burst --objective latency_ms.p99<3": "min METRIC",
		"burst --incumbent fast":             "--incumbent",
		"burst --incumbent oracle":           "nobody can have it",
		"burst --incumbent aimd(cap=2s)":     "only retries and deadline",
		"burst --incumbent a=none --incumbent a=documented": "--incumbent: two policies in use are named a",
		"burst --budget 0s":                 "--budget must be positive",
		"burst --core oracle":               "no policy to tune",
		"burst --set policy.base=3ms":       "tune searches the policy",
		"burst --capacity --chart c.png":    "must end in .svg",
		"burst --evaluations 0":             "--evaluations must be 1 or more",
		"burst --evaluations 5":             "at least",
		"burst --evaluations 5 --budget 3s": "one of the two",
		"burst --chart x.svg":               "--capacity",
		"two-users --capacity":              "no single actor",
		"burst --confirm-runs 0":            "--confirm-runs",
		"burst --progress loud":             "--progress",
		"burst --latency fast":              "--latency",
	} {
		code, stdout, stderr := simulate(t, append([]string{"tune"}, strings.Fields(args)...)...)
		if code != exitUsage || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
			t.Errorf("tune %s: exit %d, %q; want %q in a line", args, code, stderr, want)
		}
	}
}

// TestTuneConfirm holds the model against the real world. That both agree is for a
// machine that is not busy with other tests to show; docs/tuning.md has the commands.
func TestTuneConfirm(t *testing.T) {
	t.Parallel()
	args := with("--evaluations", "17750", "--confirm", "--confirm-runs", "3", "--json", "--out", t.TempDir())
	code, stdout, stderr := simulate(t, args...)
	var r tuning.Result
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatalf("%v: %s%s", err, stdout, stderr)
	}
	validate(t, schema.Tune, stdout)
	want := exitPassed
	if r.Confirmation != nil && !r.Confirmation.Agrees {
		want = exitThreshold
	}
	if code != want || r.Passed != (want == exitPassed) {
		t.Errorf("exit %d, want %d; passed %v", code, want, r.Passed)
	}
	c := r.Confirmation
	if c == nil || len(c.Policies) != 2 || c.Latency != "normal(10ms,2ms)" {
		t.Fatal(stdout)
	}
	for _, p := range c.Policies {
		if len(p.Measures) != 5 || len(p.Measured) == 0 || p.Overhead <= 0 {
			t.Errorf("%+v", p)
		}
	}
	for _, a := range r.Advice {
		if a.Rule == "sdk-retries" {
			t.Errorf("the adapter's SDK makes one request for a call, but %s", a.Text)
		}
	}
}

// TestAModelThatDiffersFails: in the real world calls of a microsecond take what the
// machine takes, each time something else, and the model expects the same of all.
func TestAModelThatDiffersFails(t *testing.T) {
	if raceDetector {
		t.Skip("not under the race detector: TestTuneConfirm plays the same there")
	}
	t.Parallel()
	r, stdout := tune(t, exitThreshold, "tune", "burst", "--clients", "5", "--latency", "constant(1us)", "--evaluations", "17750",
		"--confirm", "--confirm-runs", "5", "--progress", "none")
	if r.Passed || r.Recommendation == nil || !r.Recommendation.Validated.Meets || r.Confirmation == nil || r.Confirmation.Agrees {
		t.Error(stdout)
	}
}

// TestNoBackoffAdvised is the case of that name: where a store throttles no policy is
// recommended that comes back at once, though a fixed rate of 503 makes it the fastest.
func TestNoBackoffAdvised(t *testing.T) {
	if raceDetector {
		t.Skip("not under the race detector, for its time")
	}
	t.Parallel()
	r, stdout := tune(t, exitPassed, "tune", "burst", "--clients", "20", "--latency", "normal(10ms,2ms)", "--fault", "503(rate=0.3)",
		"--objective", "exhausted.rate<1e-3, puts.per_commit<6, min latency_ms.p99", // within half a minute more than one in a million fail
		"--evaluations", "4440", "--progress", "none")
	const attempt = 40 * time.Millisecond
	best := r.Recommendation.Promised.Policy
	longest := best
	longest.Kind = archive.Exponential // which has no jitter
	if wait := longest.Wait(1, 0, nil); best.Kind == archive.None || best.Kind != archive.Adaptive && wait < attempt {
		t.Errorf("%v is recommended, and comes back after %v\n%s", best, wait, stdout)
	}
}

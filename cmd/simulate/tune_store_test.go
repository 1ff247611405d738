package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"holdfast/reports/schema"
	"holdfast/scenarios/check"
	"holdfast/scenarios/network"
	"holdfast/scenarios/tuning"
)

// TestTuneOnAStore: it is measured, the search plays on its profile, and what it found is
// confirmed on it; the command that is stated takes the profile that was saved.
func TestTuneOnAStore(t *testing.T) {
	if raceDetector {
		t.Skip("not under the race detector: TestTuneConfirm plays the same there")
	}
	on := meddled(t, func(http.ResponseWriter, *http.Request, string, int, func()) bool { return false })
	args := append([]string{"tune", "burst", "--clients", "5", "--confirm-runs", "3", "--progress", "none", "--json", "--budget", "1ms"}, on...)
	code, stdout, stderr := simulate(t, args...)
	var r tuning.Result
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatalf("%v: %s%s", err, stdout, stderr)
	}
	validate(t, schema.Tune, stdout)
	if !strings.Contains(stderr, on[1]) || !strings.Contains(stderr, "requests") {
		t.Errorf("it does not say what it is about to do: %s", stderr)
	}
	if r.Profile == nil || len(r.Profile.Fit) == 0 {
		t.Fatal(stdout)
	}
	l, err := network.ParseLatency(r.Profile.File)
	if err != nil || r.Latency != l.Label() || l.Measured().Source.Store != on[1] || l.Measured().Source.Requests > 600 {
		t.Errorf("%v: %s, not %s; %+v", err, r.Latency, l.Label(), l.Measured())
	}
	if !strings.Contains(r.Replay, "--latency "+r.Profile.File) || !strings.Contains(r.Replay, "--store "+on[1]) {
		t.Error(r.Replay)
	}
	if r.Verdict != check.OK { // nothing to choose on a store so fast
		return
	}
	want := exitPassed
	if !r.Passed {
		want = exitThreshold
	}
	c := r.Confirmation
	if code != want || c == nil || c.Store != on[1] || c.Tolerance != tuning.ProfileTolerance || len(c.Policies) != 2 || c.Agrees != (len(c.Differing()) == 0) {
		t.Errorf("exit %d: %+v", code, c)
	}
	for _, p := range c.Policies {
		if p.Overhead != 0 || len(p.Measured) == 0 {
			t.Errorf("%+v", p)
		}
	}
	if c != nil && !c.Agrees && (r.Passed || code != exitThreshold) {
		t.Error("a model that differs passes")
	}
}

func TestTuneOnAStoreThatIsNotThere(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	t.Setenv("AWS_REGION", "us-east-1")
	code, stdout, stderr := simulate(t, "tune", "burst", "--store", "s3://b12/p", "--endpoint", "http://"+closedPort(t), "--out", t.TempDir(), "--progress", "none")
	if code != exitCouldNotRun || stdout != "" || !strings.Contains(stderr, "refused") {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
}

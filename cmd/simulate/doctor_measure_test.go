package main

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/reports"
	"holdfast/reports/schema"
	"holdfast/scenarios/network"
)

// TestDoctorMeasures: the profile is one that --latency takes, and the document says how the
// model of it compares.
func TestDoctorMeasures(t *testing.T) {
	on := meddled(t, func(http.ResponseWriter, *http.Request, string, int, func()) bool { return false })
	file := filepath.Join(t.TempDir(), "store.yaml")
	code, stdout, stderr := simulate(t, append([]string{"doctor", "--quick", "--measure", file, "--json", "--progress", "none"}, on...)...)
	var d reports.Diagnosed
	if err := json.Unmarshal([]byte(stdout), &d); err != nil || code != exitPassed {
		t.Fatalf("exit %d, %v: %s%s", code, err, stdout, stderr)
	}
	validate(t, schema.Doctor, stdout)
	if d.Profile == nil || d.Profile.File != file || len(d.Profile.Fit) < 6 || !strings.Contains(d.Replay, "--measure "+file) {
		t.Errorf("%+v, %s", d.Profile, d.Replay)
	}
	l, err := network.ParseLatency(file)
	if err != nil || l.Measured().Source.Store != on[1] || l.Measured().Source.By != "simulate doctor" {
		t.Errorf("%v: %+v", err, l.Measured())
	}
	code, stdout, stderr = simulate(t, "run", "two-users", "--world", "virtual", "--latency", file, "--out", t.TempDir(), "--progress", "none")
	if code != exitPassed {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	code, stdout, _ = simulate(t, append([]string{"doctor", "--quick", "--measure", file, "--progress", "none"}, on...)...)
	if code != exitPassed || !strings.Contains(stdout, "profile     "+file) || !strings.Contains(stdout, "requests of 16 clients apart") {
		t.Errorf("exit %d: %s", code, stdout)
	}
}

// TestDoctorDoesNotMeasureAnUnsafeStore: no settings are right for it.
func TestDoctorDoesNotMeasureAnUnsafeStore(t *testing.T) {
	on := meddled(t, func(_ http.ResponseWriter, r *http.Request, _ string, _ int, _ func()) bool {
		r.Header.Del("If-Match")
		r.Header.Del("If-None-Match")
		return false
	})
	file := filepath.Join(t.TempDir(), "store.yaml")
	code, stdout, stderr := simulate(t, append([]string{"doctor", "--quick", "--measure", file, "--progress", "none"}, on...)...)
	if code != exitStoreAtFault || strings.Contains(stdout, "profile") {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	if _, err := network.ParseLatency(file); err == nil {
		t.Error("there is a profile")
	}
	code, _, stderr = simulate(t, append([]string{"tune", "burst", "--clients", "5", "--progress", "none"}, on...)...)
	if code != exitStoreAtFault || !strings.Contains(stderr, "can't be trusted") {
		t.Errorf("tune: exit %d: %s", code, stderr)
	}
}

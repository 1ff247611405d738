package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/reports"
)

// TestReportTrace writes the trace of a run, to stdout and to a file, and says what it lacks.
func TestReportTrace(t *testing.T) {
	dir := t.TempDir()
	if code, _, stderr := simulate(t, "run", "burst", "--world", "virtual", "--runs", "3", "--out", dir, "--quiet"); code != exitPassed {
		t.Fatal(code, stderr)
	}
	latest, file := filepath.Join(dir, "latest"), filepath.Join(dir, "trace.json")
	code, stdout, stderr := simulate(t, "report", latest, "--format", "trace")
	if code != exitPassed || !json.Valid([]byte(stdout)) || stderr != "" {
		t.Errorf("exit %d: %s", code, stderr)
	}
	code, _, stderr = simulate(t, "report", filepath.Join(latest, "result.json"), "--format", "trace", "--repetition", "2", "-o", file)
	if text := string(read(t, file)); code != exitPassed || !json.Valid([]byte(text)) || !strings.Contains(text, "repetition 2") || !strings.Contains(stderr, "it holds 1 of 3 repetitions") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{dir, "--format", "trace"}, "history"},
		{[]string{latest, "--format", "trace", "--repetition", "7"}, "no repetition 7"},
		{[]string{latest, "--format", "trace", "--repetition", "-1"}, "--repetition"},
		{[]string{latest, "--repetition", "1"}, "is for --format trace"},
	} {
		code, _, stderr := simulate(t, append([]string{"report"}, c.args...)...)
		if code != exitUsage || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: exit %d, %s", c.args, code, stderr)
		}
	}
}

// TestReportTraceOfSeveral: of runs that are kept together, also when one has lost its history,
// or the whole directory was moved.
func TestReportTraceOfSeveral(t *testing.T) {
	at := t.TempDir()
	dir := filepath.Join(at, "out")
	if code, _, stderr := simulate(t, "run", "two-users", "burst", "--world", "virtual", "--runs", "3", "--out", dir, "--quiet"); code != exitPassed {
		t.Fatal(code, stderr)
	}
	moved := filepath.Join(at, "moved")
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	latest := filepath.Join(moved, "latest")
	code, stdout, stderr := simulate(t, "report", latest, "--format", "trace")
	if code != exitPassed || !json.Valid([]byte(stdout)) || stderr != "" || !strings.Contains(stdout, "two-users, repetition 3") || !strings.Contains(stdout, "burst, repetition 3") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	histories, err := filepath.Glob(filepath.Join(moved, "*", "*", reports.HistoryFile))
	if err != nil || len(histories) != 2 {
		t.Fatal(histories, err)
	}
	code, both, stderr := simulate(t, "report", filepath.Dir(histories[0]), histories[1], "--format", "trace")
	if code != exitPassed || stderr != "" || len(both) != len(stdout) {
		t.Errorf("exit %d, %d bytes, not %d: %s", code, len(both), len(stdout), stderr)
	}
	if err := os.Remove(histories[0]); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr = simulate(t, "report", latest, "--format", "trace")
	if want := "it lacks 1 run without a history: burst"; code != exitPassed || !strings.Contains(stderr, want) || !strings.Contains(stdout, want) || strings.Count(stderr, "\n") != 1 {
		t.Errorf("exit %d: %s", code, stderr)
	}
	if err := os.Remove(histories[1]); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr = simulate(t, "report", latest, "--format", "trace")
	if code != exitUsage || stdout != "" || !strings.Contains(stderr, "there is none of two-users, burst") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

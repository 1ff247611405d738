package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
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
		{[]string{latest, latest, "--format", "trace"}, "wants one run"},
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

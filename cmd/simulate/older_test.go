package main

import (
	"path/filepath"
	"strings"
	"testing"

	"holdfast/reports"
)

// TestHistoryOfTheOlderFormat is read and judged, and its report says what it does not
// say: what was wanted, by value.
func TestHistoryOfTheOlderFormat(t *testing.T) {
	code, stdout, stderr := simulate(t, "check", "testdata/history.v1.ndjson")
	if code != 0 || !strings.Contains(stdout, "PASS") || !strings.Contains(stdout, "values were not recorded of 2 of 2 acknowledged updates") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, _ = simulate(t, "check", "testdata/history.v1.ndjson", "--json")
	if code != 0 || !strings.Contains(stdout, `"notes": [`) {
		t.Errorf("exit %d\n%s", code, stdout)
	}
}

// TestResultOfAnOlderSimulate, without what came later, is told in every format.
func TestResultOfAnOlderSimulate(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, reports.ResultFile), string(read(t, "testdata/result.v1.json")))
	for _, format := range reports.FormatNames() {
		code, stdout, stderr := simulate(t, "report", dir, "--format", format)
		if code != exitPassed || stderr != "" || strings.Contains(stdout, "NaN") || !strings.Contains(stdout, "two-users") ||
			format != "brief" && !strings.Contains(strings.ToLower(stdout), "nothing lost") && format != "json" {
			t.Errorf("%s: exit %d\n%s%s", format, code, stdout, stderr)
		}
	}
}

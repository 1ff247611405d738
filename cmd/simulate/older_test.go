package main

import (
	"strings"
	"testing"
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

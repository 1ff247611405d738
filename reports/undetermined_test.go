package reports

import (
	"strings"
	"testing"

	"holdfast/reports/schema"
	"holdfast/scenarios/check"
)

// TestUndeterminedIsTold: what a history leaves open is in the document, for each cause.
func TestUndeterminedIsTold(t *testing.T) {
	r := repeated("storm", 3, nil).Result
	r.Runs[0].Undetermined = []check.Undetermined{
		{Invariant: check.NothingInvented, Anomaly: "never submitted", Because: check.Unrecorded, Count: 2, Summary: "first"},
		{Invariant: check.RealTime, Anomaly: "stale read", Because: check.Unaligned, Count: 1, WithinMS: 2.5, Summary: "first"},
	}
	text := formatted(t, "json", r)
	validate(t, schema.Result, []byte(text))
	if !strings.Contains(text, `"within_ms": 2.5`) || !strings.Contains(text, `"because": "unrecorded"`) {
		t.Error(text)
	}
}

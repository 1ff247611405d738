package reports

import (
	"slices"
	"testing"

	"holdfast/scenarios/measure"
)

func TestWhatIsMissedIsTold(t *testing.T) {
	m := measure.Measurement{
		Thresholds: []measure.ThresholdResult{
			{Expression: "attempts.p99<5", Value: 4, Passed: true}, {Expression: "attempts.p99<4", Value: 4},
			{Expression: "latency_ms.max<1000", NoValue: true},
		},
		Steps: []measure.StepResult{{Step: "T4 bob save", Want: "conflict", Got: "committed"}},
	}
	want := []string{
		"threshold attempts.p99<4 missed: it is 4", "threshold latency_ms.max<1000 missed: there are no samples",
		"T4 bob save: want conflict, got committed",
	}
	if got := missed(&m); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestFormatNumber(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 1: "1", 0.004: "0.00", 0.125: "0.12", 9.994: "9.99", 12.34: "12.3", 99.96: "100.0", 123.4: "123",
		999999: "999999", 1e6: "1000000", -3: "-3", 1234567.8: "1234568",
	} {
		if got := formatNumber(v); got != want {
			t.Errorf("%v is written as %q, want %q", v, got, want)
		}
	}
}

package measure

import (
	"math"
	"testing"
)

// TestIntervalIsStudents against a table: t(0.975, 4) is 2.7764.
func TestIntervalIsStudents(t *testing.T) {
	mean, half := MeanCI95([]float64{1, 2, 3, 4, 5})
	if want := 2.7764 * math.Sqrt(2.5/5); mean != 3 || math.Abs(*half-want) > 1e-4 {
		t.Errorf("%v ± %v, want ± %v", mean, *half, want)
	}
	if mean, half := MeanCI95([]float64{7}); mean != 7 || half != nil {
		t.Errorf("of one value: %v ± %v", mean, half)
	}
}

func TestJainsIndex(t *testing.T) {
	even := map[string]*delay{"a": {20, 2}, "b": {10, 1}, "c": {50, 5}}
	if got := *jain(even); got != 1 {
		t.Errorf("equal means: %v", got)
	}
	if got := *jain(map[string]*delay{"a": {1_000_000_000, 1}, "b": {1, 1}, "c": {1, 1}, "d": {1, 1}}); math.Abs(got-0.25) > 1e-6 {
		t.Errorf("one of four waits: %v", got)
	}
	if jain(map[string]*delay{"a": {1, 1}}) != nil {
		t.Error("one client is fair to whom?")
	}
}

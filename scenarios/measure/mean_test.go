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

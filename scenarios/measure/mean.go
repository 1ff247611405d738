package measure

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// MeanCI95 is the mean and half the width of its 95 % confidence interval by
// Student's t; nil: it takes two values.
func MeanCI95(values []float64) (mean float64, half *float64) {
	n := float64(len(values))
	mean, deviation := stat.MeanStdDev(values, nil)
	if n < 2 {
		return mean, nil
	}
	const twoSided = 0.975
	h := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile(twoSided) * deviation / math.Sqrt(n)
	return mean, &h
}

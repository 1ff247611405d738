package tuning

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"holdfast/scenarios/measure"
)

// missing stands for the value of a metric without samples.
var missing = math.Inf(1)

// confidence of the intervals that a report shows.
const confidence = 0.95

// Interval is a value with the limits between which the true one lies in 95 of 100
// searches.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// interval is Student's, of the mean of batches, around the value of all of them
// together. With one batch, or one that measured nothing, its limits are not known
// and the same as the value.
func interval(value float64, batches []float64) Interval {
	_, half := meanHalf(batches)
	return Interval{value, value - half, value + half}
}

// meanHalf is a mean with half the width of its interval, 0 if that is not known.
func meanHalf(values []float64) (mean, half float64) {
	if len(values) == 0 {
		return missing, 0
	}
	mean, ci := measure.MeanCI95(values)
	switch {
	case ci == nil:
		return mean, 0
	case math.IsNaN(*ci) || math.IsInf(mean, 0):
		return missing, 0
	}
	return mean, *ci
}

func student(freedom int) distuv.StudentsT {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(freedom)}
}

// Difference is how much more one policy has of a metric than another: the mean of
// the differences between batches with the same seeds.
type Difference struct {
	Interval
	// P is the probability of a difference this large, or larger, if there were none:
	// the two-sided paired t test.
	P float64 `json:"p"`
}

// paired compares two policies over the batches that both have played. Without two
// of them, nothing is known: P is 1.
func paired(a, b []float64) Difference {
	n := min(len(a), len(b))
	differences := make([]float64, n)
	for i := range n {
		differences[i] = a[i] - b[i]
	}
	mean, half := meanHalf(differences)
	if n < 2 || math.IsInf(mean, 0) || math.IsNaN(mean) {
		return Difference{P: 1}
	}
	d := Difference{Interval{mean, mean - half, mean + half}, 1}
	sd := stat.StdDev(differences, nil)
	switch {
	case sd > 0:
		d.P = 2 * student(n-1).Survival(math.Abs(mean)/(sd/math.Sqrt(float64(n))))
	case mean != 0:
		d.P = 0 // the same in every batch
	}
	return d
}

// outside is the chance that the truth is above an interval, and that it is below.
const outside = (1 - confidence) / 2

// clopperPearson is the interval of k out of n, exact for independent trials, each of whose
// limits is wrong with a chance of at most level. Neither need be whole: they may be what
// dependent trials are worth.
func clopperPearson(k, n, level float64) Interval {
	if n <= 0 {
		return Interval{0, 0, 1}
	}
	s := Interval{k / n, 0, 1}
	if k > 0 {
		s.Low = distuv.Beta{Alpha: k, Beta: n - k + 1}.Quantile(level)
	}
	if k < n {
		s.High = distuv.Beta{Alpha: k + 1, Beta: n - k}.Quantile(1 - level)
	}
	return s
}

// ruleOfThree is the upper limit, at 95 %, of the share of what was not seen in n
// independent trials; about 3/n.
func ruleOfThree(n float64) float64 {
	if n <= 0 {
		return 1
	}
	return -math.Expm1(math.Log(1-confidence) / n)
}

// trialsFor is how many independent trials without an event show that a share is
// below a limit.
func trialsFor(limit float64) int {
	return int(math.Ceil(math.Log(1-confidence) / math.Log1p(-limit)))
}

package compare

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"golang.org/x/perf/benchmath"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// exactRanks are the differences up to which the distribution of the signed ranks is computed
// and not approximated: it takes n³ steps.
const exactRanks = 100

// signedRank is the two-sided Wilcoxon signed-rank test: the probability that differences
// which are as likely positive as negative are as lopsided as these. Those that are 0 say
// nothing and are left out; it is 1 if none is left. Equal sizes share their ranks; the
// distribution is the exact one given these ranks, and of more than 100 differences the normal
// one with the correction for ties (Hollander, Wolfe & Chicken: Nonparametric Statistical
// Methods, 3rd ed., section 3.1).
func signedRank(differences []float64) (p float64) {
	d := slices.DeleteFunc(slices.Clone(differences), func(x float64) bool { return x == 0 })
	n := len(d)
	if n == 0 {
		return 1
	}
	slices.SortFunc(d, func(a, b float64) int { return cmp.Compare(math.Abs(a), math.Abs(b)) })
	// Ranks are counted twice, so that those of ties are whole.
	ranks := make([]int, 0, n)
	positive, ties := 0, 0.0
	for i := 0; i < n; {
		same := i
		for same < n && math.Abs(d[same]) == math.Abs(d[i]) {
			same++
		}
		t := float64(same - i)
		ties += t*t*t - t
		for ; i < same; i++ {
			rank := same + same - int(t) + 1
			ranks = append(ranks, rank)
			if d[i] > 0 {
				positive += rank
			}
		}
	}
	all := n * (n + 1)
	fewer := min(positive, all-positive)
	if n <= exactRanks {
		return min(1, 2*atMost(ranks, fewer))
	}
	N := float64(n)
	deviation := math.Sqrt(N*(N+1)*(2*N+1)/24 - ties/48)
	z := (float64(fewer)/2 - N*(N+1)/4 + 0.5) / deviation
	return min(1, 2*distuv.UnitNormal.CDF(z))
}

// atMost is the probability that the sum of ranks, each of which is in it or not by the
// toss of a coin, is at most so much.
func atMost(ranks []int, most int) float64 {
	chance := make([]float64, most+1) // of each sum
	chance[0] = 1
	for _, rank := range ranks {
		for sum := most; sum >= 0; sum-- {
			chance[sum] /= 2
			if sum >= rank {
				chance[sum] += chance[sum-rank] / 2
			}
		}
	}
	total := 0.0
	for _, c := range chance {
		total += c
	}
	return total
}

// differ is the two-sided Mann–Whitney U test, as benchmath chooses it: the probability that
// two samples of the same distribution differ as much as these.
func differ(old, new []float64) (p float64) {
	t := benchmath.DefaultThresholds
	p = benchmath.AssumeNothing.Compare(benchmath.NewSample(slices.Clone(old), &t), benchmath.NewSample(slices.Clone(new), &t)).P
	return min(1, p)
}

// weightOfMeans is the part of alpha that is left to a difference of means. Ranks find what befalls
// most repetitions, and do not see that a few have become many times as slow.
const weightOfMeans = 0.1

// enoughForMeans are the values of which a mean is nearly normal. Moreover, where nothing differs
// and both sides have about as many values, the difference of two means is symmetric, however
// skewed the values are, and Student's t errs to the safe side; mostUneven is how many times as many
// one of them may have.
const (
	enoughForMeans = 30
	mostUneven     = 1.25
)

// pairedMeans is the two-sided t test on differences; nil: they are too few.
func pairedMeans(differences []float64) *float64 {
	n := len(differences)
	if n < enoughForMeans {
		return nil
	}
	mean, variance := stat.MeanVariance(differences, nil)
	return student(mean, math.Sqrt(variance/float64(n)), float64(n-1))
}

// unpairedMeans is Welch's t test; nil: the values are too few, or too many more on one side.
func unpairedMeans(old, new []float64) *float64 {
	n, m := float64(len(old)), float64(len(new))
	if min(n, m) < enoughForMeans || max(n, m) > mostUneven*min(n, m) {
		return nil
	}
	meanA, varianceA := stat.MeanVariance(old, nil)
	meanB, varianceB := stat.MeanVariance(new, nil)
	a, b := varianceA/n, varianceB/m
	return student(meanB-meanA, math.Sqrt(a+b), (a+b)*(a+b)/(a*a/(n-1)+b*b/(m-1)))
}

// student is the two-sided p of a mean; nil: it has no deviation.
func student(mean, deviation, freedom float64) *float64 {
	if deviation == 0 {
		return nil
	}
	p := 2 * distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.CDF(-math.Abs(mean)/deviation)
	return &p
}

// leastPaired and leastUnpaired are the smallest p that so many values can have: differences
// that are not 0, or two samples.
func leastPaired(n int) float64 { return math.Exp2(1 - float64(n)) }

func leastUnpaired(old, new int) float64 {
	choose, _ := math.Lgamma(float64(old + new + 1))
	a, _ := math.Lgamma(float64(old + 1))
	b, _ := math.Lgamma(float64(new + 1))
	return min(1, 2*math.Exp(a+b-choose))
}

// superiority is Vargha and Delaney's A: the probability that a value of new is above one of
// old, ties counted half. 0.5: neither tends to be larger.
func superiority(old, new []float64) float64 {
	sorted := slices.Sorted(slices.Values(old))
	wins := 0.0
	for _, x := range new {
		below := sort.SearchFloat64s(sorted, x)
		notAbove := sort.Search(len(sorted), func(i int) bool { return sorted[i] > x })
		wins += float64(below) + float64(notAbove-below)/2
	}
	return wins / float64(len(old)) / float64(len(new))
}

// pairedSuperiority is the share of pairs in which new is above old, ties counted half.
func pairedSuperiority(differences []float64) float64 {
	wins := 0.0
	for _, d := range differences {
		switch {
		case d > 0:
			wins++
		case d == 0:
			wins += 0.5
		}
	}
	return wins / float64(len(differences))
}

// change is by which part of old's mean the means differ, with a confidence interval.
type change struct{ part, low, high float64 }

// pairedChange is that of pairs. The interval is that of a ratio of means of pairs, with
// Student's t (Cochran: Sampling Techniques, 3rd ed., section 6.3). Without at least two
// pairs, or a mean of old that is not 0, there is none.
func pairedChange(old, new []float64, alpha float64) *change {
	base := stat.Mean(old, nil)
	if len(old) < 2 || base == 0 {
		return nil
	}
	ratio := stat.Mean(new, nil) / base
	rest := make([]float64, len(old))
	for i := range rest {
		rest[i] = new[i] - ratio*old[i]
	}
	n := float64(len(old))
	return around(ratio, math.Sqrt(stat.Variance(rest, nil)/n)/math.Abs(base), n-1, alpha)
}

// unpairedChange is that of two samples, with Welch's degrees of freedom.
func unpairedChange(old, new []float64, alpha float64) *change {
	base := stat.Mean(old, nil)
	if len(old) < 2 || len(new) < 2 || base == 0 {
		return nil
	}
	ratio := stat.Mean(new, nil) / base
	a := stat.Variance(new, nil) / float64(len(new))
	b := ratio * ratio * stat.Variance(old, nil) / float64(len(old))
	freedom := 1.0
	if a+b > 0 {
		freedom = (a + b) * (a + b) / (a*a/float64(len(new)-1) + b*b/float64(len(old)-1))
	}
	return around(ratio, math.Sqrt(a+b)/math.Abs(base), freedom, alpha)
}

func around(ratio, deviation, freedom, alpha float64) *change {
	half := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Quantile(1-alpha/2) * deviation
	if deviation == 0 {
		half = 0
	}
	return &change{ratio - 1, ratio - 1 - half, ratio - 1 + half}
}

// holm adjusts p-values of one family (Holm 1979): those at most alpha are significant, and the
// probability that any of them is although nothing differs is at most alpha.
func holm(ps []float64) []float64 {
	order := make([]int, len(ps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(ps[a], ps[b]) })
	adjusted := make([]float64, len(ps))
	least := 0.0
	for k, i := range order {
		least = max(least, min(1, float64(len(ps)-k)*ps[i]))
		adjusted[i] = least
	}
	return adjusted
}

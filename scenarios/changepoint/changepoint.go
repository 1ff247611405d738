// Package changepoint finds where in a series of numbers, one of each run, something changed.
//
// It is E-divisive (Matteson and James, "A nonparametric approach for multiple change point
// analysis of multivariate data", JASA 109, 2014): the series is cut where the energy distance
// between what comes before and after is the greatest, the permutation test says whether a
// series without a change has such a place too, and what is on both sides is examined likewise
// until no cut is significant. Nothing is assumed of the numbers' distribution, only that
// without a change they would come in any order as likely.
//
// Where it differs from others, and why:
//
//   - The part after a cut goes on to the next one, as in MongoDB's implementation. The paper
//     looks for its end as well, which finds a bump in a long series more easily; but then two
//     runs after a change look alike wherever they are, and a change needs many more of them
//     until it is told.
//   - Hunter and Apache Otava (Fleming et al. 2023) put Student's t-test in the place of the
//     permutations, as these take long and differ from time to time. Here series are short,
//     the permutations are always the same ones, shares of operations are far from normal,
//     and a series of virtual runs may have no variance, of which no t-test can be made.
//     Their windows are for series of many hundred runs: see [Most].
//   - Several quantities of the same runs are tested together: a place is significant if no
//     quantity comes as far in more than a share [Significance] of the permutations
//     (Westfall and Young's maxT, in one step). So this is the share of false alarms of all
//     quantities together, and those that say the same cost nothing.
package changepoint

import (
	"math/rand/v2"
	"slices"
)

const (
	// Significance is the share of series without a change in which one is found.
	Significance = 0.01
	// Permutations are drawn for each test, always the same. It ends early when a place can't
	// be significant any more, or if the first ones, a fifth, have none as good.
	Permutations = 4999
	// Least is the length of series from which on a change can be found: in the midst of
	// fewer numbers, more than one permutation in a hundred separates them as well.
	Least = 10
	// Most is the length of the longest series: of longer ones, look at the end. A test
	// takes time by the square of it.
	Most = 200
	// shortest is the least number of values on each side of a cut: a single one is an outlier.
	shortest = 2
)

// Change is a place where a series changed.
type Change struct {
	At int // of the first value after it, from 0
	// Before and After are the means of the values on both sides, to the changes next to it.
	Before, After float64
	P             float64 // of the permutation test; 0.001 stands for less, too
}

// Find returns the changes of each of several quantities, which have as many values, of the
// same runs in the same order, in the order of their places. Series that are shorter than
// [Least] have none. Longer ones than [Most] are the caller's to shorten.
func Find(quantities [][]float64) [][]Change {
	f := finder{}
	for _, values := range quantities {
		f.distances = append(f.distances, distances(values))
		f.n = len(values)
	}
	all := make([][]Change, len(quantities))
	if f.n < Least {
		return all
	}
	for q := range quantities {
		all[q] = f.changes(q, quantities[q])
	}
	return all
}

// Blind is the number of values at the end of a series of n in which a change can't be
// significant yet, however large it is; n if it is too short for any.
func Blind(n int) int {
	if n < Least {
		return n
	}
	// k values at the end are separated from the others as well by any permutation that puts
	// them there or at the beginning: two of all n!/(k!(n-k)!).
	ways := float64(n)
	for k := 2; k <= n/2; k++ {
		ways *= float64(n-k+1) / float64(k)
		if 2/ways <= Significance {
			return k - 1
		}
	}
	return n / 2
}

// finder looks for changes in quantities of the same runs.
type finder struct {
	n         int
	distances []matrix
	tests     []*test // that were made, of all quantities in the same parts
}

// changes finds those of a quantity.
func (f *finder) changes(q int, values []float64) []Change {
	bounds := []int{0, f.n}
	p := map[int]float64{}
	for {
		t := f.test(bounds)
		found := t.best(q, t.inOrder)
		if found.score == 0 {
			break
		}
		var significant bool
		if p[found.at], significant = t.p(found.score); !significant {
			break
		}
		bounds = append(bounds, found.at)
		slices.Sort(bounds)
	}
	var all []Change
	for i := 1; i+1 < len(bounds); i++ {
		at := bounds[i]
		all = append(all, Change{at, mean(values[bounds[i-1]:at]), mean(values[at:bounds[i+1]]), p[at]})
	}
	return all
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// test returns that of the parts between bounds.
func (f *finder) test(bounds []int) *test {
	for _, t := range f.tests {
		if slices.Equal(t.bounds, bounds) {
			return t
		}
	}
	t := newTest(f, slices.Clone(bounds))
	f.tests = append(f.tests, t)
	return t
}

// test compares a cut with those of permutations within the same parts.
type test struct {
	bounds   []int
	inOrder  []int
	measured []quantity
	random   *rand.Rand
	order    []int     // the last permutation
	greatest []float64 // the greatest score of any quantity, of each permutation so far
}

// quantity is one of the series of a test.
type quantity struct {
	matrix
	rows  []float64 // the distances of a value from all others of its part, added up
	total []float64 // the distances within each part, added up
}

func newTest(f *finder, bounds []int) *test {
	const stream = 15 // of random numbers; any will do
	t := &test{bounds: bounds, random: rand.New(rand.NewPCG(1, stream))}
	for i := range f.n {
		t.inOrder = append(t.inOrder, i)
	}
	t.order = slices.Clone(t.inOrder)
	for _, d := range f.distances {
		m := quantity{matrix: d, rows: make([]float64, f.n)}
		for part := 1; part < len(bounds); part++ {
			sum := 0.0
			for i := bounds[part-1]; i < bounds[part]; i++ {
				for j := bounds[part-1]; j < bounds[part]; j++ {
					m.rows[i] += d.at(i, j)
				}
				sum += m.rows[i]
			}
			m.total = append(m.total, sum/2)
		}
		t.measured = append(t.measured, m)
	}
	return t
}

// p is the share of permutations, the series itself among them, that have a cut as good in
// any quantity, and whether that is significant; if not it may be of some permutations only.
func (t *test) p(score float64) (p float64, significant bool) {
	const rounding = 1e-9 // the same values in another order add up to nearly the same
	score *= 1 - rounding
	asGood := 1
	for n := range Permutations {
		if n == len(t.greatest) {
			t.permute()
		}
		if t.greatest[n] >= score {
			asGood++
		}
		switch p := float64(asGood) / float64(n+2); {
		case float64(asGood) > Significance*(Permutations+1):
			return p, false
		case asGood == 1 && n+2 == (Permutations+1)/5: // of a place that is not significant, four in 100,000 come so far
			return p, true
		}
	}
	return float64(asGood) / (Permutations + 1), true
}

// permute makes another permutation.
func (t *test) permute() {
	for part := 1; part < len(t.bounds); part++ {
		within := t.order[t.bounds[part-1]:t.bounds[part]]
		t.random.Shuffle(len(within), func(i, j int) { within[i], within[j] = within[j], within[i] })
	}
	best := 0.0
	for q := range t.measured {
		best = max(best, t.best(q, t.order).score)
	}
	t.greatest = append(t.greatest, best)
}

// cut is a place and how good it is there to cut; 0: it is no place.
type cut struct {
	at    int
	score float64
}

// best is the best cut of a quantity's parts, whose values are in an order.
func (t *test) best(q int, order []int) (best cut) {
	m := &t.measured[q]
	for part := 1; part < len(t.bounds); part++ {
		from, to := t.bounds[part-1], t.bounds[part]
		if c := m.cut(order[from:to], m.total[part-1]); c.score > best.score {
			best = cut{from + c.at, c.score}
		}
	}
	return best
}

// cut is the best one of a part: where Q of the paper, with α = 1, is the greatest. Its score
// is Q in units of the mean distance within the part, which is the same in any order, so that
// quantities of different units can be compared.
func (m *quantity) cut(order []int, total float64) (best cut) {
	n := len(order)
	if n < 2*shortest || total == 0 {
		return cut{}
	}
	before, after, across := 0.0, total, 0.0
	for i, value := range order[:n-1] {
		row := m.matrix.row(value)
		back := 0.0
		for _, earlier := range order[:i] {
			back += row[earlier]
		}
		ahead := m.rows[value] - back
		before, after, across = before+back, after-ahead, across+ahead-back
		x, y := float64(i+1), float64(n-i-1)
		if i+1 < shortest || n-i-1 < shortest {
			continue
		}
		energy := 2*across/(x*y) - before/(x*(x-1)/2) - after/(y*(y-1)/2)
		if q := x * y / (x + y) * energy; q > best.score {
			best = cut{i + 1, q}
		}
	}
	best.score /= total / (float64(n*(n-1)) / 2)
	return best
}

// matrix are the distances between all values.
type matrix struct {
	n     int
	cells []float64
}

func distances(values []float64) matrix {
	m := matrix{n: len(values), cells: make([]float64, 0, len(values)*len(values))}
	for _, a := range values {
		for _, b := range values {
			m.cells = append(m.cells, max(a-b, b-a))
		}
	}
	return m
}

func (m matrix) row(i int) []float64 { return m.cells[i*m.n : (i+1)*m.n] }
func (m matrix) at(i, j int) float64 { return m.cells[i*m.n+j] }

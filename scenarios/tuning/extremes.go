package tuning

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// extremes say how rarely large numbers of a sample are exceeded: attempts, or
// microseconds.
type extremes struct {
	sorted []int64 // ascending
	more   int     // further operations, which exceed any number: they gave up
	spread float64 // how much wider it scatters than independent operations do, at least 1
	level  float64 // chance that a limit is below the truth

	// fitted: the sample is large enough, and its far end no heavier than what follows.
	fitted    bool
	threshold int64
	share     Interval // beyond the threshold
	best      pareto
	// heaviest are the distributions of the excesses that the sample does not exclude, of
	// each shape that with the largest scale.
	heaviest []pareto
	// chance that one of the tail does not exceed the next number: the least of the whole
	// tail's and of the last ones'.
	chance float64
	// power is the index of the power law that the numbers themselves follow at most, as
	// times do; 0: none is known.
	power float64
}

// The operations that make a tail: a twentieth of all, within limits, and fewer where
// those are of several kinds.
const (
	tailOf     = 20
	fewestTail = 12
	enoughTail = 50
	mostTail   = 500
	fewestAll  = tailOf * enoughTail
)

// fewestNumbers that a tail reaches over, if there are as many: two or three attempts have
// any shape.
const fewestNumbers = 5

// unluckier is by how much the chance of writers that the sample has not shown may be
// smaller than that of the last ones that it has.
const unluckier = 3

// narrow is the share of the level at which limits of fits are taken: those of likelihood
// ratios are too narrow in samples so small. Of two the lower counts, so the second is taken
// further out.
const (
	narrow = 0.4
	second = 0.1
)

// newExtremes fits generalized Pareto distributions to the largest of sorted numbers (peaks
// over threshold: Pickands, Annals of Statistics 3, 1975). Spread says by how much the
// number of those above a threshold scatters more than that of independent operations.
func newExtremes(sorted []int64, more int, level float64, spread func(threshold int64) float64) extremes {
	e := extremes{sorted: sorted, more: more, level: level, spread: 1}
	n := len(sorted)
	if n < fewestAll || more > 0 {
		return e
	}
	for k := min(max(n/tailOf, enoughTail), mostTail); k >= fewestTail && !e.fitted; k /= 2 {
		e.threshold = sorted[n-k-1]
		if e.over(e.threshold) < k { // many are as large
			e.threshold--
		}
		e.threshold = max(min(e.threshold, sorted[n-1]-fewestNumbers), sorted[0]-1)
		e.spread = max(spread(e.threshold), 1)
		e.fit()
	}
	return e
}

func (e *extremes) fit() {
	over := e.over(e.threshold)
	p := newPeaks(e.sorted[len(e.sorted)-over:], e.threshold)
	best, heaviest := p.region(e.level, e.spread)
	if heavier(p.standard(best)) {
		return
	}
	e.fitted, e.best, e.heaviest, e.share, e.chance = true, best, heaviest, e.counted(over), p.n/p.sum
	for _, k := range []int{enoughTail, fewestTail} {
		e.chance = min(e.chance, e.chanceOfLast(k))
	}
}

// fitPower fits a power law to the same numbers (Hill, Annals of Statistics 3, 1975): it
// falls off faster than what is fitted to excesses far beyond them, if they are large and
// scatter little. Its index is at its upper limit.
func (e *extremes) fitPower() {
	if !e.fitted || e.threshold < 1 {
		return
	}
	largest := e.sorted[len(e.sorted)-e.over(e.threshold):]
	logs, sum := make([]float64, len(largest)), 0.0
	for i, v := range largest {
		logs[i] = math.Log(float64(v) / float64(e.threshold))
		sum += logs[i]
	}
	if heavier(logs) {
		return
	}
	// Logarithms of a power law are exponential: 2·sum/index has a χ² distribution with 2k
	// degrees of freedom.
	e.power = 2 * sum / e.spread / distuv.ChiSquared{K: 2 * float64(len(logs)) / e.spread}.Quantile(second*e.level)
}

// chanceOfLast is the chance that the last k had, and those that are as large as the first
// of them.
func (e *extremes) chanceOfLast(k int) float64 {
	threshold := e.sorted[len(e.sorted)-k] - 1
	last, tried := e.sorted[len(e.sorted)-e.over(threshold):], 0.0
	for _, v := range last {
		tried += float64(v - threshold)
	}
	return float64(len(last)) / tried
}

// over counts the operations that exceed a number.
func (e *extremes) over(x int64) int {
	at, _ := slices.BinarySearch(e.sorted, x+1)
	return len(e.sorted) - at + e.more
}

// counted is the share that so many operations are, with its exact limits.
func (e *extremes) counted(over int) Interval {
	return clopperPearson(float64(over)/e.spread, float64(len(e.sorted)+e.more)/e.spread, e.level)
}

// beyond estimates the share of operations that exceed a number. If the number was
// exceeded, it is counted. Else it is extrapolated, and its high limit is the highest of
// what the sample does not exclude:
//
//   - a tail that gets heavier, or writers of many kinds: generalized Pareto, or for times a
//     power law if that is lower;
//   - a minority that is worse placed, of which nothing was seen beyond the largest number
//     of the sample: by the rule of three a share that is small, and of which from there
//     on each attempt commits with a third of the chance that the last ones had.
func (e *extremes) beyond(x int64) Interval {
	over := e.over(x)
	counted := e.counted(over)
	if over > 0 || !e.fitted {
		return counted
	}
	high, past := 0.0, float64(x-e.threshold)
	for _, p := range e.heaviest {
		high = max(high, p.survival(past))
	}
	if e.power > 0 {
		high = min(high, math.Pow(float64(x)/float64(e.threshold), -1/e.power))
	}
	unseen := 0.0
	if last := e.sorted[len(e.sorted)-1]; last > e.sorted[0] { // else there is no luck in it
		unseen = counted.High * math.Pow(1-e.chance/unluckier, float64(x-last))
	}
	return Interval{
		Value: min(e.share.Value*e.best.survival(past), counted.High),
		High:  min(max(e.share.High*high, unseen), counted.High),
	}
}

// pareto is a generalized Pareto distribution; shape 0 is the exponential one, and larger
// ones fall off ever more slowly, as a mixture of exponential ones does.
type pareto struct{ shape, scale float64 }

// survival is the share that exceeds x.
func (p pareto) survival(x float64) float64 { return math.Exp(-p.hazard(x)) }

func (p pareto) hazard(x float64) float64 {
	if p.shape == 0 {
		return x / p.scale
	}
	return math.Log1p(p.shape*x/p.scale) / p.shape
}

// peaks are excesses over a threshold, whole numbers from 1, and how many have each.
type peaks struct {
	excess, count []float64
	n, sum        float64
}

func newPeaks(sorted []int64, threshold int64) peaks {
	var p peaks
	for i, v := range sorted {
		if i == 0 || v != sorted[i-1] {
			p.excess, p.count = append(p.excess, float64(v-threshold)), append(p.count, 0)
		}
		p.count[len(p.count)-1]++
		p.n, p.sum = p.n+1, p.sum+float64(v-threshold)
	}
	return p
}

// likelihood is the logarithm of that of a distribution, whose numbers are rounded up.
func (p *peaks) likelihood(d pareto) float64 {
	const fine = 1000 // scale beyond which a density says the same
	total := 0.0
	for i, x := range p.excess {
		before := d.hazard(x - 1)
		within := 1 / (d.scale * math.Exp(d.shape*before))
		if d.scale < fine {
			within = -math.Expm1(before - d.hazard(x))
		}
		total += p.count[i] * (math.Log(within) - before)
	}
	return total
}

// region finds the likeliest distribution whose shape is not negative, and for each shape
// the largest scale that a likelihood ratio test does not exclude at a level, of numbers
// that scatter wider than independent ones. The first one has shape 0 in any case, and its
// scale is as large as is likely among those.
func (p *peaks) region(level, spread float64) (best pareto, heaviest []pareto) {
	allowed := distuv.ChiSquared{K: 1}.Quantile(1-2*narrow*level) / 2 * spread
	step := max(0.02, 0.3/math.Sqrt(p.n))
	var all []pareto
	var likelihoods []float64
	most := math.Inf(-1)
	for shape := 0.0; shape == 0 || len(p.excess) > 1; shape += step { // one number says nothing of a shape
		d, l := p.likeliest(shape)
		if l > most {
			best, most = d, l
		}
		if l < most-allowed && shape > best.shape {
			break
		}
		all, likelihoods = append(all, d), append(likelihoods, l)
	}
	for i, d := range all {
		if i == 0 {
			heaviest = append(heaviest, p.largest(d, likelihoods[i]-allowed))
		} else if likelihoods[i] >= most-allowed {
			heaviest = append(heaviest, p.largest(d, most-allowed))
		}
	}
	return best, heaviest
}

// wide is the logarithm of the factor within which scales are looked for.
const wide = 4

// likeliest is the distribution of a shape that makes the excesses likeliest, by golden
// section over the logarithm of its scale.
func (p *peaks) likeliest(shape float64) (pareto, float64) {
	const ratio, precise = 0.6180339887498949, 1e-3
	at := func(log float64) (pareto, float64) {
		d := pareto{shape, math.Exp(log)}
		return d, p.likelihood(d)
	}
	middle := math.Log(p.sum / p.n / (1 + shape))
	low, high := middle-wide, middle+wide
	a, b := high-ratio*(high-low), low+ratio*(high-low)
	_, la := at(a)
	_, lb := at(b)
	for high-low > precise {
		if la > lb {
			high, b, lb = b, a, la
			a = high - ratio*(high-low)
			_, la = at(a)
		} else {
			low, a, la = a, b, lb
			b = low + ratio*(high-low)
			_, lb = at(b)
		}
	}
	return at((low + high) / 2)
}

// largest is the distribution of a shape with the largest scale that is so likely.
func (p *peaks) largest(d pareto, likelihood float64) pareto {
	const precise = 1e-3
	low, high := math.Log(d.scale), math.Log(d.scale)+wide
	for high-low > precise {
		middle := (low + high) / 2
		if p.likelihood(pareto{d.shape, math.Exp(middle)}) >= likelihood {
			low = middle
		} else {
			high = middle
		}
	}
	return pareto{d.shape, math.Exp(high)}
}

// standard are the excesses as a distribution sees them, ascending: exponential with mean
// 1, if they are distributed so. Those that are the same are spread over their share.
func (p *peaks) standard(d pareto) []float64 {
	var all []float64
	for i, x := range p.excess {
		above, within := d.survival(x-1), -math.Expm1(d.hazard(x-1)-d.hazard(x))
		for j := range int(p.count[i]) {
			all = append(all, -math.Log(above*(1-within*(float64(j)+0.5)/p.count[i])))
		}
	}
	return all
}

// heavier reports whether sorted excesses have a heavier tail than an exponential
// distribution, at a level of 1 %: Gnedenko's F test of the normalized spacings. If it
// were exponential, the gaps between the slowest would be no wider than those between
// the others, once each is multiplied by the number that is beyond.
func heavier(excesses []float64) bool {
	const level = 0.01
	halves, before, k := [2]float64{}, 0.0, len(excesses)
	for i, e := range excesses {
		halves[i*2/k] += float64(k-i) * (e - before)
		before = e
	}
	first, second := float64((k+1)/2), float64(k-(k+1)/2)
	if halves[0] == 0 {
		return halves[1] > 0
	}
	ratio := (halves[1] / second) / (halves[0] / first)
	return ratio > distuv.F{D1: 2 * second, D2: 2 * first}.Quantile(1-level)
}

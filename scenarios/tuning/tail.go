package tuning

import (
	"math"
	"time"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Exhaustion is how often operations give up, and how that is known.
type Exhaustion struct {
	Interval
	// Method is "counted" (they happened), "extrapolated" (none happened; from the
	// tails of attempts and latency), "bounded" (none happened, and nothing more can
	// be said than the rule of three) or "none" (the policy never gives up).
	Method     string `json:"method"`
	Observed   int    `json:"observed"`
	Operations int    `json:"operations"`
	// Counted is the upper limit without any assumption but that those who give up
	// do so independently.
	Counted    float64 `json:"counted_high"`
	Assumption string  `json:"assumption,omitempty"`
}

// The methods by which give-ups are known.
const (
	Counted      = "counted"
	Extrapolated = "extrapolated"
	Bounded      = "bounded"
	Never        = "none"
)

const assumption = "the chance that an attempt commits does not fall with the number of attempts made, " +
	"and the slowest latencies fall off at least by a power law"

// exhaustion estimates how often a policy gives up.
func exhaustion(m *measured) Exhaustion {
	r := m.pooled()
	g := Exhaustion{Method: Counted, Observed: r.Counts.GivenUp(), Operations: r.Counts.Operations}
	if g.Observed > 0 {
		g.Interval = countedGiveUps(m)
		g.Counted = g.High
		return g
	}
	if m.policy.MaxAttempts() == unlimited && m.policy.Deadline == 0 {
		g.Method = Never
		return g
	}
	g.Counted = ruleOfThree(float64(g.Operations))
	g.High, g.Method = g.Counted, Bounded
	attempts, ok := newTail(m).beyond(m.policy.MaxAttempts())
	late, timely := latencyBeyond(m, m.policy.Deadline)
	if !ok || !timely {
		return g
	}
	// Whoever gives up has run out of attempts or of time.
	g.Value, g.High, g.Method, g.Assumption = attempts.Value+late, attempts.High+late, Extrapolated, assumption
	return g
}

// enoughAffected repetitions, and Student's interval of the batches is used; below,
// the exact one of the repetitions in which somebody gave up.
const enoughAffected = 30

func countedGiveUps(m *measured) Interval {
	r := m.pooled()
	value := m.value(exhaustedRate)
	most := 2*m.affected > r.Repetitions // and the exact interval says nothing of how many each
	if (m.affected >= enoughAffected || most) && len(m.batches) > 2 {
		i := interval(value, m.values(exhaustedRate))
		return Interval{value, max(i.Low, 0), min(i.High, 1)}
	}
	each := float64(r.Counts.GivenUp()) / float64(m.affected)
	of := clopperPearson(float64(m.affected), float64(r.Repetitions))
	scale := each * float64(r.Repetitions) / float64(r.Counts.Operations)
	return Interval{value, of.Low * scale, min(of.High*scale, 1)}
}

// tail says how many operations needed more than so many attempts.
type tail struct {
	over    []int // index: attempts
	batches [][]int
}

// newTail counts those that committed, and those that gave up at the bound as having
// needed more.
func newTail(m *measured) tail {
	r := m.pooled()
	most := max(len(r.Attempts.Histogram), 2)
	t := tail{over: survivors(r.Attempts.Histogram, r.Counts.GivenUp(), most)}
	for i := range m.batches {
		b := &m.batches[i]
		t.batches = append(t.batches, survivors(b.Attempts.Histogram, b.Counts.GivenUp(), most))
	}
	return t
}

func survivors(histogram []int, exhausted, most int) []int {
	over := make([]int, most)
	n := exhausted
	for k := most - 1; k >= 0; k-- {
		over[k] = n
		if k < len(histogram) {
			n += histogram[k]
		}
	}
	return over
}

// enoughTail operations, and a share is taken as it was counted; below, it is
// extrapolated from where there were as many.
const enoughTail = 50

// beyond estimates the share of operations that need more than k attempts. Beyond
// the counted part it takes the chance that an attempt commits to be what it was
// for the last ones that were counted, at its lower limit. The estimate is refused if
// that chance was falling.
func (t tail) beyond(k int) (Interval, bool) {
	if k == unlimited {
		return Interval{}, true
	}
	if t.over[0] == 0 {
		return Interval{0, 0, 1}, false
	}
	from := 0
	for i, n := range t.over {
		if n >= enoughTail && i <= k {
			from = i
		}
	}
	spread := t.spread(from)
	of := clopperPearson(float64(t.over[from])/spread, float64(t.over[0])/spread)
	if from == k {
		return of, true
	}
	committed, tried := t.trials(from, len(t.over)-1)
	before, triedBefore := t.trials(from/2, from)
	if falling(before, triedBefore, committed, tried) {
		return Interval{0, 0, 1}, false
	}
	chance := clopperPearson(committed/spread, tried/spread)
	more := float64(k - from)
	return Interval{
		of.Value * math.Pow(1-chance.Value, more),
		of.Low * math.Pow(1-chance.High, more),
		of.High * math.Pow(1-chance.Low, more),
	}, true
}

// trials counts the attempts after the from-th up to the to-th, and the ones that
// committed.
func (t tail) trials(from, to int) (committed, tried float64) {
	for k := from; k < to; k++ {
		tried += float64(t.over[k])
		committed += float64(t.over[k] - t.over[k+1])
	}
	return committed, tried
}

// falling reports whether the chance of an attempt is smaller than that of those
// before it, at a level of 0.1 %: the two-proportion z test.
func falling(before, triedBefore, committed, tried float64) bool {
	if tried == 0 || triedBefore == 0 {
		return false
	}
	const level = 0.001
	all := (before + committed) / (triedBefore + tried)
	se := math.Sqrt(all * (1 - all) * (1/triedBefore + 1/tried))
	if se == 0 {
		return false
	}
	return (before/triedBefore-committed/tried)/se > distuv.UnitNormal.Quantile(1-level)
}

// spread is how much wider the counts of batches scatter than those of independent
// operations do, at least 1: what happens in one repetition hangs together.
func (t tail) spread(k int) float64 {
	const fewest = 5 // batches, for a variance
	p := float64(t.over[k]) / float64(t.over[0])
	if len(t.batches) < fewest || t.over[k] == 0 || p >= 1 {
		return 1
	}
	var counts []float64
	for _, b := range t.batches {
		counts = append(counts, float64(b[k]))
	}
	mean, variance := stat.MeanVariance(counts, nil)
	return max(variance/(mean*(1-p)), 1)
}

// latencyBeyond is the share of operations that take longer than a deadline, at its
// upper limit.
func latencyBeyond(m *measured, deadline time.Duration) (float64, bool) {
	if deadline == 0 {
		return 0, true
	}
	t, ok := newSlowTail(m)
	if !ok {
		return 0, false
	}
	return t.beyond(deadline)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

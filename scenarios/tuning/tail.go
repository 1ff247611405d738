package tuning

import (
	"cmp"
	"slices"
	"time"
)

// Exhaustion is how often operations give up, and how that is known.
type Exhaustion struct {
	Interval
	// Method is "counted" (they happened), "extrapolated" (none happened; from the
	// tails of attempts and latency, and less than the rule of three), "bounded" (none
	// happened, and the tails say no more than that) or "none" (the policy never gives up).
	Method     string `json:"method"`
	Observed   int    `json:"observed"`
	Operations int    `json:"operations"`
	// Counted is the upper limit without any assumption but that those who give up
	// do so independently.
	Counted    float64 `json:"counted_high"`
	Assumption string  `json:"assumption,omitempty"`
	// ByActor tells those apart who are placed differently, if there are several.
	ByActor []ActorGiveUps `json:"by_actor,omitempty"`
}

// ActorGiveUps is how often the operations of an actor's clients give up.
type ActorGiveUps struct {
	Actor      string `json:"actor"`
	Operations int    `json:"operations"`
	Observed   int    `json:"observed"`
	// High is the upper limit of the share of these operations that do; where they were
	// observed, of independent ones.
	High float64 `json:"high"`
}

// The methods by which give-ups are known.
const (
	Counted      = "counted"
	Extrapolated = "extrapolated"
	Bounded      = "bounded"
	Never        = "none"
)

const assumption = "among the clients of an actor none has less than a third of the chance, in an attempt or in time, " +
	"that the last ones seen had; tails that get heavier are those that the sample does not exclude"

// exhaustion estimates how often a policy gives up.
func exhaustion(m *measured) Exhaustion {
	r := m.pooled()
	g := Exhaustion{Method: Counted, Observed: r.Counts.GivenUp(), Operations: r.Counts.Operations}
	if g.Observed > 0 {
		g.Interval, g.ByActor = countedGiveUps(m), giveUpsByActor(m)
		g.Counted = g.High
		return g
	}
	if m.policy.MaxAttempts() == unlimited && m.policy.Deadline == 0 {
		g.Method = Never
		return g
	}
	g.Counted = ruleOfThree(float64(g.Operations))
	g.High, g.Method = g.Counted, Bounded
	// Whoever gives up has run out of attempts or of time.
	attempts, late := attemptsBeyond(m, m.policy.MaxAttempts()), latencyBeyond(m, m.policy.Deadline)
	if high := attempts.High + late.High; high < g.Counted {
		g.Value, g.High, g.Method, g.Assumption = attempts.Value+late.Value, high, Extrapolated, assumption
	}
	g.ByActor = giveUpsByActor(m)
	return g
}

// giveUpsByActor is nil if there is one actor only.
func giveUpsByActor(m *measured) []ActorGiveUps {
	attempts := newTail(m)
	if len(attempts) < 2 {
		return nil
	}
	late, _ := newSlowTail(m)
	var all []ActorGiveUps
	for i := range attempts {
		a := &attempts[i]
		g := ActorGiveUps{a.actor, len(a.sorted) + a.more, a.more, a.counted(a.more).High}
		if g.Observed == 0 {
			high := 0.0
			if n := m.policy.MaxAttempts(); n != unlimited {
				high = a.beyond(int64(n)).High
			}
			if m.policy.Deadline > 0 {
				high += late.tails[i].beyond(m.policy.Deadline.Microseconds()).High
			}
			g.High = min(high, g.High)
		}
		all = append(all, g)
	}
	return all
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
	of := clopperPearson(float64(m.affected), float64(r.Repetitions), outside)
	scale := each * float64(r.Repetitions) / float64(r.Counts.Operations)
	return Interval{value, of.Low * scale, min(of.High*scale, 1)}
}

// tails say how rarely a number of attempts or a time is exceeded, for the clients of each
// actor: those who are placed worse than others are judged by their own.
type tails []tail

type tail struct {
	extremes
	actor string
	of    float64 // share of the operations
}

// beyond estimates the share of operations that exceed a number.
func (t tails) beyond(x int64) Interval {
	if len(t) == 0 {
		return Interval{0, 0, 1}
	}
	var sum Interval
	for i := range t {
		part := t[i].beyond(x)
		sum.Value += t[i].of * part.Value
		sum.Low += t[i].of * part.Low
		sum.High += t[i].of * part.High
	}
	return sum
}

// least is the smallest number that fewer than a share of the operations exceed, at the
// upper limit, if it is not above most.
func (t tails) least(share float64, most int64) (int64, bool) {
	return least(most, func(x int64) bool { return t.beyond(x).High <= share })
}

// least is the smallest number that is within, if it is not above most: what is above one
// that is within is within too, and nothing below 1 is.
func least(most int64, within func(x int64) bool) (int64, bool) {
	low, high := int64(0), int64(1) // low is too small
	for ; !within(high); low, high = high, min(2*high, most) {
		if high >= most {
			return 0, false
		}
	}
	for high-low > 1 {
		if middle := low + (high-low)/2; within(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high, true
}

// newTail is that of the attempts. Who gave up needed more than any number.
func newTail(m *measured) tails {
	if m.attempts == nil {
		answered := m.numbers.Answered()
		m.attempts = m.tails(func(i int) int64 { return int64(answered[i].Attempts) })
	}
	return m.attempts
}

// slowTail is that of the latencies, in microseconds.
type slowTail struct{ tails }

// newSlowTail is refused if it can't be extrapolated.
func newSlowTail(m *measured) (slowTail, bool) {
	if m.slow == nil {
		latencies := m.numbers.Latencies()
		m.slow = m.tails(func(i int) int64 { return latencies[i] })
		for i := range m.slow {
			m.slow[i].fitPower()
		}
	}
	unfitted := slices.ContainsFunc(m.slow, func(t tail) bool { return !t.fitted })
	return slowTail{m.slow}, len(m.slow) > 0 && !unfitted
}

// likely is the shortest deadline that only a share of the operations does not keep, by the
// estimate.
func (t slowTail) likely(share float64) time.Duration {
	x, ok := least(endless.Microseconds(), func(x int64) bool { return t.beyond(x).Value <= share })
	if !ok {
		return endless
	}
	return time.Duration(x) * time.Microsecond
}

// attemptsBeyond is the share of operations that need more attempts than are allowed.
func attemptsBeyond(m *measured, attempts int) Interval {
	if attempts == unlimited {
		return Interval{}
	}
	return newTail(m).beyond(int64(attempts))
}

// latencyBeyond is the share of operations that take longer than a deadline; 0: none.
func latencyBeyond(m *measured, deadline time.Duration) Interval {
	if deadline == 0 {
		return Interval{}
	}
	t, _ := newSlowTail(m)
	return t.beyond(deadline.Microseconds())
}

// tails fits a number of each acknowledged operation, for each actor.
func (m *measured) tails(number func(operation int) int64) tails {
	parts := m.byActor(number)
	level := outside / float64(len(parts)) // so that the sum keeps it
	n := 0
	for i := range parts {
		n += parts[i].operations()
	}
	var all tails
	for i := range parts {
		p := &parts[i]
		all = append(all, tail{
			extremes: newExtremes(p.sorted(), p.gaveUp, level, p.spread),
			actor:    p.actor, of: float64(p.operations()) / float64(n),
		})
	}
	return all
}

// part is the operations of an actor's clients.
type part struct {
	actor   string
	gaveUp  int
	batches [][]int64 // numbers of the acknowledged ones
}

// byActor sorts operations by actor, in the order in which those are first answered.
func (m *measured) byActor(number func(operation int) int64) []part {
	var actorOf map[string]string
	if m.scenario != nil {
		actorOf = m.scenario.ActorOf()
	}
	names, gaveUp := m.numbers.Actors()
	parts, at, of := []part(nil), map[string]int{}, make([]int, len(names))
	for i, name := range names {
		actor := cmp.Or(actorOf[name], name)
		if _, ok := at[actor]; !ok {
			at[actor] = len(parts)
			parts = append(parts, part{actor: actor, batches: make([][]int64, len(m.batches))})
		}
		of[i] = at[actor]
		parts[of[i]].gaveUp += gaveUp[i]
	}
	operation := 0
	for b := range m.batches {
		for range m.batches[b].Counts.Acknowledged {
			p := &parts[of[m.numbers.Answered()[operation].Actor]]
			p.batches[b] = append(p.batches[b], number(operation))
			operation++
		}
	}
	return parts
}

func (p *part) operations() int {
	n := p.gaveUp
	for _, b := range p.batches {
		n += len(b)
	}
	return n
}

func (p *part) sorted() []int64 {
	all := slices.Concat(p.batches...)
	slices.Sort(all)
	return all
}

// spread is how much wider the counts of those that exceed a number scatter over the
// batches than those of independent operations do: what happens in one repetition hangs
// together.
func (p *part) spread(x int64) float64 {
	const fewest = 5 // batches, for a variance
	var above []float64
	over, all := 0.0, 0.0
	for _, b := range p.batches {
		n := 0.0
		for _, v := range b {
			if v > x {
				n++
			}
		}
		above = append(above, n)
		over, all = over+n, all+float64(len(b))
	}
	share, squares := over/all, 0.0
	if len(above) < fewest || share == 0 || share == 1 {
		return 1
	}
	for i, b := range p.batches {
		d := above[i] - share*float64(len(b))
		squares += d * d
	}
	n := float64(len(above))
	return max(squares*n/(n-1)/(all*share*(1-share)), 1)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

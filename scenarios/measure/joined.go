package measure

import (
	"slices"

	"holdfast/scenarios/history"
)

// joined makes the numbers of a run out of events by several clocks, [history.Event.Clock]: each
// is counted by its own, and what the collectors have is put together at the end. So durations
// are right however far the clocks are apart, and all times count from when the actors of their
// recorder began, which is when all began as far as the barrier has them begin together.
type joined struct{ by []*Collector }

// Add implements [history.Sink].
func (j *joined) Add(e *history.Event) {
	for len(j.by) <= e.Clock {
		j.by = append(j.by, NewCollector())
	}
	j.by[e.Clock].Add(e)
}

// collector is one that has all numbers. Nothing can be added after it.
func (j *joined) collector() *Collector {
	switch len(j.by) {
	case 0:
		return NewCollector()
	case 1:
		j.by[0].closeRepetition()
		return j.by[0]
	}
	all := NewCollector()
	for _, c := range j.by {
		all.join(c)
	}
	if all.repetition > 0 {
		all.asOne()
	}
	return all
}

// join adds what another collector has of the same repetition by another clock.
func (c *Collector) join(o *Collector) {
	end, ran := c.end, c.ran
	c.Merge(o)
	c.end, c.ran = max(end, o.end), max(ran, o.ran)
	c.repetition = max(c.repetition, o.repetition)
}

// asOne makes one repetition of what several recorders have seen of it. It lasts as long as that
// of the recorder that went on longest.
func (c *Collector) asOne() {
	longest := int64(0)
	if len(c.makespans) > 0 {
		longest = int64(slices.Max(c.makespans) * 1e6)
		c.makespans = []float64{slices.Max(c.makespans)}
	}
	c.puts = []float64{float64(c.counts.Puts)}
	c.givenUpIn = min(c.givenUpIn, 1)
	c.before, c.answeredIn, c.begin, c.last = Counts{}, 0, 0, longest
	c.each = []Repetition{c.ended()}
}

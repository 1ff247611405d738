package measure

import (
	"slices"
	"time"

	"holdfast/scenarios/check"
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
	longest := 0.0
	for i := range c.each {
		longest = max(longest, c.each[i].MakespanMS)
	}
	c.before, c.answeredIn, c.begin, c.last = Counts{}, 0, 0, int64(nanoseconds(longest))
	c.each = []Repetition{c.ended()}
}

// Overlap is how much the shards of a load were at work at the same time: from when the actors
// of one start to its last answer.
type Overlap struct {
	Shards int `json:"shards"` // that have begun
	// Share of the time in which any of them was at work is that in which all were, on clocks that
	// are aligned by what the shards have seen of each other. It is 0 if nobody knows, as WithinMS
	// tells.
	Share float64 `json:"share"`
	// WithinMS is how exactly the clocks are aligned, of the two that are least so: ± so many
	// milliseconds. 0: of some it is not known.
	WithinMS float64 `json:"within_ms,omitempty"`
}

// overlap is nil if fewer than two recorders have seen actors, or their clocks were not aligned.
func (j *joined) overlap(a *check.Alignment) *Overlap {
	if a == nil {
		return nil
	}
	var first, last []int64
	var clocks []int
	for clock, c := range j.by {
		if c.repetition > 0 && clock < len(a.Shift) {
			clocks = append(clocks, clock)
			first, last = append(first, c.begin+a.Shift[clock]), append(last, c.last+a.Shift[clock])
		}
	}
	if len(clocks) < 2 {
		return nil
	}
	o := &Overlap{Shards: len(clocks)}
	widest := time.Duration(0)
	for i, one := range clocks {
		for _, other := range clocks[:i] {
			width := a.Width(one, other)
			if width == 0 {
				return o
			}
			widest = max(widest, width)
		}
	}
	o.WithinMS = float64(widest) / 2e6
	if whole := slices.Max(last) - slices.Min(first); whole > 0 {
		o.Share = float64(max(slices.Min(last)-slices.Max(first), 0)) / float64(whole)
	}
	return o
}

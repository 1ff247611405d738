package check

import (
	"math"
	"time"

	"holdfast/scenarios/history"
)

// drift is by how much the rate of a clock may differ from that of true time: what NTP steers
// a clock by at most (RFC 5905, and MAXFREQ of its kernel clock discipline). A quartz is off by
// less than a fifth of it.
const drift = 500e-6

// clocks are those by which the events of several recorders are told. Nobody knows how far one
// is from another; what can be said follows from the history. Who reads or replaces a version
// got his answer after the write of it, and of all versions before it, had been sent; and
// nobody had said that he is ready after anybody learned that all are. Each of these bounds how
// far one clock is ahead of another, and bounds add up over a third (see bounds).
//
// In between clocks drift. So a bound of one moment is worth less at another: by drift, of both
// clocks, for the time between. Time is cut into windows for that, and the best bound of each
// is carried to the others, worse by what the clocks may have drifted meanwhile.
//
// When they are aligned, all times are moved to a common one, in which each clock is about
// right. Order and length of what one clock tells stay as they are. What two tell has an order
// only beyond the bounds, see before and late.
type clocks struct {
	shards []history.Shard
	actors []uint16 // by number: whose clock an actor's times are of
	shift  []int64  // of each clock, from its own time to the common one; nil until they are aligned
	bounds bounds
}

func (c *clocks) reset(shards []history.Shard) {
	*c = clocks{shards: shards, actors: c.actors[:0]}
}

// several reports whether there is more than one.
func (c *clocks) several() bool { return len(c.shards) > 1 }

// clock is that of an event.
func (j *Judge) clock(e *history.Event) uint16 {
	switch {
	case !j.clocks.several():
		return uint16(min(max(e.Clock, 0), math.MaxUint16)) // it counts nothing, and is told with a witness
	case e.Clock >= 0 && e.Clock < len(j.clocks.shards):
		return uint16(e.Clock)
	}
	j.contradict("a %s event is told by the clock of shard %d of %d", e.Kind, e.Clock, len(j.clocks.shards))
	return 0
}

// of notes whose clock an actor's operations are told by.
func (c *clocks) of(actor int32, clock uint16) {
	for len(c.actors) <= int(actor) {
		c.actors = append(c.actors, 0)
	}
	c.actors[actor] = clock
}

// by is the clock of an actor's operations.
func (c *clocks) by(actor int32) uint16 {
	if int(actor) >= len(c.actors) {
		return 0
	}
	return c.actors[actor]
}

// own is a common time by a clock.
func (c *clocks) own(clock uint16, t int64) int64 {
	if c.shift == nil {
		return t
	}
	return t - c.shift[clock]
}

// common is the common time of an event.
func (c *clocks) common(e *history.Event) int64 {
	if c.shift == nil || e.Clock >= len(c.shift) {
		return e.At
	}
	return e.At + c.shift[e.Clock]
}

// before reports whether a time of one clock was certainly before one of another.
func (j *Judge) before(t int64, clock uint16, u int64, other uint16) bool {
	if clock == other {
		return t < u
	}
	return t < u && j.clocks.bounds.ahead(clock, other, t, u) < u-t
}

// late is the earliest time of which it is certain, by whatever clock it is, that it is no
// earlier than a time of this clock; forever if there is none.
func (j *Judge) late(t int64, clock uint16) int64 {
	if !j.clocks.several() || t == forever {
		return t
	}
	return j.clocks.bounds.late(t, clock)
}

// early is the latest time of which it is certain, by whatever clock it is, that it is no
// later than a time of this clock; -forever if there is none.
func (j *Judge) early(t int64, clock uint16) int64 {
	if !j.clocks.several() || t <= neverDeleted+1 {
		return t
	}
	return j.clocks.bounds.early(t, clock)
}

// lateOp is late of the last event of an operation, lateEnd of when it had ended.
func (j *Judge) lateOp(op *operation) int64  { return j.late(op.at, j.clocks.by(op.actor)) }
func (j *Judge) lateEnd(op *operation) int64 { return j.late(op.end(), j.clocks.by(op.actor)) }

// width is how exactly the order of two times of these clocks is known, about a common time;
// 0: not at all.
func (c *clocks) width(clock, other uint16, t int64) time.Duration {
	if clock == other {
		return 0
	}
	a, b := c.bounds.ahead(clock, other, t, t), c.bounds.ahead(other, clock, t, t)
	if a >= unbounded || b >= unbounded {
		return 0
	}
	return time.Duration(a + b)
}

// align finds out how far the clocks are apart, as far as that can be known, and moves all
// times to a common one.
func (j *Judge) align() {
	if !j.clocks.several() {
		return
	}
	for _, o := range j.objects {
		o.identify(j)
	}
	a := alignment{j: j, clocks: len(j.clocks.shards)}
	a.guess()
	a.move()
	a.bound()
}

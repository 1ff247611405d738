package check

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"holdfast/scenarios/history"
)

// alignment learns from the objects of a history how far its clocks are apart.
type alignment struct {
	j       *Judge
	clocks  int
	origins origins
}

// origins are the versions of one object of which it is known when their writes were sent at the
// earliest, whoever made them.
type origins struct {
	o    *object
	made map[content]int32 // how many writes there are of a content
	head []int32           // by version: the last read of it
	next []int32           // by read: the one before it of the same version
	seen []bool            // by version: it is in a line already
	line []int32           // versions, each of which replaced the one before it
	// newest is, by clock, when the last write was sent of those up to here in a line.
	newest []int64
}

// never is a time before all others.
const never = math.MinInt64

// of makes it that of an object. An ETag that stands for two contents, or for one that was
// written more than once, does not say whose version it is.
func (c *origins) of(o *object) bool {
	if o.store.dubious || len(o.store.twins) > 0 {
		return false
	}
	c.o, c.made = o, make(map[content]int32, o.versions.n)
	c.head, c.next = filled(c.head, int(o.versions.n), none), filled(c.next, int(o.reads.n), none)
	c.seen = filled(c.seen, int(o.versions.n), false)
	for i := range o.versions.n {
		c.made[o.versions.at(i).content()]++
	}
	for i := range o.reads.n {
		r := o.reads.at(i)
		if r.version == none || r.n != none && r.content() != o.versions.at(r.version).content() {
			continue
		}
		c.next[i], c.head[r.version] = c.head[r.version], i
	}
	return true
}

// sent reports whether nobody can have met a version before this write of it was sent. What
// adds nothing may be what somebody else has written, of whom there is no record.
func (c *origins) sent(i int32) bool {
	v := c.o.versions.at(i)
	if c.o.followed != nil && !v.certain() {
		return false // who was not recorded may have written the same
	}
	return c.o.committed(i) && c.made[v.content()] == 1 && (v.adds > 0 || v.harness) && !v.bad
}

// replaced is the version that a write replaced, by its condition; none if it did not.
func (c *origins) replaced(i int32) int32 {
	v := c.o.versions.at(i)
	if !c.o.committed(i) || v.ifCond != ifMatch || v.cond == 0 || v.cond == v.etag {
		return none
	}
	return c.o.version(v.cond)
}

// lineTo is a version with those before it that are in no line so far.
func (c *origins) lineTo(i int32) {
	c.line = c.line[:0]
	for ; i != none && !c.seen[i]; i = c.replaced(i) {
		c.seen[i] = true
		c.line = append(c.line, i)
	}
	slices.Reverse(c.line)
}

// guess finds about how far each clock is from the first of those that it has to do with: in
// the middle of what is possible. It need not be right, only near.
func (a *alignment) guess() {
	all := unknownBounds(a.clocks)
	learn := func(from uint16, t int64, to uint16, u int64) {
		at := &all[int(from)*a.clocks+int(to)]
		*at = min(*at, u-t)
	}
	for _, o := range a.j.objects {
		if c := &a.origins; c.of(o) {
			for i := range o.versions.n {
				c.direct(i, learn)
			}
		}
	}
	a.barrier(learn)
	began, span := a.span()
	for i := range all {
		if all[i] < unbounded && i%(a.clocks+1) != 0 {
			all[i] += 2 * drifted(0, span)
		}
	}
	closed(all, a.clocks, nil)
	shift, known := make([]int64, a.clocks), make([]bool, a.clocks)
	start := int64(math.MaxInt64) // of the first that have to do with each other
	for first := range a.clocks {
		if known[first] {
			continue
		}
		group, earliest := []int{first}, began[first]
		known[first] = true
		for c := range a.clocks {
			most, least := all[c*a.clocks+first], all[first*a.clocks+c]
			if known[c] || most >= unbounded && least >= unbounded {
				continue
			}
			known[c] = true
			switch {
			case most >= unbounded:
				shift[c] = -least
			case least >= unbounded:
				shift[c] = most
			default:
				shift[c] = (most - least) / 2
			}
			group = append(group, c)
			if began[c] != math.MaxInt64 {
				earliest = min(earliest, began[c]+shift[c])
			}
		}
		switch {
		case earliest == math.MaxInt64: // they tell of nothing
		case start == math.MaxInt64:
			start = earliest
		default: // nothing is known of them, and far away they would make the windows of all wide
			for _, c := range group {
				shift[c] += start - earliest
			}
		}
	}
	a.j.clocks.shift = shift
}

// direct takes who read or replaced a version.
func (c *origins) direct(i int32, learn func(from uint16, t int64, to uint16, u int64)) {
	o := c.o
	if c.sent(i) {
		v := o.versions.at(i)
		for k := c.head[i]; k != none; k = c.next[k] {
			learn(v.clock, v.start, o.reads.at(k).clock, o.reads.at(k).at)
		}
	}
	if p, v := c.replaced(i), o.versions.at(i); v.certain() && p != none && c.sent(p) {
		learn(o.versions.at(p).clock, o.versions.at(p).start, v.clock, v.at)
	}
}

// barrier takes that all were ready before anybody went on.
func (a *alignment) barrier(learn func(from uint16, t int64, to uint16, u int64)) {
	all := a.j.clocks.shards
	for i := range all {
		for k := range all {
			if i != k && all[i].Barrier() && all[k].Barrier() {
				learn(uint16(i), all[i].Ready, uint16(k), all[k].Go)
			}
		}
	}
}

// span is when each clock begins to tell, [math.MaxInt64] if it does not, and the longest time of
// which one tells.
func (a *alignment) span() (began []int64, longest int64) {
	from, to := filled(nil, a.clocks, int64(math.MaxInt64)), filled(nil, a.clocks, int64(math.MinInt64))
	a.times(func(clock uint16, t *int64) {
		from[clock], to[clock] = min(from[clock], *t), max(to[clock], *t)
		longest = max(longest, to[clock]-from[clock])
	})
	return from, longest
}

// times calls f for every time that is judged.
func (a *alignment) times(f func(clock uint16, t *int64)) {
	j := a.j
	both := func(clock uint16, start, at *int64) {
		f(clock, start)
		f(clock, at)
	}
	for n := int32(1); n < j.ops.all.n; n++ {
		if op := j.ops.all.at(n); op.object != none {
			both(j.clocks.by(op.actor), &op.invoked, &op.at)
		}
	}
	for _, o := range j.objects {
		for i := range o.versions.n {
			if v := o.versions.at(i); !v.unrecorded {
				both(v.clock, &v.start, &v.at)
			}
		}
		for i := range o.reads.n {
			r := o.reads.at(i)
			both(r.clock, &r.start, &r.at)
		}
		for i := range o.store.garbled {
			r := &o.store.garbled[i]
			both(r.clock, &r.start, &r.at)
		}
		for i := range o.deletions {
			d := &o.deletions[i]
			both(d.clock, &d.start, &d.at)
		}
	}
	for _, m := range j.messages.all {
		if m.times > 0 {
			f(m.by, &m.sent)
		}
		if m.removed != 0 {
			f(m.removedBy, &m.removed)
		}
		for i := range m.calls {
			f(m.calls[i].clock, &m.calls[i].at)
		}
	}
	for i := range j.messages.looks {
		l := &j.messages.looks[i]
		both(l.clock, &l.start, &l.at)
	}
}

// move makes all times common ones, and puts in order by them what goes by its order.
func (a *alignment) move() {
	j := a.j
	a.times(func(clock uint16, t *int64) { *t += j.clocks.shift[clock] })
	last := j.actors.lookup(history.FinalActor)
	for _, o := range j.objects {
		sortBy(o.ops, func(n int32) int64 { return j.ops.all.at(n).invoked })
		if o.store.removals > 0 {
			o.store.removed = never // about when it was is not enough
		}
		for i := range o.reads.n {
			r := o.reads.at(i)
			if o.final != none && r.by == last && (r.n != none || r.etag == 0) && r.at > o.reads.at(o.final).at {
				o.final = i
			}
		}
	}
}

// bound finds the bounds.
func (a *alignment) bound() {
	j := a.j
	from, to, active := int64(math.MaxInt64), int64(math.MinInt64), make([]bool, a.clocks)
	a.times(func(clock uint16, t *int64) {
		from, to, active[clock] = min(from, *t), max(to, *t), true
	})
	if from > to {
		return // there is nothing
	}
	b := newBounds(a.clocks, from, to)
	b.active = active
	learn := func(from uint16, t int64, to uint16, u int64) {
		b.learn(from, t+j.clocks.shift[from], to, u+j.clocks.shift[to])
	}
	a.barrier(learn)
	for _, o := range j.objects {
		if c := &a.origins; c.of(o) {
			for i := o.versions.n - 1; i >= 0; i-- {
				if !c.seen[i] {
					c.lineTo(i)
					c.along(&b)
				}
			}
		}
	}
	if clock, window := b.settle(); clock != none {
		j.contradict("what the recorders tell fits no clocks that run at one rate to within %.0f in a million: not about %v by the clock of %s",
			drift*1e6, time.Duration(j.clocks.own(uint16(clock), b.start+int64(window)*b.length)).Round(time.Millisecond), a.name(clock))
		b.forget()
	}
	j.clocks.bounds = b
	for _, o := range j.objects {
		o.widen(j)
	}
}

func (a *alignment) name(clock int32) string {
	s := &a.j.clocks.shards[clock]
	return fmt.Sprintf("shard %d (attempt %d)", s.Number, s.Attempt)
}

// along takes what a line of versions tells: whoever met one has met those before it, too.
func (c *origins) along(b *bounds) {
	o := c.o
	c.newest = filled(c.newest, b.clocks, int64(never))
	met := func(clock uint16, at int64) {
		for from, t := range c.newest {
			if t != never && from != int(clock) {
				b.learn(uint16(from), t, clock, at)
			}
		}
	}
	if first := c.replaced(c.line[0]); first != none && c.sent(first) { // it is in another line
		v := o.versions.at(first)
		c.newest[v.clock] = v.start
	}
	for _, i := range c.line {
		v := o.versions.at(i)
		if v.certain() {
			met(v.clock, v.at)
		}
		if c.sent(i) {
			c.newest[v.clock] = max(c.newest[v.clock], v.start)
		} else {
			c.newest = filled(c.newest, b.clocks, int64(never))
		}
		for k := c.head[i]; k != none; k = c.next[k] {
			met(o.reads.at(k).clock, o.reads.at(k).at)
		}
	}
}

// widen makes each deletion last as long as it can have, by any clock.
func (o *object) widen(j *Judge) {
	for i := range o.deletions {
		d := &o.deletions[i]
		d.widened = min(j.clocks.bounds.around(d.at, d.clock), forever/4)
		d.start, d.at = d.start-d.widened, d.at+d.widened
	}
	if o.deletedUntil == forever || len(o.deletions) == 0 {
		return
	}
	o.deletedUntil = slices.MaxFunc(o.deletions, func(a, b deletion) int { return cmp.Compare(a.at, b.at) }).at
}

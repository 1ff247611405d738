package check

import (
	"cmp"
	"fmt"
	"slices"

	"holdfast/archive/storefault"
	"holdfast/scenarios/history"
)

// claim is that something began no later than a proof of a later version than it saw had ended:
// it is so if nothing is wrong, and the bounds of the clocks neither say nor deny it.
type claim struct {
	object      int32
	read, write int32 // what began; the other is none
	proof       proofAt
	from, to    uint16 // clocks: of what began, and of the proof
	began       int64
}

// openClaims are bounds, if they are right: of all those of two clocks in one window the tightest.
// Each may be right, and yet no alignment of the clocks in which all are.
type openClaims struct {
	all     []claim
	windows []claimed
}

// claimed are the claims of one window: by their clocks, as in bounds, what they bound, and
// which ones these are.
type claimed struct {
	weights []int64
	by      []int32
}

func (c *openClaims) add(b *bounds, one claim) {
	if len(b.windows) == 0 {
		return
	}
	if c.windows == nil {
		c.windows = make([]claimed, len(b.windows))
	}
	n, middle := b.window(one.proof.at)
	w := &c.windows[n]
	if w.weights == nil {
		w.weights, w.by = unknownBounds(b.clocks), filled(nil, b.clocks*b.clocks, none)
	}
	weight := one.proof.at - one.began + drifted(middle, one.began) + drifted(middle, one.proof.at)
	at := int(one.from)*b.clocks + int(one.to)
	if weight >= w.weights[at] {
		return
	}
	w.weights[at] = weight
	if k := w.by[at]; k != none {
		c.all[k] = one
		return
	}
	w.by[at] = int32(len(c.all))
	c.all = append(c.all, one)
}

// carry takes the claims of each window over to the others, as bounds are.
func (c *openClaims) carry(b *bounds) {
	last := len(c.windows) - 1
	for n := range c.windows {
		c.windows[n].take(&c.windows[max(n-1, 0)], b)
	}
	for n := range c.windows {
		c.windows[last-n].take(&c.windows[min(last-n+1, last)], b)
	}
}

func (w *claimed) take(from *claimed, b *bounds) {
	if from == w || from.weights == nil {
		return
	}
	if w.weights == nil {
		w.weights, w.by = unknownBounds(b.clocks), filled(nil, b.clocks*b.clocks, none)
	}
	for i, most := range from.weights {
		if more := most + 2*drifted(0, b.length); from.by[i] != none && more < w.weights[i] {
			w.weights[i], w.by[i] = more, from.by[i]
		}
	}
}

// checkTogether reports claims of which one must be wrong, whichever it is. One such circle is
// enough.
func (j *Judge) checkTogether() {
	b := &j.clocks.bounds
	j.claims.carry(b)
	for n := range j.claims.windows {
		if circle := j.claims.circle(b, n); circle != nil {
			j.reportCircle(circle)
			return
		}
	}
}

// circle are claims of a window that can't all be right; nil if they can.
func (c *openClaims) circle(b *bounds, n int) (circle []*claim) {
	w := &c.windows[n]
	all, via := slices.Clone(b.windows[n]), make([]int32, b.clocks*b.clocks)
	for i := range all {
		via[i] = int32(i % b.clocks)
		if w.by != nil && w.by[i] != none {
			all[i] = min(all[i], w.weights[i])
		}
	}
	closed(all, b.clocks, via)
	first := aheadOfItself(all, b.clocks)
	if first == none {
		return nil
	}
	at := first
	for range b.clocks {
		next := via[int(at)*b.clocks+int(first)]
		if i := int(at)*b.clocks + int(next); w.by[i] != none && w.weights[i] <= b.windows[n][i] {
			circle = append(circle, &c.all[w.by[i]])
		}
		if at = next; at == first {
			break
		}
	}
	return circle
}

// reportCircle reports claims that can't all be right. Where all are about loads as a whole, the
// core has made them of whatever the store had shown it.
func (j *Judge) reportCircle(circle []*claim) {
	what, asLoads := "", true
	var events []history.Event
	for n, c := range circle {
		o, ev := j.objects[c.object], evidence{}
		known := ev.add(o, c.proof.proof)
		if c.read != none {
			ev.reads = append(ev.reads, o.reads.at(c.read))
		} else {
			ev.versions = append(ev.versions, c.write)
		}
		asLoads = asLoads && c.read != none && o.reads.at(c.read).load
		if n > 0 {
			what += ", and "
		}
		what += fmt.Sprintf("%s of %s when %s had not yet shown %s", j.claimant(c), o.key, known, o.versionName(o.chain[c.proof.pos]))
		events = append(events, j.story(o, ev)...)
	}
	slices.SortStableFunc(events, func(a, b history.Event) int { return cmp.Compare(j.clocks.common(&a), j.clocks.common(&b)) })
	what = "however far their clocks are apart, it can't be that " + what
	witness := func() []history.Event { return events }
	if o := j.objects[circle[0].object]; asLoads || o.store.dubious || !o.straight() {
		o.report(j, !asLoads, RealTime, "stale read", what, witness)
	} else {
		o.proved(j, storefault.StaleRead, what, witness)
	}
}

// claimant says what began.
func (j *Judge) claimant(c *claim) string {
	o := j.objects[c.object]
	if c.write != none {
		v := o.versions.at(c.write)
		return fmt.Sprintf("%s wrote version %s", j.writer(v), o.etags.name(v.etag))
	}
	r, did := o.reads.at(c.read), "read"
	if r.load {
		did = "loaded"
	}
	return fmt.Sprintf("%s %s %s", j.actors.name(r.by), did, o.versionNamed(r.etag))
}

package check

import (
	"fmt"
	"slices"
	"sort"

	"holdfast/archive/storefault"
)

// checkBodies: a read returns what was written, under the ETag of that version.
func (c *storeCheck) checkBodies() {
	o := c.o
	for i := range o.store.garbled {
		c.checkGarbled(&o.store.garbled[i])
	}
	for i := range o.reads.n {
		r := o.reads.at(i)
		switch {
		case r.load || r.etag == 0:
		case r.bad:
			c.checkGarbled(r)
		case r.version == none:
			c.checkUnknown(r)
		case r.n != none && r.content() != o.versions.at(r.version).content() && !o.versions.at(r.version).bad:
			c.otherBody(r)
		}
	}
}

// whole reports whether all that was ever stored under the key is in the history.
func (c *storeCheck) whole() bool {
	return c.o.followed == nil && (c.o.store.absent || c.first != none && c.o.versions.at(c.first).ifCond == ifAbsent)
}

// checkGarbled: nobody but the store makes a body no document, if nobody wrote such a body.
func (c *storeCheck) checkGarbled(r *read) {
	if c.whole() && c.torn >= c.j.late(r.at, r.clock) {
		c.strange(r)
	}
}

// strange reports a body that nobody wrote.
func (c *storeCheck) strange(r *read) {
	o := c.o
	o.store.tear(r.etag)
	o.finding(c.j, storefault.StrangeBody,
		fmt.Sprintf("%s read a body of %s, under the ETag %s, that nobody had written", c.j.actors.name(r.by), o.key, o.etags.name(r.etag)),
		evidence{strange: r})
}

// checkUnknown: a read showed an ETag that no write can have got. Nothing is the store's if
// nobody wrote such a body, and yet the store accepted a write on top of it, or a client was
// told that it is its own: then somebody did whose write was not recorded, or who went past
// the recorder.
func (c *storeCheck) checkUnknown(r *read) {
	if !c.whole() {
		return
	}
	l := c.ledger()
	if r.n == none {
		if l.loose == 0 && c.first != none {
			c.unstable(r.etag, c.first, evidence{reads: []*read{r}})
		}
		return
	}
	switch wrote, known := l.by[r.content()]; {
	case !known && c.vouched(r.etag):
	case !known || wrote.start > c.j.late(r.at, r.clock):
		c.strange(r)
	case l.most(wrote) > 0 && wrote.etags+1 > l.most(wrote):
		c.unstable(r.etag, wrote.one, evidence{versions: []int32{wrote.one}, reads: []*read{r}})
	}
}

// vouched reports whether somebody knows of a version that no recorded write made.
func (c *storeCheck) vouched(etag int32) bool {
	for i := range c.o.versions.n {
		if v := c.o.versions.at(i); v.certain() && v.ifCond == ifMatch && v.cond == etag {
			return true
		}
	}
	for _, n := range c.o.ops {
		if op := c.j.ops.all.at(n); op.outcome == committed && op.etag == etag {
			return true
		}
	}
	return false
}

// unstable reports an ETag that is none of those that writes were answered with.
func (c *storeCheck) unstable(etag, i int32, ev evidence) {
	o := c.o
	v := o.versions.at(i)
	o.store.tear(etag, v.etag)
	o.finding(c.j, storefault.UnstableETag,
		fmt.Sprintf("%s has a version %s that no write made: what %s wrote is version %s",
			o.key, o.etags.name(etag), c.j.writer(v), o.etags.name(v.etag)), ev)
}

// otherBody tells whose body a read returned in place of that of its version.
func (c *storeCheck) otherBody(r *read) {
	o, j := c.o, c.j
	v := o.versions.at(r.version)
	wrote, known := c.ledger().by[r.content()]
	if !known || wrote.start > c.j.late(r.at, r.clock) {
		if c.whole() {
			c.strange(r)
		}
		return
	}
	w := o.versions.at(wrote.one)
	if w.etag == v.etag {
		return // its twin, see checkTwins
	}
	o.store.tear(r.etag)
	kind, which := storefault.BodyUnderOlder, "a later"
	if !(w.named() == v.etag || v.named() != w.etag && w.start >= v.start) {
		kind, which = storefault.BodyUnderNewer, "an older"
	}
	o.finding(j, kind,
		fmt.Sprintf("%s read version %s of %s, and got the body that %s wrote as %s version", j.actors.name(r.by), o.etags.name(r.etag), o.key, j.writer(w), which),
		evidence{versions: []int32{r.version, wrote.one}, reads: []*read{r}})
}

// late is a read that shows less than a write that had been applied before.
type late struct{ read, by int32 }

// checkReads: a read that begins after a version was replaced does not show it, nor
// nothing, nor what was deleted.
func (c *storeCheck) checkReads() {
	o := c.o
	o.orderDeletions()
	var all []late
	for i := range o.reads.n {
		r := o.reads.at(i)
		if r.load || r.bad || c.foreign(r) {
			continue
		}
		if by := c.outdated(r); by != none && !c.gone[r.etag] {
			all = append(all, late{i, by})
		}
		c.checkUndone(r)
	}
	if n := len(all); n > 0 && all[n-1].read == o.final && c.lostAtEnd(all) {
		c.reportLost(all[n-1])
	}
	for _, l := range all {
		if r := o.reads.at(l.read); !c.gone[r.etag] {
			v := o.versions.at(l.by)
			o.finding(c.j, storefault.StaleRead,
				fmt.Sprintf("%s read %s of %s after %s had written version %s", c.j.actors.name(r.by), o.versionNamed(r.etag), o.key,
					c.j.writer(v), o.etags.name(v.etag)),
				c.proof(l.by, r))
		}
	}
}

// foreign reports whether a read returned another body than that of its version, which is
// reported as such: its ETag says nothing more.
func (c *storeCheck) foreign(r *read) bool {
	return r.n != none && r.version != none && r.content() != c.o.versions.at(r.version).content()
}

// lostAtEnd reports whether what the last read of all, the last of these, does not show is
// gone: nobody ever read it, or nothing is left at all. Where other reads were late while it
// was stored, this one may be no more than that.
func (c *storeCheck) lostAtEnd(all []late) bool {
	stored := func(by int32) bool { return c.showing(c.o.versions.at(by).etag) >= 0 }
	last := all[len(all)-1]
	if !c.o.versions.at(last.by).certain() || c.o.reads.at(last.read).etag != 0 && stored(last.by) {
		return false
	}
	if slices.ContainsFunc(c.j.findings, func(f StoreFinding) bool { return f.Kind == storefault.StaleRead }) {
		return false
	}
	return !slices.ContainsFunc(all[:len(all)-1], func(l late) bool { return stored(l.by) })
}

// reportLost reports a write that is gone at the end. Whatever was read of what it should have
// replaced is right then.
func (c *storeCheck) reportLost(l late) {
	o := c.o
	v, r := o.versions.at(l.by), o.reads.at(l.read)
	c.lose(r.etag)
	o.finding(c.j, storefault.LostWrite,
		fmt.Sprintf("%s was acknowledged as version %s of %s; the last read shows %s, and nobody had deleted it or written on top",
			c.j.writer(v), o.etags.name(v.etag), o.key, o.versionNamed(r.etag)),
		c.proof(l.by, r))
}

// outdated is the write that shows that what was read had been there before; none: it may
// have been the latest.
func (c *storeCheck) outdated(r *read) int32 {
	o := c.o
	if r.etag == 0 {
		if c.j.gaps.deletes {
			return none
		}
		if c.since[c.early] < r.start && o.store.removed >= r.at {
			return o.version(c.early)
		}
		return none
	}
	taker := c.takers[r.etag]
	if taker == none || c.by(taker) >= r.start {
		return none
	}
	if l := c.ledger(); l.once(r.etag) && l.applied(c.j, taker, r.start) {
		return taker
	}
	return none
}

// proof of it: the write, the read, and the read that showed the write before it was
// acknowledged, if it was.
func (c *storeCheck) proof(by int32, r *read) evidence {
	ev := evidence{versions: []int32{by}, reads: []*read{r}}
	if v := c.o.versions.at(by); !v.certain() || v.at >= r.start {
		ev.shown = v.etag
	}
	return ev
}

// versionNamed is a version by its ETag; 0 is that there is none.
func (o *object) versionNamed(etag int32) string {
	if etag == 0 {
		return "nothing"
	}
	return "version " + o.etags.name(etag)
}

// checkUndone: what was there before a deletion, and was not written again, is gone after it.
func (c *storeCheck) checkUndone(r *read) {
	o := c.o
	n := sort.Search(len(o.deletions), func(k int) bool { return o.deletions[k].at >= r.start })
	if n == 0 || r.version == none {
		return
	}
	d := &o.deletions[n-1] // the one that began last
	if !c.before(r.version, d) {
		return
	}
	o.finding(c.j, storefault.UndoneDelete,
		fmt.Sprintf("%s read version %s of %s after %s had deleted the object", c.j.actors.name(r.by), o.etags.name(r.etag), o.key, c.j.actors.name(d.by)),
		evidence{versions: []int32{r.version}, reads: []*read{r}, deletions: []deletion{*d}})
}

// before reports whether a version was made before a deletion: it was acknowledged before
// that began, or it replaced one that was, and that can't have been there after it.
func (c *storeCheck) before(i int32, d *deletion) bool {
	o, l := c.o, c.ledger()
	v := o.versions.at(i)
	if !l.once(v.etag) {
		return false
	}
	if v.certain() && v.at < d.start {
		return true
	}
	if !v.takes() || !l.once(v.cond) {
		return false
	}
	p := o.version(v.cond)
	return p != none && o.versions.at(p).certain() && o.versions.at(p).at < d.start
}

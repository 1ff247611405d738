package check

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"time"
)

// acrossClocks holds what one clock tells of the order of versions against what the others do.
// What is violated however far they are apart, within the bounds, is violated; what is in some
// alignment only is left open. What is left open is looked at once more, all together.
type acrossClocks struct {
	o *object
	j *Judge
	// known are, by clock, the proofs that it tells of, in the order of their positions; the
	// time of each is the earliest of those from there on.
	known [][]proofAt
	// first is, by position, the earliest of all proofs from there on.
	first []int64
	told  toldStale
}

// proofAt is a proof with its time.
type proofAt struct {
	proof
	at int64
}

func (o *object) checkRealTimeApart(j *Judge) {
	a := acrossClocks{o: o, j: j}
	a.prove()
	started := make([]int32, 0, o.reads.n)
	for i := range o.reads.n {
		started = append(started, i)
	}
	sortBy(started, func(i int32) int64 { return o.reads.at(i).start })
	for _, i := range started {
		a.checkRead(i)
	}
	for i := range o.versions.n {
		if o.tookPlace(i) {
			a.checkWrite(i)
		}
	}
}

// prove collects the proofs.
func (a *acrossClocks) prove() {
	o, s := a.o, &a.j.scratch
	o.proofs(s)
	a.known = make([][]proofAt, len(a.j.clocks.shards))
	a.first = filled(nil, len(o.chain)+1, int64(forever))
	add := func(clock uint16, p proof, at int64) {
		a.known[clock] = append(a.known[clock], proofAt{p, at})
		a.first[p.pos] = min(a.first[p.pos], at)
	}
	for _, i := range s.writes {
		v := o.versions.at(i)
		add(v.clock, proof{o.position(i), i, none}, v.at)
	}
	for _, i := range s.reads {
		r := o.reads.at(i)
		add(r.clock, proof{o.position(r.version), none, i}, r.at)
	}
	s.writes, s.reads = kept(s.writes), kept(s.reads)
	for pos := len(o.chain) - 1; pos >= 0; pos-- {
		a.first[pos] = min(a.first[pos], a.first[pos+1])
	}
	for _, known := range a.known {
		slices.SortStableFunc(known, func(p, q proofAt) int { return cmp.Compare(p.pos, q.pos) })
		for i := len(known) - 2; i >= 0; i-- {
			if known[i+1].at <= known[i].at {
				known[i] = known[i+1]
			}
		}
	}
}

// after is the earliest proof of a clock for a later position; ok is false if there is none.
func (a *acrossClocks) after(clock int, pos int32) (p proofAt, ok bool) {
	known := a.known[clock]
	n := sort.Search(len(known), func(k int) bool { return known[k].pos > pos })
	// The earliest of those from there on may stand in the place of one before it.
	if n == len(known) {
		return p, false
	}
	return known[n], true
}

func (a *acrossClocks) checkRead(i int32) {
	o, r := a.o, a.o.reads.at(i)
	pos := o.position(r.version)
	if r.etag != 0 && pos == none {
		return // an unknown version, or off the chain: reported as such
	}
	p, certain, open := a.against(r.clock, r.start, pos)
	switch {
	case certain:
		if a.told.news(a.j.ops.all.at(r.op), r) {
			o.reportStale(a.j, r, p.proof)
		}
	case open:
		a.leaveOpen(claim{object: o.number, read: i, write: none, from: r.clock, began: r.start}, pos, "stale read")
	}
}

func (a *acrossClocks) checkWrite(i int32) {
	o, v := a.o, a.o.versions.at(i)
	pos := o.position(o.version(v.etag))
	p, certain, open := a.against(v.clock, v.start, pos)
	switch {
	case certain:
		o.reportLate(a.j, i, p.proof)
	case open:
		a.leaveOpen(claim{object: o.number, read: none, write: i, from: v.clock, began: v.start}, pos, "replaced too late")
	}
}

// against looks for a proof of a later position from before something began: certain if it is
// so in every alignment, then with the latest position that it is certain of, and open if it is
// in some.
func (a *acrossClocks) against(clock uint16, start int64, pos int32) (latest proofAt, certain, open bool) {
	b := &a.j.clocks.bounds
	if around := b.around(start, clock); around < unbounded && a.first[pos+1]-around >= start {
		return latest, false, false
	}
	for other := range a.known {
		p, ok := a.after(other, pos)
		switch {
		case !ok:
		case a.j.before(p.at, uint16(other), start, clock):
			if !certain || p.pos > latest.pos {
				latest, certain = p, true
			}
		case other != int(clock) && !a.notBefore(p.at, uint16(other), start, clock):
			open = true
		}
	}
	return latest, certain, open && !certain
}

// notBefore reports whether a time of one clock was certainly no earlier than one of another.
func (a *acrossClocks) notBefore(t int64, clock uint16, u int64, other uint16) bool {
	return t-u >= a.j.clocks.bounds.ahead(other, clock, u, t)
}

// leaveOpen notes what is neither so nor otherwise.
func (a *acrossClocks) leaveOpen(c claim, pos int32, anomaly string) {
	j, o := a.j, a.o
	within := int64(0)
	for other := range a.known {
		p, ok := a.after(other, pos)
		if !ok || other == int(c.from) || a.notBefore(p.at, uint16(other), c.began, c.from) {
			continue
		}
		if width := int64(j.clocks.width(c.from, uint16(other), c.began)); width > 0 && (within == 0 || width < within) {
			within = width
		}
		c.proof, c.to = p, uint16(other)
		j.claims.add(&j.clocks.bounds, c)
	}
	j.leaveOpen(Unaligned, RealTime, anomaly, time.Duration(within), fmt.Sprintf("%s of %s, perhaps after %s was known",
		j.claimant(&c), o.key, o.versionName(o.chain[c.proof.pos])))
}

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
	near  []int    // by clock: what was found last in known
	open  []uint16 // clocks by which it is open what is looked at
	// leftOpen are anomalies of which a first has been told.
	leftOpen map[string]bool
}

// proofAt is a proof with its time.
type proofAt struct {
	proof
	at int64
}

func (o *object) checkRealTimeApart(j *Judge) {
	a := acrossClocks{o: o, j: j, leftOpen: map[string]bool{}}
	a.prove()
	started := make([]int32, 0, o.reads.n)
	for i := range o.reads.n {
		started = append(started, i)
	}
	sortBy(started, func(i int32) int64 { return o.reads.at(i).start })
	for _, i := range started {
		a.checkRead(i)
	}
	for i := range o.versions.n { // their positions mostly go up
		if o.tookPlace(i) {
			a.checkWrite(i)
		}
	}
}

// prove collects the proofs.
func (a *acrossClocks) prove() {
	o, s := a.o, &a.j.scratch
	o.proofs(s)
	a.known, a.near = make([][]proofAt, len(a.j.clocks.shards)), make([]int, len(a.j.clocks.shards))
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

// after is the earliest proof of a clock for a later position; ok is false if there is none. One
// is mostly asked for after that of a position nearby.
func (a *acrossClocks) after(clock int, pos int32) (p proofAt, ok bool) {
	known, n := a.known[clock], a.near[clock]
	for tried := 0; n < len(known) && known[n].pos <= pos; n++ {
		if tried++; tried > 8 {
			n = sort.Search(len(known), func(k int) bool { return known[k].pos > pos })
			break
		}
	}
	for tried := 0; n > 0 && known[n-1].pos > pos; n-- {
		if tried++; tried > 8 {
			n = sort.Search(len(known), func(k int) bool { return known[k].pos > pos })
			break
		}
	}
	a.near[clock] = n
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
	c := claim{object: o.number, read: i, write: none, from: r.clock, began: r.start}
	if p, certain := a.against(c, pos, "stale read"); certain && a.told.news(a.j.ops.all.at(r.op), r) {
		o.reportStale(a.j, r, p)
	}
}

func (a *acrossClocks) checkWrite(i int32) {
	o, v := a.o, a.o.versions.at(i)
	c := claim{object: o.number, read: none, write: i, from: v.clock, began: v.start}
	if p, certain := a.against(c, o.position(o.version(v.etag)), "replaced too late"); certain {
		o.reportLate(a.j, i, p)
	}
}

// against looks for proofs of a later position than what began has seen, from before it began:
// with certainty, then of the latest position, or else in some alignment, which is left open.
func (a *acrossClocks) against(c claim, pos int32, anomaly string) (latest proof, certain bool) {
	b := &a.j.clocks.bounds
	if around := b.around(c.began, c.from); around < unbounded && a.first[pos+1]-around >= c.began {
		return latest, false
	}
	a.open = a.open[:0]
	for other := range a.known {
		p, ok := a.after(other, pos)
		switch clock := uint16(other); {
		case !ok:
		case a.j.before(p.at, clock, c.began, c.from):
			if !certain || p.pos > latest.pos {
				latest, certain = p.proof, true
			}
		case clock != c.from && p.at-c.began < b.ahead(c.from, clock, c.began, p.at):
			a.open = append(a.open, clock)
		}
	}
	if !certain && len(a.open) > 0 {
		a.leaveOpen(c, pos, anomaly)
	}
	return latest, certain
}

// leaveOpen notes what is so in some alignment only. How exactly the order is known is told of
// the two clocks of which it is known best.
func (a *acrossClocks) leaveOpen(c claim, pos int32, anomaly string) {
	j, within := a.j, time.Duration(0)
	for _, clock := range a.open {
		if width := j.clocks.width(c.from, clock, c.began); width > 0 && (within == 0 || width < within) {
			within = width
		}
		p, _ := a.after(int(clock), pos)
		c.proof, c.to = p, clock
		j.claims.add(&j.clocks.bounds, c)
	}
	summary := ""
	if !a.leftOpen[anomaly] {
		a.leftOpen[anomaly] = true
		summary = fmt.Sprintf("%s of %s, perhaps after %s was known", j.claimant(&c), a.o.key, a.o.versionName(a.o.chain[c.proof.pos]))
	}
	j.leaveOpen(Unaligned, RealTime, anomaly, within, summary)
}

package check

import (
	"fmt"

	"holdfast/archive/storefault"
)

// storeCheck looks for promises that the store broke on one object. A finding is a proof: no
// order in which a store that keeps its word can have applied the calls gives their answers,
// whatever the calls were. What makes one version current again is allowed for: the same
// bytes, which have the same ETag, sent again by whoever got no good answer; deletions; and
// faults that were injected.
type storeCheck struct {
	j *Judge
	o *object
	// takers is, by ETag, the write that replaced it first, of those on condition of it;
	// since, by ETag, when it was certainly there, forever if that is not known.
	takers []int32
	since  []int64
	first  int32 // the acknowledged write that ended first; none: there is none
	early  int32 // the ETag that was certainly there first; 0: none was
	made   *ledger
	shown  []int64 // see showing
	// gone are the ETags whose replacements are lost, 0 for no object: they are still there.
	gone map[int32]bool
	torn int64 // when the first write of what is no document began; forever if there is none
}

// checkStore is called when versions and reads are known, and not yet who replaced what.
func (o *object) checkStore(j *Judge) {
	if o.store.dubious {
		for _, twins := range o.store.twins {
			o.reportTwoContents(j, twins[1], evidence{versions: twins[:]})
		}
		return
	}
	c := storeCheck{j: j, o: o, torn: forever}
	c.survey()
	c.checkTwins()
	c.checkBodies()
	c.checkTakers()
	c.checkRefused()
	c.checkDeletions()
	c.checkReads()
	j.scratch.takers, j.scratch.since = kept(c.takers), kept(c.since)
}

// ledger is made when it is needed, which on a sound store it hardly ever is.
func (c *storeCheck) ledger() *ledger {
	if c.made == nil {
		c.made = newLedger(c.o)
	}
	return c.made
}

// survey finds when versions were certainly there, and who replaced them first.
func (c *storeCheck) survey() {
	o := c.o
	c.since = filled(c.j.scratch.since, o.etags.len(), forever)
	c.takers = filled(c.j.scratch.takers, o.etags.len(), none)
	c.first = none
	for i := range o.reads.n {
		if r := o.reads.at(i); r.etag != 0 && !r.load {
			c.was(r.etag, c.j.late(r.at, r.clock))
		}
	}
	for i := range o.versions.n {
		v := o.versions.at(i)
		if v.bad {
			c.torn = min(c.torn, v.start)
		}
		if !v.certain() {
			continue
		}
		c.was(v.etag, c.j.late(v.at, v.clock))
		if v.takes() && v.cond != 0 {
			c.was(v.cond, c.j.late(v.at, v.clock))
		}
		if c.first == none || v.at < o.versions.at(c.first).at {
			c.first = i
		}
	}
	for i := range o.versions.n {
		if v := o.versions.at(i); v.takes() && o.committed(i) {
			if first := c.takers[v.cond]; first == none || c.by(i) < c.by(first) {
				c.takers[v.cond] = i
			}
		}
	}
}

// lose notes that the write is lost by which something was replaced.
func (c *storeCheck) lose(etag int32) {
	if c.gone == nil {
		c.gone = map[int32]bool{}
	}
	c.gone[etag] = true
}

// was notes that a version was there before a time.
func (c *storeCheck) was(etag int32, by int64) {
	c.since[etag] = min(c.since[etag], by)
	if c.since[etag] < c.since[c.early] {
		c.early = etag
	}
}

// by is the time by which what a write made was certainly there; it may be another's, too.
func (c *storeCheck) by(i int32) int64 { return c.since[c.o.versions.at(i).etag] }

// showing is when the last read began that showed an ETag; 0: none did.
func (c *storeCheck) showing(etag int32) int64 {
	if c.shown == nil {
		c.shown = make([]int64, c.o.etags.len())
		for i := range c.o.reads.n {
			if r := c.o.reads.at(i); !r.load {
				c.shown[r.etag] = max(c.shown[r.etag], r.start+1)
			}
		}
	}
	return c.shown[etag] - 1
}

// checkTwins: an acknowledged write has another ETag than what another write has made, as its
// answer or a read says.
func (c *storeCheck) checkTwins() {
	o := c.o
	for _, twins := range o.store.twins {
		v, w := o.versions.at(twins[0]), o.versions.at(twins[1])
		o.store.tear(v.etag)
		o.finding(c.j, storefault.SharedETag,
			fmt.Sprintf("%s and %s wrote different bodies to %s, and both are version %s",
				c.j.writer(v), c.j.writer(w), o.key, o.etags.name(v.etag)),
			evidence{versions: twins[:], shown: v.etag})
	}
}

// checkTakers: of the writes on condition of one version one is applied, if nobody makes
// that version again; and of those on condition that there is none, if nobody deletes.
func (c *storeCheck) checkTakers() {
	o := c.o
	for i := range o.versions.n {
		v := o.versions.at(i)
		if !v.takes() || !o.committed(i) {
			continue
		}
		first := c.takers[v.cond]
		if first == i || o.versions.at(first).etag == v.etag {
			continue
		}
		if l := c.ledger(); l.once(v.cond) && l.applied(c.j, first, forever) && l.applied(c.j, i, forever) {
			c.secondWinner(first, i)
		}
	}
}

// secondWinner tells two writes on one condition apart from one that was lost, and from one
// whose condition was not looked at.
func (c *storeCheck) secondWinner(first, i int32) {
	o, j := c.o, c.j
	v, w := o.versions.at(first), o.versions.at(i)
	kind, what := storefault.IgnoredCondition, fmt.Sprintf("%s wrote version %s on top of %s of %s, which %s had replaced before",
		j.writer(w), o.etags.name(w.etag), o.versionNamed(v.cond), o.key, j.writer(v))
	switch {
	case c.by(first) >= w.start && v.cond == 0:
		kind, what = storefault.TwoCreators, fmt.Sprintf("%s and %s both created %s, each on the condition that there was no such object",
			j.writer(v), j.writer(w), o.key)
	case c.by(first) >= w.start:
		kind, what = storefault.TwoWinners, fmt.Sprintf("%s and %s both replaced %s of %s, each on the condition that it was still there",
			j.writer(v), j.writer(w), o.versionNamed(v.cond), o.key)
	case v.certain() && c.showing(v.cond) > c.j.late(v.at, v.clock) && c.showing(v.etag) < 0:
		c.lose(v.cond)
		kind, what = storefault.LostWrite, fmt.Sprintf("%s was answered that version %s of %s is stored; nobody ever read it, and later the store still showed %s, and let %s write on top of that",
			j.writer(v), o.etags.name(v.etag), o.key, o.versionNamed(v.cond), j.writer(w))
	}
	o.finding(j, kind, what, evidence{versions: []int32{first, i}})
}

// checkRefused: what was refused is not stored, if nobody else wrote the same. The documents of
// a load are stored by whichever shard comes first, which may be one that has left before the
// load began and is not recorded.
func (c *storeCheck) checkRefused() {
	o, j := c.o, c.j
	for i := range o.versions.n {
		v := o.versions.at(i)
		if v.swayed || !v.answer.refused() || !o.committed(i) || v.harness && several(&j.header) {
			continue
		}
		if wrote := c.ledger().by[v.content()]; wrote.etags <= c.ledger().most(wrote) {
			continue
		}
		o.finding(j, storefault.RefusedAndKept,
			fmt.Sprintf("%s was refused a write of %s, and what it wrote is stored as version %s", j.writer(v), o.key, o.etags.name(v.etag)),
			evidence{versions: []int32{i}, shown: v.etag})
	}
}

// checkDeletions: of the calls on condition of one version one is applied, be it a write or
// a deletion.
func (c *storeCheck) checkDeletions() {
	o, j := c.o, c.j
	for k, d := range o.deletions {
		if d.cond == 0 || !c.ledger().once(d.cond) {
			continue
		}
		taker := c.takers[d.cond]
		for _, e := range o.deletions[:k] {
			if e.cond == d.cond {
				o.finding(j, storefault.TwoDeleters,
					fmt.Sprintf("%s and %s both deleted version %s of %s", j.actors.name(e.by), j.actors.name(d.by), o.etags.name(d.cond), o.key),
					evidence{deletions: []deletion{e, d}})
				break
			}
		}
		if taker != none && o.versions.at(taker).certain() {
			o.finding(j, storefault.IgnoredDelete,
				fmt.Sprintf("%s deleted version %s of %s, which %s replaced: both were acknowledged", j.actors.name(d.by), o.etags.name(d.cond), o.key, j.writer(o.versions.at(taker))),
				evidence{versions: []int32{taker}, deletions: []deletion{d}})
		}
	}
}

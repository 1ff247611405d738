package check

import (
	"math"
	"math/bits"
)

// settle recognises the writes without a good answer that somebody read, by
// their content, and so learns their ETags.
func (o *object) settle(j *Judge) {
	o.described = filled(o.described, o.etags.len(), false)
	found := &j.scratch.found
	defer found.reset()
	for i := range o.reads.n {
		if r := o.reads.at(i); r.etag != 0 && r.n != none && o.byETag[r.etag] == none {
			found.want(r.content())
			o.described[r.etag] = true
		}
	}
	if len(found.last) == 0 {
		return
	}
	for i := range o.versions.n {
		if v := o.versions.at(i); v.etag == 0 {
			found.offer(v.content(), i)
		}
	}
	taken := o.taken(j.scratch.taken)
	for i := range o.reads.n {
		r := o.reads.at(i)
		if r.etag == 0 || r.n == none || o.byETag[r.etag] != none {
			continue
		}
		if i := o.likeliest(j, found, r, taken); i != none {
			v := o.versions.at(i)
			v.etag, o.byETag[r.etag] = r.etag, i
			taken[v.cond] = taken[v.cond] || v.ifCond == ifMatch
			if !v.harness {
				j.counts.Committed++
			}
		}
	}
	j.scratch.taken = kept(taken)
}

// taken tells, by ETag number, which versions an acknowledged write replaced.
func (o *object) taken(taken []bool) []bool {
	taken = filled(taken, o.etags.len(), false)
	for i := range o.versions.n {
		if v := o.versions.at(i); v.etag != 0 && v.ifCond == ifMatch && v.cond != v.etag {
			taken[v.cond] = true
		}
	}
	return taken
}

// likeliest is the write of this content that made the version read. There is
// more than one candidate when the same bytes were sent again, and then it is
// not one that replaced what another is known to have replaced; rather one that
// added something than one that repeated what it had read; rather one of unknown
// outcome than one that was refused; and rather one whose client does not deny it.
func (o *object) likeliest(j *Judge, found *candidates, r *read, taken []bool) int32 {
	best, fewest := none, math.MaxInt
	const most = 64 // there are few but in a garbled history
	for i, tried := found.of(r.content()), 0; i != none && tried < most; i, tried = found.before(i), tried+1 {
		v := o.versions.at(i)
		if v.etag != 0 || v.start > r.at && v.clock == r.clock || v.content() != r.content() {
			continue
		}
		if v.answer.refused() && j.gaps.any() {
			continue // who was not recorded may have written the same
		}
		doubts := 0
		if v.ifCond == ifMatch && taken[v.cond] {
			doubts += 8
		}
		if v.adds == 0 && v.of != 0 {
			doubts += 4
		}
		if v.answer > outcomeUnknown {
			doubts += 2
		}
		if j.ops.all.at(v.op).outcome.refused() {
			doubts++
		}
		if doubts < fewest { // of equal ones the last: the others were refused before it
			best, fewest = i, doubts
		}
	}
	return best
}

// candidates are the writes of each wanted content, the last one first.
type candidates struct {
	last map[uint64]int32 // by content.key
	next map[int32]int32  // the one before it, for those few that have one
}

// reset forgets all and keeps the memory, unless it is much.
func (c *candidates) reset() {
	if len(c.last) > much {
		*c = candidates{}
	}
	clear(c.last)
	clear(c.next)
}

// key mixes a content into one word. Contents of equal key are compared in full.
func (c content) key() uint64 {
	const golden = 0x9e3779b97f4a7c15
	return uint64(c.sum)*golden ^ bits.RotateLeft64(uint64(c.fields), 32) ^ uint64(uint32(c.n))
}

func (c *candidates) want(what content) {
	if c.last == nil {
		c.last, c.next = map[uint64]int32{}, map[int32]int32{}
	}
	c.last[what.key()] = none
}

func (c *candidates) offer(what content, i int32) {
	earlier, wanted := c.last[what.key()]
	if !wanted {
		return
	}
	if earlier != none {
		c.next[i] = earlier
	}
	c.last[what.key()] = i
}

func (c *candidates) of(what content) int32 {
	if i, wanted := c.last[what.key()]; wanted {
		return i
	}
	return none
}

func (c *candidates) before(i int32) int32 {
	if earlier, ok := c.next[i]; ok {
		return earlier
	}
	return none
}

package check

import "math"

// settle recognises the writes without a good answer that somebody read, by
// their content, and so learns their ETags.
func (o *object) settle(j *Judge) {
	o.described = make([]bool, o.etags.len())
	candidates := map[content][]int32{} // for the contents of unknown ETags
	for i := range o.reads.n {
		if r := o.reads.at(i); r.etag != 0 && r.n != none && o.byETag[r.etag] == none {
			candidates[r.content()] = nil
			o.described[r.etag] = true
		}
	}
	if len(candidates) == 0 {
		return
	}
	for i := range o.versions.n {
		v := o.versions.at(i)
		if list, wanted := candidates[v.content()]; wanted && v.etag == 0 {
			candidates[v.content()] = append(list, i)
		}
	}
	taken := o.taken()
	for i := range o.reads.n {
		r := o.reads.at(i)
		if r.etag == 0 || r.n == none || o.byETag[r.etag] != none {
			continue
		}
		if i := o.likeliest(j, candidates[r.content()], r, taken); i != none {
			v := o.versions.at(i)
			v.etag, o.byETag[r.etag] = r.etag, i
			taken[v.cond] = taken[v.cond] || v.ifCond == ifMatch
			if !v.harness {
				j.counts.Committed++
			}
		}
	}
}

// taken tells, by ETag number, which versions an acknowledged write replaced.
func (o *object) taken() []bool {
	taken := make([]bool, o.etags.len())
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
func (o *object) likeliest(j *Judge, candidates []int32, r *read, taken []bool) int32 {
	best, fewest := none, math.MaxInt
	const most = 64 // there are few but in a garbled history
	for _, i := range candidates[:min(len(candidates), most)] {
		v := o.versions.at(i)
		if v.etag != 0 || v.start > r.at {
			continue
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
		if outcome := j.ops.all.at(v.op).outcome; outcome != committed && outcome != unknown {
			doubts++
		}
		if doubts <= fewest { // of equal ones the last: the others were refused before it
			best, fewest = i, doubts
		}
	}
	return best
}

package check

import (
	"cmp"
	"fmt"
	"slices"
	"sort"

	"holdfast/scenarios/history"
)

// identify finds out which version is which write's, and which of them was read.
func (o *object) identify(j *Judge) {
	o.byETag = filled(o.byETag, o.etags.len(), none)
	// A write of what stands there already, under the same ETag, made no version;
	// its twin did, with or without a good answer.
	o.claim(func(v *version) bool { return v.named() != v.etag })
	o.settle(j)
	o.claim(func(v *version) bool { return v.named() == v.etag })
	if j.gaps.any() {
		o.supply(j)
	}
	o.attribute()
}

// link puts the committed versions into one chain, from the first to the one that the
// harness read last.
func (o *object) link(j *Judge) {
	o.checkStore(j)
	if j.gaps.any() {
		o.follow(j)
	} else {
		var missing predecessors
		for i := range o.versions.n {
			o.versions.at(i).parent = o.replaced(j, i, &missing)
		}
	}
	o.walkBack(o.tip(j))
}

// claim gives the ETags of acknowledged writes to those that these words fit.
func (o *object) claim(fits func(*version) bool) {
	for i := range o.versions.n {
		v := o.versions.at(i)
		if v.answer != acknowledged || v.etag == 0 || !fits(v) {
			continue
		}
		if twin := o.byETag[v.etag]; twin == none {
			o.byETag[v.etag] = i
		} else if v.content() != o.versions.at(twin).content() {
			o.store.twins = append(o.store.twins, [2]int32{twin, i})
		}
	}
}

// attribute tells each read which version it saw.
func (o *object) attribute() {
	for i := range o.reads.n {
		if r := o.reads.at(i); r.etag != 0 {
			r.version = o.byETag[r.etag]
		}
	}
	for i := range o.versions.n {
		o.unsettled = o.unsettled || o.versions.at(i).etag == 0
	}
}

// named is the ETag of the version that a write replaced: the one in its
// condition, or without a condition the one that it was built on.
func (v *version) named() int32 {
	switch v.ifCond {
	case ifAbsent:
		return 0
	case ifNone:
		return v.of
	}
	return v.cond
}

// committed reports whether a version is known to have been applied.
func (o *object) committed(i int32) bool {
	v := o.versions.at(i)
	return v.etag != 0 && o.byETag[v.etag] == i
}

// content is what tells versions apart.
type content struct {
	n           int32
	sum, fields history.Sum
}

func (v *version) content() content { return content{v.n, v.sum, v.fields} }
func (r *read) content() content    { return content{r.n, r.sum, r.fields} }

// replaced is the version that a committed write replaced.
func (o *object) replaced(j *Judge, i int32, missing *predecessors) int32 {
	v := o.versions.at(i)
	named := v.named()
	if named == 0 || !o.committed(i) {
		return none
	}
	if parent := o.version(named); parent != none {
		return parent
	}
	if !o.doubtful(named) {
		o.report(j, o.showed(named), OneChain, "unknown predecessor",
			fmt.Sprintf("%s wrote version %s of %s on top of version %s, which no recorded write made",
				j.writer(v), o.etags.name(v.etag), o.key, o.etags.name(named)),
			func() []history.Event { return j.story(o, evidence{versions: []int32{i}, ops: []int32{v.op}}) })
	}
	return missing.likeliest(j, o, i)
}

// doubtful reports whether an ETag whose version is not known can belong to a
// write without a good answer: nobody read more of it than its ETag.
func (o *object) doubtful(etag int32) bool { return o.unsettled && !o.described[etag] }

// predecessors finds stand-ins for versions that are missing from the history,
// so that the rest can still be judged.
type predecessors struct {
	byLength []int32
}

// likeliest is the longest version that a write can have been built on.
func (p *predecessors) likeliest(j *Judge, o *object, i int32) int32 {
	if p.byLength == nil {
		for k := range o.versions.n {
			if o.committed(k) {
				p.byLength = append(p.byLength, k)
			}
		}
		slices.SortStableFunc(p.byLength, func(a, b int32) int { return cmp.Compare(o.versions.at(a).n, o.versions.at(b).n) })
	}
	v := o.versions.at(i)
	end := sort.Search(len(p.byLength), func(k int) bool { return o.versions.at(p.byLength[k]).n > v.keep })
	const tries = 100 // of equal length, or later: there are few but in a garbled history
	for k := end - 1; k >= max(0, end-tries); k-- {
		if w := p.byLength[k]; w != i && o.versions.at(w).start < j.late(v.at, v.clock) {
			return w
		}
	}
	return none
}

// tip is the version that the chain ends in: the one that the harness read last,
// and what was written on top of it since; or else the last one that nobody
// replaced.
func (o *object) tip(j *Judge) int32 {
	if o.final != none && o.reads.at(o.final).version != none {
		return o.since(j, o.reads.at(o.final))
	}
	if o.followed != nil {
		return o.longest()
	}
	replaced := make([]bool, o.versions.n)
	for i := range o.versions.n {
		if parent := o.versions.at(i).parent; parent != none {
			replaced[parent] = true
		}
	}
	best := none
	for i := range o.versions.n {
		if o.committed(i) && (best == none || replaced[best] && !replaced[i] ||
			replaced[best] == replaced[i] && o.versions.at(i).at >= o.versions.at(best).at) {
			best = i
		}
	}
	return best
}

// since follows the versions that were answered after a read began: that the
// read did not see them does not mean that they are lost.
func (o *object) since(j *Judge, r *read) int32 {
	tip := r.version
	var next map[int32]int32
	for i := range o.versions.n {
		if v := o.versions.at(i); v.parent != none && !o.beenBy(j, v, r) && i != tip {
			if next == nil {
				next = map[int32]int32{}
			}
			next[v.parent] = i
		}
	}
	for hops := 0; hops < len(next); hops++ {
		child, found := next[tip]
		if !found {
			break
		}
		tip = child
	}
	return tip
}

// beenBy reports whether a version was there before a read began, as its writer knows: of one
// whose outcome he never learned others do, which is not looked for among several clocks.
func (o *object) beenBy(j *Judge, v *version, r *read) bool {
	return j.before(v.at, v.clock, r.start, r.clock) && (v.answer == acknowledged || !j.clocks.several())
}

func (o *object) walkBack(tip int32) {
	for v := tip; v != none && o.versions.at(v).pos == none; v = o.versions.at(v).parent {
		o.versions.at(v).pos = 0 // visited: a repeated ETag can close a circle
		o.chain = append(o.chain, v)
	}
	slices.Reverse(o.chain)
	for pos, v := range o.chain {
		o.versions.at(v).pos = int32(pos)
	}
}

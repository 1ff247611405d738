package check

import (
	"fmt"
	"slices"

	"holdfast/archive/storefault"
	"holdfast/scenarios/history"
)

// checkForks finds committed versions that are not on the chain: something on
// the chain took their place without replacing them.
func (o *object) checkForks(j *Judge) {
	creators := j.scratch.creators
	for i := range o.versions.n {
		v := o.versions.at(i)
		if !o.committed(i) || v.start <= o.deletedUntil {
			continue
		}
		if op := j.ops.all.at(v.op); op.do == create && op.acknowledged() {
			creators = append(creators, v.op)
		}
		if v.pos != none {
			continue
		}
		rival := o.rival(i)
		if rival == none {
			if v.answer == acknowledged {
				o.checkReverted(j, i, v.at, v.clock)
			}
			continue
		}
		if o.followed != nil && !o.forked(i, rival) {
			o.checkAside(j, i)
			continue
		}
		o.report(j, v.ifCond != ifNone && o.versions.at(rival).ifCond != ifNone, OneChain, "fork",
			fmt.Sprintf("%s and %s both replaced %s of %s", j.writer(v), j.writer(o.versions.at(rival)),
				o.versionName(v.parent), o.key),
			func() []history.Event {
				return j.story(o, evidence{versions: []int32{i, rival}, ops: []int32{v.op, o.versions.at(rival).op}})
			})
	}
	slices.Sort(creators)
	j.scratch.creators = kept(creators)
	if creators = slices.Compact(creators); len(creators) > 1 {
		o.violates(j, !j.gaps.deletes, o.allCreated(creators), OneCreator, "several creators", fmt.Sprintf("%d clients were told that they had created %s", len(creators), o.key),
			func() []history.Event { return j.story(o, evidence{creators: true}) })
	}
}

// forked reports whether it is known of two versions that both replaced one.
func (o *object) forked(i, rival int32) bool {
	v, w := o.versions.at(i), o.versions.at(rival)
	return !v.inferred && !w.inferred && v.parent == w.parent
}

// checkAside judges a version that is not on the chain, though it is not known who replaced
// what in its place: it may have been written over, by whomever. What was written on top of it
// is aside as it is.
func (o *object) checkAside(j *Judge, i int32) {
	v, last := o.versions.at(i), o.last()
	if v.parent != none && !v.inferred && o.versions.at(v.parent).pos == none {
		return
	}
	apart, known := o.apart(i, last)
	if !apart {
		o.violates(j, false, true, OneChain, "fork",
			fmt.Sprintf("%s of %s by %s is not among those that led to the last, as far as they are known", o.versionName(i), o.key, j.writer(v)), nil)
		return
	}
	o.violates(j, known && !j.gaps.deletes, true, AppendOnly, "history rewritten",
		fmt.Sprintf("%s of %s by %s and %s, which was there later or before, each lack what the other holds: one was written over the other",
			o.versionName(i), o.key, j.writer(v), o.versionName(last)),
		func() []history.Event {
			return j.story(o, evidence{versions: []int32{i, last}, ops: []int32{v.op, o.versions.at(last).op}})
		})
}

// checkReverted reports a version that the one read at the end does not descend
// from, though it was there, in nobody's place, before that read began.
func (o *object) checkReverted(j *Judge, i int32, at int64, clock uint16) {
	v := o.versions.at(i)
	if o.final == none || o.position(i) != none || v.start <= o.deletedUntil || o.rival(i) != none {
		return
	}
	last := o.reads.at(o.final)
	switch width := j.clocks.width(clock, last.clock, last.start); {
	case j.before(at, clock, last.start, last.clock):
	case clock == last.clock || j.before(last.start, last.clock, at, clock):
		return
	default:
		j.leaveOpen(Unaligned, RealTime, "older at the end", width, fmt.Sprintf("the last read of %s is of %s, perhaps after %s of %s was there",
			o.key, o.versionName(last.version), o.versionName(i), j.writer(v)))
		return
	}
	if o.followed != nil && (j.gaps.deletes || !o.finished()) {
		o.violates(j, false, false, RealTime, "older at the end", "the last read of "+o.key+" does not show "+o.versionName(i), nil)
		return
	}
	o.disorder(j, storefault.LostWrite, "older at the end", fmt.Sprintf("the last read of %s is of %s, after %s of %s was there",
		o.key, o.versionName(o.reads.at(o.final).version), o.versionName(i), j.writer(v)),
		evidence{versions: []int32{i}, ops: []int32{v.op}, final: true})
}

// rival is the version on the chain that stands where an off-chain version,
// or the one it descends from, should have had its place.
func (o *object) rival(i int32) int32 {
	next := o.position(o.anchor(o.versions.at(i).parent)) + 1 // none is -1
	if int(next) < len(o.chain) {
		return o.chain[next]
	}
	return none
}

// anchor is the version itself if it is on the chain, or its last ancestor that
// is; none if there is none.
func (o *object) anchor(i int32) int32 {
	const unset = none - 1
	if len(o.anchors) == 0 {
		o.anchors = filled(o.anchors, int(o.versions.n), unset)
	}
	var path []int32
	for i != none && o.versions.at(i).pos == none {
		if o.anchors[i] != unset {
			i = o.anchors[i]
			break
		}
		o.anchors[i] = none // in a circle of parents there is no anchor
		path = append(path, i)
		i = o.versions.at(i).parent
	}
	for _, k := range path {
		o.anchors[k] = i
	}
	return i
}

func (o *object) versionName(i int32) string {
	if i == none {
		return "nothing (the object was absent)"
	}
	return "version " + o.etags.name(o.versions.at(i).etag)
}

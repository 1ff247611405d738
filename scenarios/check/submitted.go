package check

import (
	"fmt"
	"strings"

	"holdfast/scenarios/history"
)

// trace finds, for each modification, who wrote it and whether anybody was told
// that it is stored.
func (o *object) trace(j *Judge) {
	o.state = filled(o.state, o.mods.len(), modInfo{version: none, offChain: none, removed: none, origin: none})
	for i := range o.versions.n {
		v := o.versions.at(i)
		if !o.committed(i) {
			continue
		}
		for _, m := range o.adds(v) {
			s := &o.state[m]
			if v.pos == none {
				s.offChain = i
			}
			if (v.harness || o.submittedTo(j, v, m)) && (s.origin == none || v.start < o.versions.at(s.origin).start) {
				s.origin = i
			}
		}
	}
	for _, n := range o.ops {
		if op := j.ops.all.at(n); op.acknowledged() {
			for _, m := range o.modsOf(op) {
				o.state[m].acked = true
			}
		}
	}
}

// submits reports whether an operation submitted a modification.
func (o *object) submits(op *operation, mod int32) bool {
	for _, m := range o.modsOf(op) {
		if m == mod {
			return true
		}
	}
	return false
}

// checkSubmitted reports modifications that a write added and its client never
// submitted. What others had written before is the business of [ExactlyOnce]
// and [AppendOnly].
func (o *object) checkSubmitted(j *Judge) {
	for i := range o.versions.n {
		v := o.versions.at(i)
		if v.harness || !o.committed(i) {
			continue
		}
		if v.unrecorded {
			continue // see checkUnrecorded
		}
		for _, m := range o.adds(v) {
			if first := o.state[m].origin; first != none && o.versions.at(first).start <= j.late(v.at, v.clock) || o.submittedTo(j, v, m) {
				continue
			}
			if o.had(v, m) {
				continue
			}
			o.violates(j, o.knew(v), o.misled(i), NothingInvented, "never submitted",
				fmt.Sprintf("%s wrote version %s of %s with modification %s, which it was never asked to write",
					j.writer(v), o.etags.name(v.etag), o.key, o.mods.name(m)),
				func() []history.Event {
					return j.story(o, evidence{versions: []int32{i}, ops: []int32{v.op}})
				})
		}
	}
}

func (o *object) reportLength(j *Judge, i int32, have int) {
	v := o.versions.at(i)
	o.violates(j, o.knew(v), o.misled(i), AppendOnly, "entries do not add up",
		fmt.Sprintf("version %s of %s by %s has %d modifications, but what it kept and added makes %d",
			o.etags.name(v.etag), o.key, j.writer(v), v.n, have),
		func() []history.Event { return j.story(o, evidence{versions: []int32{i}}) })
}

func (o *object) reportDuplicate(j *Judge, i, m int32) {
	v, first := o.versions.at(i), o.state[m].version
	w := o.versions.at(first)
	whole := v.unrecorded && (v.parent == none || strings.HasPrefix(o.mods.name(m), "#")) // a document can come with it
	if o.violates(j, !whole, o.misledSince(first, i), ExactlyOnce, "appended again",
		fmt.Sprintf("%s wrote version %s of %s, in which modification %s stands twice; %s had written it before",
			j.writer(v), o.etags.name(v.etag), o.key, o.mods.name(m), j.writer(w)),
		func() []history.Event {
			return j.story(o, evidence{versions: []int32{first, i}, ops: []int32{w.op, v.op}})
		}) {
		j.counts.Duplicated++
	}
}

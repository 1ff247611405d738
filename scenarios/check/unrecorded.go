package check

import (
	"fmt"

	"holdfast/scenarios/history"
)

// knew reports whether it is known what a version was built on, so that what is wrong with it
// is its writer's doing.
func (o *object) knew(v *version) bool {
	if o.followed == nil {
		return true
	}
	return v.of != 0 && o.followed.nodes[v.of] != none && (v.unrecorded || v.named() == v.of)
}

// had reports whether a version was built on one that held an entry: whoever put it there,
// its writer did not.
func (o *object) had(v *version, mod int32) bool {
	if o.followed == nil || v.of == 0 {
		return false
	}
	node := o.followed.nodes[v.of]
	return node != none && o.followed.entries.holds(node, mod)
}

// untold reports whether it is not known which of two versions was there first.
func (o *object) untold(j *Judge, i, k int32) bool {
	if o.followed == nil || j.gaps.deletes || i == none {
		return j.gaps.deletes
	}
	a, known := o.held(i)
	b, too := o.held(k)
	return !known || !too || a == b && o.versions.at(i).tied
}

// checkUnrecorded counts what versions hold that nobody is seen to submit: an operation of a
// recorder that is missing may have.
func (o *object) checkUnrecorded(j *Judge) {
	if o.followed == nil {
		return
	}
	asked := make([]bool, o.mods.len())
	for _, m := range o.submitted {
		asked[m] = true
	}
	for i := range o.versions.n {
		if v := o.versions.at(i); v.harness || v.unrecorded && v.parent == none {
			for _, m := range o.adds(v) {
				asked[m] = true // they were there at first
			}
		}
	}
	for i := range o.versions.n {
		v := o.versions.at(i)
		if !v.unrecorded {
			continue
		}
		for _, m := range o.adds(v) {
			if asked[m] {
				continue
			}
			asked[m] = true
			if j.maySubmit(o.mods.name(m)) {
				continue
			}
			o.violates(j, false, false, NothingInvented, "never submitted",
				fmt.Sprintf("version %s of %s holds modification %s, which nobody is seen to submit", o.etags.name(v.etag), o.key, o.mods.name(m)),
				func() []history.Event { return j.story(o, evidence{versions: []int32{i}}) })
		}
	}
}

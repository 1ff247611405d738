package check

import (
	"cmp"
	"fmt"
	"slices"
	"sort"

	"holdfast/scenarios/history"
)

// checkResurrected reports appends and saves that made a version where there was
// no object: an update replaces a version, and what was deleted stays deleted.
// A write on condition of absence says so itself. One without a condition must
// have begun after a deletion, with nothing that can have been written in between.
func (o *object) checkResurrected(j *Judge) {
	o.orderDeletions()
	var between *writes
	for i := range o.versions.n {
		v := o.versions.at(i)
		if v.ifCond == ifMatch || !o.applied(i) {
			continue
		}
		if do := j.ops.all.at(v.op).do; do != appends && do != batch && !do.based() {
			continue
		}
		deleted := o.lastDeletion(v)
		if v.ifCond == ifNone {
			if deleted == nil {
				continue
			}
			if between == nil {
				between = o.writes(j)
			}
			if between.count(deleted.start, v.end()) > 1 { // not only v
				continue
			}
		}
		o.reportResurrected(j, i, deleted)
	}
}

// applied: the client was told so, or somebody read what the write made.
func (o *object) applied(i int32) bool {
	return o.versions.at(i).answer == acknowledged || o.committed(i)
}

// end is when a write had been applied, if ever; forever if that is not known.
func (v *version) end() int64 {
	if v.answer == acknowledged {
		return v.at
	}
	return forever
}

// orderDeletions sorts them by their ends. Of those that ended before any time
// the last is then the one that began last: one that began before another that
// ended earlier tells nothing more, and the other takes its place.
func (o *object) orderDeletions() {
	slices.SortStableFunc(o.deletions, func(a, b deletion) int { return cmp.Compare(a.at, b.at) })
	for k := 1; k < len(o.deletions); k++ {
		if o.deletions[k].start < o.deletions[k-1].start {
			o.deletions[k] = o.deletions[k-1]
		}
	}
}

// lastDeletion is the one that began last, of those that had ended before a
// write began; nil if there is none.
func (o *object) lastDeletion(v *version) *deletion {
	n := sort.Search(len(o.deletions), func(k int) bool { return o.deletions[k].at >= v.start })
	if n == 0 {
		return nil
	}
	return &o.deletions[n-1]
}

// writes are the times at which versions can have been made, sorted each.
type writes struct {
	starts, ends []int64
}

func (o *object) writes(j *Judge) *writes {
	w := &writes{}
	for i := range o.versions.n {
		if v := o.versions.at(i); v.answer == outcomeUnknown || o.applied(i) {
			w.starts, w.ends = append(w.starts, j.early(v.start, v.clock)), append(w.ends, j.late(v.end(), v.clock))
		}
	}
	slices.Sort(w.starts)
	slices.Sort(w.ends)
	return w
}

// count is the number of writes that can have been applied in a span of time:
// those that began before its end, without those that ended before its start.
func (w *writes) count(from, to int64) int {
	begun := sort.Search(len(w.starts), func(k int) bool { return w.starts[k] > to })
	ended := sort.Search(len(w.ends), func(k int) bool { return w.ends[k] >= from })
	return begun - ended
}

func (o *object) reportResurrected(j *Judge, i int32, deleted *deletion) {
	v := o.versions.at(i)
	why, ev := "there was no object to update", evidence{versions: []int32{i}, ops: []int32{v.op}, allCalls: true}
	if deleted != nil {
		why = j.actors.name(deleted.by) + " had deleted the object"
		ev.deletions = []deletion{*deleted}
	}
	// A create that the store took though the object was there would have been refused.
	o.violates(j, v.ifCond == ifAbsent, deleted == nil && v.ifCond == ifAbsent, OneChain, "resurrected",
		fmt.Sprintf("%s wrote version %s of %s in an update that replaced no version: %s", j.writer(v), o.etags.name(v.etag), o.key, why),
		func() []history.Event { return j.story(o, ev) })
}

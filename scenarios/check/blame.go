package check

import (
	"holdfast/archive/storefault"
	"holdfast/scenarios/history"
)

// report records what would be a violation on an object. If the store broke its word there,
// and that can explain it, nothing is shown against the core.
func (o *object) report(j *Judge, explained bool, i Invariant, anomaly, summary string, witness func() []history.Event) {
	if explained && o.store.faulty {
		j.excused++
		return
	}
	j.report(i, anomaly, summary, witness)
}

// disorder records that calls were answered in an order that is none of their versions. Where
// who replaced what follows from the conditions of the writes alone it is the store's doing;
// else a core that writes without one, or what had been there before, may have caused it.
func (o *object) disorder(j *Judge, k storefault.Kind, anomaly, what string, ev evidence) {
	switch {
	case o.store.faulty:
		j.excused++
	case o.store.dubious || !newLedger(o).straight:
		j.report(RealTime, anomaly, what, func() []history.Event { return j.story(o, ev) })
	default:
		o.finding(j, k, what, ev)
	}
}

// misled reports whether a version can be wrong because its writer was shown what was not
// there. If not, then whatever its content does to that of the version which it names, its
// writer did: one that is built on another than its condition names needs no such excuse.
func (o *object) misled(i int32) bool {
	v := o.versions.at(i)
	torn := o.store.torn
	return torn[v.of] || torn[v.cond] || torn[v.etag] || v.named() != 0 && o.version(v.named()) == none
}

// canLose reports whether a store that broke its word can have lost what an operation was
// told is stored. It can't if a later version dropped it whose writer had it before its eyes,
// or wrote without a condition, or on another than it had read; nor if it was never sent.
func (o *object) canLose(mod, held, culprit int32) bool {
	switch {
	case held == none:
		return len(o.store.torn) > 0
	case culprit == none:
		return true
	}
	w := o.versions.at(culprit)
	if w.ifCond == ifNone || w.ifCond == ifMatch && w.of != w.cond {
		return false
	}
	return o.state[mod].version == none || o.misled(culprit)
}

// allCreated reports whether each of these operations has created the object, for all that
// the store has answered or shown, on the condition that there was none.
func (o *object) allCreated(ops []int32) bool {
	created := map[int32]bool{}
	for i := range o.versions.n {
		if v := o.versions.at(i); v.ifCond == ifAbsent && o.applied(i) {
			created[v.op] = true
		}
	}
	for _, n := range ops {
		if !created[n] {
			return false
		}
	}
	return true
}

// showed reports whether the store has ever shown an ETag to a reader.
func (o *object) showed(etag int32) bool {
	if !o.store.faulty {
		return false
	}
	for i := range o.reads.n {
		if r := o.reads.at(i); r.etag == etag && !r.load {
			return true
		}
	}
	return false
}

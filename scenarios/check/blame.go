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
	case o.store.dubious || !o.straight():
		j.report(RealTime, anomaly, what, func() []history.Event { return j.story(o, ev) })
	default:
		o.finding(j, k, what, ev)
	}
}

// straight is what the ledger says; it is made once for that.
func (o *object) straight() bool {
	if !o.store.looked {
		o.store.looked, o.store.straight = true, newLedger(o).straight
	}
	return o.store.straight
}

// misled reports whether a version can be wrong because its writer was shown what was not
// there. If not, then whatever its content does to that of the version which it names, its
// writer did: one that is built on another than its condition names needs no such excuse.
func (o *object) misled(i int32) bool {
	v := o.versions.at(i)
	torn := o.store.torn
	return torn[v.of] || torn[v.cond] || torn[v.etag] || v.named() != 0 && o.version(v.named()) == none
}

// misledSince reports whether that can be said of a version of the chain, or of one before it
// back to another (none: the first of all): what is wrong there is carried along.
func (o *object) misledSince(first, i int32) bool {
	if len(o.store.torn) == 0 {
		return o.misled(i)
	}
	for pos := max(o.position(first), 0); pos <= o.position(i); pos++ {
		if o.misled(o.chain[pos]) {
			return true
		}
	}
	return false
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
	if w.unrecorded {
		return true
	}
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

// showed reports whether the store has shown a reader an ETag that no write was answered with.
func (o *object) showed(etag int32) bool { return o.described[etag] || o.store.torn[etag] }

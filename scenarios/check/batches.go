package check

import (
	"cmp"
	"fmt"
	"slices"
	"sort"

	"holdfast/scenarios/history"
)

// batches know which operations are stored by others: through a group or a queue, by
// whichever of its batches. What a batch may write follows from what the operations want
// that were pending then, whatever the batch itself says. Objects without batches need none
// of it.
type batches struct {
	any bool
	// members are the modifications of operations that go through something, in the order
	// of their numbers.
	members []member
	// all are the batches, in the order of their beginnings; lasting is until when the last
	// of those up to there ended.
	all     []int32
	lasting []int64
}

// member is a modification, and an operation that submitted it.
type member struct{ mod, op int32 }

func (b *batches) reset() {
	b.any, b.members, b.all, b.lasting = false, b.members[:0], b.all[:0], b.lasting[:0]
}

// batched reports whether the operation is stored by others.
func (op *operation) batched() bool { return op.through != 0 && op.do != batch }

// sortBatches is called when all operations have ended that will.
func (o *object) sortBatches(j *Judge) {
	b := &o.batches
	if !b.any {
		return
	}
	until := int64(0)
	for _, n := range o.ops {
		op := j.ops.all.at(n)
		if op.do == batch {
			until = max(until, j.lateEnd(op))
			b.all, b.lasting = append(b.all, n), append(b.lasting, until)
			continue
		}
		if op.batched() {
			for _, m := range o.modsOf(op) {
				b.members = append(b.members, member{m, n})
			}
		}
	}
	slices.SortStableFunc(b.members, func(a, b member) int { return cmp.Compare(a.mod, b.mod) })
}

// end is when the operation ended, forever if it has not.
func (op *operation) end() int64 {
	if op.outcome == noWord {
		return forever
	}
	return op.at
}

// submitters are the operations that submitted a modification and are stored by others.
func (o *object) submitters(mod int32) []member {
	all := o.batches.members
	first, _ := slices.BinarySearchFunc(all, mod, func(m member, mod int32) int { return cmp.Compare(m.mod, mod) })
	last := first
	for last < len(all) && all[last].mod == mod {
		last++
	}
	return all[first:last]
}

// wrote reports whether a version was written by an operation, or by a batch for it: one
// through the same, when the operation was pending, or nobody knew what had become of it.
func (j *Judge) wrote(v *version, n int32) bool {
	if v.op == n {
		return true
	}
	by, op := j.ops.all.at(v.op), j.ops.all.at(n)
	return by.do == batch && op.batched() && by.through == op.through && by.object == op.object &&
		!op.invalid && op.invoked <= j.late(v.start, v.clock) && (j.lateEnd(op) >= v.start || op.outcome == unknown || op.outcome == crashed || op.met.has(cutShort))
}

// submitted reports whether who wrote a version had been asked to write a modification.
func (o *object) submittedTo(j *Judge, v *version, mod int32) bool {
	by := j.ops.all.at(v.op)
	if by.do != batch {
		return o.submits(by, mod)
	}
	return slices.ContainsFunc(o.submitters(mod), func(m member) bool { return j.wrote(v, m.op) })
}

// meant reports whether who wrote a version had been asked to change a field: of a batch,
// by an operation of which the version adds something.
func (o *object) meant(j *Judge, v *version, field string) bool {
	by := j.ops.all.at(v.op)
	if by.do != batch {
		return slices.Contains(j.sets[by.sets], field)
	}
	return slices.ContainsFunc(o.adds(v), func(mod int32) bool { return o.setBy(j, v, mod, field) })
}

// meantAny reports whether who wrote a version had been asked to change any field.
func (o *object) meantAny(j *Judge, v *version) bool {
	by := j.ops.all.at(v.op)
	if by.do != batch {
		return len(j.sets[by.sets]) > 0
	}
	return slices.ContainsFunc(o.adds(v), func(mod int32) bool {
		return slices.ContainsFunc(o.submitters(mod), func(m member) bool { return j.wrote(v, m.op) && j.ops.all.at(m.op).sets > 0 })
	})
}

// setBy reports whether a modification of a version is that of an operation which wants a
// field changed.
func (o *object) setBy(j *Judge, v *version, mod int32, field string) bool {
	return slices.ContainsFunc(o.submitters(mod), func(m member) bool {
		return j.wrote(v, m.op) && slices.Contains(j.sets[j.ops.all.at(m.op).sets], field)
	})
}

// overruled reports whether a version holds, after all that the operation appends, what
// another of the same batch appends that changes the same field: as if one had followed the
// other.
func (o *object) overruled(j *Judge, v *version, n int32, field string) bool {
	if j.ops.all.at(v.op).do != batch {
		return false
	}
	adds := o.adds(v)
	last := -1
	for _, mod := range o.modsOf(j.ops.all.at(n)) {
		last = max(last, slices.Index(adds, mod))
	}
	return slices.ContainsFunc(adds[last+1:], func(mod int32) bool { return o.setBy(j, v, mod, field) })
}

// metBy reports whether a batch met something that explains what the operation was told:
// one through the same that was under way while it was pending. Of an operation that is
// stored by nobody else it is what itself met.
func (o *object) metBy(j *Judge, op *operation, explains func(*operation) bool) bool {
	if !op.batched() {
		return explains(op)
	}
	b := &o.batches
	begun := sort.Search(len(b.all), func(k int) bool { return j.ops.all.at(b.all[k]).invoked > j.lateEnd(op) })
	for k := begun - 1; k >= 0 && b.lasting[k] >= op.invoked; k-- {
		by := j.ops.all.at(b.all[k])
		if by.through == op.through && j.lateEnd(by) >= op.invoked && explains(by) {
			return true
		}
	}
	return false
}

// besideInvalid reports whether an operation was pending that had to be refused, when this
// one was, through the same.
func (o *object) besideInvalid(j *Judge, op *operation) (n int32, found bool) {
	for _, n := range o.ops {
		other := j.ops.all.at(n)
		if other.invoked > op.end() {
			break
		}
		if other.invalid && other.through == op.through && other.end() >= op.invoked {
			return n, true
		}
	}
	return none, false
}

// checkOwnFailure: an operation that is stored by others is told of a failure of its own,
// not of a conflict that its batch met, nor of what was wrong with another in it.
func (o *object) checkOwnFailure(j *Judge, n int32) {
	op := j.ops.all.at(n)
	conflicted := func(by *operation) bool { return by.lastCall == preconditionFailed || by.lastCall == conflict }
	failed := func(by *operation) bool { return by.lastCall != acknowledged && !conflicted(by) }
	if op.invalid || o.metBy(j, op, failed) {
		return
	}
	if other, found := o.besideInvalid(j, op); found {
		j.report(HonestAnswers, "told another's failure",
			fmt.Sprintf("%s was told of a failure, though the store failed no call for it and nothing was wrong with it, as there was with what %s asked for at the same time",
				j.author(n), j.author(other)),
			func() []history.Event { return j.story(o, evidence{ops: []int32{other, n}, allCalls: true}) })
	} else if o.metBy(j, op, conflicted) && !o.metBy(j, op, func(by *operation) bool { return !conflicted(by) }) {
		o.reportAnswer(j, n, "conflict called a failure", "was told of a failure of the store, though every batch that can have held it met a conflict")
	}
}

package check

import (
	"fmt"
	"slices"
	"sort"
	"time"

	"holdfast/scenarios/history"
)

// judge decides about one object.
func (o *object) judge(j *Judge) {
	if !j.clocks.several() {
		o.identify(j)
	}
	o.link(j)
	o.checkForks(j)
	o.checkResurrected(j)
	o.sortBatches(j)
	o.trace(j)
	o.checkSubmitted(j)
	o.checkUnrecorded(j)
	o.walk(j)
	for _, n := range o.ops {
		o.checkAnswer(j, n)
		o.checkAsked(j, n)
	}
	o.checkGiven(j)
	o.checkReads(j)
	o.checkRealTime(j)
}

// checkAnswer compares what a client was told with what the chain holds. Whatever it
// was told after an interrupt is no answer of the core's alone.
func (o *object) checkAnswer(j *Judge, n int32) {
	op := j.ops.all.at(n)
	if op.do == load || op.met.has(cutShort) {
		return
	}
	switch {
	case op.outcome == committed:
		o.checkAcknowledged(j, n)
	case op.outcome.refused():
		o.checkRefused(j, n)
	}
}

// vanished: the object was not there at the end, and nobody had deleted it.
func (o *object) vanished() bool {
	return o.final != none && o.reads.at(o.final).etag == 0 && o.reads.at(o.final).start > o.deletedUntil
}

// endedBefore reports whether an operation had ended before the last read began: by one clock
// the harness sees to that.
func (o *object) endedBefore(j *Judge, op *operation) bool {
	last, clock := o.reads.at(o.final), j.clocks.by(op.actor)
	return clock == last.clock || j.before(op.at, clock, last.start, last.clock)
}

// endWidth is how exactly it is known which came first.
func (o *object) endWidth(j *Judge, op *operation) time.Duration {
	last := o.reads.at(o.final)
	return j.clocks.width(j.clocks.by(op.actor), last.clock, last.start)
}

// checkAcknowledged: all modifications of an acknowledged operation are in the
// last version, and the ETag of the answer names a version that holds them.
func (o *object) checkAcknowledged(j *Judge, n int32) {
	op := j.ops.all.at(n)
	written := true
	for _, m := range o.modsOf(op) {
		if m != op.once && o.doneBefore(j, op, n) {
			continue
		}
		s := &o.state[m]
		if (s.count == 0 && !o.endsWith(m) || o.vanished()) && op.invoked > o.deletedUntil && !s.lost {
			if s.count > 0 && !o.endedBefore(j, op) {
				j.leaveOpen(Unaligned, NothingLost, "gone at the end", o.endWidth(j, op), fmt.Sprintf("the last read of %s shows nothing, perhaps after %s was told that it had committed", o.key, j.author(n)))
				continue
			}
			s.lost = true
			o.reportLost(j, n, m)
		}
		written = written && (s.version != none || s.offChain != none)
	}
	v := o.version(op.etag)
	closed := o.followed == nil
	switch {
	case !written:
		o.toldFalsely(j, n, closed, len(o.store.torn) > 0, "success without a write", "was told that it had committed, but no version holds its modifications")
	case op.etag == 0:
		o.reportTold(j, n, o.allCreated([]int32{n}), "success without an ETag", "was told that it had committed, without the ETag of the version")
	case v == none && !o.doubtful(op.etag):
		o.toldFalsely(j, n, closed, o.showed(op.etag), "unknown ETag", "was told ETag "+o.etags.name(op.etag)+", which names no recorded version")
	case o.position(v) != none && o.firstAfter(op, o.position(v)):
		o.reportTold(j, n, o.store.torn[op.etag], "stale ETag", "was told ETag "+o.etags.name(op.etag)+", a version that does not hold its modifications yet")
	}
}

// firstAfter reports whether a modification of the operation came into the
// chain only after a position.
func (o *object) firstAfter(op *operation, pos int32) bool {
	for _, m := range o.modsOf(op) {
		if o.position(o.state[m].version) > pos {
			return true
		}
	}
	return false
}

// reportLost tells who wrote the version from which an acknowledged
// modification is missing.
func (o *object) reportLost(j *Judge, n, m int32) {
	s := &o.state[m]
	what := fmt.Sprintf("%s was told that %s is stored in %s", j.author(n), o.mods.name(m), o.key)
	ev := evidence{ops: []int32{n}, final: true}
	anomaly, held := "gone at the end", s.version
	if held == none {
		held = s.offChain
	}
	culprit := none
	switch {
	case held == none:
		anomaly, ev.allCalls = "never written", true
		what += "; no version that anybody read holds it"
	case s.count > 0:
		what += "; at the end there is no such object"
	case s.version != none:
		culprit = s.removed
	default:
		culprit = o.rival(s.offChain)
		if j.found[NothingLost] < MostShown { // it searches
			culprit = o.overwriter(s.offChain, culprit)
		}
	}
	if culprit != none {
		w := o.versions.at(culprit)
		what += fmt.Sprintf("; %s wrote version %s without it", j.writer(w), o.etags.name(w.etag))
		if w.of != 0 {
			what += ", built on version " + o.etags.name(w.of)
		}
		anomaly = o.lostBy(j, w, held)
		ev.versions = append(ev.versions, culprit)
		ev.ops = append(ev.ops, w.op)
	} else if held != none && s.count == 0 {
		what += "; the version read at the end is older"
	}
	ev.versions = append(ev.versions, held)
	known := o.followed == nil || o.finished() && o.ends() && !j.gaps.deletes
	if o.violates(j, known, o.canLose(m, held, culprit), NothingLost, anomaly, what, func() []history.Event { return j.story(o, ev) }) {
		j.counts.Lost++
	}
}

// lostBy is how a version came to lack what one before it held.
func (o *object) lostBy(j *Judge, w *version, held int32) string {
	base, by := o.version(w.of), j.ops.all.at(w.op)
	anomaly := "modification vanished"
	switch {
	case w.of == 0 && (by.do == create || by.met.has(absence)): // it was built on that there was nothing
	case base == none:
		anomaly = "overwritten"
	case o.position(held) != none && o.position(base) >= o.position(held):
		anomaly = "modification dropped"
	}
	return anomaly
}

// overwriter is the first version of the chain that was answered after one off
// the chain, from its rival on: the rival itself may have been there before.
func (o *object) overwriter(i, rival int32) int32 {
	if rival == none {
		return none
	}
	for _, k := range o.chain[o.position(rival):] {
		if o.versions.at(k).at >= o.versions.at(i).at {
			return k
		}
	}
	return rival
}

// misledAbout reports whether the store, and no fault that was injected, told an operation that
// its write had failed, or showed it something after that: then what it says may be the store's.
func (o *object) misledAbout(i, n int32) bool {
	v := o.versions.at(i)
	if v.answer != acknowledged && v.answer != outcomeUnknown && !v.swayed {
		return true
	}
	for k := range o.reads.n {
		if r := o.reads.at(k); v.answer != acknowledged && r.op == n && r.start >= v.at {
			return true
		}
	}
	return false
}

// checkRefused: an operation that was told that it failed has written nothing,
// and was told the right kind of failure.
func (o *object) checkRefused(j *Judge, n int32) {
	op := j.ops.all.at(n)
	for _, m := range o.modsOf(op) {
		i := o.firstWritten(m)
		if i == none || op.outcome == gone && o.wentWith(m, op) {
			continue
		}
		if wrote, known := j.wrote(o.versions.at(i), n), !o.versions.at(i).unrecorded; wrote || !known {
			o.toldFalsely(j, n, known, o.misledAbout(i, n), "failure that committed", fmt.Sprintf(
				"was told %q, but its modification %s is stored", j.spelled(op.outcome), o.mods.name(m)))
			return
		}
	}
	if op.batched() && op.outcome == failed {
		o.checkOwnFailure(j, n)
		return
	}
	met := func(what met) bool { return o.metBy(j, op, func(by *operation) bool { return by.met.has(what) }) }
	refusedByOthers := op.lastCall == preconditionFailed || op.lastCall == conflict
	switch {
	case op.outcome == failed && refusedByOthers, op.outcome == unavailable && refusedByOthers && op.met.has(overtaken):
		o.reportTold(j, n, len(o.store.torn) > 0, "conflict called a failure", "met a conflict and was told of a failure of the store, not of a conflict or exhaustion")
	case op.outcome == exhausted && !met(refusal|overtaken):
		o.reportAnswer(j, n, "exhausted without a refusal",
			"was told that its attempts are exhausted, though the store refused nothing and nobody was in its way")
	case op.outcome == exhausted && op.met.has(told409) && !op.met.has(beaten|overtaken):
		o.reportAnswer(j, n, "outage called a conflict",
			"was told by 409 that others were in its way, though no write of it was refused: the store did not serve it")
	case op.outcome == unavailable && !met(refusal):
		o.reportAnswer(j, n, "unavailable without an outage", "was told that the store is unavailable, though it answered every call")
	case op.outcome == userConflict && !op.met.has(rivals) && !o.outdated(j, op, n):
		o.toldFalsely(j, n, o.followed == nil, o.store.torn[op.base] || op.met.has(absence), "conflict without a cause", "was told of a conflict, though it met no version but its own")
	case op.outcome == gone && !met(absence):
		o.reportAnswer(j, n, "gone without a 404", "was told that the object is gone, which the store never said")
	}
}

// outdated reports whether somebody else had written on top of an operation's base by its
// end: its core may know that from before, and need not ask the store once more.
func (o *object) outdated(j *Judge, op *operation, n int32) bool {
	base := o.position(o.version(op.base))
	if base == none {
		return false
	}
	return slices.ContainsFunc(o.chain[base+1:], func(i int32) bool {
		v := o.versions.at(i)
		return v.op != n && v.start <= j.lateOp(op)
	})
}

// wentWith reports whether a modification was stored and then deleted with the object
// before the operation ended: it is gone, as its client was told.
func (o *object) wentWith(m int32, op *operation) bool {
	s := &o.state[m]
	i := s.version
	if i == none {
		i = s.offChain
	}
	written := o.versions.at(i).start
	next := sort.Search(len(o.deletions), func(k int) bool { return o.deletions[k].at >= written })
	return next < len(o.deletions) && o.deletions[next].start <= op.at
}

// firstWritten is the first version holding a modification.
func (o *object) firstWritten(m int32) int32 {
	if s := &o.state[m]; s.version != none {
		return s.version
	}
	return o.state[m].offChain
}

// reportAnswer reports an answer that the calls of its operation give the lie, whatever the
// store holds.
func (o *object) reportAnswer(j *Judge, n int32, anomaly, what string) {
	o.reportTold(j, n, false, anomaly, what)
}

func (o *object) reportTold(j *Judge, n int32, explained bool, anomaly, what string) {
	o.toldFalsely(j, n, true, explained, anomaly, what)
}

func (o *object) toldFalsely(j *Judge, n int32, known, explained bool, anomaly, what string) {
	o.violates(j, known, explained, HonestAnswers, anomaly, j.author(n)+" "+what, func() []history.Event {
		return j.story(o, evidence{ops: []int32{n}, allCalls: true})
	})
}

// checkReads compares each read with the version whose ETag it got.
func (o *object) checkReads(j *Judge) {
	for i := range o.reads.n {
		r := o.reads.at(i)
		switch {
		case r.etag == 0 || r.version == none && (r.load || o.followed != nil || o.doubtful(r.etag)):
		case r.version == none:
			o.report(j, true, OneChain, "unknown version", fmt.Sprintf("%s read version %s of %s, which no recorded write made",
				j.actors.name(r.by), o.etags.name(r.etag), o.key),
				func() []history.Event { return []history.Event{o.readEvent(j, r)} })
		case r.n != none && r.content() != o.versions.at(r.version).content():
			o.reportTwoContents(j, r.version, evidence{versions: []int32{r.version}, reads: []*read{r}})
		case o.versions.at(r.version).answer != acknowledged:
			o.checkReverted(j, r.version, r.at, r.clock)
		}
	}
}

func (o *object) reportTwoContents(j *Judge, i int32, ev evidence) {
	o.report(j, true, OneChain, "one ETag, two contents",
		fmt.Sprintf("version %s of %s was written and then met again with other content",
			o.etags.name(o.versions.at(i).etag), o.key),
		func() []history.Event { return j.story(o, ev) })
}

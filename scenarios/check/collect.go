package check

import (
	"fmt"
	"math"
	"net/http"

	"holdfast/scenarios/history"
)

// Add takes the next event. It keeps nothing of e but strings and slices of them.
func (j *Judge) Add(e *history.Event) {
	if e.Means != "" || e.Fault != "" || e.Requests > 1 || e.Carried != "" {
		j.checkWay(e)
		j.distrust(e)
	}
	switch e.Kind {
	case history.Invoke:
		j.invoke(e)
	case history.Return:
		j.finish(e)
	case history.Get, history.Head:
		if !e.OfTrigger() {
			j.read(e)
		}
	case history.Put:
		if e.Doc != nil {
			j.put(e)
		}
	case history.Delete:
		if e.OfTrigger() {
			j.messages.remove(e, j.clock(e))
		} else {
			j.remove(e)
		}
	case history.Wait:
		n := j.ops.index(e.Op)
		j.patrol.waits(j.ops.all.at(n), n, e)
	case history.Queue:
		j.messages.note(e, j.clock(e))
	case history.Tell:
		j.look(e)
	case history.Omit:
		j.tally = j.tally.plus(Tally{Updates: e.Omitted.Updates, Acknowledged: e.Omitted.Acknowledged, Refusals: e.Omitted.Refusals})
	case history.End:
		j.tally.Ended, j.cut = true, j.cut || e.Interrupted
	}
}

func harness(actor string) bool { return actor == history.SetupActor || actor == history.FinalActor }

func (j *Judge) invoke(e *history.Event) {
	n := j.ops.index(e.Op)
	op := j.ops.all.at(n)
	if n == 0 || op.object != none {
		j.contradict("operation %d begins more than once", e.Op)
		return
	}
	o := j.object(e.Key)
	op.actor, op.object = j.actors.number(e.Actor), o.number
	j.clocks.of(op.actor, j.clock(e))
	op.invoked, op.at, op.do = e.At, e.At, j.word(e.Do)
	op.base = o.etags.number(e.Base)
	op.firstMod, op.mods = int32(len(o.submitted)), int32(len(e.IDs))
	o.ops = append(o.ops, n)
	for i, id := range e.IDs {
		o.submitted = append(o.submitted, o.mods.number(id))
		o.asked = append(o.asked, sumAt(e.Entries, i))
	}
	if e.Whole != 0 {
		o.wholes.asked = append(o.wholes.asked, whole{n, e.Whole})
	}
	if e.Once != "" {
		op.once = o.mods.number(e.Once)
	}
	if e.Through != "" {
		op.through, op.invalid, o.batches.any = int16(j.throughs.number(e.Through)), e.Invalid, true
	}
	if e.Step != "" {
		op.step = j.step(e.Step)
	}
	if len(e.Sets) > 0 {
		op.sets = int32(len(j.sets))
		j.sets, j.values = append(j.sets, e.Sets), append(j.values, e.Values)
	}
	if len(e.Customers) > 0 {
		j.messages.uploads = append(j.messages.uploads, upload{n, e.Customers})
	}
	if e.Trigger != "" && len(e.IDs) > 0 {
		m := j.messages.process(e.Trigger, n)
		if e.Worked != "" {
			j.messages.works = append(j.messages.works, work{n, m, o.etags.number(e.Worked), e.Covers})
		}
	}
	if !op.batched() { // the policy is that of who makes the calls
		j.patrol.begin(op, n, e)
	}
	j.openAt(e.Clock, 1)
	if op.updates() {
		j.tally.Updates++
		o.updated = true
	}
}

// updates reports whether the operation is one that a client wants to have stored.
func (op *operation) updates() bool { return op.do != load && op.do != batch }

// sumAt is a digest of those that may not have been recorded.
func sumAt(sums []history.Sum, i int) history.Sum {
	if i < len(sums) {
		return sums[i]
	}
	return 0
}

func (j *Judge) finish(e *history.Event) {
	n := j.ops.index(e.Op)
	op := j.ops.all.at(n)
	if n == 0 || op.outcome != noWord {
		j.contradict("operation %d ends more than once", e.Op)
		return
	}
	if op.object == none {
		// Its beginning is missing: nothing that it did was submitted.
		o := j.object(e.Key)
		op.actor, op.object = j.actors.number(e.Actor), o.number
		j.clocks.of(op.actor, j.clock(e))
		o.ops = append(o.ops, n)
		j.openAt(e.Clock, 1)
	}
	op.at, op.outcome = e.At, j.word(e.Outcome)
	if len(e.Values) > 0 { // of an update, whose edit is made of what it reads
		op.base, op.sets = j.objects[op.object].etags.number(e.Base), int32(len(j.sets))
		j.sets, j.values = append(j.sets, e.Sets), append(j.values, e.Values)
	}
	op.met.note(told409, e.Status == http.StatusConflict)
	op.etag = j.objects[op.object].etags.number(e.ETag)
	j.patrol.end(op, n, e)
	j.openAt(e.Clock, -1)
	if op.updates() && op.outcome == committed {
		j.tally.Acknowledged++
		if !j.objects[op.object].valued(j, op) {
			j.tally.Unvalued++
		}
	}
	if op.outcome == userConflict {
		j.tally.Refusals++
	}
	op.met.note(cutShort, e.Interrupted)
	if op.acknowledged() && len(e.Customers) > 0 {
		j.messages.uploads = append(j.messages.uploads, upload{n, e.Customers})
	}
	if op.acknowledged() && len(e.Told) > 0 {
		j.messages.promises = append(j.messages.promises, promise{n, e.Told})
	}
	if e.Key == j.objects[op.object].key {
		j.objects[op.object].noteAnswer(j, op, n, e)
	}
	if o := j.objects[op.object]; op.do == load && op.acknowledged() && op.etag != 0 && !o.justRead(n, op.etag) {
		o.reads.add(read{
			op: n, by: op.actor, start: op.invoked, at: e.At, etag: op.etag, n: none, version: none, clock: j.clock(e), load: true,
		})
	}
}

// justRead reports whether one of the last store reads showed an operation this
// version. That it looks no further back costs memory, and nothing else.
func (o *object) justRead(op, etag int32) bool {
	const last = 32
	for i := o.reads.n - 1; i >= max(0, o.reads.n-last); i-- {
		if r := o.reads.at(i); r.op == op && r.etag == etag {
			return true
		}
	}
	return false
}

func (j *Judge) read(e *history.Event) {
	o := j.object(e.Key)
	n := j.ops.index(e.Op)
	op := j.ops.all.at(n)
	if e.Answer != history.OK || garbled(e) {
		op.lastCall = answer(code(answers, e.Answer)) // explains a failure
	}
	op.met.note(refusal, e.Answer != history.OK || garbled(e))
	op.met.note(absence, e.Answer == history.NotFound)
	j.patrol.call(op, n, e)
	r := read{op: n, start: e.Start, at: e.At, n: none, version: none, by: j.actors.numberLike(e.Actor, op.actor), clock: j.clock(e), bad: garbled(e)}
	if r.bad && !harness(e.Actor) {
		o.noteGarbled(n, r, e)
		return // whoever wrote such a version is judged by that
	}
	switch {
	case e.Answer == history.OK && e.ETag != "":
		o.store.note(e)
		r.etag = o.etags.number(e.ETag)
		op.met.note(rivals, r.etag != op.base || op.object != o.number)
	case e.Answer == history.NotFound && e.Means != "": // a fault said so, and knows of no object
		op.show(e.Kind, 0)
		return
	case e.Answer == history.NotFound:
		o.store.absent = true
	default:
		return // nothing was learned
	}
	if op.object == o.number {
		op.show(e.Kind, r.etag)
	}
	o.noteBody(n, e)
	if e.Doc != nil {
		r.n, r.sum, r.fields = bounded(e.Doc.N), e.Doc.Sum, e.Doc.Fields
		if several(&j.header) && r.etag != 0 {
			o.noteAccount(r.etag, e.Doc)
		}
	}
	if e.Actor == history.FinalActor && e.Kind == history.Get {
		o.final = o.reads.n
	}
	o.reads.add(r)
}

// garbled: the body that was read is no document.
func garbled(e *history.Event) bool { return e.Answer == history.OK && e.Doc != nil && e.Doc.Bad != "" }

// show notes what a read showed the operation: a version, or nothing (0). Whoever sees
// that another has come in between need not write to learn that this would be in vain.
func (op *operation) show(by history.Kind, etag int32) {
	if etag == 0 {
		etag = none
	}
	from := op.shown
	switch {
	case from != 0:
	case op.do == create:
		from = none
	case by == history.Head && op.base != 0:
		from = op.base // all that it has the content of
	default:
		from = etag // what it reads first is what it begins with
	}
	op.met.note(overtaken, etag != from)
	op.shown = etag
}

func (j *Judge) put(e *history.Event) {
	o := j.object(e.Key)
	n := j.ops.index(e.Op)
	op := j.ops.all.at(n)
	d := e.Doc
	v := version{
		op: n, by: j.actors.numberLike(e.Actor, op.actor), start: e.Start, at: e.At,
		ifCond: uint8(code(conditions, e.If)), answer: answer(code(answers, e.Answer)),
		cond:     o.etags.number(e.IfETag),
		firstAdd: int32(len(o.added)), adds: int32(len(d.Add)), keep: bounded(d.Keep), n: bounded(d.N),
		sum: d.Sum, fields: d.Fields, parent: none, pos: none, clock: j.clock(e), moved: d.Moved, bad: d.Bad != "",
		harness: n == 0 && harness(e.Actor), swayed: e.Means != "",
	}
	o.store.note(e)
	v.of = o.etags.numberLike(d.Of, v.cond)
	op.lastCall = v.answer
	j.patrol.call(op, n, e)
	switch v.answer {
	case acknowledged:
		v.etag = o.etags.number(e.ETag)
		if v.etag != 0 && !v.harness {
			j.counts.Committed++
		}
	case preconditionFailed, conflict:
		op.met.note(rivals|beaten, true)
		j.tally.Refusals++
	}
	op.met.note(refusal, v.answer != acknowledged)
	op.met.note(absence, e.Answer == history.NotFound)
	for i, id := range d.Add {
		likely := none // that it submitted
		if op.object == o.number && i < int(op.mods) {
			likely = o.submitted[int(op.firstMod)+i]
		}
		o.added = append(o.added, o.mods.numberLike(id, likely))
		o.written = append(o.written, sumAt(d.Entries, i))
	}
	if len(d.Holds) > 0 {
		v.holds = int32(len(o.holds))
		o.holds = append(o.holds, d.Holds)
	}
	if len(d.Set) > 0 {
		v.sets = int32(len(o.sets))
		o.sets = append(o.sets, d.Set)
	}
	if d.Whole != 0 {
		o.wholes.written = append(o.wholes.written, whole{o.versions.n, d.Whole})
	}
	o.noteBody(n, e)
	o.versions.add(v)
	o.updated = true
}

func (j *Judge) remove(e *history.Event) {
	o := j.object(e.Key)
	n := j.ops.index(e.Op)
	op := j.ops.all.at(n)
	op.lastCall = answer(code(answers, e.Answer))
	o.store.noteRemoval(e, op.lastCall)
	switch {
	case e.Answer == history.OK:
		o.deletedUntil = max(o.deletedUntil, e.At)
		o.deletions = append(o.deletions, deletion{
			start: e.Start, at: e.At, op: n, by: j.actors.number(e.Actor), cond: o.etags.number(e.IfETag), clock: j.clock(e),
		})
	case e.Answer == history.UnknownAnswer:
		o.deletedUntil = forever // it may be applied at any time
	default:
		op.met.note(refusal, true)
		op.met.note(absence, e.Answer == history.NotFound)
	}
}

// unserved reports whether an answer says that the store did not serve the call.
func unserved(answer string) bool {
	switch answer {
	case history.Throttled, history.Unavailable, history.UnknownAnswer:
		return true
	}
	return false
}

// contradict notes that the history can't be true as it stands.
func (j *Judge) contradict(format string, args ...any) {
	if j.tally.Contradictions++; j.tally.Contradictions == 1 {
		j.tally.Contradiction = fmt.Sprintf(format, args...)
	}
}

// bounded makes a count of a garbled history usable.
func bounded(n int) int32 { return int32(min(max(n, 0), math.MaxInt32)) }

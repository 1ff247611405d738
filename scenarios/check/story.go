package check

import (
	"cmp"
	"slices"

	"holdfast/scenarios/history"
)

// evidence says which events tell the story of a violation.
type evidence struct {
	versions  []int32
	ops       []int32
	reads     []*read
	strange   *read // of a body that is in no version; nil: none
	shown     int32 // an ETag, by the first read that showed it; 0: none
	deletions []deletion
	final     bool // the last read of the object
	creators  bool // all creates
	allCalls  bool // all reads and writes of the operations, not only of these versions
}

// author names who did an operation.
func (j *Judge) author(op int32) string {
	if j.ops.all.at(op).object == none {
		return "an unknown client"
	}
	return j.actors.name(j.ops.all.at(op).actor)
}

// writer names who wrote a version.
func (j *Judge) writer(v *version) string {
	if v.harness {
		return "the harness"
	}
	return j.actors.name(v.by)
}

// story rebuilds the events from the records, in order of time. It runs only
// for violations that are shown, so it may search.
func (j *Judge) story(o *object, ev evidence) []history.Event {
	if ev.creators {
		for _, n := range o.ops {
			if j.ops.all.at(n).do == create {
				ev.ops = append(ev.ops, n)
			}
		}
		ev.allCalls = true
	}
	ops := map[int32]bool{}
	for _, n := range ev.ops {
		if n > 0 {
			ops[n] = true
		}
	}
	versions := map[int32]bool{}
	for _, i := range ev.versions {
		if i != none {
			versions[i] = true
		}
	}
	var events []history.Event
	for i := range o.versions.n {
		v := o.versions.at(i)
		if v.unrecorded && versions[i] {
			events = append(events, o.firstRead(j, v.etag)...)
		} else if versions[i] || ev.allCalls && ops[v.op] {
			events = append(events, o.putEvent(j, i))
			versions[i] = true
		}
	}
	for i := range o.reads.n {
		r := o.reads.at(i)
		first := ev.shown != 0 && r.etag == ev.shown && !r.load
		if first {
			ev.shown = 0
		}
		wanted := first || slices.Contains(ev.reads, r) || ev.final && i == o.final || ops[r.op] && (ev.allCalls || o.builtOn(r, versions))
		switch {
		case wanted && r.load:
			ops[r.op] = true // its beginning and its end
		case wanted:
			events = append(events, o.readEvent(j, r))
		}
	}
	if ev.strange != nil {
		events = append(events, o.readEvent(j, ev.strange))
	}
	for _, d := range ev.deletions {
		events = append(events, history.Event{
			Kind: history.Delete, Start: j.clocks.own(d.clock, d.start+d.widened), At: j.clocks.own(d.clock, d.at-d.widened), Clock: int(d.clock), Actor: j.actors.name(d.by), Op: int(j.ops.all.at(d.op).number),
			Key: o.key, IfETag: o.etags.name(d.cond), Answer: history.OK,
		})
	}
	for n := range ops {
		events = append(events, j.callEvents(n)...)
	}
	slices.SortStableFunc(events, func(a, b history.Event) int {
		return cmp.Or(cmp.Compare(j.clocks.common(&a), j.clocks.common(&b)), cmp.Compare(final(&a), final(&b)), cmp.Compare(a.Op, b.Op), cmp.Compare(rank(a.Kind), rank(b.Kind)))
	})
	return events
}

// firstRead is the event of the first read that showed a version.
func (o *object) firstRead(j *Judge, etag int32) []history.Event {
	for i := range o.reads.n {
		if r := o.reads.at(i); r.etag == etag && !r.load {
			return []history.Event{o.readEvent(j, r)}
		}
	}
	return nil
}

// builtOn reports whether the versions include one that the read's operation
// built on what it read.
func (o *object) builtOn(r *read, versions map[int32]bool) bool {
	for i := range versions {
		if v := o.versions.at(i); v.op == r.op && v.of == r.etag {
			return true
		}
	}
	return false
}

// final is 1 for what the harness reads after everything else.
func final(e *history.Event) int {
	if e.Actor == history.FinalActor {
		return 1
	}
	return 0
}

// rank orders the events of one instant.
func rank(k history.Kind) int {
	return slices.Index([]history.Kind{history.Invoke, history.Get, history.Delete, history.Put, history.Return}, k)
}

func (o *object) putEvent(j *Judge, i int32) history.Event {
	v := o.versions.at(i)
	start, at := j.clocks.own(v.clock, v.start), j.clocks.own(v.clock, v.at)
	e := history.Event{
		Kind: history.Put, Start: start, At: at, Clock: int(v.clock), Actor: j.actors.name(v.by), Op: int(j.ops.all.at(v.op).number), Key: o.key,
		If: conditions[v.ifCond], IfETag: o.etags.name(v.cond), Answer: answers[v.answer],
		ETag: o.etags.name(v.etag), // also one that its client never learned
		Doc: &history.Doc{
			N: int(v.n), Sum: v.sum, Fields: v.fields, Of: o.etags.name(v.of),
			Keep: int(v.keep), Set: o.sets[v.sets], Moved: v.moved, Bad: o.unreadable[bodyOf{v.op, start, at}],
		},
	}
	for _, m := range o.adds(v) {
		e.Doc.Add = append(e.Doc.Add, o.mods.name(m))
	}
	return e
}

func (o *object) readEvent(j *Judge, r *read) history.Event {
	start, at := j.clocks.own(r.clock, r.start), j.clocks.own(r.clock, r.at)
	e := history.Event{
		Kind: history.Get, Start: start, At: at, Clock: int(r.clock), Actor: j.actors.name(r.by), Op: int(j.ops.all.at(r.op).number), Key: o.key,
		ETag: o.etags.name(r.etag), Answer: history.OK,
	}
	if r.etag == 0 {
		e.Answer = history.NotFound
	}
	if r.n != none {
		e.Doc = &history.Doc{N: int(r.n), Sum: r.sum, Fields: r.fields, Bad: o.unreadable[bodyOf{r.op, start, at}]}
	}
	return e
}

// callEvents are the beginning and the end of an operation, on whatever object.
func (j *Judge) callEvents(n int32) []history.Event {
	op := j.ops.all.at(n)
	if op.object == none {
		return nil
	}
	o := j.objects[op.object]
	clock := j.clocks.by(op.actor)
	invoke := history.Event{
		Kind: history.Invoke, At: j.clocks.own(clock, op.invoked), Clock: int(clock), Actor: j.actors.name(op.actor), Op: int(op.number), Key: o.key,
		Do: j.spelled(op.do), Through: j.throughs.name(int32(op.through)), Invalid: op.invalid, Step: j.steps[op.step], Sets: j.sets[op.sets], Values: j.values[op.sets], Base: o.etags.name(op.base),
	}
	for _, m := range o.modsOf(op) {
		invoke.IDs = append(invoke.IDs, o.mods.name(m))
	}
	if op.outcome == noWord {
		return []history.Event{invoke}
	}
	return []history.Event{invoke, {
		Kind: history.Return, At: j.clocks.own(clock, op.at), Clock: int(clock), Actor: invoke.Actor, Op: int(op.number), Key: o.key,
		Outcome: j.spelled(op.outcome), ETag: o.etags.name(op.etag),
	}}
}

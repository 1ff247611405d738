package check

import (
	"fmt"
	"slices"

	"holdfast/scenarios/history"
)

// checkAsked holds the version in which an operation commits against what the
// operation wanted: each field that its caller changed, each entry. Whoever was told
// of success is held to it, and so is whoever wrote that version, told or not.
//
// Which version that is, the modifications say: the one in which all of them stand
// for the first time. If another operation with the same ids wrote it, this one is
// the same once more, and wanted the same; unless it is known by one modification
// and the rest may come out differently.
func (o *object) checkAsked(j *Judge, n int32) {
	op := j.ops.all.at(n)
	if !op.updates() || op.mods == 0 {
		return
	}
	if o.doneBefore(j, op, n) {
		o.checkOnce(j, n, op)
		return
	}
	at := o.committedIn(op)
	if at == none {
		return
	}
	if v := o.versions.at(at); v.bad || !j.wrote(v, n) && op.outcome != committed {
		return
	}
	o.checkEntriesAsked(j, n, op)
	if o.versions.at(at).unrecorded {
		return // others may have changed its fields since it was stored
	}
	o.checkFieldsAsked(j, n, op, at)
}

// doneBefore: the operation is known by one modification, which was stored by whoever
// did the same work before. The others need not be stored then.
func (o *object) doneBefore(j *Judge, op *operation, n int32) bool {
	if op.once == none {
		return false
	}
	first := o.firstWritten(op.once)
	return first != none && !j.wrote(o.versions.at(first), n)
}

// checkOnce: an operation that is known by one modification, and finds it stored, adds
// nothing: what it came to has been stored before, if differently.
func (o *object) checkOnce(j *Judge, n int32, op *operation) {
	stored := o.firstWritten(op.once)
	for _, m := range o.modsOf(op) {
		i := o.state[m].version
		if i == none || !j.wrote(o.versions.at(i), n) {
			continue
		}
		o.report(j, o.misledSince(stored, i), ExactlyOnce, "stored again",
			fmt.Sprintf("%s wrote modification %s into version %s of %s; %s, with which it belongs, had been stored by %s before",
				j.author(n), o.mods.name(m), o.etags.name(o.versions.at(i).etag), o.key, o.mods.name(op.once), j.writer(o.versions.at(stored))),
			func() []history.Event {
				return j.story(o, evidence{versions: []int32{stored, i}, ops: []int32{n, o.versions.at(stored).op}})
			})
		return
	}
}

// committedIn is the version of the chain in which an operation's modifications all
// stand for the first time; none if there is none.
func (o *object) committedIn(op *operation) int32 {
	last := none
	for _, m := range o.modsOf(op) {
		first := o.state[m].version
		if first == none {
			return none
		}
		if last == none || o.position(first) > o.position(last) {
			last = first
		}
	}
	return last
}

func (o *object) checkEntriesAsked(j *Judge, n int32, op *operation) {
	asked := o.asked[op.firstMod:][:op.mods]
	next := 0 // they mostly stand in the order in which they were submitted
	for k, m := range o.modsOf(op) {
		v := o.versions.at(o.state[m].version)
		adds := o.adds(v)
		var stored history.Sum
		for tried := range adds {
			at := (next + tried) % len(adds)
			if adds[at] == m {
				stored, next = o.written[v.firstAdd:][at], at+1
				break
			}
		}
		if asked[k] != 0 && stored != 0 && asked[k] != stored {
			i := o.state[m].version
			o.report(j, o.misled(i), AsAsked, "entry altered",
				fmt.Sprintf("%s wanted modification %s to be appended; version %s of %s holds another entry under that id",
					j.author(n), o.mods.name(m), o.etags.name(v.etag), o.key), o.askedStory(j, n, i))
			return
		}
	}
}

func (o *object) checkFieldsAsked(j *Judge, n int32, op *operation, at int32) {
	values := j.values[op.sets]
	for k, field := range j.sets[op.sets] {
		if k >= len(values) {
			break
		}
		want := &values[k]
		if want.Was == want.Sum && op.do.based() {
			continue // its caller did not change it, so it keeps what others made of it
		}
		has, text, known := o.holding(j, at, field, want)
		v := o.versions.at(at)
		if !known || has == want.Sum || o.overruled(j, v, n, field) {
			continue
		}
		anomaly, what := "value altered", "holds "+orAbsent(text)
		if text == unchanged {
			anomaly = "edit dropped"
		}
		o.report(j, o.misled(at) || o.store.torn[op.base], AsAsked, anomaly,
			fmt.Sprintf("%s wanted %s of %s to be %s; version %s, in which that committed, %s",
				j.author(n), field, o.key, orAbsent(want.Text), o.etags.name(v.etag), what), o.askedStory(j, n, at))
	}
	if asked, stored := find(o.wholes.asked, n), find(o.wholes.written, at); asked != 0 && stored != 0 && asked != stored {
		v := o.versions.at(at)
		o.report(j, o.misled(at), AsAsked, "document altered",
			fmt.Sprintf("%s wanted a document to be created as %s; version %s has other fields, or other values in them",
				j.author(n), o.key, o.etags.name(v.etag)), o.askedStory(j, n, at))
	}
}

// holding is the value of a field in a version of the chain, by digest and as far as
// the history shows it. It is not known if neither the write, nor anyone before it, nor
// who wants it says what it was.
func (o *object) holding(j *Judge, at int32, field string, want *history.Value) (sum history.Sum, text string, known bool) {
	v := o.versions.at(at)
	for _, s := range o.sets[v.sets] {
		if s.Field == field {
			return s.Sum, s.Now, s.Sum != 0 || s.Now == ""
		}
	}
	for _, held := range o.holds[v.holds] {
		if held.Field == field {
			return held.Sum, unchanged, true
		}
	}
	pos := o.position(o.version(v.of))
	if v.of == 0 || pos == none {
		return 0, "", false
	}
	if edit, changed := j.scratch.fields.changed(field, pos); changed {
		return edit.sum, edit.value, edit.sum != 0 || edit.value == ""
	}
	// Nobody had changed it, so it is what who wants another value had loaded.
	return want.Was, unchanged, want.Was != 0
}

// unchanged stands for a value that the history does not spell out.
const unchanged = "what it held before"

// noteAnswer looks whether what an operation is answered with is a version that it has
// just written or read, with that very content: an ETag without it is a licence to overwrite
// what nobody has seen. Most are; the others wait until all
// versions are known.
func (o *object) noteAnswer(j *Judge, op *operation, n int32, e *history.Event) {
	if op.outcome != committed || op.etag == 0 || e.Shown || e.Doc == nil && !o.valued(j, op) {
		return
	}
	a := shownAs{op: n, shown: e.Doc != nil}
	if e.Doc != nil {
		a.what = content{bounded(e.Doc.N), e.Doc.Sum, e.Doc.Fields}
	}
	const last = 32
	for i := o.versions.n - 1; i >= max(0, o.versions.n-last); i-- {
		if v := o.versions.at(i); v.op == n && v.etag == op.etag {
			if a.shown && v.content() == a.what || !a.shown && (op.do != save || v.named() == op.base) {
				return
			}
			break
		}
	}
	for i := o.reads.n - 1; i >= max(0, o.reads.n-last); i-- {
		if r := o.reads.at(i); r.op == n && r.etag == op.etag && r.n != none {
			if a.shown && r.content() == a.what || !a.shown && op.do != save {
				return
			}
			break
		}
	}
	o.ungiven = append(o.ungiven, a)
}

// valued: the history says by value what an update wanted, as those of the older
// format do not; they do not say what was answered either.
func (o *object) valued(j *Judge, op *operation) bool {
	return len(j.values[op.sets]) == len(j.sets[op.sets]) && (op.mods == 0 || o.asked[op.firstMod] != 0)
}

// checkGiven: an ETag is a licence to overwrite, so it is answered only with the
// content of its version, or to who wrote all of it.
func (o *object) checkGiven(j *Judge) {
	for _, a := range o.ungiven {
		op := j.ops.all.at(a.op)
		i := o.version(op.etag)
		if i == none {
			continue // reported as such, if it is no version at all
		}
		v := o.versions.at(i)
		if a.shown && v.content() == a.what || v.bad {
			continue
		}
		what := "without its content, which holds what others wrote"
		if a.shown {
			what = "together with the content of another"
		}
		o.report(j, o.store.torn[op.etag], AsAsked, "ETag of what was not given",
			fmt.Sprintf("%s was answered version %s of %s, %s", j.author(a.op), o.etags.name(op.etag), o.key, what),
			func() []history.Event {
				return j.story(o, evidence{versions: []int32{i}, ops: []int32{a.op, v.op}, allCalls: true})
			})
	}
}

func (o *object) askedStory(j *Judge, n, i int32) func() []history.Event {
	return func() []history.Event {
		v := o.versions.at(i)
		return j.story(o, evidence{versions: []int32{v.parent, i}, ops: []int32{n, v.op}})
	}
}

// wholes are few: most operations create nothing, and most writes are built on something.
type wholes struct {
	asked, written []whole
}

// whole is the digest of a document, by the number of the operation or the version.
type whole struct {
	number int32
	sum    history.Sum
}

func (w *wholes) reset() { w.asked, w.written = w.asked[:0], w.written[:0] }

// find is the digest of that number, 0 if there is none; numbers increase.
func find(all []whole, number int32) history.Sum {
	n, found := slices.BinarySearchFunc(all, number, func(w whole, n int32) int { return int(w.number - n) })
	if !found {
		return 0
	}
	return all[n].sum
}

// shownAs is what an operation was answered with: a version, and what of it.
type shownAs struct {
	op    int32
	what  content
	shown bool // its content, and not the ETag alone
}

package check

import (
	"fmt"
	"slices"

	"holdfast/scenarios/history"
)

// fieldLog knows the value of every changed field at every position of the chain.
type fieldLog struct {
	o     *object
	names table
	log   [][]fieldEdit // by number of the name; beyond its length is some memory to be used again
}

// fieldEdit is a value that a field took at a position. The first edit of a
// field is its value before anything changed it.
type fieldEdit struct {
	pos   int32
	value string
	sum   history.Sum // digest of the value; 0: absent, or not known
	// before: somebody who was not recorded had set it by then.
	before bool
}

func (l *fieldLog) reset(o *object) {
	l.o, l.log = o, l.log[:0]
	l.names.reset()
}

// edits are those of a field, which began with a value if it is new.
func (l *fieldLog) edits(field, was string) *[]fieldEdit {
	n := int(l.names.number(field))
	if n == len(l.log) {
		if n == cap(l.log) {
			l.log = append(l.log, nil)
		}
		l.log = l.log[:n+1]
		l.log[n] = append(l.log[n][:0], fieldEdit{pos: none, value: was})
	}
	return &l.log[n]
}

// at is the edit in force at a position; zero if the field never changed.
func (l *fieldLog) at(field string, pos int32) fieldEdit {
	if n := l.names.lookup(field); n != none {
		return inForce(l.log[n], pos)
	}
	return fieldEdit{}
}

// changed is the edit by which a field has its value at a position, if there is one:
// what it was at first only those know who know all fields of the first version.
func (l *fieldLog) changed(field string, pos int32) (fieldEdit, bool) {
	n := l.names.lookup(field)
	if n == none {
		return fieldEdit{}, false
	}
	e := inForce(l.log[n], pos)
	return e, e.pos != none
}

// inForce is the last edit up to a position.
func inForce(edits []fieldEdit, pos int32) fieldEdit {
	n, exact := slices.BinarySearchFunc(edits, pos, func(e fieldEdit, p int32) int { return int(e.pos - p) })
	switch {
	case exact:
		return edits[n]
	case n > 0:
		return edits[n-1]
	}
	return fieldEdit{}
}

// step compares the fields of version i with those of its predecessor.
func (l *fieldLog) step(j *Judge, i, previous int32) {
	o := l.o
	v := o.versions.at(i)
	if v.bad {
		l.reportForeign(j, i, "not a document", "with content that is no document")
	}
	if previous == none {
		return
	}
	changes := l.changes(i, previous)
	for _, s := range changes {
		edits := l.edits(s.Field, s.Was)
		before := inForce(*edits, v.pos-1)
		if o.followed != nil && v.of == o.versions.at(previous).etag && s.Was != before.value && before.pos < v.pos-1 {
			before = l.between(j, edits, s, before, v.pos-1)
		}
		if s.Now != before.value {
			if !v.harness {
				l.judge(j, i, s, before)
			}
			*edits = append(*edits, fieldEdit{pos: v.pos, value: s.Now, sum: s.Sum})
		}
	}
	w := o.versions.at(previous)
	switch {
	case v.harness:
	case v.unrecorded && v.moved:
		l.leaveOpen(j, ForeignDataIntact, "fields reordered", i, "its fields in another order")
	case v.unrecorded:
	case v.moved:
		l.reportForeign(j, i, "fields reordered", "with its fields in another order")
	case len(changes) == 0 && v.fields != w.fields && !v.bad && !w.bad && (v.of == w.etag || v.of == 0 && !o.meantAny(j, v)):
		l.reportForeign(j, i, "field changed unasked", "with other fields than the version that it replaced")
	}
}

// changes are the fields in which version i differs from its predecessor: those
// that it set and, if it was built on an older version, those that it put back.
func (l *fieldLog) changes(i, previous int32) []history.Set {
	o := l.o
	v := o.versions.at(i)
	sets := o.sets[v.sets]
	built := o.position(o.version(v.of))
	if built == none || built >= o.versions.at(previous).pos {
		return sets
	}
	own := map[string]bool{}
	for _, s := range sets {
		own[s.Field] = true
	}
	sets = slices.Clone(sets)
	for _, n := range l.names.sorted() {
		field, now := l.names.name(n), inForce(l.log[n], v.pos-1)
		if old := inForce(l.log[n], built); !own[field] && old.value != now.value {
			sets = append(sets, history.Set{Field: field, Was: now.value, Now: old.value, Sum: old.sum})
		}
	}
	return sets
}

// judge decides about one changed field: was the value that it replaced known
// to whoever changed it, and was the change meant?
func (l *fieldLog) judge(j *Judge, i int32, s history.Set, before fieldEdit) {
	o := l.o
	v := o.versions.at(i)
	op := j.ops.all.at(v.op)
	if v.unrecorded {
		l.changedBySomebody(j, i, s, before)
		return
	}
	if before.pos != none && (before.before || o.versions.at(o.chain[before.pos]).unrecorded) && l.unseen(op, v, s.Field, before) {
		l.leaveOpen(j, NoSilentOverwrite, "stale field written", i, s.Field+" as it was before somebody set it, if he was told so")
		return
	}
	if before.pos != none && l.acknowledged(j, o.chain[before.pos]) && l.unseen(op, v, s.Field, before) {
		l.reportOverwrite(j, i, s, before.value, o.chain[before.pos])
		return
	}
	if op.mods > 0 && op.object == o.number && !slices.ContainsFunc(o.modsOf(op), func(m int32) bool { return o.position(o.state[m].version) >= v.pos }) {
		o.report(j, o.misledSince(none, i), ExactlyOnce, "edit applied again",
			fmt.Sprintf("%s wrote version %s of %s, in which %s goes from %s to %s once more: its modifications were all stored before",
				j.author(v.op), o.etags.name(v.etag), o.key, s.Field, orAbsent(before.value), orAbsent(s.Now)),
			func() []history.Event { return j.story(o, evidence{versions: []int32{i}, ops: []int32{v.op}}) })
		return
	}
	if op.do != create && !o.meant(j, v, s.Field) {
		l.reportForeign(j, i, "field changed unasked",
			fmt.Sprintf("and changed %s from %s to %s, which it was not asked to do", s.Field, orAbsent(before.value), orAbsent(s.Now)))
	}
}

// between notes what a field was when somebody changed it who was not recorded, since a version
// whose writer says what it was.
func (l *fieldLog) between(j *Judge, edits *[]fieldEdit, s history.Set, before fieldEdit, pos int32) fieldEdit {
	at := fieldEdit{pos, s.Was, 0, true}
	l.changedBySomebody(j, l.o.chain[pos], history.Set{Field: s.Field, Now: s.Was}, before)
	*edits = append(*edits, at)
	return at
}

// changedBySomebody leaves open whether who was not recorded might change a field: whether he
// was asked to, and what he had seen, nobody tells.
func (l *fieldLog) changedBySomebody(j *Judge, i int32, s history.Set, before fieldEdit) {
	if before.pos != none && l.acknowledged(j, l.o.chain[before.pos]) {
		l.leaveOpen(j, NoSilentOverwrite, "stale field written", i, s.Field+" as "+orAbsent(s.Now)+", in place of "+orAbsent(before.value))
		return
	}
	l.leaveOpen(j, ForeignDataIntact, "field changed unasked", i, s.Field+" as "+orAbsent(s.Now))
}

func (l *fieldLog) leaveOpen(j *Judge, i Invariant, anomaly string, version int32, holds string) {
	j.leaveOpen(Unrecorded, i, anomaly, 0, fmt.Sprintf("version %s of %s holds %s", l.o.etags.name(l.o.versions.at(version).etag), l.o.key, holds))
}

// unseen reports whether who wrote version v had not seen the value that it
// replaced. What a user has seen is the version that the page had loaded; a
// back end has seen what it read and what it wrote itself.
func (l *fieldLog) unseen(op *operation, v *version, field string, before fieldEdit) bool {
	o := l.o
	etag := v.of
	if op.do == save && op.object == o.number || op.do == update && op.base != 0 {
		etag = op.base
	} else if o.versions.at(o.chain[before.pos]).by == v.by {
		return false
	}
	seen := o.version(etag)
	if etag != 0 && o.position(seen) == none {
		return false // what stood in that version is not known
	}
	known := l.at(field, o.position(seen))
	return known.value != before.value
}

// acknowledged: somebody was told that a version's changes are stored, its
// writer or who repeated the operation.
func (l *fieldLog) acknowledged(j *Judge, i int32) bool {
	v := l.o.versions.at(i)
	if by := j.ops.all.at(v.op); by.do != batch && by.acknowledged() {
		return true
	}
	return slices.ContainsFunc(l.o.adds(v), func(m int32) bool { return l.o.state[m].acked })
}

func (l *fieldLog) reportForeign(j *Judge, i int32, anomaly, how string) {
	o := l.o
	v := o.versions.at(i)
	o.report(j, o.misled(i), ForeignDataIntact, anomaly,
		fmt.Sprintf("%s wrote version %s of %s %s", j.writer(v), o.etags.name(v.etag), o.key, how),
		func() []history.Event {
			return j.story(o, evidence{versions: []int32{v.parent, i}, ops: []int32{v.op}})
		})
}

func (l *fieldLog) reportOverwrite(j *Judge, i int32, s history.Set, lost string, victim int32) {
	o := l.o
	v, w := o.versions.at(i), o.versions.at(victim)
	j.counts.Overwritten++
	o.report(j, o.misledSince(victim, i) || o.store.torn[j.ops.all.at(v.op).base], NoSilentOverwrite, "stale field written",
		fmt.Sprintf("%s set %s of %s to %s; %s had loaded an older version and replaced it by %s without having seen it",
			j.writer(w), s.Field, o.key, orAbsent(lost), j.writer(v), orAbsent(s.Now)),
		func() []history.Event {
			return j.story(o, evidence{versions: []int32{victim, i}, ops: []int32{w.op, v.op}})
		})
}

func orAbsent(value string) string {
	if value == "" {
		return "(absent)"
	}
	return value
}

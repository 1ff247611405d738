package check

// ledger knows by how many writes a store that keeps its word can have made each version.
// It is made only of objects about whose store there is a suspicion.
type ledger struct {
	o     *object
	made  []int32 // by ETag: acknowledged writes that made it
	by    map[content]writers
	loose int // writes that may have been applied, and made any version
	// straight: nothing is deleted, and writes of one content are all made on top of one
	// content, or of nothing. Then each is there once at most, however often it was sent,
	// since what it replaces is; and whatever made it has replaced that.
	straight bool
}

// writers are those of one content.
type writers struct {
	acknowledged, uncertain int
	etags                   int   // that versions of it were given
	one                     int32 // of them
	start                   int64 // of the first
}

func newLedger(o *object) *ledger {
	l := &ledger{o: o, made: make([]int32, o.etags.len()), by: map[content]writers{}, straight: o.store.removals == 0}
	for i := range o.versions.n {
		v := o.versions.at(i)
		if v.unrecorded {
			continue
		}
		w, known := l.by[v.content()]
		if !known || v.start < w.start {
			w.start = v.start
		}
		switch {
		case v.certain():
			l.made[v.etag]++
			w.acknowledged++
		case v.uncertain():
			w.uncertain++
			l.loose++
		}
		if sent := v.certain() || v.uncertain(); sent && w.acknowledged+w.uncertain > 1 {
			l.straight = l.straight && o.alike(v, o.versions.at(w.one))
		} else if sent || !known {
			w.one = i
			l.straight = l.straight && !(sent && v.ifCond == ifNone)
		}
		if o.committed(i) {
			w.etags++
		}
		l.by[v.content()] = w
	}
	return l
}

// alike reports whether two writes have one condition, or of two versions of one content.
func (o *object) alike(v, w *version) bool {
	if v.ifCond != w.ifCond || v.cond == w.cond {
		return v.ifCond == w.ifCond
	}
	p, q := o.byETag[v.cond], o.byETag[w.cond]
	return p != none && q != none && o.versions.at(p).content() == o.versions.at(q).content()
}

// takes reports whether the write, if it was applied, replaced for something else what its
// condition names: a version, or nothing (0).
func (v *version) takes() bool {
	return v.etag != 0 && v.etag != v.cond && (v.ifCond == ifMatch && v.cond != 0 || v.ifCond == ifAbsent)
}

// once reports whether an ETag was current only once, or that there was no object (0): what
// replaced it has done so for good.
func (l *ledger) once(etag int32) bool {
	if etag == 0 {
		return l.o.store.removals == 0 && (l.o.followed == nil || !l.o.followed.deletes)
	}
	n := int(l.made[etag])
	if i := l.o.byETag[etag]; l.o.followed != nil && (i == none || !l.o.versions.at(i).certain()) {
		return false // whoever made it may have sent it again, which nobody tells of
	} else if i == none {
		n += l.loose
	} else {
		n += l.by[l.o.versions.at(i).content()].uncertain
	}
	return n <= 1 || l.straight // of none it was there before
}

// most is how many versions of a content there can have been.
func (l *ledger) most(w writers) int {
	n := w.acknowledged + w.uncertain
	if l.straight {
		n = min(n, 1)
	}
	return n
}

// applied reports whether a write had been applied before a time by which the version that it
// made was there: it was acknowledged by then, or nobody else can have made that version, or
// only in its place.
func (l *ledger) applied(j *Judge, i int32, before int64) bool {
	v := l.o.versions.at(i)
	return v.certain() && (before == forever || j.late(v.at, v.clock) < before) || l.once(v.etag)
}

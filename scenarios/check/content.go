package check

import (
	"fmt"
	"slices"

	"holdfast/scenarios/history"
)

// missing stands for entries that the history does not name.
const missing int32 = -1

// modInfo follows one modification through the versions of its object.
type modInfo struct {
	count    int32 // times that it stands in the current version
	version  int32 // first version on the chain that holds it
	offChain int32 // a committed version off the chain that adds it
	removed  int32 // version on the chain that dropped it last
	origin   int32 // first committed write of it by an operation that submitted it
	twice    bool  // it stood twice in a version
	lost     bool  // reported as lost
	acked    bool  // an operation that submitted it was told that it committed
}

// walker goes along the chain and knows the entries of the current version.
type walker struct {
	o       *object
	j       *Judge
	current []int32
	// dips tells how far back the history is unchanged: entries, increasing,
	// with how many leading entries a position kept of its predecessor. Those
	// that a later position undercut are dropped.
	dips []dip
}

type dip struct{ pos, kept int32 }

// mostEffort bounds the time that a history can cost whose versions rewrite it
// again and again, to about a second. Beyond it only the last version of each
// object is taken apart: what is lost is still exact, the violations of
// [AppendOnly] are then more than those counted.
const mostEffort = 100_000_000

// walk goes along the chain once and compares each version's history with its
// predecessor's.
func (o *object) walk(j *Judge) {
	w, fields := &j.scratch.walker, &j.scratch.fields
	w.reset(j, o)
	fields.reset(o)
	previous := none
	for pos, i := range o.chain {
		if w.j.effort < mostEffort {
			w.step(i, previous)
		} else {
			w.skip(i, pos == len(o.chain)-1)
		}
		fields.step(j, i, previous)
		previous = i
	}
	w.current, w.dips = kept(w.current), kept(w.dips)
}

func (w *walker) reset(j *Judge, o *object) {
	w.j, w.o = j, o
}

func (w *walker) step(i, previous int32) {
	o := w.o
	v := o.versions.at(i)
	kept := len(w.current)
	if int(v.keep) == kept && (previous == none || v.of == o.versions.at(previous).etag) {
		w.current = append(w.current, o.adds(v)...)
		w.enter(i, o.adds(v))
	} else {
		kept = w.rewrite(i, previous)
	}
	for len(w.dips) > 0 && w.dips[len(w.dips)-1].kept >= int32(kept) {
		w.dips = w.dips[:len(w.dips)-1]
	}
	w.dips = append(w.dips, dip{v.pos, int32(kept)})
	if len(w.current) != int(v.n) {
		w.o.reportLength(w.j, i, len(w.current))
		cut := w.current[min(len(w.current), int(v.n)):]
		w.leave(cut)
		w.dropped(i, cut)
		w.current = w.resize(w.current, int(v.n))
	}
}

// skip passes over a version without taking it apart, or takes apart the last one.
func (w *walker) skip(i int32, last bool) {
	for _, m := range w.o.adds(w.o.versions.at(i)) {
		if s := &w.o.state[m]; s.version == none {
			s.version = i
		}
	}
	if last {
		w.replace(i)
	}
}

// enter counts modifications into the current version.
func (w *walker) enter(i int32, mods []int32) {
	for _, m := range mods {
		if m == missing {
			continue
		}
		s := &w.o.state[m]
		s.count++
		if s.version == none {
			s.version = i
		}
		if s.count > 1 && !s.twice && !w.o.meantTwice(w.j, i, m) {
			s.twice = true
			w.o.reportDuplicate(w.j, i, m)
		}
	}
}

// meantTwice: documents can come with entries that stand twice, mostly old ones
// without an id. Whoever stores such a document has not appended them again.
func (o *object) meantTwice(j *Judge, i, m int32) bool {
	if o.state[m].version != i {
		return false
	}
	v := o.versions.at(i)
	if v.harness {
		return true
	}
	meant := int32(0)
	for _, submitted := range o.modsOf(j.ops.all.at(v.op)) {
		if submitted == m {
			meant++
		}
	}
	return o.state[m].count <= meant
}

// leave takes modifications out of the current version.
func (w *walker) leave(mods []int32) {
	for _, m := range mods {
		if m != missing {
			w.o.state[m].count--
		}
	}
}

// dropped marks which of these modifications a version dropped, and counts them.
func (w *walker) dropped(i int32, mods []int32) (n int) {
	for _, m := range mods {
		if m == missing {
			continue
		}
		if s := &w.o.state[m]; s.count == 0 && s.removed != i {
			s.removed = i
			n++
		}
	}
	return n
}

// rewrite handles a version that is not its predecessor plus a suffix as
// written: it was built on another version, or changed entries. It returns how
// many leading entries are those of the predecessor.
func (w *walker) rewrite(i, previous int32) (kept int) {
	o := w.o
	v := o.versions.at(i)
	before := len(w.current)
	kept, dropped := w.replace(i)
	direct := previous != none && v.of == o.versions.at(previous).etag
	if direct {
		// What was kept is known byte for byte: an entry that has kept its name
		// may have changed its content.
		kept = min(kept, int(v.keep))
	}
	if kept < before {
		o.violates(w.j, o.knew(v) && !v.inferred, o.misled(i), AppendOnly, "history rewritten",
			fmt.Sprintf("%s wrote version %s of %s, which leaves the first %d of the %d modifications that it replaced as they were, and lacks %d of them",
				w.j.writer(v), o.etags.name(v.etag), o.key, kept, before, dropped),
			func() []history.Event {
				return w.j.story(o, evidence{versions: []int32{v.parent, i}, ops: []int32{v.op}})
			})
	} else if direct && int(v.keep) > before {
		o.reportLength(w.j, i, before+int(v.adds))
	}
	return kept
}

// replace makes a version the current one and returns how many leading entries
// stayed and how many modifications are gone.
func (w *walker) replace(i int32) (same, gone int) {
	same, rest := w.derive(i)
	for len(rest) > 0 && same < len(w.current) && (rest[0] == w.current[same] || rest[0] == missing) {
		same, rest = same+1, rest[1:]
	}
	old := slices.Clone(w.current[same:])
	w.leave(old)
	w.current = append(w.current[:same], rest...)
	w.enter(i, rest)
	w.j.effort += len(old) + len(rest)
	return same, w.dropped(i, old)
}

// derive returns the entries of a version: as many leading ones as stand in the
// current version, and the rest.
func (w *walker) derive(i int32) (same int, rest []int32) {
	o := w.o
	path := []int32{i}
	need := o.versions.at(i).keep // entries of the base that are still to be found
	base := o.version(o.versions.at(i).of)
	for need > 0 && base != none && w.unchanged(base) < need && len(path) <= int(o.versions.n) {
		path = append(path, base)
		need = min(need, o.versions.at(base).keep)
		base = o.version(o.versions.at(base).of)
	}
	// Of a version that is not known the entries are taken to be the current ones.
	same = min(int(need), len(w.current))
	for _, k := range slices.Backward(path) {
		v := o.versions.at(k)
		rest = append(w.resize(rest, int(v.keep)-same), o.adds(v)...)
	}
	w.j.effort += len(path) + len(rest)
	return same, rest
}

// unchanged is the number of leading entries that a version of the chain has in
// common with the current one.
func (w *walker) unchanged(i int32) int32 {
	pos := w.o.versions.at(i).pos
	if pos == none || len(w.dips) == 0 || pos > w.dips[len(w.dips)-1].pos {
		return 0
	}
	n, _ := slices.BinarySearchFunc(w.dips, pos+1, func(d dip, p int32) int { return int(d.pos - p) })
	if n == len(w.dips) {
		return int32(len(w.current))
	}
	return w.dips[n].kept
}

// resize cuts entries or fills them up with missing ones: as many as a broken
// history can leave out, but not as many as a garbled number says.
func (w *walker) resize(entries []int32, n int) []int32 {
	const most = 4096
	n = max(0, min(n, w.o.mods.len()+most))
	for len(entries) < n {
		entries = append(entries, missing)
	}
	return entries[:n]
}

package check

import (
	"cmp"
	"fmt"
	"slices"

	"holdfast/archive/storefault"
	"holdfast/scenarios/history"
)

// proof shows that a position of the chain was reached: by the answer to the
// write of a version, or by a read if version is none.
type proof struct {
	pos, version, read int32
}

// checkRealTime: a read that starts after a write was acknowledged, or after
// another read ended, sees that version or a later one. Operations whose times
// overlap may see either, so only a strictly earlier end counts. A load is a read
// as a whole, too: what it answers may come from elsewhere than the store.
//
// A write that replaced a version begins no later than the one after it is known:
// otherwise its place had been taken, be it by a write of the same bytes.
func (o *object) checkRealTime(j *Judge) {
	if o.deletedUntil == forever {
		return // versions may go back to nothing at any time
	}
	if j.clocks.several() {
		o.checkRealTimeApart(j)
		return
	}
	s := &j.scratch
	o.proofs(s)
	o.checkReadsInTime(j)
	o.checkWritesInTime(j)
	s.writes, s.reads, s.started = kept(s.writes), kept(s.reads), kept(s.started)
}

// sweep goes through the proofs in order of time and keeps the latest position.
type sweep struct {
	o             *object
	writes, reads []int32
	latest        proof
}

func (s *scratch) sweep(o *object) sweep { return sweep{o, s.writes, s.reads, proof{none, none, none}} }

// until is the latest position that was proved before a time; times must increase.
func (s *sweep) until(t int64) proof {
	o := s.o
	for ; len(s.writes) > 0 && o.versions.at(s.writes[0]).at < t; s.writes = s.writes[1:] {
		if pos := o.position(s.writes[0]); pos > s.latest.pos {
			s.latest = proof{pos, s.writes[0], none}
		}
	}
	for ; len(s.reads) > 0 && o.reads.at(s.reads[0]).at < t; s.reads = s.reads[1:] {
		if pos := o.position(o.reads.at(s.reads[0]).version); pos > s.latest.pos {
			s.latest = proof{pos, none, s.reads[0]}
		}
	}
	return s.latest
}

func (o *object) checkReadsInTime(j *Judge) {
	s := &j.scratch
	started := slices.Grow(s.started, int(o.reads.n))
	for i := range o.reads.n {
		started = append(started, i)
	}
	sortBy(started, func(i int32) int64 { return o.reads.at(i).start })
	proved := s.sweep(o)
	var told toldStale
	for _, i := range started {
		r := o.reads.at(i)
		latest := proved.until(r.start)
		pos := o.position(r.version)
		if r.etag != 0 && pos == none {
			continue // an unknown version, or off the chain: reported as such
		}
		if pos < latest.pos && told.news(j.ops.all.at(r.op), r) {
			o.reportStale(j, r, latest)
		}
	}
	s.started = started[:0]
}

// checkWritesInTime looks at acknowledged writes with a condition. One without
// may be applied to any version.
func (o *object) checkWritesInTime(j *Judge) {
	s := &j.scratch
	started := s.started
	for i := range o.versions.n {
		if o.tookPlace(i) {
			started = append(started, i)
		}
	}
	sortBy(started, func(i int32) int64 { return o.versions.at(i).start })
	proved := s.sweep(o)
	for _, i := range started {
		v := o.versions.at(i)
		if latest := proved.until(v.start); latest.pos > o.position(o.version(v.etag)) {
			o.reportLate(j, i, latest)
		}
	}
	s.started = started[:0]
}

// tookPlace reports whether a write was acknowledged that can have replaced one version only.
func (o *object) tookPlace(i int32) bool {
	v := o.versions.at(i)
	return v.answer == acknowledged && v.ifCond != ifNone && v.named() != v.etag && v.start > o.deletedUntil &&
		o.position(o.version(v.etag)) != none
}

// toldStale remembers which operations were shown an old version and answered it:
// the load as a whole is then no further violation.
type toldStale map[int32]bool // by operation: whether the load was reported, and not a store read

func (t *toldStale) news(op *operation, r *read) bool {
	if op.do != load || r.etag != op.etag {
		return true
	}
	if asLoad, told := (*t)[r.op]; told {
		return asLoad == r.load
	}
	if *t == nil {
		*t = toldStale{}
	}
	(*t)[r.op] = r.load
	return true
}

// proofs are the acknowledged writes and the reads of the chain in order of
// their ends. What began before a deletion ended proves nothing about the time
// after it.
func (o *object) proofs(s *scratch) {
	writes, reads := slices.Grow(s.writes, len(o.chain)), slices.Grow(s.reads, int(o.reads.n))
	for _, i := range o.chain {
		if v := o.versions.at(i); v.answer == acknowledged && v.start > o.deletedUntil {
			writes = append(writes, i)
		}
	}
	for i := range o.reads.n {
		if r := o.reads.at(i); o.position(r.version) != none && r.start > o.deletedUntil {
			reads = append(reads, i)
		}
	}
	sortBy(writes, func(i int32) int64 { return o.versions.at(i).at })
	sortBy(reads, func(i int32) int64 { return o.reads.at(i).at })
	s.writes, s.reads = writes, reads
}

// sortBy sorts what mostly comes in order.
func sortBy(all []int32, time func(int32) int64) {
	earlier := func(a, b int32) int { return cmp.Compare(time(a), time(b)) }
	if !slices.IsSortedFunc(all, earlier) {
		slices.SortStableFunc(all, earlier)
	}
}

// add puts what shows a position into the evidence, and says what it is.
func (ev *evidence) add(o *object, p proof) (known string) {
	if p.version != none {
		ev.versions = append(ev.versions, p.version)
		return "an acknowledged write"
	}
	ev.reads = append(ev.reads, o.reads.at(p.read))
	return "an earlier read"
}

func (o *object) reportLate(j *Judge, i int32, proof proof) {
	v := o.versions.at(i)
	ev := evidence{versions: []int32{i}, ops: []int32{v.op}}
	known := ev.add(o, proof)
	if o.untold(j, i, o.chain[proof.pos]) {
		j.leaveOpen(Unrecorded, RealTime, "replaced too late", 0, o.versionName(i)+" of "+o.key)
		return
	}
	o.disorder(j, storefault.IgnoredCondition, "replaced too late", fmt.Sprintf("%s wrote version %s of %s after %s had shown %s, which came after it",
		j.writer(v), o.etags.name(v.etag), o.key, known, o.versionName(o.chain[proof.pos])), ev)
}

func (o *object) reportStale(j *Judge, r *read, proof proof) {
	if o.untold(j, r.version, o.chain[proof.pos]) {
		j.leaveOpen(Unrecorded, RealTime, "stale read", 0, fmt.Sprintf("%s read %s of %s", j.actors.name(r.by), o.versionNamed(r.etag), o.key))
		return
	}
	ev := evidence{reads: []*read{r}}
	did, known := "read", ev.add(o, proof)
	if r.load {
		did = "loaded"
	}
	seen := "nothing"
	if r.version != none {
		seen = o.versionName(r.version)
	}
	what := fmt.Sprintf("%s %s %s of %s after %s had shown %s", j.actors.name(r.by), did, seen, o.key, known, o.versionName(o.chain[proof.pos]))
	if r.load { // whatever its core made of what it had read
		j.report(RealTime, "stale read", what, func() []history.Event { return j.story(o, ev) })
		return
	}
	o.disorder(j, storefault.StaleRead, "stale read", what, ev)
}

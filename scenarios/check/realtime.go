package check

import (
	"cmp"
	"fmt"
	"slices"

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
// It goes through the reads in the order in which they started, and keeps the
// latest position that was proved before.
func (o *object) checkRealTime(j *Judge) {
	if o.deletedUntil == forever {
		return // versions may go back to nothing at any time
	}
	s := &j.scratch
	o.proofs(s)
	writes, reads := s.writes, s.reads
	started := slices.Grow(s.started, int(o.reads.n))
	for i := range o.reads.n {
		started = append(started, i)
	}
	s.started = started
	sortBy(started, func(i int32) int64 { return o.reads.at(i).start })
	latest := proof{none, none, none}
	var told toldStale
	for _, i := range started {
		r := o.reads.at(i)
		for len(writes) > 0 && o.versions.at(writes[0]).at < r.start {
			if pos := o.position(writes[0]); pos > latest.pos {
				latest = proof{pos, writes[0], none}
			}
			writes = writes[1:]
		}
		for len(reads) > 0 && o.reads.at(reads[0]).at < r.start {
			if pos := o.position(o.reads.at(reads[0]).version); pos > latest.pos {
				latest = proof{pos, none, reads[0]}
			}
			reads = reads[1:]
		}
		pos := o.position(r.version)
		if r.etag != 0 && pos == none {
			continue // an unknown version, or off the chain: reported as such
		}
		if pos < latest.pos && told.news(j.ops.all.at(r.op), r) {
			o.reportStale(j, r, latest)
		}
	}
	s.writes, s.reads, s.started = kept(s.writes), kept(s.reads), kept(s.started)
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

func (o *object) reportStale(j *Judge, r *read, proof proof) {
	ev := evidence{reads: []*read{r}}
	did, known := "read", "an acknowledged write"
	if r.load {
		did = "loaded"
	}
	if proof.version != none {
		ev.versions = append(ev.versions, proof.version)
	} else {
		ev.reads = append(ev.reads, o.reads.at(proof.read))
		known = "an earlier read"
	}
	seen := "nothing"
	if r.version != none {
		seen = o.versionName(r.version)
	}
	j.report(RealTime, "stale read",
		fmt.Sprintf("%s %s %s of %s after %s had shown %s",
			j.actors.name(r.by), did, seen, o.key, known, o.versionName(o.chain[proof.pos])),
		func() []history.Event { return j.story(o, ev) })
}

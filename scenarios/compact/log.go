package compact

import (
	"slices"

	"holdfast/archive"
	"holdfast/scenarios/history"
)

// log is the history of a line of versions. It only grows.
type log struct {
	ids []string
	// sums are checksums of all entries up to this one, so that logs with the
	// same sum at a position are the same up to there.
	sums []history.Sum
	// digests are those of the entries, each by itself.
	digests []history.Sum
	index   map[string]int32 // where an id stands; entries without one are left out
}

func newLog(c *archive.Change) *log {
	l := &log{ids: history.EntryIDs(c), index: map[string]int32{}}
	var sum history.Sum
	for _, raw := range c.RawModifications() {
		sum = history.Mixed(sum, raw)
		l.sums, l.digests = append(l.sums, sum), append(l.digests, history.StoredEntryDigest(raw))
	}
	for i, id := range c.ModificationIDs() {
		l.note(id, i)
	}
	return l
}

func (l *log) note(id string, at int) {
	if id != "" {
		l.index[id] = int32(at)
	}
}

// enter adds what a version adds.
func (l *log) enter(v *version) {
	for i, id := range v.ids {
		l.note(id, len(l.ids)+i)
	}
	l.ids, l.sums, l.digests = append(l.ids, v.ids...), append(l.sums, v.sums...), append(l.digests, v.digests...)
}

// upTo copies the first n entries.
func (l *log) upTo(n int) *log {
	fork := &log{
		ids: slices.Clone(l.ids[:n]), sums: slices.Clone(l.sums[:n]), digests: slices.Clone(l.digests[:n]),
		index: make(map[string]int32, n),
	}
	for id, at := range l.index {
		if int(at) < n {
			fork.index[id] = at
		}
	}
	return fork
}

// settle enters what a version adds into the log, because it has been committed.
func (v *version) settle() {
	if len(v.ids) == 0 {
		return
	}
	end := v.n + len(v.ids)
	switch {
	case len(v.log.ids) == v.n:
		v.log.enter(v)
	case len(v.log.ids) >= end && v.log.sums[end-1] == v.sum(): // the same was entered before
	default:
		v.log = v.log.upTo(v.n)
		v.log.enter(v)
	}
	v.n, v.ids, v.sums, v.digests = end, nil, nil, nil
}

func (v *version) len() int { return v.n + len(v.ids) }

// sum is the checksum of the history.
func (v *version) sum() history.Sum { return v.sumOf(v.len()) }

// sumOf is the checksum of the first n entries.
func (v *version) sumOf(n int) history.Sum {
	switch {
	case n == 0:
		return 0
	case n > v.n:
		return v.sums[n-v.n-1]
	}
	return v.log.sums[n-1]
}

// from are the ids and the digests of the entries but the first n.
func (v *version) from(n int) ([]string, []history.Sum) {
	switch {
	case n >= v.n:
		return v.ids[n-v.n:], v.digests[n-v.n:]
	case len(v.ids) == 0:
		return v.log.ids[n:v.n:v.n], v.log.digests[n:v.n:v.n]
	}
	return slices.Concat(v.log.ids[n:v.n], v.ids), slices.Concat(v.log.digests[n:v.n], v.digests)
}

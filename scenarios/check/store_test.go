package check

import (
	"fmt"
	"slices"

	"holdfast/scenarios/history"

	"pgregory.net/rapid"
)

// fault is what is wrong with the store of the simulation.
type fault string

const (
	sound     fault = "sound"
	ignores   fault = "ignores conditions"
	forgets   fault = "acknowledges what it does not store"
	servesOld fault = "serves old versions"
	repeats   fault = "applies a write again later"
	splits    fault = "splits in two"
	tears     fault = "serves a body under an older ETag"
)

// goesWrong: a fault shows now and then.
func (s *sim) goesWrong(f fault) bool {
	return s.fault == f && rapid.IntRange(0, 3).Draw(s.t, string(f)) == 0
}

// head is the half of a split store that a request reaches; there is mostly one.
func (s *sim) head() int {
	if len(s.heads) == 1 && s.goesWrong(splits) {
		s.heads = append(s.heads, s.heads[0])
	}
	return rapid.IntRange(0, len(s.heads)-1).Draw(s.t, "half")
}

// look is the store's answer to a read; an ETag "" is that of no object.
func (s *sim) look() *applied {
	now := s.heads[s.head()]
	if s.goesWrong(servesOld) {
		return rapid.SampledFrom(s.truth).Draw(s.t, "old")
	}
	if old := rapid.SampledFrom(s.truth).Draw(s.t, "older"); old.etag != "" && s.goesWrong(tears) {
		return &applied{doc: now.doc, etag: old.etag}
	}
	return now
}

// apply is the store's decision about a write.
func (s *sim) apply(r *request) string {
	k := s.head()
	last := s.heads[k]
	lost := s.goesWrong(forgets)
	if !r.blind && !r.forced && r.cond != last.etag && !lost && !s.goesWrong(ignores) {
		return history.PreconditionFailed
	}
	s.made++
	r.etag = fmt.Sprintf("e%x", uint64(sum(append(slices.Clone(r.entries), r.fields["title"])...)))
	if s.unique {
		r.etag = fmt.Sprintf("u%d", s.made)
	}
	version := *r.applied
	s.versions[version.etag] = version.doc
	if lost {
		return history.OK
	}
	if last.etag != version.etag {
		s.truth = append(s.truth, &version)
		s.heads[k] = &version
	}
	if s.goesWrong(repeats) {
		again := *r.applied
		s.inFlight = append(s.inFlight, &request{applied: &again, forced: true})
	}
	return history.OK
}

// condition is the one of a request as a book writes it.
func (r *request) condition() string {
	switch {
	case r.blind:
		return "none"
	case r.cond == "":
		return "absent"
	}
	return r.cond
}

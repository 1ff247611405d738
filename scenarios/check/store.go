package check

import (
	"cmp"
	"slices"
	"strings"

	"holdfast/archive/storefault"
	"holdfast/scenarios/history"
)

// StoreFinding is a promise that the store broke, whatever the core did.
type StoreFinding struct {
	Kind storefault.Kind `json:"kind"`
	// KnownAs and Means are those of [storefault.Fault]; results of older versions have neither.
	KnownAs string `json:"known_as,omitempty"`
	Means   string `json:"means,omitempty"`
	// Summary and Witness are of the first that was found, Count is of all.
	Summary string          `json:"summary"`
	Count   int             `json:"count"`
	Witness []history.Event `json:"witness"`
}

// storeFacts are what the calls of one object say of the store.
type storeFacts struct {
	// dubious: requests were not sent as the caller had asked, or ETags are no strong ones,
	// so that nothing can be proved against the store.
	dubious bool
	// absent: the store has said that there is no such object, so all of it is in the history.
	absent bool
	// removals are the deletions that were, or may have been, applied; the first of them
	// began at removed.
	removals int
	removed  int64
	garbled  []read     // of bodies that are no documents, not by the harness
	twins    [][2]int32 // acknowledged writes of different contents under one ETag

	faulty           bool // there is a finding
	looked, straight bool // see object.straight
	// torn are the ETags of which it is in doubt which content they stand for.
	torn map[int32]bool
}

func (s *storeFacts) reset() {
	*s = storeFacts{removed: forever, garbled: s.garbled[:0], twins: s.twins[:0]}
}

// note takes the answer to a read or a write.
func (s *storeFacts) note(e *history.Event) {
	s.dubious = s.dubious || strings.HasPrefix(e.ETag, "W/")
}

func (s *storeFacts) noteRemoval(e *history.Event, told answer) {
	if e.Means == "" && told.refused() {
		return
	}
	s.removals++
	s.removed = min(s.removed, e.Start)
}

// noteGarbled keeps a read whose body is no document.
func (o *object) noteGarbled(op int32, r read, e *history.Event) {
	if e.Means == "" {
		r.etag, r.n = o.etags.number(e.ETag), bounded(e.Doc.N)
		o.noteBody(op, e)
		o.store.garbled = append(o.store.garbled, r)
	}
}

// distrust: where a request was not the one that the caller had made, or its answer not the
// one that was passed on, the adapter is to be suspected first.
func (j *Judge) distrust(e *history.Event) {
	switch e.Kind {
	case history.Get, history.Head, history.Put, history.Delete:
		if !e.OfTrigger() && (e.Requests > 1 || e.Carried != "" || e.Means != "" && e.Answer != e.Means) {
			j.object(e.Key).store.dubious = true
		}
	}
}

// refused reports whether the store said that it has not applied a write, and will not.
func (a answer) refused() bool {
	return a == preconditionFailed || a == conflict || a == notFound || a == throttled
}

// certain reports whether the store acknowledged a write by itself.
func (v *version) certain() bool { return v.answer == acknowledged && v.etag != 0 && !v.swayed }

// uncertain reports whether a write may have been applied at any time since it was sent.
func (v *version) uncertain() bool { return !v.certain() && (v.swayed || !v.answer.refused()) }

// finding records that the store broke a promise on the object.
func (o *object) finding(j *Judge, k storefault.Kind, summary string, ev evidence) {
	o.proved(j, k, summary, func() []history.Event { return j.story(o, ev) })
}

// proved is finding with a witness that is made if it is to be shown.
func (o *object) proved(j *Judge, k storefault.Kind, summary string, witness func() []history.Event) {
	o.store.faulty = true
	at := slices.IndexFunc(j.findings, func(f StoreFinding) bool { return f.Kind == k })
	if at < 0 {
		known := storefault.Of(k)
		j.findings = plusFindings(j.findings, []StoreFinding{{k, known.KnownAs, known.Means, summary, 1, witness()}})
		return
	}
	j.findings[at].Count++
}

// tear notes that it is in doubt which content an ETag stands for.
func (s *storeFacts) tear(etags ...int32) {
	if s.torn == nil {
		s.torn = map[int32]bool{}
	}
	for _, etag := range etags {
		s.torn[etag] = etag != 0
	}
}

// plusFindings adds findings to others, in the order of [storefault.All].
func plusFindings(all, more []StoreFinding) []StoreFinding {
	for _, f := range more {
		at := slices.IndexFunc(all, func(g StoreFinding) bool { return g.Kind == f.Kind })
		if at < 0 {
			all = append(all, f)
		} else {
			all[at].Count += f.Count
		}
	}
	slices.SortStableFunc(all, func(a, b StoreFinding) int { return cmp.Compare(order(a.Kind), order(b.Kind)) })
	return all
}

func order(k storefault.Kind) int {
	return slices.IndexFunc(storefault.All(), func(f storefault.Fault) bool { return f.Kind == k })
}

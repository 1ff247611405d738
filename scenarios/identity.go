package scenarios

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"holdfast/archive"

	"github.com/goccy/go-yaml"
)

// Identity is a text of all that decides what the run does in a virtual world, but for
// the seed and the repetitions. Two runs with the same identity do the same: what they
// leave to a default is spelled out, what has no effect is left out, and files count by
// what they hold. A sweep that goes on after an interrupt knows its points by it.
func (r *Run) Identity() ([]byte, error) {
	text, err := r.spelledOut().Encode()
	if err != nil {
		return nil, err
	}
	policy := r.Policy
	if r.Core.OwnWaits {
		policy = archive.Policy{Kind: archive.None, Retries: policy.Retries, Deadline: policy.Deadline}
	}
	var b bytes.Buffer
	if r.Layout != nil {
		l := *r.Layout
		l.Name, l.Document = "", ""
		layout, err := yaml.Marshal(l) // a map in the order of its keys
		if err != nil {
			return nil, err
		}
		b.Write(append(layout, 0))
	}
	fmt.Fprintf(&b, "%s\x00%s\x00%s\x00%s\x00%s", text, r.Document.Encode(), r.Core.Name, policy, r.Latency().Content())
	return b.Bytes(), nil
}

// spelledOut is the scenario with its defaults, without what the run has chosen for
// itself and what is only for readers.
func (r *Run) spelledOut() *Scenario {
	s := *r.Scenario
	s.Shows, s.Why, s.Expect.Thresholds, s.Expect.Violations = "", "", nil, nil
	s.Document, s.Layout, s.Core, s.Policy, s.Latency = "", "", "", nil, nil
	s.ETags = cmp.Or(s.ETags, ContentETags)
	s.Codec, s.Via, s.RequestTimeout = r.Codec(), cmp.Or(s.Via, ViaCore), Duration(r.RequestTimeout())
	if s.Objects.Count = max(s.Objects.Count, 1); s.Objects.Count == 1 {
		s.Objects.Popularity, s.Objects.Keys = Popularity{}, ""
	} else {
		s.Objects.Keys = cmp.Or(s.Objects.Keys, RandomKeys)
	}
	s.Actors = slices.Clone(s.Actors)
	timed := false
	for i := range s.Actors {
		a := &s.Actors[i]
		a.Count = max(a.Count, 1)
		if a.Load != nil && a.Kind == User {
			l := *a.Load
			l.Saves, l.Edits, a.Load = max(l.Saves, 1), cmp.Or(l.Edits, TextEdits), &l
		}
		if a.Load != nil && a.Kind == Backend && s.TakesMessages() {
			a.Load = &Load{} // the queue says what it does
		} else if a.Load != nil && a.Load.Operations == 0 {
			timed = true
		}
	}
	if !timed {
		s.Duration = 0
	}
	s.Group = s.Group.spelledOut()
	s.Queue = s.Queue.spelledOut(s.TakesMessages() || s.Queued(), s.Queued())
	return &s
}

package scenarios

import (
	"encoding/json"
	"fmt"
	"slices"

	"holdfast/archive"
)

// fewestCustomers that a document must have, so that there is a message for each back
// end: if nobody uploads while a run is played, the triggers of the documents that it
// starts with are all the messages there are, and more back ends than these would only
// look on. Users who upload make as many messages again each time, and how many back
// ends that keeps busy is for the run to show.
func (s *Scenario) fewestCustomers() int {
	if !s.TakesMessages() {
		return 0
	}
	backends := 0
	for i := range s.Actors {
		a := &s.Actors[i]
		switch {
		case a.Load == nil || a.Kind == Outsider:
		case a.Kind == Backend:
			backends += max(a.Count, 1)
		default:
			return 0
		}
	}
	objects := max(s.Objects.Count, 1)
	return (backends + objects - 1) / objects
}

// document is what the run is played on: its own, as large as the scenario wants it,
// with so many customers more as it needs.
func (r *Run) document() (*archive.Change, error) {
	doc, err := r.Scenario.Objects.grown(r.Document)
	if err != nil {
		return nil, err
	}
	codes := customers(doc)
	missing := r.Scenario.fewestCustomers() - len(codes)
	if missing <= 0 || doc.Layout().Customers == "" {
		return doc, nil
	}
	own := slices.Clone(codes)
	for n := len(own) + 1; missing > 0; n++ {
		if code := fmt.Sprintf("customer-%d", n); !slices.Contains(own, code) {
			codes = append(codes, code)
			missing--
		}
	}
	changed, err := withField(doc, doc.Layout().Customers, codes)
	if err != nil {
		return nil, fmt.Errorf("give the scenario's document a customer for each back end: %w", err)
	}
	return changed, nil
}

// withField is a document with a value in a field. No edit of the archive's does that, which
// needs an entry in the history.
func withField(doc *archive.Change, field string, value any) (*archive.Change, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return doc.With(field, raw)
}

package scenarios

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

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

// playedOn is what the run is played on: its own, as large as the scenario wants it,
// with so many customers more as it needs.
func (r *Run) playedOn() (*archive.Change, error) {
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

// fillerField is one that nobody edits.
const fillerField = "x_attachment"

// grown is a document with as long a history, and as many bytes, as a scenario wants:
// as those that have been in use for years. What is added comes before the entries that
// the document has, every third of it without an id, as in documents out there.
func (o Objects) grown(doc *archive.Change) (*archive.Change, error) {
	if missing := o.Entries - len(doc.RawModifications()); missing > 0 {
		entries := make([]json.RawMessage, 0, o.Entries)
		began := time.Date(2019, 3, 4, 5, 6, 7, 0, time.UTC)
		for i := range missing {
			m := archive.Modification{
				ID: fmt.Sprintf("old-%06d", i), Timestamp: began.Add(time.Duration(i) * 17 * time.Minute).Format(time.RFC3339),
				UserID: fmt.Sprintf("user-%d", i%23), Type: archive.Updated,
			}
			if i%3 == 0 {
				m.ID = ""
			}
			raw, err := doc.Layout().EncodeEntry(m)
			if err != nil {
				return nil, err
			}
			entries = append(entries, raw)
		}
		var err error
		if doc, err = withField(doc, doc.Layout().History, append(entries, doc.RawModifications()...)); err != nil {
			return nil, fmt.Errorf("give the scenario's document a long history: %w", err)
		}
	}
	missing := o.Size - len(doc.Encode())
	if missing <= 0 {
		return doc, nil
	}
	const line = "Nobody edits this; it is here because documents get long.\n"
	doc, err := withField(doc, fillerField, strings.Repeat(line, missing/len(line)+1))
	if err != nil {
		return nil, fmt.Errorf("give the scenario's document its size: %w", err)
	}
	return doc, nil
}

// withField is a document with another value in a field, or with one more. No edit of
// the archive's does that, which needs an entry in the history.
func withField(doc *archive.Change, field string, value any) (*archive.Change, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	names := doc.FieldNames()
	if !slices.Contains(names, field) {
		names = append(names, field)
	}
	var body bytes.Buffer
	for i, name := range names {
		raw, _ := doc.Field(name)
		if name == field {
			raw = text
		}
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&body, "%c%s:%s", "{,"[min(i, 1)], key, raw)
	}
	body.WriteByte('}')
	return doc.Layout().Parse(body.Bytes())
}

// withID returns the document under another id, all else unchanged.
func withID(doc *archive.Change, id string) (*archive.Change, error) {
	if doc.ID() == id {
		return doc, nil
	}
	// As it is written there, which may be with escapes.
	was, _ := doc.Field(idField(doc))
	now, _ := json.Marshal(id)
	body := doc.Encode()
	// The id's text may stand elsewhere too: the right place is where replacing
	// it changes the id.
	for at := 0; ; at += len(was) {
		next := bytes.Index(body[at:], was)
		if next < 0 {
			break
		}
		at += next
		renamed, err := doc.Layout().Parse(slices.Concat(body[:at], now, body[at+len(was):]))
		if err == nil && renamed.ID() == id {
			return renamed, nil
		}
	}
	return nil, fmt.Errorf("document %s: its id can't be replaced", doc.ID())
}

// idField is the field that holds a document's id.
func idField(doc *archive.Change) string {
	names := doc.Layout().ID
	return names[slices.IndexFunc(names, func(name string) bool {
		_, there := doc.Field(name)
		return there
	})]
}

// customers lists the customer codes that a document names.
func customers(doc *archive.Change) []string {
	raw, _ := doc.Field(doc.Layout().Customers)
	return customerCodes(raw)
}

// customerCodes reads the value of that field.
func customerCodes(raw json.RawMessage) (codes []string) {
	if json.Unmarshal(raw, &codes) != nil {
		return nil
	}
	return codes
}

// editable are the fields that people edit as text, of changes and announcements.
var editable = []string{
	"changeTitle", "changeReason", "implementationPlan", "testPlan", "customerImpact", "rollbackPlan",
	"title", "summary", "content",
}

// editableFields are those that a document has.
func editableFields(l *Layout, doc *archive.Change) []string {
	var fields []string
	for _, field := range editable {
		field = l.Field(field)
		if _, ok := doc.Field(field); ok {
			fields = append(fields, field)
		}
	}
	return fields
}

package scenarios

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"holdfast/archive"
)

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

package archive

import (
	"bytes"
	"time"
)

// The history is the outbox: an upload marks its entry by Notify, in the same write
// that stores the change, and the "processed" entries of a customer say by Covers up to
// which upload its back end has read. What is still to be told follows from these.

// Untold is a customer of a document whose back end does not know of some uploads: no
// trigger was written, or its message was lost, or it was not processed yet.
type Untold struct {
	Customer string
	// Uploads are their entries, the oldest first. They must not be modified.
	Uploads []Modification
}

// Untold lists the customers of the document whom some upload has not reached, in the
// document's order: those of whom no "processed" entry covers the upload's entry or a
// later one. One trigger for the newest of them is enough, as whoever processes it
// reads all that was archived.
//
// An entry counts as an upload's if it is marked by [Modification.Notify]: entries of
// other software, and of releases that did not mark them, are never told again. A
// "processed" entry that does not say what it covers covers all that stands before it
// in the history: otherwise the customers of back ends that never say would be told for
// ever. An upload that came in while such a back end worked may be taken for told.
//
// The error wraps [ErrInvalid] if the document does not tell who its customers are.
func (c *Change) Untold() ([]Untold, error) {
	codes, err := c.layout.customerCodes(c)
	if err != nil {
		return nil, err
	}
	var uploads []Modification
	number := map[string]int{}  // of an upload, from 1, by the id of its entry
	covered := map[string]int{} // of a customer: the number of the latest upload that its back end has read
	for i := range c.entries {
		m, ok := c.notice(i)
		switch {
		case !ok:
		case m.Notify && m.ID != "" && number[m.ID] == 0:
			uploads = append(uploads, m)
			number[m.ID] = len(uploads)
		case m.Type == Processed && m.Covers == "":
			covered[m.CustomerCode] = len(uploads)
		case m.Type == Processed:
			covered[m.CustomerCode] = max(covered[m.CustomerCode], number[m.Covers])
		}
	}
	var untold []Untold
	for _, code := range codes {
		if left := uploads[covered[code]:]; len(left) > 0 {
			untold = append(untold, Untold{code, left})
		}
	}
	return untold, nil
}

// LastUpload is the id of the last entry of the history that is an upload's; empty if
// there is none.
func (c *Change) LastUpload() string {
	for i := len(c.entries) - 1; i >= 0; i-- {
		if m, ok := c.notice(i); ok && m.Notify && m.ID != "" {
			return m.ID
		}
	}
	return ""
}

// notice decodes an entry that can be an upload's, or cover one.
func (c *Change) notice(i int) (m Modification, ok bool) {
	raw := c.entries[i].of(c.body)
	mark := appendText(nil, c.layout.Entry.Notify)
	if !bytes.Contains(raw, mark) && !bytes.Contains(raw, []byte(`"`+Processed+`"`)) {
		return m, false
	}
	m, err := c.layout.decode(raw)
	m.ID = c.ids[i] // of an id that appears twice the last one counts
	return m, err == nil
}

// at is when the modification was made; the zero time if it does not say.
func (m *Modification) at() time.Time {
	at, _ := time.Parse(time.RFC3339, m.Timestamp)
	return at
}

package delivery

import (
	"bytes"
	"encoding/json"
	"time"

	"holdfast/archive"
)

// The history is the outbox. Between the archive object and the last trigger a server can
// die, and nothing that it would do afterwards can be relied on. So an upload marks its entry by Notify, in the same write
// that stores the change, and the "processed" entries of a customer say by Covers up to
// which upload its back end had read when its work began. What is still to be told follows
// from these alone, and nothing has to be cleared up.

// Untold is a customer of a document whose back end does not know of some uploads: no
// trigger was written, or its message was lost, or it was not processed yet.
type Untold struct {
	Customer string
	// Uploads are their entries, the oldest first. They must not be modified.
	Uploads []archive.Modification
}

// FindUntold lists the customers of the document whom some upload has not reached, in the
// document's order: those of whom no "processed" entry covers the upload's entry or a
// later one. One trigger for the newest of them is enough, as whoever processes it
// reads all that was archived.
//
// An entry counts as an upload's if it is marked by [archive.Modification.Notify]: entries
// of other software, and of releases that did not mark them, are never told again. A
// "processed" entry that does not say what it covers covers all that stands before it
// in the history: otherwise the customers of back ends that never say would be told for
// ever. An upload that came in while such a back end worked may be taken for told.
//
// The error wraps [archive.ErrInvalid] if the document does not tell who its customers are.
func FindUntold(c *archive.Change) ([]Untold, error) {
	codes, err := customerCodes(c.Layout(), c)
	if err != nil {
		return nil, err
	}
	var uploads []archive.Modification
	number := map[string]int{}  // of an upload, from 1, by the id of its entry
	covered := map[string]int{} // of a customer: the number of the latest upload that its back end has read
	h := historyOf(c)
	for i := range h.entries {
		m, ok := h.notice(i)
		switch {
		case !ok:
		case m.Notify && m.ID != "" && number[m.ID] == 0:
			uploads = append(uploads, m)
			number[m.ID] = len(uploads)
		case m.Type == archive.Processed && m.Covers == "":
			covered[m.CustomerCode] = len(uploads)
		case m.Type == archive.Processed:
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

// LastUpload is the id of the last entry of the document's history that is an upload's;
// empty if there is none.
func LastUpload(c *archive.Change) string {
	h := historyOf(c)
	for i := len(h.entries) - 1; i >= 0; i-- {
		if m, ok := h.notice(i); ok && m.Notify && m.ID != "" {
			return m.ID
		}
	}
	return ""
}

// history is that of a document, of which few entries are decoded.
type history struct {
	layout  *archive.Layout
	entries []json.RawMessage
	ids     []string
	notify  []byte // the name of the mark, as an entry has it
}

func historyOf(c *archive.Change) history {
	var notify bytes.Buffer
	enc := json.NewEncoder(&notify)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(c.Layout().Entry.Notify) // a string always encodes
	return history{c.Layout(), c.RawModifications(), c.ModificationIDs(), bytes.TrimSpace(notify.Bytes())}
}

// notice decodes an entry that can be an upload's, or cover one.
func (h *history) notice(i int) (m archive.Modification, ok bool) {
	raw := h.entries[i]
	if !bytes.Contains(raw, h.notify) && !bytes.Contains(raw, []byte(`"`+archive.Processed+`"`)) {
		return m, false
	}
	m, err := h.layout.DecodeEntry(raw)
	m.ID = h.ids[i] // of an id that appears twice the last one counts
	return m, err == nil
}

// madeAt is when a modification was made; the zero time if it does not say.
func madeAt(m *archive.Modification) time.Time {
	at, _ := time.Parse(time.RFC3339, m.Timestamp)
	return at
}

package cores

import (
	"encoding/json"
	"slices"

	"holdfast/archive"
)

// The bugs of those who know the names of the archive's own layout, and no others. They
// show in documents of another.

const ownDocuments = "own-documents"

var plantedLayout = []Bug{
	document("own-history-name", "the reader looks for its entry in the history of the archive's own layout, whatever the document's is called",
		withDocument(func(c *archive.Change) archive.Document { return strayed{c} }), "I2", ownDocuments, 1),
	document("own-entry-names", "entries are written with the names of the archive's own layout",
		withDocument(func(c *archive.Change) archive.Document { return misnamed{c} }), "I1", ownDocuments, 0),
}

// strayed is a document whose reader looks for entries in another field.
type strayed struct{ *archive.Change }

func (s strayed) HasModification(id string) bool {
	own := archive.OwnLayout()
	raw, _ := s.Field(own.History)
	var entries []map[string]any
	_ = json.Unmarshal(raw, &entries) // of anything else there are none
	return slices.ContainsFunc(entries, func(e map[string]any) bool { return e[own.Entry.ID] == id })
}

func (s strayed) Apply(e archive.Edit) (archive.Document, error) {
	e.Modifications = slices.DeleteFunc(slices.Clone(e.Modifications), func(m archive.Modification) bool { return s.HasModification(m.ID) })
	next, err := appendAll(s.Change, e)
	return strayed{next}, err
}

// misnamed is a document whose new entries have other names for what they hold.
type misnamed struct{ *archive.Change }

func (m misnamed) Apply(e archive.Edit) (archive.Document, error) {
	next, err := m.Change.Apply(e)
	if err != nil {
		return nil, err
	}
	c := next.(*archive.Change)
	entries := c.RawModifications()
	for i := m.HistoryLen(); i < len(entries); i++ {
		entry, err := c.Layout().DecodeEntry(entries[i])
		if err != nil {
			return nil, err
		}
		if entries[i], err = archive.OwnLayout().EncodeEntry(entry); err != nil {
			return nil, err
		}
	}
	written, err := withHistory(c, entries)
	return misnamed{written}, err
}

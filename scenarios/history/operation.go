package history

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// Operation is what a client means to do.
type Operation struct {
	Do   string // create, append, save, load, batch
	ID   string // object
	Base string // ETag of the version that its user had loaded
	Due  int64  // intended start; 0: now
	// GiveUp is for how long its caller waits for an answer; 0: for ever.
	GiveUp time.Duration
	// Message is the one that it processes; nil: none.
	Message *delivery.Message
	// Worked is the ETag of the version on which the work on it was done, Covers what its
	// entry says that it covers.
	Worked, Covers string
	// Customers are those who must be told of it; nil: nobody need be.
	Customers []string
	// What is wanted, as in [Event]: see Wants and WantsDocument.
	IDs     []string
	Entries []Sum
	Sets    []string
	Values  []Value
	Whole   Sum
	Once    string
	// Invalid: the core must refuse it.
	Invalid bool
	// Step is the one of the timeline that it is, as in [Event]; empty: none.
	Step string
}

// Wants says what an append or a save of a document of a layout wants: an edit, by a
// user who had loaded base, which is nil if nothing is known of it.
func (o *Operation) Wants(l *archive.Layout, edit archive.Edit, base archive.Document) {
	o.Once = edit.Once
	o.wantsEntries(l, edit.Modifications)
	if len(edit.Fields)+len(edit.Remove) == 0 {
		return
	}
	o.Sets = slices.Sorted(maps.Keys(edit.Fields))
	if len(edit.Remove) > 0 {
		o.Sets = append(o.Sets, edit.Remove...)
		slices.Sort(o.Sets)
	}
	o.Values = make([]Value, len(o.Sets))
	for i, name := range o.Sets {
		var was json.RawMessage
		if base != nil {
			was, _ = base.Field(name)
		}
		o.Values[i] = NewValue(was, edit.Fields[name])
	}
}

// WantsFields says what an update wants of which only the fields are known before it has
// read: these, together with the modifications. [Client.Made] says the rest.
func (o *Operation) WantsFields(l *archive.Layout, mods []archive.Modification, sorted ...string) {
	o.wantsEntries(l, mods)
	o.Sets, o.Once = sorted, mods[0].ID
}

// WantsDocument says what a create wants: a document, with its history or without,
// and these modifications.
func (o *Operation) WantsDocument(doc *archive.Change, history bool, mods ...archive.Modification) {
	if history {
		o.IDs = EntryIDs(doc)
		for _, raw := range doc.RawModifications() {
			o.Entries = append(o.Entries, StoredEntryDigest(doc.Layout(), raw))
		}
	}
	o.wantsEntries(doc.Layout(), mods)
	o.Whole = Whole(doc.Layout(), doc)
}

func (o *Operation) wantsEntries(l *archive.Layout, mods []archive.Modification) {
	for i := range mods {
		o.IDs, o.Entries = append(o.IDs, mods[i].ID), append(o.Entries, EntryDigest(l, &mods[i]))
	}
}

// Submits reports whether a modification is one of those that the operation submits.
func (o *Operation) Submits(id string) bool { return slices.Contains(o.IDs, id) }

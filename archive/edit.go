package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// Edit is what one update does to a document, all of it or nothing.
type Edit struct {
	// Fields are top-level fields to set, as raw JSON. The id and the history
	// can't be set.
	Fields map[string]json.RawMessage
	// Remove names top-level fields that are to go. The id and the history can't be
	// removed; a field that is not there is no error. None of them is also in Fields.
	Remove []string
	// Modifications are appended to the history. At least one: every update
	// leaves its trace, and the trace is what makes it repeatable.
	Modifications []Modification
	// Once, if not empty, is the id of one of the modifications. A version that
	// holds it has all of the edit, for the update loop, and nothing is stored
	// again: use it where the rest may come out differently when it is made a second
	// time. Without it a version has the edit if it holds all modifications.
	Once string
	// valid: the update loop has validated it, and gives it to every attempt.
	valid bool
}

// Validate is [Layout.ValidateEdit] of the archive's own layout.
func (e Edit) Validate() error { return ownLayout.ValidateEdit(e) }

// ValidateEdit reports why an edit can't be applied to any document of the layout. The
// error wraps [ErrInvalid].
func (l *Layout) ValidateEdit(e Edit) error {
	l = l.Resolved()
	if e.valid {
		return nil
	}
	if len(e.Modifications) == 0 {
		return fmt.Errorf("%w edit: it appends no modification", ErrInvalid)
	}
	for i := range e.Modifications {
		if err := l.validate(&e.Modifications[i]); err != nil {
			return err
		}
		for _, earlier := range e.Modifications[:i] {
			if earlier.ID == e.Modifications[i].ID {
				return fmt.Errorf("%w edit: modification id %s is used twice", ErrInvalid, short(earlier.ID))
			}
		}
	}
	if err := l.validateRemove(&e); err != nil {
		return err
	}
	for _, name := range fieldNames(make([]string, 0, fewFields), e.Fields) {
		if name == l.History {
			return fmt.Errorf("%w edit: %s can't be set, only appended to", ErrInvalid, name)
		}
		if err := l.checkVariant("edit", name); err != nil {
			return err
		}
		if err := checkText("edit", name); err != nil {
			return err
		}
		if !validInside(e.Fields[name], 1) {
			return fmt.Errorf("%w edit: the value of field %q is not JSON", ErrInvalid, short(name))
		}
	}
	return nil
}

// validateRemove reports why the fields that are to go can't.
func (l *Layout) validateRemove(e *Edit) error {
	for i, name := range e.Remove {
		_, set := e.Fields[name]
		if err := checkText("edit", name); err != nil {
			return err
		}
		switch {
		case !l.CanSet(name):
			return fmt.Errorf("%w edit: %s can't be removed", ErrInvalid, name)
		case set:
			return fmt.Errorf("%w edit: field %q is to be set and to be removed", ErrInvalid, short(name))
		case slices.Contains(e.Remove[:i], name):
			return fmt.Errorf("%w edit: field %q is to be removed twice", ErrInvalid, short(name))
		}
	}
	return nil
}

// ValidateNames reports a field of the document whose name is no text, which no edit can
// set. The error wraps [ErrInvalid].
func (c *Change) ValidateNames() error {
	for _, f := range c.fields {
		if err := checkText("document", string(f.name)); err != nil {
			return err
		}
	}
	return nil
}

// mostFields is how many fields an edit may bring a document to, far more than any
// has: whoever may add fields must not be able to make it grow for ever.
const mostFields = 4096

// Apply returns the document with the edit's fields set or removed, and those of
// its modifications appended that the history does not hold yet. Fields that are
// new are added at the end in the order of their names.
func (c *Change) Apply(e Edit) (Document, error) {
	if err := c.layout.ValidateEdit(e); err != nil {
		return nil, err
	}
	var cuts []splice
	var added []member
	for _, name := range fieldNames(make([]string, 0, fewFields), e.Fields) {
		value := bytes.TrimSpace(e.Fields[name])
		i := c.index(name)
		switch {
		case c.layout.isID(name):
			if i < 0 || !sameValue(c.fields[i].value.of(c.body), value) {
				return nil, fmt.Errorf("%w edit: %s of %s can't be changed; leave it out, or give it as it is stored", ErrInvalid, name, c.id)
			}
		case i < 0:
			added = append(added, member{name, value})
		default:
			cuts = append(cuts, splice{c.fields[i].value, value})
		}
	}
	removed := c.removeFields(e.Remove)
	if n := len(c.fields) + len(added) - len(removed); n > mostFields && n > len(c.fields) {
		return nil, fmt.Errorf("%w edit of %s: it would have %d fields, at most %d are possible", ErrInvalid, c.id, n, mostFields)
	}
	mods := c.missing(e.Modifications)
	entries, err := c.layout.encodeAll(mods)
	if err != nil {
		return nil, err
	}
	if len(added) == 0 && len(removed) == 0 && len(c.entries) > 0 {
		return c.spliced(cuts, mods, entries), nil
	}
	next, err := c.rewritten(append(cuts, removed...), added, entries)
	if err != nil {
		return nil, err
	}
	return next, nil
}

// rewritten applies an edit that adds or removes fields or begins a history, and
// reads the result anew.
func (c *Change) rewritten(cuts []splice, added []member, entries []json.RawMessage) (*Change, error) {
	if len(entries) > 0 {
		if c.history == (span{}) {
			added = append(added, member{c.layout.History, c.newHistory(entries)})
		} else {
			cut, _ := c.appendEntries(entries)
			cuts = append(cuts, cut)
		}
	}
	if len(added) > 0 {
		cuts = append(cuts, c.addFields(added))
	}
	next, err := c.layout.Parse(applySplices(c.body, cuts))
	if err != nil {
		return nil, fmt.Errorf("edit of %s: %w", c.id, err)
	}
	return next, nil
}

// With returns the document with a field set to a raw value, where it stands or as the last
// one; without the field if the value is nil. All else is kept as it is. Nothing is appended
// to the history, which it can set like any other field: it is for making documents, and
// what is stored is changed by edits. The error wraps [ErrInvalid].
func (c *Change) With(name string, value json.RawMessage) (*Change, error) {
	i := c.index(name)
	switch {
	case value == nil:
		return c.rewritten(c.removeFields([]string{name}), nil, nil)
	case !validInside(value, 1):
		return nil, fmt.Errorf("%w document %s: the value of field %q is not JSON", ErrInvalid, c.id, short(name))
	case i < 0:
		if err := checkText("document", name); err != nil {
			return nil, err
		}
		return c.rewritten(nil, []member{{name, bytes.TrimSpace(value)}}, nil)
	}
	return c.rewritten([]splice{{c.fields[i].value, bytes.TrimSpace(value)}}, nil, nil)
}

// missing are the modifications that the history does not hold yet.
func (c *Change) missing(mods []Modification) []Modification {
	var missing []Modification
	for i := range mods {
		if !c.HasModification(mods[i].ID) {
			missing = append(missing, mods[i])
		}
	}
	return missing
}

func (l *Layout) encodeAll(mods []Modification) ([]json.RawMessage, error) {
	entries := make([]json.RawMessage, len(mods))
	for i := range mods {
		entry, err := l.encode(&mods[i])
		if err != nil {
			return nil, fmt.Errorf("%w modification %s: %w", ErrInvalid, short(mods[i].ID), err)
		}
		entries[i] = entry
	}
	return entries, nil
}

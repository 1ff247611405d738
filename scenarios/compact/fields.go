package compact

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"holdfast/archive"
	"holdfast/scenarios/history"
)

// value is a field's value.
type value struct {
	raw json.RawMessage
	sum history.Sum // of the value and the field's number
}

func newValue(number int, raw json.RawMessage) *value {
	raw = bytes.Clone(bytes.TrimSpace(raw)) // the caller may use it again
	return &value{raw, history.Mixed(history.Sum(0).Mix(uint64(number)), raw)}
}

// layout is which fields there are and in which order. Versions share it.
type layout struct {
	names []string
	index map[string]int
	sum   history.Sum
	// identity is a document with nothing but the fields that name it.
	identity *archive.Change
}

func newLayout(c *archive.Change) *layout {
	l := &layout{index: map[string]int{}}
	var ids []string
	for _, name := range c.FieldNames() {
		if name == "modifications" {
			continue
		}
		if isIdentity(name) {
			raw, _ := c.Field(name)
			ids = append(ids, `"`+name+`":`+string(raw))
		}
		l.add(name)
	}
	// It is a document because c is one.
	l.identity, _ = archive.ParseChange([]byte("{" + strings.Join(ids, ",") + "}"))
	return l
}

func (l *layout) add(name string) {
	l.index[name] = len(l.names)
	l.names = append(l.names, name)
	l.sum = history.Mixed(l.sum, name)
}

// with returns the layout with one more field.
func (l *layout) with(name string) *layout {
	next := &layout{names: slices.Clone(l.names), index: maps.Clone(l.index), sum: l.sum, identity: l.identity}
	next.add(name)
	return next
}

// without returns the layout with one field less.
func (l *layout) without(i int) *layout {
	next := &layout{index: map[string]int{}, identity: l.identity}
	for _, name := range slices.Delete(slices.Clone(l.names), i, i+1) {
		next.add(name)
	}
	return next
}

// isIdentity reports whether a field names the document.
func isIdentity(field string) bool { return field == "changeId" || field == "announcement_id" }

// checkIdentity reports whether an edit changes who the document is, as a
// [archive.Change] finds it.
func (l *layout) checkIdentity(e archive.Edit) error {
	var ids map[string]json.RawMessage
	for name, raw := range e.Fields {
		if isIdentity(name) {
			if ids == nil {
				ids = map[string]json.RawMessage{}
			}
			ids[name] = raw
		}
	}
	if ids == nil {
		return nil
	}
	e.Fields = ids
	_, err := l.identity.Apply(e)
	return err
}

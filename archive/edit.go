package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Edit is what one update does to a document, all of it or nothing.
type Edit struct {
	// Fields are top-level fields to set, as raw JSON. The id and the history
	// can't be set.
	Fields map[string]json.RawMessage
	// Modifications are appended to the history. At least one: every update
	// leaves its trace, and the trace is what makes it repeatable.
	Modifications []Modification
}

// validate reports why the edit can't be applied to any document.
func (e Edit) validate() error {
	if len(e.Modifications) == 0 {
		return fmt.Errorf("%w edit: it appends no modification", ErrInvalid)
	}
	for i := range e.Modifications {
		if err := e.Modifications[i].validate(); err != nil {
			return err
		}
		for _, earlier := range e.Modifications[:i] {
			if earlier.ID == e.Modifications[i].ID {
				return fmt.Errorf("%w edit: modification id %s is used twice", ErrInvalid, earlier.ID)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		if name == modificationsField {
			return fmt.Errorf("%w edit: %s can't be set, only appended to", ErrInvalid, name)
		}
		if !json.Valid(e.Fields[name]) {
			return fmt.Errorf("%w edit: the value of field %q is not JSON", ErrInvalid, name)
		}
	}
	return nil
}

// Apply returns the document with the edit's fields set, and those of its
// modifications appended that the history does not hold yet. Fields that are
// new are added at the end in the order of their names.
func (c *Change) Apply(e Edit) (Document, error) {
	if err := e.validate(); err != nil {
		return nil, err
	}
	var cuts []splice
	var added []string
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		value := e.Fields[name]
		i := c.index(name)
		switch {
		case i < 0:
			added = append(added, name)
		case slices.Contains(idFields[:], name) && !sameValue(c.fields[i].value.of(c.body), value):
			return nil, fmt.Errorf("%w edit: %s of %s can't be changed", ErrInvalid, name, c.id)
		case bytes.Equal(c.fields[i].value.of(c.body), value):
		default:
			cuts = append(cuts, splice{c.fields[i].value, value})
		}
	}
	entries, err := c.missing(e.Modifications)
	if err != nil {
		return nil, err
	}
	if len(entries) > 0 {
		if c.history == (span{}) {
			added = append(added, modificationsField)
		} else {
			cuts = append(cuts, c.appendEntries(entries))
		}
	}
	if len(added) > 0 {
		cuts = append(cuts, c.addFields(added, e.Fields, entries))
	}
	next, err := ParseChange(applySplices(c.body, cuts))
	if err != nil {
		return nil, fmt.Errorf("edit of %s: %w", c.id, err)
	}
	return next, nil
}

// missing encodes the modifications that the history does not hold yet.
func (c *Change) missing(mods []Modification) ([]json.RawMessage, error) {
	var entries []json.RawMessage
	for i := range mods {
		if c.HasModification(mods[i].ID) {
			continue
		}
		entry, err := mods[i].encode()
		if err != nil {
			return nil, fmt.Errorf("%w modification %s: %w", ErrInvalid, mods[i].ID, err)
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// splice replaces a span of a text.
type splice struct {
	at   span
	with []byte
}

func applySplices(body []byte, cuts []splice) []byte {
	slices.SortStableFunc(cuts, func(a, b splice) int { return a.at.start - b.at.start })
	size := len(body)
	for _, s := range cuts {
		size += len(s.with)
	}
	out := make([]byte, 0, size)
	from := 0
	for _, s := range cuts {
		out = append(out, body[from:s.at.start]...)
		out = append(out, s.with...)
		from = s.at.end
	}
	return append(out, body[from:]...)
}

// appendEntries adds to the array in the style of its elements, or, when it
// has none, of the document's fields.
func (c *Change) appendEntries(entries []json.RawMessage) splice {
	if n := len(c.entries); n > 0 {
		lead := c.body[c.history.start+1 : c.entries[0].start]
		var b bytes.Buffer
		for _, e := range entries {
			b.WriteByte(',')
			b.Write(lead)
			writeIndented(&b, e, lead)
		}
		end := c.entries[n-1].end
		return splice{span{end, end}, b.Bytes()}
	}
	return splice{c.history, newHistory(entries, c.fieldLead())}
}

// newHistory writes an array of entries in a document whose fields follow lead.
func newHistory(entries []json.RawMessage, fieldLead []byte) []byte {
	lead := fieldLead
	if bytes.IndexByte(fieldLead, '\n') >= 0 {
		lead = append(bytes.Clone(fieldLead), "  "...)
	}
	var b bytes.Buffer
	for i, e := range entries {
		b.WriteByte("[,"[min(i, 1)])
		b.Write(lead)
		writeIndented(&b, e, lead)
	}
	b.Write(fieldLead)
	b.WriteByte(']')
	return b.Bytes()
}

func (c *Change) addFields(names []string, values map[string]json.RawMessage, entries []json.RawMessage) splice {
	lead := c.fieldLead()
	colon := ": "
	if len(lead) == 0 {
		colon = ":"
	}
	var b bytes.Buffer
	for _, name := range names {
		value := []byte(values[name])
		if name == modificationsField {
			value = newHistory(entries, lead)
		}
		b.WriteByte(',')
		b.Write(lead)
		b.Write(quote(name))
		b.WriteString(colon)
		b.Write(value)
	}
	end := c.fields[len(c.fields)-1].value.end
	return splice{span{end, end}, b.Bytes()}
}

// fieldLead is the white space in front of the first field.
func (c *Change) fieldLead() []byte {
	start := skipSpace(c.body, 0) + 1
	return c.body[start:skipSpace(c.body, start)]
}

// writeIndented writes an entry as indented as lead is, compact if lead has no
// line break.
func writeIndented(b *bytes.Buffer, entry json.RawMessage, lead []byte) {
	newline := bytes.LastIndexByte(lead, '\n')
	if newline < 0 {
		b.Write(entry)
		return
	}
	if json.Indent(b, entry, string(lead[newline+1:]), "  ") != nil {
		b.Write(entry)
	}
}

// quote encodes a field name without HTML escaping.
func quote(name string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(name) // a string always encodes
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

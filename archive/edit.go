package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"
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
		if !utf8.ValidString(name) {
			return fmt.Errorf("%w edit: field name %q is not UTF-8", ErrInvalid, name)
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
		value := bytes.TrimSpace(e.Fields[name])
		i := c.index(name)
		switch {
		case slices.Contains(idFields[:], name):
			if i < 0 || !sameValue(c.fields[i].value.of(c.body), value) {
				return nil, fmt.Errorf("%w edit: %s of %s can't be changed", ErrInvalid, name, c.id)
			}
		case i < 0:
			added = append(added, name)
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
		entry, err := encode(mods[i])
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
		oneLine := bytes.IndexByte(c.entries[0].of(c.body), '\n') < 0
		var b bytes.Buffer
		for _, e := range entries {
			b.WriteByte(',')
			b.Write(lead)
			if oneLine {
				b.Write(e)
			} else {
				writeIndented(&b, e, lead, c.indent())
			}
		}
		end := c.entries[n-1].end
		return splice{span{end, end}, b.Bytes()}
	}
	return splice{c.history, c.newHistory(entries)}
}

// newHistory writes an array of entries in the style of the document's fields.
func (c *Change) newHistory(entries []json.RawMessage) []byte {
	lead := c.fieldLead()
	entryLead := lead
	if bytes.IndexByte(lead, '\n') >= 0 {
		entryLead = slices.Concat(lead, c.indent())
	}
	var b bytes.Buffer
	for i, e := range entries {
		b.WriteByte("[,"[min(i, 1)])
		b.Write(entryLead)
		writeIndented(&b, e, entryLead, c.indent())
	}
	b.Write(lead)
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
		value := bytes.TrimSpace(values[name])
		if name == modificationsField {
			value = c.newHistory(entries)
		}
		b.WriteByte(',')
		b.Write(lead)
		quoted, _ := encode(name) // a string always encodes
		b.Write(quoted)
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

// indent is one level of the document's indentation: that of its fields.
func (c *Change) indent() []byte {
	lead := c.fieldLead()
	if newline := bytes.LastIndexByte(lead, '\n'); newline >= 0 {
		return lead[newline+1:]
	}
	return []byte("  ")
}

// writeIndented writes an entry with the line breaks and the indentation of
// lead, compact if lead has no line break.
func writeIndented(b *bytes.Buffer, entry json.RawMessage, lead, indent []byte) {
	newline := bytes.LastIndexByte(lead, '\n')
	if newline < 0 {
		b.Write(entry)
		return
	}
	var lines bytes.Buffer
	if json.Indent(&lines, entry, string(lead[newline+1:]), string(indent)) != nil {
		b.Write(entry)
		return
	}
	indented := lines.Bytes()
	if bytes.Contains(lead, []byte("\r\n")) {
		indented = bytes.ReplaceAll(indented, []byte("\n"), []byte("\r\n"))
	}
	b.Write(indented)
}

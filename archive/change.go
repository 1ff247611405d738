package archive

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Change is a change or an announcement, or a document of another [Layout]: a JSON
// object with an id and an append-only history of modifications. It is immutable.
//
// All bytes that an edit does not concern are kept as they are: unknown fields,
// their order, white space, the spelling of numbers and strings. A Change is
// edited by splicing its text, never by decoding and encoding it.
type Change struct {
	layout  *Layout // as it stands, see [Layout.Resolved]
	body    []byte
	id      string
	fields  []field
	history span   // the value of the history's field; empty if there is no such field
	entries []span // the elements of history
	ids     []string
}

type field struct {
	name  []byte
	value span
}

// ParseChange reads a document of the archive's own layout, as [Layout.Parse] does.
func ParseChange(body []byte) (*Change, error) { return ownLayout.Parse(body) }

// Parse reads a document. The error says what is wrong with it and wraps [ErrInvalid].
// The body must not be modified afterwards.
func (l *Layout) Parse(body []byte) (*Change, error) {
	l = l.Resolved()
	p := parse{
		scanner: scanner{b: body, most: mostNesting, open: make([]container, 0, 8)},
		change:  &Change{layout: l, body: body, fields: make([]field, 0, 48)},
	}
	if !p.scan(p.value) {
		return nil, fmt.Errorf("%w document: %w", ErrInvalid, ValidateJSON(body))
	}
	if p.err == nil && p.bracket != '{' {
		p.fail("it is no JSON object")
	}
	if p.err == nil {
		p.err = p.change.readID()
	}
	if p.err == nil {
		p.err = p.change.checkHistory()
	}
	if p.err != nil {
		return nil, p.err
	}
	return p.change, nil
}

// parse makes a Change of the values that the scanner tells of.
type parse struct {
	scanner
	change  *Change
	bracket byte // of the document
	err     error
	// names marks the hashes of the names seen, so that only likely duplicates
	// are looked for.
	names [256]bool
	// many are the names of a document with many fields, all of whose hashes would
	// have been seen.
	many    map[string]bool
	entryID string // of the entry of the history under way
	// key is the field whose array inHistory was asked about last, history its answer.
	key     span
	history bool
}

func (p *parse) value(depth int, value span) {
	switch depth {
	case 0:
		p.bracket = p.b[value.start]
	case 1:
		p.field(value)
	case 2:
		if p.inHistory() {
			p.change.entries = append(p.change.entries, value)
			p.change.ids = append(p.change.ids, p.entryID)
			p.entryID = ""
		}
	case 3:
		p.entryField(value)
	}
}

func (p *parse) field(value span) {
	if p.open[0].bracket != '{' || p.err != nil {
		return
	}
	name := text(p.open[0].key.of(p.b))
	if p.twice(name) {
		p.fail("field %q appears twice", short(string(name)))
		return
	}
	p.change.fields = append(p.change.fields, field{name, value})
	if string(name) == p.change.layout.History {
		p.change.history = value
	}
}

// fewNames are looked up one by one.
const fewNames = 64

// twice reports whether a field of this name was there before.
func (p *parse) twice(name []byte) bool {
	if len(p.change.fields) < fewNames {
		seen := &p.names[hash(name)]
		twice := *seen && p.change.index(string(name)) >= 0
		*seen = true
		return twice
	}
	if p.many == nil {
		p.many = map[string]bool{}
		for _, f := range p.change.fields {
			p.many[string(f.name)] = true
		}
	}
	twice := p.many[string(name)]
	p.many[string(name)] = true
	return twice
}

// hash tells most of a document's field names apart.
func hash(name []byte) (h uint8) {
	for _, c := range name {
		h = h*31 + c
	}
	return h
}

// inHistory reports whether the value under way is inside the array of the history.
func (p *parse) inHistory() bool {
	if p.open[0].bracket != '{' || p.open[1].bracket != '[' {
		return false
	}
	if key := p.open[0].key; key != p.key { // asked for each value in the array
		p.key, p.history = key, string(text(key.of(p.b))) == p.change.layout.History
	}
	return p.history
}

func (p *parse) entryField(value span) {
	entry := &p.open[2]
	if entry.bracket != '{' || !p.inHistory() || string(text(entry.key.of(p.b))) != p.change.layout.Entry.ID {
		return
	}
	p.entryID = "" // the last one counts, as for encoding/json and JavaScript
	if p.b[value.start] == '"' {
		p.entryID = string(text(value.of(p.b)))
	}
}

func (p *parse) fail(format string, args ...any) {
	p.err = fmt.Errorf("%w document: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

func (c *Change) readID() error {
	for _, name := range c.layout.ID {
		value, ok := c.Field(name)
		if !ok {
			continue
		}
		if value[0] != '"' {
			return fmt.Errorf("%w document: %s is no string", ErrInvalid, name)
		}
		c.id = string(text(value))
		return c.layout.ValidateID(c.id)
	}
	if len(c.layout.ID) == 1 {
		return fmt.Errorf("%w document: it has no %s", ErrInvalid, c.layout.ID[0])
	}
	return fmt.Errorf("%w document: it has neither %s", ErrInvalid, strings.Join(c.layout.ID, " nor "))
}

func (c *Change) checkHistory() error {
	if c.history == (span{}) {
		return nil
	}
	if first := c.body[c.history.start]; first != '[' && first != 'n' { // null is an empty history
		return fmt.Errorf("%w document %s: %s is no array", ErrInvalid, c.id, c.layout.History)
	}
	for n, entry := range c.entries {
		if c.body[entry.start] != '{' {
			return fmt.Errorf("%w document %s: %s[%d] is no object", ErrInvalid, c.id, c.layout.History, n)
		}
	}
	return nil
}

// ID is the object id: in the archive's own layout the changeId or the announcement_id.
func (c *Change) ID() string { return c.id }

// Layout is the one that the document was read by. It must not be modified.
func (c *Change) Layout() *Layout { return c.layout }

// Encode returns the document's text. It must not be modified.
func (c *Change) Encode() []byte { return c.body }

// Field returns the raw JSON value of a top-level field.
func (c *Change) Field(name string) (json.RawMessage, bool) {
	if i := c.index(name); i >= 0 {
		return c.fields[i].value.of(c.body), true
	}
	return nil, false
}

// FieldNames lists the top-level fields in the document's order.
func (c *Change) FieldNames() []string {
	names := make([]string, len(c.fields))
	for i, f := range c.fields {
		names[i] = string(f.name)
	}
	return names
}

// HasModification reports whether the history holds an entry with this id.
func (c *Change) HasModification(id string) bool {
	for _, have := range c.ids {
		if have == id && id != "" {
			return true
		}
	}
	return false
}

// ModificationIDs lists the ids of the history in order; entries without one are "".
func (c *Change) ModificationIDs() []string { return c.ids }

// Modification returns the entry of the history with this id.
func (c *Change) Modification(id string) (m Modification, ok bool) {
	for i, have := range c.ids {
		if have == id && id != "" {
			m, err := c.layout.decode(c.entries[i].of(c.body))
			m.ID = id // the last one in the entry
			return m, err == nil
		}
	}
	return m, false
}

// HistoryLen is the number of entries in the history.
func (c *Change) HistoryLen() int { return len(c.entries) }

// RawModifications returns the entries of the history as they are stored.
func (c *Change) RawModifications() []json.RawMessage {
	raw := make([]json.RawMessage, len(c.entries))
	for i, e := range c.entries {
		raw[i] = e.of(c.body)
	}
	return raw
}

// Modifications decodes the history.
func (c *Change) Modifications() ([]Modification, error) {
	mods := make([]Modification, len(c.entries))
	for i, e := range c.entries {
		var err error
		if mods[i], err = c.layout.decode(e.of(c.body)); err != nil {
			return nil, fmt.Errorf("%w document %s: %s[%d]: %w", ErrInvalid, c.id, c.layout.History, i, err)
		}
	}
	return mods, nil
}

func (c *Change) index(name string) int {
	for i := range c.fields {
		if string(c.fields[i].name) == name {
			return i
		}
	}
	return -1
}

// WithoutHistory returns the document with no modification in it, all else as it was.
func (c *Change) WithoutHistory() *Change {
	if len(c.entries) == 0 {
		return c
	}
	bare, err := c.With(c.layout.History, json.RawMessage("[]"))
	if err != nil {
		panic(err) // an array in the place of another
	}
	return bare
}

// EditableFields are the fields for an edit that stores what the document says: all but
// the history and the id by which it is known. An id of another name is among them, so
// that [Change.Apply] refuses one that differs from what is stored.
func (c *Change) EditableFields() map[string]json.RawMessage {
	values := make(map[string]json.RawMessage, len(c.fields))
	known := c.layout.ID[slices.IndexFunc(c.layout.ID, func(name string) bool { return c.index(name) >= 0 })]
	for _, f := range c.fields {
		if name := string(f.name); name != known && name != c.layout.History {
			values[name] = f.value.of(c.body)
		}
	}
	return values
}

package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

const (
	modificationsField = "modifications"
	modificationIDKey  = `"modification_id"`
)

// idFields are the fields that name a document, in the order in which they are
// looked for: changes have the first, announcements the second.
var idFields = [...]string{"changeId", "announcement_id"}

// Change is a change or an announcement: a JSON object with an id and an
// append-only history of modifications. It is immutable.
//
// All bytes that an edit does not concern are kept as they are: unknown fields,
// their order, white space, the spelling of numbers and strings. A Change is
// edited by splicing its text, never by decoding and encoding it.
type Change struct {
	body    []byte
	id      string
	fields  []field
	history span   // the value of "modifications"; empty if there is no such field
	entries []span // the elements of history
	ids     []string
}

type field struct {
	name  string
	value span
}

// ParseChange reads a document. The error says what is wrong with it and wraps
// [ErrInvalid]. The body must not be modified afterwards.
func ParseChange(body []byte) (*Change, error) {
	if !json.Valid(body) {
		return nil, fmt.Errorf("%w document: %w", ErrInvalid, syntaxError(body))
	}
	start := skipSpace(body, 0)
	if body[start] != '{' {
		return nil, fmt.Errorf("%w document: it is no JSON object", ErrInvalid)
	}
	c := &Change{body: body, fields: make([]field, 0, 48)}
	var err error
	eachField(body, start, func(key, value span) bool {
		name := text(key.of(body))
		if _, twice := c.Field(name); twice {
			err = fmt.Errorf("%w document: field %q appears twice", ErrInvalid, name)
			return false
		}
		c.fields = append(c.fields, field{name, value})
		return true
	})
	if err != nil {
		return nil, err
	}
	if err := c.readID(); err != nil {
		return nil, err
	}
	return c, c.readHistory()
}

func (c *Change) readID() error {
	for _, name := range idFields {
		value, ok := c.Field(name)
		if !ok {
			continue
		}
		if value[0] != '"' {
			return fmt.Errorf("%w document: %s is no string", ErrInvalid, name)
		}
		c.id = text(value)
		return ValidateID(c.id)
	}
	return fmt.Errorf("%w document: it has neither %s nor %s", ErrInvalid, idFields[0], idFields[1])
}

func (c *Change) readHistory() error {
	i := c.index(modificationsField)
	if i < 0 {
		return nil
	}
	c.history = c.fields[i].value
	switch c.body[c.history.start] {
	case 'n': // null
		return nil
	case '[':
	default:
		return fmt.Errorf("%w document %s: %s is no array", ErrInvalid, c.id, modificationsField)
	}
	c.entries = elements(c.body, c.history.start)
	c.ids = make([]string, len(c.entries))
	for n, entry := range c.entries {
		if c.body[entry.start] != '{' {
			return fmt.Errorf("%w document %s: %s[%d] is no object", ErrInvalid, c.id, modificationsField, n)
		}
		eachField(c.body, entry.start, func(key, value span) bool {
			if string(key.of(c.body)) != modificationIDKey {
				return true
			}
			if c.body[value.start] == '"' {
				c.ids[n] = text(value.of(c.body))
			}
			return false
		})
	}
	return nil
}

// ID is the object id: the changeId or the announcement_id.
func (c *Change) ID() string { return c.id }

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
		names[i] = f.name
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
		if err := json.Unmarshal(e.of(c.body), &mods[i]); err != nil {
			return nil, fmt.Errorf("%w document %s: %s[%d]: %w", ErrInvalid, c.id, modificationsField, i, err)
		}
	}
	return mods, nil
}

func (c *Change) index(name string) int {
	for i := range c.fields {
		if c.fields[i].name == name {
			return i
		}
	}
	return -1
}

// ValidateID reports why an object id can't be part of a key: ids have 1 to 128
// letters, digits, '-', '_' and '.', start with a letter or digit, and do not
// contain "..".
func ValidateID(id string) error {
	bad := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
	}
	switch {
	case id == "":
		return fmt.Errorf("%w object id: it is empty", ErrInvalid)
	case len(id) > 128:
		return fmt.Errorf("%w object id %q…: longer than 128 characters", ErrInvalid, id[:16])
	case strings.ContainsFunc(id, bad):
		return fmt.Errorf("%w object id %q: only letters, digits, '-', '_' and '.' are safe in a key", ErrInvalid, id)
	case strings.ContainsRune("-_.", rune(id[0])), strings.Contains(id, ".."):
		return fmt.Errorf("%w object id %q: it must start with a letter or digit and not contain \"..\"", ErrInvalid, id)
	}
	return nil
}

// Key returns the key under which an object is archived.
func Key(id string) (string, error) {
	if err := ValidateID(id); err != nil {
		return "", err
	}
	return "archive/" + id + ".json", nil
}

// text decodes a JSON string that is known to be valid.
func text(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return string(quoted)
	}
	return s
}

// syntaxError says where a text stops being JSON.
func syntaxError(body []byte) error {
	var any json.RawMessage
	err := json.Unmarshal(body, &any)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		before := body[:min(int(syntax.Offset), len(body))]
		line := bytes.Count(before, []byte("\n")) + 1
		column := len(before) - bytes.LastIndexByte(before, '\n') - 1
		return fmt.Errorf("line %d, column %d: %s", line, column, syntax.Error())
	}
	if err == nil {
		return errors.New("it is no JSON")
	}
	return err
}

package cores

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"holdfast/archive"
)

// member is a top-level field of a document.
type member struct {
	name  string
	value json.RawMessage
}

// members takes a document apart, its history included.
func members(c *archive.Change) []member {
	var all []member
	for _, name := range c.FieldNames() {
		value, _ := c.Field(name)
		all = append(all, member{name, value})
	}
	return all
}

// assemble makes a document of members.
func assemble(l *archive.Layout, all []member) (*archive.Change, error) {
	var b bytes.Buffer
	separator := "{\n  "
	for _, m := range all {
		quoted, _ := json.Marshal(m.name)
		fmt.Fprintf(&b, "%s%s: %s", separator, quoted, m.value)
		separator = ",\n  "
	}
	b.WriteString("\n}\n")
	return l.Parse(b.Bytes())
}

func array(entries []json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	separator := "[\n    "
	for _, e := range entries {
		b.WriteString(separator)
		b.Write(e)
		separator = ",\n    "
	}
	b.WriteString("\n  ]")
	return b.Bytes()
}

// withHistory is a document with these entries as its history.
func withHistory(c *archive.Change, entries []json.RawMessage) (*archive.Change, error) {
	return c.With(c.Layout().History, array(entries))
}

// alteration is what a bug does to every version that is written.
type alteration func(*archive.Change) (*archive.Change, error)

// altered is a document whose edits go through an alteration.
type altered struct {
	*archive.Change
	alter alteration
}

func (a altered) Apply(e archive.Edit) (archive.Document, error) {
	next, err := a.Change.Apply(e)
	if err != nil {
		return nil, err
	}
	built, err := a.alter(next.(*archive.Change))
	return altered{built, a.alter}, err
}

// inDocument is the production core with a bug in the documents that it writes.
func inDocument(alter alteration) func(Environment) (Core, error) {
	return withDocument(func(c *archive.Change) archive.Document { return altered{c, alter} })
}

func withDocument(wrap func(*archive.Change) archive.Document) func(Environment) (Core, error) {
	return func(e Environment) (Core, error) {
		e.Codec = func(id string, body []byte) (archive.Document, error) {
			doc, err := e.Layout.Codec(id, body)
			if err != nil {
				return nil, err
			}
			return wrap(doc.(*archive.Change)), nil
		}
		return production(e)
	}
}

// inHistory is an alteration of the history only, by the names that its entries have.
func inHistory(alter func(l *archive.Layout, entries []json.RawMessage) []json.RawMessage) alteration {
	return func(c *archive.Change) (*archive.Change, error) {
		return withHistory(c, alter(c.Layout(), c.RawModifications()))
	}
}

// inValues is an alteration of the value of each field but the history.
func inValues(alter func(value json.RawMessage) json.RawMessage) alteration {
	return func(c *archive.Change) (*archive.Change, error) {
		all := members(c)
		for i, m := range all {
			if m.name != c.Layout().History {
				all[i].value = alter(m.value)
			}
		}
		return assemble(c.Layout(), all)
	}
}

func newestFirst(l *archive.Layout, entries []json.RawMessage) []json.RawMessage {
	when := func(entry json.RawMessage) string {
		m, _ := l.DecodeEntry(entry) // of no time: first
		return m.Timestamp
	}
	slices.SortStableFunc(entries, func(a, b json.RawMessage) int { return cmp.Compare(when(b), when(a)) })
	return entries
}

func dropFirst(_ *archive.Layout, entries []json.RawMessage) []json.RawMessage {
	const most = 5
	return entries[max(0, len(entries)-most):]
}

func lastTwice(_ *archive.Layout, entries []json.RawMessage) []json.RawMessage {
	return append(entries, entries[len(entries)-1])
}

// reencode passes each entry through the struct, as most programs would.
func reencode(l *archive.Layout, entries []json.RawMessage) []json.RawMessage {
	for i, e := range entries {
		if m, err := l.DecodeEntry(e); err == nil {
			m.Fields = nil // the struct has no place for them
			entries[i], _ = l.EncodeEntry(m)
		}
	}
	return entries
}

// backfillIDs gives an id to old entries that have none.
func backfillIDs(l *archive.Layout, entries []json.RawMessage) []json.RawMessage {
	for i, e := range entries {
		if m, _ := l.DecodeEntry(e); m.ID == "" {
			entries[i] = fmt.Appendf(nil, `{%q: "old-%d", %s`, l.Entry.ID, i, e[1:])
		}
	}
	return entries
}

func byName(c *archive.Change) (*archive.Change, error) {
	all := members(c)
	slices.SortFunc(all, func(a, b member) int { return strings.Compare(a.name, b.name) })
	return assemble(c.Layout(), all)
}

// dropExtensions loses the fields that no struct has been given.
func dropExtensions(c *archive.Change) (*archive.Change, error) {
	return without(c, func(name string) bool { return strings.HasPrefix(name, "x_") })
}

// without is a document without some of its fields.
func without(c *archive.Change, lost func(name string) bool) (*archive.Change, error) {
	return assemble(c.Layout(), slices.DeleteFunc(members(c), func(m member) bool { return lost(m.name) }))
}

func escapeHTML(value json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	json.HTMLEscape(&b, value)
	return b.Bytes()
}

// roundNumbers passes every number through a float64 and keeps all else.
func roundNumbers(value json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	done := int64(0)
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.UseNumber()
	for {
		token, err := dec.Token()
		if err != nil {
			break
		}
		if n, ok := token.(json.Number); ok {
			f, _ := n.Float64()
			rounded, _ := json.Marshal(f)
			b.Write(value[done : dec.InputOffset()-int64(len(n))])
			b.Write(rounded)
			done = dec.InputOffset()
		}
	}
	b.Write(value[done:])
	return b.Bytes()
}

// forgetful is a document that does not know which modifications it holds.
type forgetful struct{ *archive.Change }

func (f forgetful) HasModification(string) bool { return false }

func (f forgetful) Apply(e archive.Edit) (archive.Document, error) {
	next, err := appendAll(f.Change, e)
	return forgetful{next}, err
}

// appendAll applies an edit and appends its modifications, there or not.
func appendAll(c *archive.Change, e archive.Edit) (*archive.Change, error) {
	next, err := c.Apply(e)
	if err != nil {
		return nil, err
	}
	entries := c.RawModifications()
	for _, m := range e.Modifications {
		entry, err := c.Layout().EncodeEntry(m)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return withHistory(next.(*archive.Change), entries)
}

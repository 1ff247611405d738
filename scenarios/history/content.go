package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"holdfast/archive"
)

// content is a JSON document as the history describes it. It is shared by all
// clients that meet the version.
type content struct {
	body   []byte
	ids    []string // of all entries; those without an id have a name
	raw    [][]byte // all entries
	tail   int      // where the last entry ends in body; 0 if there is none
	sum    Sum
	fields Sum
	bad    string // why the body is no document

	parsing sync.Once
	parsed  *archive.Change

	holding sync.Once
	whole   Sum // see wholly
}

// newContent describes a body. base, which may be nil, is a version that it
// probably continues: what both share is not parsed and summed again.
func newContent(body []byte, base *content) *content {
	c := &content{body: body}
	if base != nil && c.grow(base) {
		return c
	}
	change, err := archive.ParseChange(body)
	if err != nil {
		c.bad = err.Error()
		return c
	}
	c.parsing.Do(func() { c.parsed = change })
	for _, e := range change.RawModifications() {
		c.raw = append(c.raw, e)
	}
	c.ids = EntryIDs(change)
	c.tail = c.findTail()
	c.sum = fnvStart
	keep := 0
	if base != nil && base.bad == "" && c.kept(base) == len(base.raw) {
		keep, c.sum = len(base.raw), base.sum
	}
	for _, e := range c.raw[keep:] {
		c.sum = c.sum.add(e)
	}
	c.fields = fnvStart
	for _, name := range change.FieldNames() {
		if name == "modifications" {
			continue
		}
		value, _ := change.Field(name)
		c.fields = c.fields.add([]byte(name)).add(value)
	}
	return c
}

// grow describes a body that is its base with entries inserted after the last
// one, which most writes are. It reports whether it is.
func (c *content) grow(base *content) bool {
	rest := base.body[base.tail:]
	end := len(c.body) - len(rest)
	if base.tail == 0 || end <= base.tail || c.body[base.tail] != ',' ||
		!bytes.Equal(c.body[:base.tail], base.body[:base.tail]) || !bytes.Equal(c.body[end:], rest) {
		return false
	}
	inserted := bytes.TrimRight(c.body[base.tail+1:end], " \t\r\n")
	added, err := archive.ParseChange(slices.Concat([]byte(`{"changeId":"x","modifications":[`), inserted, []byte(`]}`)))
	if err != nil || len(added.FieldNames()) != 2 || len(added.RawModifications()) == 0 {
		return false
	}
	c.ids = slices.Concat(base.ids, EntryIDs(added))
	c.raw = slices.Clone(base.raw)
	c.sum, c.fields = base.sum, base.fields
	for _, e := range added.RawModifications() {
		c.raw = append(c.raw, e)
		c.sum = c.sum.add(e)
	}
	c.tail = base.tail + 1 + len(inserted)
	return true
}

// findTail looks for the last entry in the body: the one at the same address,
// for the same text may stand in other places too.
func (c *content) findTail() int {
	if len(c.raw) == 0 {
		return 0
	}
	last := c.raw[len(c.raw)-1]
	for end := len(c.body); ; {
		at := bytes.LastIndex(c.body[:end], last)
		if at < 0 {
			return 0
		}
		if &c.body[at] == &last[0] {
			return at + len(last)
		}
		end = at + len(last) - 1
	}
}

// change returns the parsed document, nil if it is none.
func (c *content) change() *archive.Change {
	c.parsing.Do(func() {
		if c.bad == "" {
			c.parsed, _ = archive.ParseChange(c.body) // it has been found to be one
		}
	})
	return c.parsed
}

// EntryIDs names the entries of a document's history: by their id, or those
// that have none by "#" and a checksum.
func EntryIDs(c *archive.Change) []string {
	ids := slices.Clone(c.ModificationIDs())
	for i, raw := range c.RawModifications() {
		if ids[i] == "" {
			ids[i] = fmt.Sprintf("#%016x", uint64(fnvStart.add(raw)))
		}
	}
	return ids
}

// kept is the number of leading entries that c shares with base.
func (c *content) kept(base *content) int {
	n := 0
	for n < len(c.raw) && n < len(base.raw) && bytes.Equal(c.raw[n], base.raw[n]) {
		n++
	}
	return n
}

// Read implements [Content].
func (c *content) Read() Doc {
	return Doc{N: len(c.raw), Sum: c.sum, Fields: c.fields, Bad: c.bad}
}

// Written implements [Content].
func (c *content) Written(on Content, of string) Doc {
	d := c.Read()
	base, _ := on.(*content)
	if base == nil || base.bad != "" {
		d.Add, d.Entries, d.Whole = c.ids, c.digests(0), c.wholly()
		return d
	}
	d.Of = of
	d.Keep = c.kept(base)
	d.Add, d.Entries = c.ids[d.Keep:], c.digests(d.Keep)
	if c.bad == "" && c.fields != base.fields {
		d.Set, d.Moved = FieldChanges(base.change(), c.change())
	}
	return d
}

// digests are those of the entries from one on.
func (c *content) digests(from int) []Sum {
	sums := make([]Sum, len(c.raw)-from)
	for i := range sums {
		sums[i] = StoredEntryDigest(c.raw[from+i])
	}
	return sums
}

// Holds implements [Content].
func (c *content) Holds(field string) Sum {
	if change := c.change(); change != nil {
		raw, _ := change.Field(field)
		return Digest(raw)
	}
	return 0
}

// wholly is the digest of all fields of the document.
func (c *content) wholly() Sum {
	c.holding.Do(func() {
		if change := c.change(); change != nil {
			c.whole = Whole(change)
		}
	})
	return c.whole
}

// Whole is the digest of all fields of a document but the history.
func Whole(doc Fields) Sum {
	var members Sum
	for _, name := range doc.FieldNames() {
		if name != "modifications" {
			raw, _ := doc.Field(name)
			members += member(name, Digest(raw))
		}
	}
	return ofObject.Mix(uint64(members))
}

// Fields are the top-level fields of a document.
type Fields interface {
	FieldNames() []string
	Field(name string) (json.RawMessage, bool)
}

// FieldChanges compares all fields but the history, byte for byte. It returns
// those that differ and whether the others changed their order.
func FieldChanges(base, next Fields) (set []Set, moved bool) {
	var common []string
	for _, name := range next.FieldNames() {
		if name == "modifications" {
			continue
		}
		was, had := base.Field(name)
		now, _ := next.Field(name)
		if had {
			common = append(common, name)
		}
		if !had || !bytes.Equal(was, now) {
			set = append(set, NewSet(name, was, now))
		}
	}
	next0 := 0
	for _, name := range base.FieldNames() {
		was, _ := base.Field(name)
		if name == "modifications" {
			continue
		}
		if _, kept := next.Field(name); !kept {
			set = append(set, NewSet(name, was, nil))
			continue
		}
		moved = moved || common[next0] != name
		next0++
	}
	return set, moved
}

// NewSet describes a changed field by its raw values; nil is absent.
func NewSet(field string, was, now []byte) Set {
	return Set{Field: field, Was: token(was), Now: token(now), Sum: Digest(now)}
}

// NewValue describes what a field is to be, by the raw value, and what it was for who
// wants it; nil is absent, or not known.
func NewValue(was, want []byte) Value {
	return Value{Sum: Digest(want), Was: Digest(was), Text: token(want)}
}

// token shortens a raw value so that equal tokens mean equal values.
func token(raw []byte) string {
	const most = 96
	if len(raw) <= most {
		return string(raw)
	}
	head := bytes.ToValidUTF8(raw[:most-8], nil)
	return fmt.Sprintf("%s… #%016x", head, uint64(fnvStart.add(raw)))
}

const fnvStart Sum = 14695981039346656037

// add continues an FNV-1a checksum; the length separates consecutive parts.
func (s Sum) add(part []byte) Sum {
	const prime = 1099511628211
	for _, b := range part {
		s = (s ^ Sum(b)) * prime
	}
	return (s ^ Sum(len(part))) * prime
}

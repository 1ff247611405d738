// Package compact is a stand-in for JSON documents in the virtual world: the
// update loop, the store and the recorder handle it as they handle JSON, at a
// cost that does not grow with the length of the history.
//
// A document knows the ids of its history, checksums of its entries and the
// values of its fields. Edits are accepted, refused and merged as those of
// [archive.Change]; a property test holds the two together. What it can't do: the
// entries of the history and the text between the values can't be read back,
// and the history is no field.
//
// It lives within one process and one goroutine at a time, among stores that
// hand out the very slice that they were given: what is stored is not the
// document but 24 bytes that lead back to it. See text.go.
//
// Versions of a document share a log of its history and are prefixes of it. Of
// all attempts on one version at most one commits, so an attempt keeps what it
// adds to itself, and [Codec] enters it into the log when the version is read.
// Only if the log has grown otherwise in the meantime, because writers without
// conditions made the versions fork, is it copied.
package compact

import (
	"encoding/json"
	"fmt"
	"slices"

	"holdfast/archive"
	"holdfast/scenarios/history"
)

// version is a version of a document. Its content is immutable.
type version struct {
	text text // first: see text.go

	// The history is the first n entries of the log, then ids, whose checksums
	// are sums, and whose digests these.
	log     *log
	n       int
	ids     []string
	sums    []history.Sum
	digests []history.Sum
	// Most versions add one entry, so there is room for it.
	oneID     [1]string
	oneSum    [1]history.Sum
	oneDigest [1]history.Sum

	layout *layout
	values []*value // by number of the field
	fields history.Sum
	whole  history.Sum // 0: not asked for yet
}

// FromChange returns the compact twin of a document.
func FromChange(c *archive.Change) archive.Document {
	v := &version{log: newLog(c), layout: newLayout(c)}
	v.n = len(v.log.ids)
	for i, name := range v.layout.names {
		raw, _ := c.Field(name)
		v.values = append(v.values, newValue(i, raw))
	}
	v.sumFields()
	v.text.write(v)
	return v
}

// Codec reads what Encode returned. It is an [archive.Codec].
func Codec(id string, body []byte) (archive.Document, error) {
	v := versionOf(body)
	if v == nil {
		return nil, fmt.Errorf("%w document: it is no compact one of this process", archive.ErrInvalid)
	}
	if v.ID() != id {
		return nil, fmt.Errorf("%w document: it carries the id %q", archive.ErrInvalid, v.ID())
	}
	v.settle()
	return v, nil
}

// Encode implements [archive.Document].
func (v *version) Encode() []byte { return v.text.body() }

// ID is the object id.
func (v *version) ID() string { return v.layout.identity.ID() }

// HasModification implements [archive.Document].
func (v *version) HasModification(id string) bool {
	if at, found := v.log.index[id]; found && int(at) < v.n {
		return true
	}
	return slices.Contains(v.ids, id)
}

// HistoryLen implements [archive.Document].
func (v *version) HistoryLen() int { return v.len() }

// ModificationIDs lists the ids of the history in order; entries without one
// have a name as in [history.EntryIDs].
func (v *version) ModificationIDs() []string { return slices.Concat(v.log.ids[:v.n], v.ids) }

// FieldNames lists the top-level fields but the history in the document's order.
func (v *version) FieldNames() []string { return v.layout.names }

// Field implements [archive.Document].
func (v *version) Field(name string) (json.RawMessage, bool) {
	if i, known := v.layout.index[name]; known {
		return v.values[i].raw, true
	}
	return nil, false
}

// Apply implements [archive.Document].
func (v *version) Apply(e archive.Edit) (archive.Document, error) {
	if err := e.Validate(); err != nil {
		return nil, err
	}
	next := &version{log: v.log, n: v.n, layout: v.layout, values: v.values, fields: v.fields}
	if len(e.Fields)+len(e.Remove) > 0 {
		if err := next.set(e); err != nil {
			return nil, err
		}
	}
	next.ids, next.sums = append(next.oneID[:0], v.ids...), append(next.oneSum[:0], v.sums...)
	next.digests = append(next.oneDigest[:0], v.digests...)
	sum := v.sum()
	for i := range e.Modifications {
		if m := &e.Modifications[i]; !v.HasModification(m.ID) {
			digest := history.EntryDigest(m)
			sum = entrySum(sum, m, digest)
			next.ids, next.sums, next.digests = append(next.ids, m.ID), append(next.sums, sum), append(next.digests, digest)
		}
	}
	next.text.write(next)
	return next, nil
}

// set sets and removes the edit's fields; new ones come last, in the order of their names.
func (v *version) set(e archive.Edit) error {
	if err := v.layout.checkIdentity(e); err != nil {
		return err
	}
	v.values = slices.Clone(v.values)
	var added []string
	for name, raw := range e.Fields {
		i, known := v.layout.index[name]
		switch {
		case isIdentity(name): // it is the same
		case known:
			v.values[i] = newValue(i, raw)
		default:
			added = append(added, name)
		}
	}
	for _, name := range e.Remove {
		v.remove(name)
	}
	slices.Sort(added)
	for _, name := range added {
		v.layout = v.layout.with(name)
		v.values = append(v.values, newValue(len(v.values), e.Fields[name]))
	}
	v.sumFields()
	return nil
}

// remove takes a field away; those behind it move up, and with them their checksums.
func (v *version) remove(name string) {
	i, known := v.layout.index[name]
	if !known {
		return
	}
	v.layout = v.layout.without(i)
	v.values = slices.Delete(v.values, i, i+1)
	for ; i < len(v.values); i++ {
		v.values[i] = newValue(i, v.values[i].raw)
	}
}

// sumFields makes the checksum of the fields and their order.
func (v *version) sumFields() {
	v.fields = v.layout.sum
	for _, value := range v.values {
		v.fields += value.sum
	}
}

// Package memo parses and edits each JSON document once, however often a
// deterministic world repeats it.
//
// An explorer plays the same beginnings ten thousand times. With a [Memo] as the
// codec and the describer of its runs, a repeated body is recognised by its place
// in memory, and a repeated edit of a version gives the version that it gave
// before, with the very same text. What it returns is otherwise what
// [archive.Layout.Codec] and [history.NewJSONDescriber] return; tests hold them together.
//
// It serves one goroutine at a time, and stores that hand out the slices that
// they were given. Its memory is bounded: when it is full it forgets everything.
package memo

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"unsafe"

	"holdfast/archive"
	"holdfast/scenarios/history"
)

// mostBytes bounds the texts that a memo remembers.
const mostBytes = 8 << 20

// mostEach bounds what is remembered of one version: edits, and versions that
// it was compared with. There are few unless clients are many.
const mostEach = 64

// Memo remembers documents. Use [New].
type Memo struct {
	// documents are found by the address of their text, which they hold, so that
	// nothing else can come to stand there.
	documents map[*byte]*document
	bytes     int
	most      int
	forgotten int // times that everything was
	describe  history.Describer
}

// New returns a memo of documents of a layout, nil for the archive's own. It is empty.
func New(l *archive.Layout) *Memo {
	return &Memo{documents: map[*byte]*document{}, most: mostBytes, describe: history.NewJSONDescriber(l)}
}

type change = archive.Change

// document is a [archive.Change] that remembers what was done with it.
type document struct {
	*change
	memo      *Memo
	forgotten int // of the memo, when it was looked at last
	edits     []edited

	content history.Content // nil: not described yet
	written []written
}

type edited struct {
	by   archive.Edit
	next *document
}

type written struct {
	on  *document
	doc history.Doc
}

// Codec is an [archive.Codec].
func (m *Memo) Codec(id string, body []byte) (archive.Document, error) {
	if d := m.find(body); d != nil && d.ID() == id {
		return d, nil
	}
	doc, err := m.Layout().Codec(id, body)
	if err != nil {
		return nil, err
	}
	return m.keep(doc.(*archive.Change)), nil
}

// find returns the document with this very text, nil if it is not remembered.
func (m *Memo) find(body []byte) *document {
	d := m.documents[unsafe.SliceData(body)]
	if d == nil || len(d.Encode()) != len(body) {
		return nil
	}
	return d
}

func (m *Memo) keep(c *archive.Change) *document {
	body := c.Encode()
	if m.bytes += len(body); m.bytes > m.most {
		clear(m.documents)
		m.bytes = len(body)
		m.forgotten++
	}
	d := &document{change: c, memo: m, forgotten: m.forgotten}
	m.documents[unsafe.SliceData(body)] = d
	return d
}

// Change is what [archive.Snapshot.Change] returns.
func (d *document) Change() *archive.Change { return d.change }

// Apply implements [archive.Document].
func (d *document) Apply(e archive.Edit) (archive.Document, error) {
	d.forget()
	for i := range d.edits {
		if sameEdit(&d.edits[i].by, &e) {
			return d.edits[i].next, nil
		}
	}
	next, err := d.change.Apply(e)
	if err != nil {
		return nil, err
	}
	kept := d.memo.keep(next.(*archive.Change))
	if len(d.edits) < mostEach {
		d.edits = append(d.edits, edited{cloneEdit(e), kept})
	}
	return kept, nil
}

// forget lets go of other documents if the memo has.
func (d *document) forget() {
	if d.forgotten != d.memo.forgotten {
		d.forgotten, d.edits, d.written = d.memo.forgotten, nil, nil
	}
}

func sameEdit(a, b *archive.Edit) bool {
	if len(a.Modifications) != len(b.Modifications) || !sameFields(a.Fields, b.Fields) || !slices.Equal(a.Remove, b.Remove) {
		return false
	}
	for i := range a.Modifications {
		if !sameModification(&a.Modifications[i], &b.Modifications[i]) {
			return false
		}
	}
	return true
}

func sameModification(a, b *archive.Modification) bool {
	return a.ID == b.ID && a.Timestamp == b.Timestamp && a.UserID == b.UserID && a.Type == b.Type &&
		a.CustomerCode == b.CustomerCode && a.Notify == b.Notify && a.Covers == b.Covers && a.ContentDigest == b.ContentDigest &&
		bytes.Equal(a.MeetingMetadata, b.MeetingMetadata) &&
		(a.MeetingMetadata == nil) == (b.MeetingMetadata == nil) && // empty is no JSON, nil is none
		sameFields(a.Fields, b.Fields)
}

func sameFields(a, b map[string]json.RawMessage) bool {
	return maps.EqualFunc(a, b, func(x, y json.RawMessage) bool { return bytes.Equal(x, y) })
}

// cloneEdit copies what the caller may change later.
func cloneEdit(e archive.Edit) archive.Edit {
	e.Modifications, e.Fields, e.Remove = slices.Clone(e.Modifications), cloneFields(e.Fields), slices.Clone(e.Remove)
	for i := range e.Modifications {
		m := &e.Modifications[i]
		m.MeetingMetadata, m.Fields = bytes.Clone(m.MeetingMetadata), cloneFields(m.Fields)
	}
	return e
}

func cloneFields(fields map[string]json.RawMessage) map[string]json.RawMessage {
	clone := maps.Clone(fields)
	for name, value := range clone {
		clone[name] = bytes.Clone(value)
	}
	return clone
}

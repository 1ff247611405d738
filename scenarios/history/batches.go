package history

import (
	"slices"
	"sync"

	"holdfast/archive"
)

// DoBatch is what an operation does that writes for others: one write holds what several
// pending operations on its object want. It wants nothing itself.
const DoBatch = "batch"

// Batches records the operations of clients that make no store calls: what they want goes
// through a group or a queue, and batches store it. It is safe for concurrent use.
type Batches struct {
	rec             *Recorder
	through, prefix string

	mu   sync.Mutex
	page *page
	// pending counts, by key and field, the operations whose field a batch may still set.
	pending map[string]map[string]int
	// known are the versions that batches read or wrote last, of whatever key; next is where
	// the next one goes.
	known [16]known
	next  int
}

// Batched is an operation that batches are to store.
type Batched struct {
	op         int
	actor, key string
	sets       []string
}

// Number is that of the operation.
func (s Batched) Number() int { return s.op }

// Batches returns the record of what goes through a group or queue of that name. Keys are
// recorded with the prefix.
func (r *Recorder) Batches(through, prefix string) *Batches {
	b := &Batches{rec: r, through: through, prefix: prefix, page: r.page, pending: map[string]map[string]int{}}
	if b.page == nil {
		b.page = &page{}
	}
	return b
}

// Begin records that an actor's operation begins: an append, which from now on any batch
// may store that goes through the same.
func (b *Batches) Begin(actor string, o Operation) Batched {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.rec.describe.Layout()
	s := Batched{op: int(b.rec.ops.Add(1)), actor: actor, key: b.page.full(b.prefix, l.Prefix+o.ID+l.Suffix), sets: o.Sets}
	b.page.event = Event{
		Kind: Invoke, At: b.rec.Now(), Actor: actor, Op: s.op, Key: s.key, Do: o.Do, Due: o.Due, GiveUp: o.GiveUp.Nanoseconds(),
		IDs: o.IDs, Entries: o.Entries, Sets: o.Sets, Values: o.Values, Once: o.Once, Through: b.through, Invalid: o.Invalid,
	}
	if o.Message != nil {
		b.page.event.Trigger, b.page.event.Worked, b.page.event.Covers = triggerOf(b.prefix, *o.Message), o.Worked, o.Covers
	}
	b.count(&s, 1)
	b.rec.sink.Add(&b.page.event)
	return s
}

// Finish records how the operation ended: with the version that its client was given, or
// that who wrote it was. cut says that the run was interrupted by then.
func (b *Batches) Finish(s Batched, done archive.Snapshot, err error, cut bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := &b.page.event
	*e = Event{Kind: Return, At: b.rec.Now(), Actor: s.actor, Op: s.op, Key: s.key, ETag: done.ETag, Outcome: outcome(err), Interrupted: cut}
	if err == nil && done.Document != nil {
		last := b.version(s.key, done.ETag)
		b.page.doc = b.rec.describe.Content(s.key, done.ETag, done.Document.Encode(), last.content).Read()
		if e.Shown = last.content != nil && last.content.Read().same(&b.page.doc); !e.Shown {
			e.Doc = &b.page.doc
		}
	}
	if err != nil {
		e.Text, e.Fields = err.Error(), conflictFields(err)
	}
	if e.Outcome != Unknown { // which may be stored yet
		b.count(&s, -1)
	}
	b.rec.sink.Add(e)
}

// Crash records that the operation's client died before it was told anything. It may be
// stored yet.
func (b *Batches) Crash(s Batched) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.page.event = Event{Kind: Return, At: b.rec.Now(), Actor: s.actor, Op: s.op, Key: s.key, Outcome: Crashed, Text: "the client died"}
	b.rec.sink.Add(&b.page.event)
}

// Skip is [Client.Skip] of an actor whose operations these are.
func (b *Batches) Skip(actor string, operations int, why string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.page.event = Event{Kind: Skip, At: b.rec.Now(), Actor: actor, Count: operations, Text: why}
	b.rec.sink.Add(&b.page.event)
}

func (b *Batches) count(s *Batched, n int) {
	for _, field := range s.sets {
		if b.pending[s.key] == nil {
			b.pending[s.key] = map[string]int{}
		}
		if b.pending[s.key][field] += n; b.pending[s.key][field] == 0 {
			delete(b.pending[s.key], field)
		}
	}
	if len(b.pending[s.key]) == 0 {
		delete(b.pending, s.key)
	}
}

// wanted are the fields of an object that pending operations want, in order.
func (b *Batches) wanted(key string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	fields := make([]string, 0, len(b.pending[key]))
	for field := range b.pending[key] {
		fields = append(fields, field)
	}
	slices.Sort(fields)
	return fields
}

func (b *Batches) learn(k known) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known[b.next] = k
	b.next = (b.next + 1) % len(b.known)
}

// version is a version that a batch read or wrote lately, if it did.
func (b *Batches) version(key, etag string) known {
	for _, k := range b.known {
		if k.key == key && k.etag == etag {
			return k
		}
	}
	return known{}
}

// Serve makes c, whose operations are batches from now on, one of those that store what
// goes through b. It is undone by [Recorder.Enlist].
func (c *Client) Serve(b *Batches) { c.serves = b }

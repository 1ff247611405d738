package history

import (
	"context"
	"errors"
	"slices"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// Client records the operations and store calls of one actor. It writes all of
// them on one page, as [Sink] says.
type Client struct {
	rec    *Recorder
	actor  string
	prefix string
	store  archive.Store
	page   *page

	op          int
	opID, opKey string // of the last operation
	// The last key that the store was called with, without and with the prefix.
	key, fullKey string
	// known are the versions that the actor read or wrote last, each of another
	// key, the latest first: what its next write of the key is built on.
	known    [mostKnown]known
	observer archive.Observer
	told     []string
	wants    []string // fields that the operation is to change
	concerns []string // of the operation's invocation
	stored   []string // customers of the version that it stored
	status   int
	asked    int64    // when the core made the call that is held back; 0: none is
	cut      bool     // see Interrupted
	made     made     // see Made
	serves   *Batches // whose operations its batches store; nil: it does its own only
}

// made is an edit that was made of what is stored.
type made struct {
	base   string // ETag
	values []Value
}

type known struct {
	key, etag string
	content   Content
}

// mostKnown is how many keys an actor remembers: more than one operation needs.
const mostKnown = 4

// keyOf is the key of an object; whether there can be such an id is for the core to say.
func (c *Client) keyOf(id string) string {
	l := c.rec.describe.Layout()
	return c.page.full(c.prefix, l.Prefix+id+l.Suffix)
}

// Begin records that an operation begins.
func (c *Client) Begin(o Operation) {
	c.op, c.asked, c.status = int(c.rec.ops.Add(1)), 0, 0
	if c.opID != o.ID || c.opKey == "" {
		c.opID, c.opKey = o.ID, c.keyOf(o.ID)
	}
	e := c.next(Invoke, c.opKey)
	e.At = c.rec.Now()
	e.Do, e.IDs, e.Sets, e.Base, e.Due, e.GiveUp = o.Do, o.IDs, o.Sets, o.Base, o.Due, o.GiveUp.Nanoseconds()
	e.Entries, e.Values, e.Whole, e.Once = o.Entries, o.Values, o.Whole, o.Once
	if c.serves != nil {
		e.Through = c.serves.through
	}
	e.Invalid, e.Step = o.Invalid, o.Step
	c.wants = o.Sets
	e.Customers, c.concerns = o.Customers, o.Customers
	if o.Message != nil {
		e.Trigger, e.Worked, e.Covers = c.trigger(*o.Message), o.Worked, o.Covers
	}
	c.rec.sink.Add(e)
}

// Finish records how the operation ended: with the version that its caller was given.
func (c *Client) Finish(done archive.Snapshot, err error) {
	e := c.next(Return, c.opKey)
	e.At = c.rec.Now()
	e.ETag, e.Outcome = done.ETag, outcome(err)
	e.Told, c.told = c.told, nil
	e.Status, c.status = c.status, 0
	if err == nil && done.Document != nil {
		last := c.last(c.opKey)
		c.page.doc = c.rec.describe.Content(c.opKey, done.ETag, done.Document.Encode(), last.content).Read()
		if e.Shown = last.etag == done.ETag && last.content.Read().same(&c.page.doc); !e.Shown {
			e.Doc = &c.page.doc
		}
	}
	if c.stored != nil && !slices.Equal(c.stored, c.concerns) {
		e.Customers = c.stored
	}
	c.concerns, c.stored = nil, nil
	e.Interrupted, c.cut = c.cut, false
	c.tellMade(e)
	if err != nil {
		e.Text, e.Fields = err.Error(), conflictFields(err)
	}
	c.rec.sink.Add(e)
	c.op, c.wants = 0, nil
}

// Made notes, before Finish, the edit that an update has made of what is stored; of
// several the last one counts. Its fields are those that the operation wants.
func (c *Client) Made(edit archive.Edit, current archive.Snapshot) {
	c.made = made{base: current.ETag, values: make([]Value, len(c.wants))}
	for i, name := range c.wants {
		was, _ := current.Document.Field(name)
		c.made.values[i] = NewValue(was, edit.Fields[name])
	}
}

func (c *Client) tellMade(e *Event) {
	if c.made.base != "" {
		e.Base, e.Sets, e.Values, c.made = c.made.base, c.wants, c.made.values, made{}
	}
}

// Status notes, before Finish, by which HTTP status the operation was answered.
func (c *Client) Status(code int) { c.status = code }

// Held notes, before a store call, that the core made it at a time and the harness has
// held it back since: for others to act first, or for a step of a timeline.
func (c *Client) Held(since int64) { c.asked = max(since, 1) } // 0: it was not held

// Interrupted notes, before Finish, that the run was interrupted while the operation
// was under way.
func (c *Client) Interrupted() { c.cut = true }

// Told notes, before Finish, which customers have been told of the upload, as its
// answer says.
func (c *Client) Told(customers []string) { c.told = customers }

// Stored notes, before Finish, whose customers the version is that the operation
// stored, as its answer says.
func (c *Client) Stored(customers []string) { c.stored = customers }

// Skip records that the client was meant to begin so many operations more, and why it
// never did.
func (c *Client) Skip(operations int, why string) {
	c.rec.sink.Add(&Event{Kind: Skip, At: c.rec.Now(), Actor: c.actor, Count: operations, Text: why})
}

func conflictFields(err error) (fields []string) {
	var mismatch *archive.ETagMismatchError
	if errors.As(err, &mismatch) {
		for _, f := range mismatch.Fields {
			fields = append(fields, f.Field)
		}
	}
	return fields
}

// Looked records that the actor, a reconciler, has looked whom to tell of an object: when
// it had read the version, whose customers these are, and what came of it.
func (c *Client) Looked(r delivery.Reconciled, read int64, customers []string) {
	e := c.next(Tell, c.keyOf(r.ObjectID))
	e.Start, e.At, e.ETag, e.Customers = read, c.rec.Now(), r.ETag, customers
	for _, t := range r.Told {
		e.Told, e.IDs = append(e.Told, t.Customer), append(e.IDs, t.ModificationID)
	}
	if r.Err != nil {
		e.Text = r.Err.Error()
	}
	c.rec.sink.Add(e)
}

// Crash records that the client died: its operation, if one is open, ends without
// an answer, and what it had read is forgotten, for its successor is a new
// process. A store call that is under way must return first, as one of unknown
// outcome, or what it wrote would be from nobody.
func (c *Client) Crash() {
	if c.op != 0 {
		e := &Event{Kind: Return, At: c.rec.Now(), Actor: c.actor, Op: c.op, Key: c.opKey, Outcome: Crashed, Text: "the client died"}
		c.tellMade(e)
		c.rec.sink.Add(e)
	}
	c.op, c.known, c.wants, c.made = 0, [mostKnown]known{}, nil, made{}
}

func outcome(err error) string { return string(archive.OutcomeOf(err)) }

// Observer returns the hooks that record an operation's waits.
func (c *Client) Observer() archive.Observer {
	if c.observer.Wait == nil {
		c.observer.Wait = c.waits
	}
	return c.observer
}

func (c *Client) waits(_ context.Context, w archive.WaitInfo) {
	e := c.next(Wait, c.full(w.Key))
	e.At = c.rec.Now()
	e.Wait, e.Attempt, e.Answer = w.Wait.Nanoseconds(), w.Attempt, answer(w.Cause)
	c.rec.sink.Add(e)
}

package history

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"holdfast/archive"
)

// Recorder makes events out of what the clients of a run do. All clients share
// its clock and its operation numbers.
type Recorder struct {
	sink  Sink
	clock archive.Clock
	begin time.Time
	ops   atomic.Int64
	known *contents
}

// NewRecorder starts the run's clock.
func NewRecorder(sink Sink, clock archive.Clock) *Recorder {
	return &Recorder{sink: sink, clock: clock, begin: clock.Now(), known: newContents()}
}

// Now is the time since the run began, in nanoseconds.
func (r *Recorder) Now() int64 { return r.clock.Now().Sub(r.begin).Nanoseconds() }

// Note records a remark.
func (r *Recorder) Note(text string) { r.sink.Add(&Event{Kind: Note, At: r.Now(), Text: text}) }

// Begin records that the actors of a repetition start.
func (r *Recorder) Begin(repetition int) {
	r.sink.Add(&Event{Kind: Begin, At: r.Now(), Repetition: repetition})
}

// End completes the history.
func (r *Recorder) End(interrupted bool) {
	r.sink.Add(&Event{Kind: End, At: r.Now(), Interrupted: interrupted})
}

// Client returns the store as one actor sees it: every call is recorded. Keys
// are recorded with the prefix, which keeps repetitions of a scenario apart.
// A Client serves one operation at a time.
func (r *Recorder) Client(actor, prefix string, store archive.Store) *Client {
	return &Client{rec: r, actor: actor, prefix: prefix, store: store}
}

// Client records the operations and store calls of one actor.
type Client struct {
	rec    *Recorder
	actor  string
	prefix string
	store  archive.Store

	op    int
	opKey string
	// read is the last version that the actor read or wrote of readKey (with
	// the prefix): what its next write is built on.
	readKey  string
	readETag string
	read     *content
}

// Operation is what a client means to do.
type Operation struct {
	Do   string // create, append, save, load
	ID   string // object
	IDs  []string
	Sets []string
	Base string
	Due  int64 // intended start; 0: now
}

// Begin records that an operation begins.
func (c *Client) Begin(o Operation) {
	c.op = int(c.rec.ops.Add(1))
	c.opKey = c.prefix + "archive/" + o.ID + ".json"
	c.rec.sink.Add(&Event{
		Kind: Invoke, At: c.rec.Now(), Actor: c.actor, Op: c.op, Key: c.opKey,
		Do: o.Do, IDs: o.IDs, Sets: o.Sets, Base: o.Base, Due: o.Due,
	})
}

// Finish records how the operation ended.
func (c *Client) Finish(etag string, err error) {
	e := &Event{Kind: Return, At: c.rec.Now(), Actor: c.actor, Op: c.op, Key: c.opKey, ETag: etag, Outcome: outcome(err)}
	if err != nil {
		e.Text = err.Error()
	}
	var mismatch *archive.ETagMismatchError
	if errors.As(err, &mismatch) {
		for _, f := range mismatch.Fields {
			e.Fields = append(e.Fields, f.Field)
		}
	}
	c.rec.sink.Add(e)
	c.op = 0
}

// Crash records that the client died: its operation, if one is open, ends without
// an answer, and what it had read is forgotten, for its successor is a new
// process. A store call that is under way must return first, as one of unknown
// outcome, or what it wrote would be from nobody.
func (c *Client) Crash() {
	if c.op != 0 {
		c.rec.sink.Add(&Event{
			Kind: Return, At: c.rec.Now(), Actor: c.actor, Op: c.op, Key: c.opKey, Outcome: Crashed, Text: "the client died",
		})
	}
	c.op, c.readKey, c.readETag, c.read = 0, "", "", nil
}

func outcome(err error) string {
	o := archive.OutcomeOf(err)
	if o == archive.Failed && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return Cancelled
	}
	return string(o)
}

// Observer returns the hooks that record an operation's waits.
func (c *Client) Observer() archive.Observer {
	return archive.Observer{Wait: func(_ context.Context, w archive.WaitInfo) {
		c.rec.sink.Add(&Event{
			Kind: Wait, At: c.rec.Now(), Actor: c.actor, Op: c.op, Key: c.prefix + w.Key,
			Wait: w.Wait.Nanoseconds(), Attempt: w.Attempt, Answer: answer(w.Cause),
		})
	}}
}

// Get implements [archive.Store].
func (c *Client) Get(ctx context.Context, key string) ([]byte, string, error) {
	e := c.start(Get, key)
	body, etag, err := c.store.Get(ctx, key)
	c.answered(e, etag, err)
	if err == nil {
		read := c.describe(e.Key, etag, body)
		c.readKey, c.readETag, c.read = e.Key, etag, read
		e.Doc = read.doc()
	}
	c.rec.sink.Add(e)
	return body, etag, err
}

// describe returns what is known of a version or describes it anew.
func (c *Client) describe(key, etag string, body []byte) *content {
	if known := c.rec.known.get(key, etag, body); known != nil {
		return known
	}
	base, _ := c.base(key, archive.Condition{})
	fresh := newContent(body, base)
	c.rec.known.put(key, etag, fresh)
	return fresh
}

// base is the version of a key that the actor knows, with its ETag. If it has
// looked at another key since, the write's condition still tells.
func (c *Client) base(key string, cond archive.Condition) (*content, string) {
	if c.readKey == key {
		return c.read, c.readETag
	}
	if known := c.rec.known.named(key, cond.ETag()); known != nil {
		return known, cond.ETag()
	}
	return nil, ""
}

// Head implements [archive.Store].
func (c *Client) Head(ctx context.Context, key string) (string, error) {
	e := c.start(Head, key)
	etag, err := c.store.Head(ctx, key)
	c.answered(e, etag, err)
	c.rec.sink.Add(e)
	return etag, err
}

// Put implements [archive.Store].
func (c *Client) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	e := c.start(Put, key)
	e.If, e.IfETag = IfNone, cond.ETag()
	switch {
	case cond.IsAbsent():
		e.If = IfAbsent
	case cond.ETag() != "":
		e.If = IfMatch
	}
	etag, err := c.store.Put(ctx, key, body, cond)
	c.answeredWrite(e, etag, err)
	base, of := c.base(e.Key, cond)
	written := newContent(body, base)
	e.Doc = written.docAgainst(base, of)
	if err == nil {
		c.rec.known.put(e.Key, etag, written)
		c.readKey, c.readETag, c.read = e.Key, etag, written
	}
	c.rec.sink.Add(e)
	return etag, err
}

// Delete implements [archive.Store].
func (c *Client) Delete(ctx context.Context, key string, cond archive.Condition) error {
	e := c.start(Delete, key)
	err := c.store.Delete(ctx, key, cond)
	e.IfETag = cond.ETag()
	c.answeredWrite(e, "", err)
	c.rec.sink.Add(e)
	return err
}

func (c *Client) start(kind Kind, key string) *Event {
	return &Event{Kind: kind, Start: c.rec.Now(), Actor: c.actor, Op: c.op, Key: c.prefix + key}
}

func (c *Client) answered(e *Event, etag string, err error) {
	e.At = c.rec.Now()
	e.ETag = etag
	e.Answer = answer(err)
	if e.Answer == OtherError || e.Answer == UnknownAnswer || e.Answer == Unavailable {
		e.Text = err.Error()
	}
}

// answeredWrite: a write that was cut short may have been applied, whatever the
// store calls it.
func (c *Client) answeredWrite(e *Event, etag string, err error) {
	c.answered(e, etag, err)
	if e.Answer == OtherError && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		e.Answer = UnknownAnswer
	}
}

// answer names a store's answer.
func answer(err error) string {
	switch {
	case err == nil:
		return OK
	case errors.Is(err, archive.ErrOutcomeUnknown):
		return UnknownAnswer
	case errors.Is(err, archive.ErrPreconditionFailed):
		return PreconditionFailed
	case errors.Is(err, archive.ErrConflict):
		return Conflict
	case errors.Is(err, archive.ErrNotFound):
		return NotFound
	case errors.Is(err, archive.ErrThrottled):
		return Throttled
	case errors.Is(err, archive.ErrUnavailable):
		return Unavailable
	}
	return OtherError
}

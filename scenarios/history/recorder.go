package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"holdfast/archive"
)

// Recorder makes events out of what the clients of a run do. All clients share
// its clock and its operation numbers.
type Recorder struct {
	sink     Sink
	clock    archive.Clock
	begin    time.Time
	ops      atomic.Int64
	describe Describer
	page     *page   // of all clients; nil: each has its own
	counter  Counter // the clock, if it is one
	from     time.Duration
	unread   sync.Map // the keys to which somebody has written what is no document
}

// page is what an event is written on until the sink has seen it.
type page struct {
	event Event
	doc   Doc
	// The key that was asked for last: mostly all clients use the same.
	prefix, key, fullKey string
}

// full adds a prefix to a key.
func (p *page) full(prefix, key string) string {
	if p.key != key || p.prefix != prefix {
		p.prefix, p.key, p.fullKey = prefix, key, prefix+key
	}
	return p.fullKey
}

// NewRecorder starts the run's clock. The documents are JSON.
func NewRecorder(sink Sink, clock archive.Clock) *Recorder {
	return NewRecorderWith(sink, clock, NewJSONDescriber())
}

// NewRecorderWith is NewRecorder for documents that are described otherwise.
func NewRecorderWith(sink Sink, clock archive.Clock, d Describer) *Recorder {
	return &Recorder{sink: sink, clock: clock, begin: clock.Now(), describe: d}
}

// Renew makes r as new, for the history of a world whose tasks share a goroutine:
// all clients then write on one page, which stays in the processor's cache.
func (r *Recorder) Renew(sink Sink, clock archive.Clock, d Describer) {
	r.sink, r.clock, r.begin, r.describe = sink, clock, clock.Now(), d
	if r.counter, _ = clock.(Counter); r.counter != nil {
		r.from = r.counter.Elapsed()
	}
	r.ops.Store(0)
	r.unread.Clear()
	if r.page == nil {
		r.page = &page{}
	}
}

// Counter is a clock that counts nanoseconds, for which subtracting times is slow.
type Counter interface {
	archive.Clock
	// Elapsed is Now less a moment that never changes.
	Elapsed() time.Duration
}

// Now is the time since the run began, in nanoseconds.
func (r *Recorder) Now() int64 {
	if r.counter != nil {
		return (r.counter.Elapsed() - r.from).Nanoseconds()
	}
	return r.clock.Now().Sub(r.begin).Nanoseconds()
}

// Note records a remark.
func (r *Recorder) Note(text string) { r.add(Event{Kind: Note, At: r.Now(), Text: text}) }

// Struck records that a planned fault has struck an actor, if no store call tells.
func (r *Recorder) Struck(actor, fault string) {
	r.add(Event{Kind: Note, At: r.Now(), Actor: actor, Fault: fault, Text: "the fault struck"})
}

// Begin records that the actors of a repetition start.
func (r *Recorder) Begin(repetition int) {
	r.add(Event{Kind: Begin, At: r.Now(), Repetition: repetition})
}

// Step records how a step of a timeline ended that was to end in a certain way.
func (r *Recorder) Step(step, want, got string, missed bool) {
	r.add(Event{Kind: Step, At: r.Now(), Do: step, Expected: &Expected{want, got, missed}})
}

// End completes the history.
func (r *Recorder) End(interrupted bool) {
	r.add(Event{Kind: End, At: r.Now(), Interrupted: interrupted})
}

// Fail completes the history of a run that could not go on.
func (r *Recorder) Fail(err error) {
	r.add(Event{Kind: End, At: r.Now(), Interrupted: true, Text: err.Error()})
}

func (r *Recorder) add(e Event) {
	p := r.page
	if p == nil {
		p = &page{}
	}
	p.event = e
	r.sink.Add(&p.event)
}

// Client returns the store as one actor sees it: every call is recorded. Keys
// are recorded with the prefix, which keeps repetitions of a scenario apart.
// A Client serves one operation at a time.
func (r *Recorder) Client(actor, prefix string, store archive.Store) *Client {
	c := &Client{}
	r.Enlist(c, actor, prefix, store)
	return c
}

// Enlist makes c what Client returns, whatever it was before.
func (r *Recorder) Enlist(c *Client, actor, prefix string, store archive.Store) {
	if c.prefix != prefix {
		c.opID, c.key = "", ""
	}
	c.rec, c.actor, c.prefix, c.store, c.page = r, actor, prefix, store, r.page
	if c.page == nil {
		c.page = &page{}
	}
	c.op, c.known, c.told, c.concerns, c.stored, c.wants, c.asked, c.cut = 0, [mostKnown]known{}, nil, nil, nil, nil, 0, false
}

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
	asked    int64 // when the core made the call that is held back; 0: none is
	cut      bool  // see Interrupted
}

type known struct {
	key, etag string
	content   Content
}

// mostKnown is how many keys an actor remembers: more than one operation needs.
const mostKnown = 4

// Begin records that an operation begins.
func (c *Client) Begin(o Operation) {
	c.op, c.asked, c.status = int(c.rec.ops.Add(1)), 0, 0
	if c.opID != o.ID || c.opKey == "" {
		c.opID, c.opKey = o.ID, c.page.full(c.prefix, "archive/"+o.ID+".json")
	}
	e := c.next(Invoke, c.opKey)
	e.At = c.rec.Now()
	e.Do, e.IDs, e.Sets, e.Base, e.Due, e.GiveUp = o.Do, o.IDs, o.Sets, o.Base, o.Due, o.GiveUp.Nanoseconds()
	e.Entries, e.Values, e.Whole, e.Once = o.Entries, o.Values, o.Whole, o.Once
	c.wants = o.Sets
	e.Customers, c.concerns = o.Customers, o.Customers
	if o.Message != nil {
		e.Trigger = c.trigger(*o.Message)
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
	if err != nil {
		e.Text, e.Fields = err.Error(), conflictFields(err)
	}
	c.rec.sink.Add(e)
	c.op, c.wants = 0, nil
}

// Status notes, before Finish, by which HTTP status the operation was answered.
func (c *Client) Status(code int) { c.status = code }

// Held notes, before a store call, that the core made it at a time and the harness has
// held it back since: for others to act first, or for a step of a timeline.
func (c *Client) Held(since int64) { c.asked = since }

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
	c.op, c.known, c.wants = 0, [mostKnown]known{}, nil
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

// Get implements [archive.Store].
func (c *Client) Get(ctx context.Context, key string) ([]byte, string, error) {
	start := c.rec.Now()
	body, etag, err := c.store.Get(ctx, key)
	e := c.answered(ctx, Get, start, key, etag, err)
	if err == nil && !isTrigger(key) {
		read := c.rec.describe.Content(e.Key, etag, body, c.last(e.Key).content)
		c.learn(known{e.Key, etag, read})
		c.page.doc = read.Read()
		e.Doc = &c.page.doc
		if bad := e.Doc.Bad; bad != "" && c.actor == FinalActor && !c.rec.wrote(e.Key) {
			err = fmt.Errorf("the store's answer is no document, and nobody wrote it: %s", bad)
			e.Answer, e.Text, e.ETag, e.Doc = OtherError, err.Error(), "", nil
		}
	}
	c.rec.sink.Add(e)
	return body, etag, err
}

// Head implements [archive.Store].
func (c *Client) Head(ctx context.Context, key string) (string, error) {
	start := c.rec.Now()
	etag, err := c.store.Head(ctx, key)
	c.rec.sink.Add(c.answered(ctx, Head, start, key, etag, err))
	return etag, err
}

// Put implements [archive.Store].
func (c *Client) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	start := c.rec.Now()
	etag, err := c.store.Put(ctx, key, body, cond)
	e := c.answeredWrite(ctx, Put, start, key, etag, err)
	e.If, e.IfETag = IfNone, cond.ETag()
	switch {
	case cond.IsAbsent():
		e.If = IfAbsent
	case cond.ETag() != "":
		e.If = IfMatch
	}
	if isTrigger(key) { // no document, and no version of anything
		c.rec.sink.Add(e)
		return etag, err
	}
	base := c.last(e.Key)
	written := c.rec.describe.Content(e.Key, etag, body, base.content)
	c.page.doc = written.Written(base.content, base.etag)
	for _, field := range c.wants {
		if !c.page.doc.sets(field) {
			c.page.doc.Holds = append(c.page.doc.Holds, Held{field, written.Holds(field)})
		}
	}
	e.Doc = &c.page.doc
	if e.Doc.Bad != "" {
		c.rec.unread.Store(e.Key, nil)
	}
	if err == nil {
		c.learn(known{e.Key, etag, written})
	}
	c.rec.sink.Add(e)
	return etag, err
}

// Delete implements [archive.Store].
func (c *Client) Delete(ctx context.Context, key string, cond archive.Condition) error {
	start := c.rec.Now()
	err := c.store.Delete(ctx, key, cond)
	e := c.answeredWrite(ctx, Delete, start, key, "", err)
	e.IfETag = cond.ETag()
	c.rec.sink.Add(e)
	return err
}

// wrote reports whether anybody has written, or may have, what is no document.
func (r *Recorder) wrote(key string) bool {
	_, wrote := r.unread.Load(key)
	return wrote
}

// last is the version of a key that the actor knows, if any.
func (c *Client) last(key string) known {
	for i := range c.known {
		if c.known[i].key == key {
			return c.known[i]
		}
	}
	return known{}
}

// learn makes a version the latest that the actor knows.
func (c *Client) learn(k known) {
	i := 0
	for i < mostKnown-1 && c.known[i].key != k.key {
		i++
	}
	copy(c.known[1:i+1], c.known[:i])
	c.known[0] = k
}

// full adds the prefix to a key.
func (c *Client) full(key string) string {
	if c.key != key || c.fullKey == "" {
		c.key, c.fullKey = key, c.page.full(c.prefix, key)
	}
	return c.fullKey
}

// next empties the event.
func (c *Client) next(kind Kind, fullKey string) *Event {
	e := &c.page.event
	*e = Event{}
	e.Kind, e.Actor, e.Op, e.Key = kind, c.actor, c.op, fullKey
	return e
}

// answered begins the event of a store call. It is called after the store was,
// during which the client may have recorded other things.
func (c *Client) answered(ctx context.Context, kind Kind, start int64, key, etag string, err error) *Event {
	e := c.next(kind, c.full(key))
	e.Start, e.At = start, c.rec.Now()
	if c.asked != start {
		e.Asked = c.asked
	}
	c.asked = 0
	e.ETag = etag
	e.Answer = answer(err)
	if e.Answer == OtherError || e.Answer == UnknownAnswer || e.Answer == Unavailable {
		e.Text = err.Error()
	}
	if way, ok := ctx.(Befallen); ok {
		e.befell(way)
	}
	return e
}

func (e *Event) befell(way Befallen) {
	planned, means, requests := way.Befell()
	e.Fault = planned
	if means != nil {
		e.Means = answer(means)
	}
	if requests > 1 {
		e.Requests = requests
	}
}

// answeredWrite: a write that was cut short may have been applied, whatever the
// store calls it.
func (c *Client) answeredWrite(ctx context.Context, kind Kind, start int64, key, etag string, err error) *Event {
	e := c.answered(ctx, kind, start, key, etag, err)
	if e.Answer == OtherError && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		e.Answer = UnknownAnswer
	}
	return e
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

package history

import (
	"context"
	"errors"
	"fmt"

	"holdfast/archive"
)

// What is recorded of a call is recorded in functions of their own: while a client
// waits for its answer only the frames of the calls are on its stack, and a world of
// thousands of clients goes as fast as their stacks are small.

// Get implements [archive.Store].
func (c *Client) Get(ctx context.Context, key string) ([]byte, string, error) {
	start := c.rec.Now()
	body, etag, err := c.store.Get(ctx, key)
	return body, etag, c.read(ctx, start, key, body, etag, err)
}

// read records a Get, and returns the error of the caller's answer.
func (c *Client) read(ctx context.Context, start int64, key string, body []byte, etag string, err error) error {
	e := c.answered(ctx, Get, start, key, etag, err)
	if err == nil && !isTrigger(key) {
		read := c.rec.describe.Content(e.Key, etag, body, c.last(e.Key).content)
		c.learn(known{e.Key, etag, read})
		c.rec.tellings.begin()
		defer c.rec.tellings.end()
		c.page.doc = c.rec.tellings.read(e.Key, etag, len(body), read)
		e.Doc = &c.page.doc
		if bad := e.Doc.Bad; bad != "" && c.actor == FinalActor && !c.rec.wrote(e.Key) {
			err = fmt.Errorf("the store's answer is no document, and nobody wrote it: %s", bad)
			e.Answer, e.Text, e.ETag, e.Doc = OtherError, err.Error(), "", nil
		}
	}
	c.rec.sink.Add(e)
	return err
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
	c.write(ctx, start, key, body, cond, etag, err)
	return etag, err
}

// write records a Put.
func (c *Client) write(ctx context.Context, start int64, key string, body []byte, cond archive.Condition, etag string, err error) {
	e := c.answeredWrite(ctx, Put, start, key, cond, etag, err)
	e.If, e.IfETag = IfNone, cond.ETag()
	switch {
	case cond.IsAbsent():
		e.If = IfAbsent
	case cond.ETag() != "":
		e.If = IfMatch
	}
	if isTrigger(key) { // no document, and no version of anything
		c.rec.sink.Add(e)
		return
	}
	base := c.last(e.Key)
	written := c.rec.describe.Content(e.Key, etag, body, base.content)
	c.page.doc = written.Written(base.content, base.etag)
	for _, field := range c.wanted(e.Key) {
		if !c.page.doc.sets(field) {
			c.page.doc.Holds = append(c.page.doc.Holds, Held{field, written.Holds(field)})
		}
	}
	e.Doc = &c.page.doc
	if e.Doc.Bad != "" {
		c.rec.unread.Store(e.Key, nil)
	}
	c.rec.tellings.begin()
	defer c.rec.tellings.end()
	if err == nil {
		c.learn(known{e.Key, etag, written})
		c.rec.tellings.wrote(e.Key, etag, len(body), written)
	}
	c.rec.sink.Add(e)
}

// wanted are the fields that the operation is to change, or those for whom it writes.
func (c *Client) wanted(key string) []string {
	if c.serves != nil {
		return c.serves.wanted(key)
	}
	return c.wants
}

// Delete implements [archive.Store].
func (c *Client) Delete(ctx context.Context, key string, cond archive.Condition) error {
	start := c.rec.Now()
	err := c.store.Delete(ctx, key, cond)
	e := c.answeredWrite(ctx, Delete, start, key, cond, "", err)
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
	if c.serves != nil {
		c.serves.learn(k)
	}
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
	if c.asked < start {
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
	if _, injected := err.(Injected); injected { //nolint:errorlint // nobody has wrapped it
		e.Means = e.Answer
	}
	if err != nil {
		e.RetryAfter = archive.RetryAfter(err).Nanoseconds()
	}
	return e
}

func (e *Event) befell(way Befallen) {
	planned, requests, means := way.Befell()
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
func (c *Client) answeredWrite(ctx context.Context, kind Kind, start int64, key string, cond archive.Condition, etag string, err error) *Event {
	e := c.answered(ctx, kind, start, key, etag, err)
	if way, ok := ctx.(Befallen); ok {
		if carried, known := way.Carried(); known && carried != cond {
			e.Carried = carried.String()
		}
	}
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

package archive

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// call is one Load, Create, Append, Save or Update under way.
type call struct {
	*Archive
	store Store // as the pacer needs it
	pacer pacer
	fixed fixed // the pacer of most
	op    string
	id    string
	key   string
	start time.Time
	// caller is the context as it was given; calls to the store get one that ends at the
	// policy's deadline too.
	caller context.Context
	// intents are what the call is to store, left of them are not answered yet, and stored is
	// a version that has all those that are stored.
	intents []intent
	left    int
	stored  Snapshot
	// change makes the next version from the stored one, whose Document is nil
	// if there is none. Its error ends the call. It is nil for a load.
	change func(current Snapshot) (Document, error)
	// etagOnly: the load is not of the document.
	etagOnly bool

	attempts   int
	mismatches int         // attempts whose write was refused because another got in between
	last       AttemptInfo // of the attempt under way
	cause      error       // why the attempt before it failed
	// inDoubt: a write sent on top of doubtETag ("" for a create) has an
	// unknown outcome and may have been applied, or may be later.
	inDoubt   bool
	doubtETag string
	// refused: a write was answered 412, 409 or 503 and nothing was read since. It
	// may be the answer to a repetition, by a layer below, of the write that committed.
	refused bool
	// denied is the ETag to which the store answered 412 last, so many times in a row.
	denied     string
	denials    int
	unreadable bool          // what was read once could not be parsed
	spent      int           // of the retry quota
	outages    int           // attempts in a row that the store did not serve
	began      time.Duration // the last pass of the attempt under way, since start
	took       time.Duration // the last pass that was answered
	wrote      bool          // a write was sent
	final      error         // why the change can't be made
	looked     bool          // a version, or none, was read,
	first      string        // with this ETag,
	moved      bool          // and then another
}

func (a *Archive) newCall(op, id string) (*call, error) {
	key, err := a.layout.Key(id)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	c := &call{Archive: a, op: op, id: id, key: key, start: a.clock.Now()}
	c.follow()
	return c, nil
}

// run makes attempts until one commits, one fails for good, or the policy
// allows no more.
func (c *call) run(ctx context.Context) (Snapshot, error) {
	info := CallInfo{Op: c.op, Key: c.key, Edits: c.left, MaxAttempts: c.policy.MaxAttempts()}
	if c.op == "update" {
		info.Edits = 1 // which is made later
	}
	ctx = c.observer.start(ctx, info)
	c.caller = ctx
	if c.policy.Deadline > 0 {
		var stop context.CancelFunc
		ctx, stop = c.clock.WithTimeout(ctx, c.policy.Deadline)
		defer stop()
	}
	for {
		c.attempts++
		c.last = AttemptInfo{CallInfo: info, Attempt: c.attempts}
		done, err := c.attempt(ctx)
		c.attempted(ctx, err)
		if err == nil {
			return c.end(ctx, done, nil)
		}
		if c.final != nil || !WorthRetrying(err) {
			done, err = c.fail(ctx, err)
			return c.end(ctx, done, err)
		}
		wait := c.backoff(err)
		if c.attempts >= info.MaxAttempts || c.pastDeadline(wait) || !c.mayRetry(err) {
			done, err = c.giveUp(ctx, err)
			return c.end(ctx, done, err)
		}
		c.cause = err
		if err := c.wait(ctx, c.attempts+1, wait); err != nil {
			done, err = c.fail(ctx, err)
			return c.end(ctx, done, err)
		}
	}
}

// attempted notes how an attempt ended, and tells of it.
func (c *call) attempted(ctx context.Context, err error) {
	if c.policy.Deadline > 0 && refused(err) { // one that was not answered says nothing of the next
		c.took = c.elapsed() - c.began
	}
	c.last.Err = err
	tell(ctx, c.observer.Attempt, c.last)
}

// fail ends a call whose attempt ended in an error that no other attempt would mend. If
// that is the end of the policy's deadline, the call has used up its time.
func (c *call) fail(ctx context.Context, err error) (Snapshot, error) {
	if c.final != nil || ctx.Err() == nil || c.caller.Err() != nil || !cutShort(err) {
		return Snapshot{}, c.failure(err)
	}
	if c.cause != nil {
		err = c.cause
	}
	return c.giveUp(ctx, err)
}

// attempt reads, changes and conditionally writes once. Between the change and the
// write the policy may say that the write would be in vain, because others are
// ahead; then the call waits and begins again at the read, which costs less.
func (c *call) attempt(ctx context.Context) (Snapshot, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Snapshot{}, err // nothing is sent that could end in doubt
		}
		if c.policy.Deadline > 0 {
			c.began = c.elapsed()
		}
		var current Snapshot
		// A create expects nothing to be there and looks only when it was wrong.
		if c.op != "create" || c.attempts > 1 {
			var err error
			current, err = c.look(ctx)
			if err != nil {
				return Snapshot{}, err
			}
			if c.change == nil || c.settled() {
				return current, nil
			}
			if err := c.contradicted(current, 2); err != nil {
				return Snapshot{}, err
			}
		}
		next, err := c.change(current)
		if errors.Is(err, errStored) {
			return current, nil
		}
		if err != nil {
			c.final = err
			return Snapshot{}, err
		}
		wait, postponed := c.pacer.postpone(current)
		if !postponed || c.pastDeadline(wait) {
			return c.write(ctx, current, next)
		}
		if err := c.wait(ctx, c.attempts, wait); err != nil {
			return Snapshot{}, err
		}
	}
}

// write sends the next version, on the condition that the current one still stands.
func (c *call) write(ctx context.Context, current Snapshot, next Document) (Snapshot, error) {
	cond, was := IfMatch(current.ETag), 0
	if current.Document == nil {
		cond = IfAbsent()
	} else {
		was = len(current.Document.Encode())
	}
	body := next.Encode()
	if err := c.fits(was, len(body)); err != nil {
		return Snapshot{}, err
	}
	c.last.Wrote, c.wrote = true, true
	etag, err := c.store.Put(ctx, c.key, body, cond)
	if err == nil && etag == "" { // whose version is stored now can be read
		err = fmt.Errorf("the store gave no ETag for the version that it stored: %w", ErrOutcomeUnknown)
	}
	switch {
	case err == nil:
		return Snapshot{next, etag}, nil
	case MayBeApplied(err):
		c.inDoubt, c.doubtETag = true, current.ETag
	case refused(err):
		c.mismatches++
		c.refused = true
		if errors.Is(err, ErrPreconditionFailed) {
			if c.denials++; current.ETag != c.denied {
				c.denied, c.denials = current.ETag, 1
			}
		}
	case errors.Is(err, ErrThrottled):
		c.refused = true
	}
	return Snapshot{}, err
}

// fits reports why the call may not make a document of so many bytes of one of that many. The last tenth is kept for what
// programs append: people who fill a document up must not keep back ends from storing that
// they have processed it, or its messages would come again until they are dead letters.
func (c *call) fits(was, bytes int) error {
	most := c.maxBytes
	if c.op == "create" || c.op == "save" {
		most -= c.maxBytes / 10
	}
	if bytes > most && bytes > was {
		return &TooLargeError{Bucket: c.bucket, Key: c.key, Bytes: bytes, Most: most}
	}
	return nil
}

func (c *call) end(ctx context.Context, done Snapshot, err error) (Snapshot, error) {
	c.giveBack(err)
	size := 0
	if done.Document != nil {
		size = len(done.Document.Encode())
	}
	tell(ctx, c.observer.Done, DoneInfo{
		CallInfo: c.last.CallInfo, Attempts: c.attempts, Mismatches: c.mismatches,
		Elapsed: c.elapsed(), ETag: done.ETag, Bytes: size, MaxBytes: c.maxBytes, Err: err,
	})
	if err != nil {
		return Snapshot{}, err
	}
	return done, nil
}

// wait waits for the next read, which is one of this attempt.
func (c *call) wait(ctx context.Context, attempt int, d time.Duration) error {
	tell(ctx, c.observer.Wait, WaitInfo{CallInfo: c.last.CallInfo, Attempt: attempt, Wait: d, Cause: c.cause})
	return c.clock.Sleep(ctx, d)
}

// pastDeadline reports whether a wait would leave too little of the deadline for another
// attempt like the last one that was answered and for the look that settles how it ended: it would be cut
// short in the middle, and nobody would know what became of it.
func (c *call) pastDeadline(wait time.Duration) bool {
	left := c.policy.Deadline - c.elapsed()
	return c.policy.Deadline > 0 && wait >= left-(c.took+c.took/2)
}

func (c *call) elapsed() time.Duration { return c.clock.Now().Sub(c.start) }

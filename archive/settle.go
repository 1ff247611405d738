package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
)

// look reads the current version, and settles a write in doubt if what it
// finds allows it. For an update that finds nothing, Document is nil.
func (c *call) look(ctx context.Context) (Snapshot, error) {
	if c.etagOnly {
		return c.glance(ctx)
	}
	body, etag, err := c.store.Get(ctx, c.key)
	if errors.Is(err, ErrNotFound) && c.change != nil {
		c.refused = false // if that was an echo, what it echoed is gone with the object
		c.note("")
		return Snapshot{}, nil
	}
	if err != nil {
		return Snapshot{}, notContention(err)
	}
	if etag == "" {
		return Snapshot{}, errNoETag
	}
	c.last.ETag = etag
	c.note(etag)
	doc, err := c.codec(c.id, body)
	if err != nil {
		return Snapshot{}, c.unparsable(body, err)
	}
	c.refused = false
	if err := c.recognise(Snapshot{doc, etag}); err != nil {
		return Snapshot{}, err
	}
	return Snapshot{doc, etag}, nil
}

// unparsable is the error of a version that can't be parsed, which is read once more.
func (c *call) unparsable(body []byte, err error) error {
	err = fmt.Errorf("%w: %w", ErrUnreadable, err)
	if !c.unreadable { // it may have been garbled on the way
		c.unreadable = true
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if !c.mentioned(body) {
		c.refused = false // if that was an echo, what it echoed is destroyed
	}
	return err
}

// note notes which version, or that none (""), was read.
func (c *call) note(etag string) {
	c.moved = c.moved || c.looked && etag != c.first
	if !c.looked {
		c.looked, c.first = true, etag
	}
}

// mentioned reports whether a body that can't be read may hold what the call wrote.
func (c *call) mentioned(body []byte) bool {
	for i := range c.intents {
		if slices.ContainsFunc(c.intents[i].known, func(m Modification) bool { return bytes.Contains(body, []byte(m.ID)) }) {
			return true
		}
	}
	return false
}

// notContention is an error of a read. Whatever answers a read as it would a write, such
// as a proxy, says nothing of other writers.
func notContention(err error) error {
	if refused(err) {
		return fmt.Errorf("%w: a read was refused: %s", ErrUnavailable, err.Error()) // not wrapped: it is no refusal of a write
	}
	return err
}

// contradicted is the error of a store that has answered 412 to an ETag so many times and
// gives this ETag when it is read. Others can't be to blame: a version that came in
// between has another ETag, and one that is gone never returns.
func (c *call) contradicted(current Snapshot, times int) error {
	if c.denials < times || current.Document == nil || current.ETag != c.denied {
		return nil
	}
	return &ContradictionError{Bucket: c.bucket, Key: c.key, ETag: current.ETag}
}

// giveUp looks once more, because even a write that was refused may have
// committed, and because what it finds may be a better answer than exhaustion;
// then it says why the call failed.
func (c *call) giveUp(ctx context.Context, cause error) (Snapshot, error) {
	garbled := errors.Is(cause, ErrUnreadable)
	if !garbled && (c.change == nil || !c.wrote) {
		return Snapshot{}, c.unavailable(cause) // there is nothing to settle
	}
	current, err := c.look(ctx)
	if errors.Is(err, ErrUnreadable) && WorthRetrying(err) {
		current, err = c.look(ctx) // garbled on the way: the policy's attempts are for writes
	}
	switch {
	case err == nil && (c.change == nil || c.settled()):
		return current, nil
	case err == nil:
		if stored, err := c.answer(current); stored {
			return current, nil
		} else if err != nil {
			return Snapshot{}, err
		}
	case !WorthRetrying(err) && !cutShort(err) && !c.refused:
		return Snapshot{}, c.failure(err) // of what is stored, and so a better answer
	}
	if c.inDoubt || c.refused {
		if err != nil {
			cause = fmt.Errorf("%w; reading back: %w", cause, err)
		}
		return Snapshot{}, c.failure(cause)
	}
	if errors.Is(cause, ErrOutcomeUnknown) {
		cause = fmt.Errorf("%w: read back after %q, and it was not applied", ErrPreconditionFailed, cause.Error())
	}
	if !refused(cause) || c.stuck() {
		return Snapshot{}, c.unavailable(cause)
	}
	return Snapshot{}, &ExhaustedError{
		Bucket: c.bucket, Key: c.key, Attempts: c.attempts, Elapsed: c.elapsed(), Last: cause,
	}
}

// stuck reports whether the store kept refusing for the sake of somebody who never came
// through: the version that was there at first is there still. Once or twice that is a
// slow writer.
func (c *call) stuck() bool {
	const patient = 3
	return !c.moved && c.mismatches >= patient
}

// answer is a better answer than exhaustion, if the version that is there has one: the edit
// is stored after all, or can't be made of it.
func (c *call) answer(current Snapshot) (stored bool, err error) {
	if err := c.contradicted(current, 1); err != nil {
		return false, c.failure(err)
	}
	_, err = c.change(current)
	if errors.Is(err, errStored) {
		return true, nil
	}
	if err != nil {
		err = c.failure(err)
	}
	return false, err
}

// failure is the call's answer to an error that ends it. A write in doubt makes
// every other failure uncertain.
func (c *call) failure(err error) error {
	if c.inDoubt || c.refused {
		return &OutcomeUnknownError{
			Bucket: c.bucket, Key: c.key, Attempts: c.attempts, Elapsed: c.elapsed(), Last: err,
		}
	}
	switch err.(type) { //nolint:errorlint // of what an error wraps, the rest would be lost
	case *ETagMismatchError, *ContradictionError, *ReusedIDError, *TooLargeError:
		return err // says itself what was being done
	}
	if c.caller.Err() != nil && (cutShort(err) || WorthRetrying(err)) {
		return c.cancelled(err)
	}
	return c.doing(err)
}

// doing says what was being done when an error came up.
func (c *call) doing(err error) error { return fmt.Errorf("%s %s: %w", c.op, c.key, err) }

// cancelled is the answer to a caller who waits no longer.
func (c *call) cancelled(err error) error {
	if gone := c.caller.Err(); !errors.Is(err, gone) {
		err = fmt.Errorf("%w: %w", gone, err)
	}
	return &CancelledError{Op: c.op, Bucket: c.bucket, Key: c.key, Elapsed: c.elapsed(), Last: err}
}

// unavailable is the answer of a call that the store did not serve.
func (c *call) unavailable(cause error) error {
	if c.caller.Err() != nil {
		return c.cancelled(cause)
	}
	return &UnavailableError{
		Op: c.op, Bucket: c.bucket, Key: c.key, Attempts: c.attempts, Elapsed: c.elapsed(), Last: cause,
	}
}

package archive

import (
	"context"
	"errors"
	"time"
)

// Store is a key-value store with conditional writes, such as S3.
//
// ETags are opaque: they are compared for equality only, and sent back exactly
// as they came. Neither side modifies a body after handing it over.
//
// An adapter answers with the sentinel errors below, wrapped so that errors.Is
// finds them, and passes every other error through as it is. Adapters must not
// send a conditional write again on their own: a repeated write that had
// committed answers [ErrPreconditionFailed] to its own author, and only the
// update loop, which can read back, tells the two apart.
//
// An error can say when to come again: one in its chain then has a method
// RetryAfter() time.Duration, from the answer on. Nothing is written again before that.
type Store interface {
	// Get returns the object's body and ETag.
	Get(ctx context.Context, key string) (body []byte, etag string, err error)
	// Head returns the object's ETag.
	Head(ctx context.Context, key string) (etag string, err error)
	// Put writes the object if cond holds and returns its new ETag.
	Put(ctx context.Context, key string, body []byte, cond Condition) (etag string, err error)
	// Delete removes the object if cond holds. Deleting an absent key
	// unconditionally is no error.
	Delete(ctx context.Context, key string, cond Condition) error
}

// Lister is a store that can list what it holds, as S3 does with ListObjectsV2. The core
// needs none, so that a [Store] need not be one.
type Lister interface {
	// List returns objects whose keys begin with prefix and come after the key after, in
	// the order of the keys' bytes: as many as the store gives at a time, and none only
	// if there are no more. It sees every write that was acknowledged before. Its errors
	// are those of [Store.Get].
	List(ctx context.Context, prefix, after string) ([]Listed, error)
}

// Listed is an object as a listing shows it.
type Listed struct {
	Key      string
	Modified time.Time // by the store's clock, maybe cut to the second
}

// The answers of a store that callers tell apart.
var (
	// ErrNotFound: no such key (404). An update of a missing object answers
	// so too; nothing was written.
	ErrNotFound = errors.New("object not found")
	// ErrPreconditionFailed: the condition did not hold (412); nothing was written.
	ErrPreconditionFailed = errors.New("precondition failed")
	// ErrConflict: another conditional write was in flight (409); nothing was
	// written. Read the ETag again before retrying.
	ErrConflict = errors.New("conditional request conflict")
	// ErrThrottled: the store asks to slow down (503 SlowDown, 429); nothing was written.
	ErrThrottled = errors.New("throttled")
	// ErrUnavailable: no usable answer, but certainly nothing was written: a
	// read that timed out or met a server error, a connection that was never made.
	ErrUnavailable = errors.New("store unavailable")
	// ErrOutcomeUnknown: a write that may or may not have been applied, now or
	// later (timeout, connection reset, 500).
	ErrOutcomeUnknown = errors.New("outcome unknown")
)

// WorthRetrying reports whether a call that was answered with this error can succeed when
// it is made again. All of these answers but the last mean that nothing was written.
func WorthRetrying(err error) bool {
	return errors.Is(err, ErrPreconditionFailed) || // 412: read the new version
		errors.Is(err, ErrConflict) || // 409: another write was in flight
		errors.Is(err, ErrThrottled) || // 503
		errors.Is(err, ErrUnavailable) ||
		errors.Is(err, ErrOutcomeUnknown) // the update loop reads back first
}

// MayBeApplied reports whether a write that was answered with this error may be applied,
// now or later. A store that passes a context's error through has cut the write short.
func MayBeApplied(err error) bool {
	return errors.Is(err, ErrOutcomeUnknown) || cutShort(err) && !WorthRetrying(err)
}

// cutShort reports whether an error is the end of a context.
func cutShort(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// RetryAfter is for how long a store that answered with this error wants not to be asked
// again; 0: it does not say.
func RetryAfter(err error) time.Duration {
	type hint interface {
		error
		RetryAfter() time.Duration
	}
	if hint, ok := errors.AsType[hint](err); ok {
		return hint.RetryAfter()
	}
	return 0
}

// Condition says when a write may replace what is stored. The zero value is no
// condition.
type Condition struct {
	absent bool
	etag   string
}

// IfAbsent holds while the key has no object (If-None-Match: *).
func IfAbsent() Condition { return Condition{absent: true} }

// IfMatch holds while the key's object has this ETag (If-Match). An empty ETag
// is no condition, so callers must check that they have one.
func IfMatch(etag string) Condition { return Condition{etag: etag} }

// IsAbsent reports whether the condition is [IfAbsent].
func (c Condition) IsAbsent() bool { return c.absent }

// ETag returns the ETag of an [IfMatch] condition, otherwise "".
func (c Condition) ETag() string { return c.etag }

// String returns the condition as an HTTP header would state it.
func (c Condition) String() string {
	switch {
	case c.absent:
		return "If-None-Match: *"
	case c.etag != "":
		return "If-Match: " + c.etag
	}
	return "unconditional"
}

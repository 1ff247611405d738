package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrInvalid marks input that can never succeed: an id that is no safe key, a
// document that is no JSON object, a modification without an id. Nothing was written.
var ErrInvalid = errors.New("invalid")

// ErrUnreadable marks a stored object that the codec refuses. Such an error wraps
// [ErrInvalid] too: what is invalid then is what is stored, not what the caller gave.
var ErrUnreadable = errors.New("the stored object can't be read")

// The HTTP statuses of the errors below; net/http itself is not needed here.
const (
	statusConflict            = 409
	statusTooLarge            = 413
	statusUnprocessable       = 422
	statusClientClosedRequest = 499 // as nginx logs it
	statusBadGateway          = 502
	statusServiceUnavailable  = 503
	statusGatewayTimeout      = 504
)

// FieldConflict is a field that the caller and somebody else both changed,
// to different values. Values are raw JSON; nil means that the field is absent.
type FieldConflict struct {
	Field  string
	Base   json.RawMessage // what the caller had loaded
	Theirs json.RawMessage // what is stored now
	Ours   json.RawMessage // what the caller submits; nil: it is to be removed
}

// ETagMismatchError says that the object is not the version that the caller
// worked on, and that merging was impossible. Nothing was written.
type ETagMismatchError struct {
	Bucket   string // as configured in Options; may be empty
	Key      string
	Expected string          // ETag that the caller worked on; empty for a create
	Found    string          // ETag that is stored now
	Fields   []FieldConflict // changed by both; empty if no base was given
}

func (e *ETagMismatchError) Error() string {
	if e.Expected == "" {
		return fmt.Sprintf("create %s: the object already exists (ETag %s)", location(e.Bucket, e.Key), e.Found)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "save %s: it was modified by another user (expected ETag %s, found %s)",
		location(e.Bucket, e.Key), e.Expected, e.Found)
	for i, f := range e.Fields {
		const most = 10
		if i == most {
			fmt.Fprintf(&b, " and %d other fields", len(e.Fields)-most)
			break
		}
		sep := ", "
		if i == 0 {
			sep = "; both changed "
		}
		fmt.Fprintf(&b, "%s%s (theirs %s, yours %s)", sep, short(f.Field), brief(f.Theirs), brief(f.Ours))
	}
	b.WriteString(". Please refresh and try again.")
	return b.String()
}

// StatusCode is the HTTP status that an API answers with.
func (e *ETagMismatchError) StatusCode() int { return statusConflict }

// ExhaustedError says that others kept writing until the policy allowed no further
// attempt. Nothing was written. A store that did not serve the call is no such thing:
// see [UnavailableError].
type ExhaustedError struct {
	Bucket   string // as configured in Options; may be empty
	Key      string
	Attempts int           // read-modify-write passes made
	Elapsed  time.Duration // from the call to giving up
	Last     error         // why the last attempt did not commit
}

func (e *ExhaustedError) Error() string {
	return fmt.Sprintf("Unable to save after %d attempts. The change was modified by another user. "+
		"Please refresh and try again. (%s, %v elapsed, last: %v)",
		e.Attempts, location(e.Bucket, e.Key), e.Elapsed.Round(time.Millisecond), e.Last)
}

// Unwrap returns the cause of the last attempt's failure.
func (e *ExhaustedError) Unwrap() error { return e.Last }

// StatusCode is the HTTP status that an API answers with.
func (e *ExhaustedError) StatusCode() int { return statusConflict }

// OutcomeUnknownError says that a write may have been applied, or may still be,
// and that reading back did not settle it. Repeating the call with the same
// modification ids is safe: it commits them at most once.
type OutcomeUnknownError struct {
	Bucket   string
	Key      string
	Attempts int
	Elapsed  time.Duration
	Last     error // why the outcome could not be settled
}

func (e *OutcomeUnknownError) Error() string {
	return fmt.Sprintf("%s: the outcome of a write is unknown after %d attempts and %v (last: %v). "+
		"Repeat the call with the same modification ids to settle it.",
		location(e.Bucket, e.Key), e.Attempts, e.Elapsed.Round(time.Millisecond), e.Last)
}

// Unwrap returns why the outcome could not be settled.
func (e *OutcomeUnknownError) Unwrap() error { return e.Last }

// Is makes errors.Is(err, ErrOutcomeUnknown) true.
func (e *OutcomeUnknownError) Is(target error) bool { return target == ErrOutcomeUnknown }

// StatusCode is the HTTP status that an API answers with: the gateway behind it
// gave no answer.
func (e *OutcomeUnknownError) StatusCode() int { return statusGatewayTimeout }

// UnavailableError says that the store was out of reach, or throttled, until the policy,
// its deadline or the retry quota allowed no further attempt. Nothing was written, and no
// other writer is to blame.
type UnavailableError struct {
	Op       string
	Bucket   string
	Key      string
	Attempts int
	Elapsed  time.Duration
	Last     error // why the last attempt failed
}

func (e *UnavailableError) Error() string {
	return fmt.Sprintf("%s %s: the store could not be used in %d attempts and %v, nothing was written; try again later: %v",
		e.Op, location(e.Bucket, e.Key), e.Attempts, e.Elapsed.Round(time.Millisecond), e.Last)
}

// Unwrap returns why the last attempt failed.
func (e *UnavailableError) Unwrap() error { return e.Last }

// StatusCode is the HTTP status that an API answers with.
func (e *UnavailableError) StatusCode() int { return statusServiceUnavailable }

// CancelledError says that the caller's context ended before the call did. Nothing was
// written. It wraps the context's error.
type CancelledError struct {
	Op      string
	Bucket  string
	Key     string
	Elapsed time.Duration
	Last    error
}

func (e *CancelledError) Error() string {
	return fmt.Sprintf("%s %s: the caller did not wait longer than %v, nothing was written: %v",
		e.Op, location(e.Bucket, e.Key), e.Elapsed.Round(time.Millisecond), e.Last)
}

// Unwrap returns the error of the context, or of the request that it cut short.
func (e *CancelledError) Unwrap() error { return e.Last }

// StatusCode is what servers log for a client that has hung up.
func (e *CancelledError) StatusCode() int { return statusClientClosedRequest }

// ContradictionError says that the store contradicts itself: more than once it refused a
// write for its If-Match, and then answered a read with the very ETag that it had
// refused. Nothing was written, and nobody else wrote. A proxy that makes ETags weak
// (W/"…") does this, as does a cache in front of the store.
type ContradictionError struct {
	Bucket string
	Key    string
	ETag   string // refused, and there
}

func (e *ContradictionError) Error() string {
	return fmt.Sprintf("%s: the store refuses If-Match: %s with 412 and gives this very ETag when it is read; nothing was written. "+
		"Look for a proxy or cache in front of the store that changes ETags, or for a server without conditional writes.",
		location(e.Bucket, e.Key), e.ETag)
}

// StatusCode is the HTTP status that an API answers with.
func (e *ContradictionError) StatusCode() int { return statusBadGateway }

// ReusedIDError says that the history holds a modification with the call's id that is
// another one: of another user or type, or made together with other fields. Nothing was
// written. An id belongs to one intent; choose a new one for each.
type ReusedIDError struct {
	Bucket string
	Key    string
	ID     string
}

func (e *ReusedIDError) Error() string {
	return fmt.Sprintf("%s: the modification id %s is that of another modification, with other content; nothing was written. "+
		"Use a new id for each intent, and the same only to repeat the same.", location(e.Bucket, e.Key), short(e.ID))
}

// StatusCode is the HTTP status that an API answers with.
func (e *ReusedIDError) StatusCode() int { return statusUnprocessable }

// TooLargeError says that the edit would make the document larger than is allowed.
// Nothing was written.
type TooLargeError struct {
	Bucket string
	Key    string
	Bytes  int // that it would have
	Most   int // that are allowed: of a create or save, nine tenths of Options.MaxBytes
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s: with this edit it would have %d bytes, at most %d are allowed; nothing was written. "+
		"Move what is old out of it, or allow more (Options.MaxBytes).", location(e.Bucket, e.Key), e.Bytes, e.Most)
}

// StatusCode is the HTTP status that an API answers with.
func (e *TooLargeError) StatusCode() int { return statusTooLarge }

// Outcome is how a call ended. Every call ends in exactly one.
type Outcome string

// The outcomes. All but Committed and Unknown wrote nothing.
const (
	Committed     Outcome = "committed"     // the modifications are stored
	Conflict      Outcome = "conflict"      // ETagMismatchError: the caller must decide
	Exhausted     Outcome = "exhausted"     // ExhaustedError: too much contention for the policy
	Gone          Outcome = "gone"          // ErrNotFound: there is no object to update
	Unknown       Outcome = "unknown"       // OutcomeUnknownError: may have been written
	Unavailable   Outcome = "unavailable"   // UnavailableError: the store did not serve the call
	Cancelled     Outcome = "cancelled"     // CancelledError: the caller's context ended
	Contradiction Outcome = "contradiction" // ContradictionError: the store contradicts itself
	Failed        Outcome = "failed"        // anything else: the store's error, invalid input, an id used before
)

// Outcomes are all that there are.
func Outcomes() []Outcome {
	return []Outcome{Committed, Conflict, Exhausted, Gone, Unknown, Unavailable, Cancelled, Contradiction, Failed}
}

// OutcomeOf classifies the error of a call of this package.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return Committed // the usual case, for which errors.As would allocate
	}
	var own interface{ outcome() Outcome } // the outermost: it may wrap others
	switch {
	case errors.As(err, &own):
		return own.outcome()
	case errors.Is(err, ErrOutcomeUnknown):
		return Unknown
	case errors.Is(err, ErrNotFound):
		return Gone
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Cancelled
	}
	return Failed
}

func (e *ETagMismatchError) outcome() Outcome   { return Conflict }
func (e *ExhaustedError) outcome() Outcome      { return Exhausted }
func (e *OutcomeUnknownError) outcome() Outcome { return Unknown }
func (e *UnavailableError) outcome() Outcome    { return Unavailable }
func (e *CancelledError) outcome() Outcome      { return Cancelled }
func (e *ContradictionError) outcome() Outcome  { return Contradiction }
func (e *ReusedIDError) outcome() Outcome       { return Failed }
func (e *TooLargeError) outcome() Outcome       { return Failed }

func location(bucket, key string) string {
	if bucket == "" {
		return key
	}
	return bucket + "/" + key
}

// brief shortens a raw value for a message.
func brief(value []byte) string {
	if value == nil {
		return "(absent)"
	}
	return short(string(value))
}

// short shortens a name or an id for a message: whoever may save chooses what a field or a
// customer is called, at any length, and messages go to logs. Those, and the API's answers,
// cut once more what comes of other cores and stores.
func short(s string) string {
	const most = 60
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

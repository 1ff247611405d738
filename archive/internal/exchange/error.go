package exchange

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"holdfast/archive/redact"
)

// Error is a failed request in one line. errors.Is finds the sentinel and
// the caller's own context error, errors.As whatever the cause has in it.
type Error struct {
	Op, Key string
	What    string        // what happened
	Kind    error         // the sentinel of archive, or nil
	Ended   error         // why the caller's context ended, or nil
	Cause   error         // may be nil
	After   time.Duration // see RetryAfter
}

// RetryAfter is when the server wants to be asked again, from its answer on; 0: it does
// not say.
func (e *Error) RetryAfter() time.Duration { return e.After }

// Error implements error.
func (e *Error) Error() string {
	text := e.Op + " " + e.Key + ": " + e.What
	if e.Kind != nil {
		text += ": " + e.Kind.Error()
	}
	return text
}

// Unwrap returns what errors.Is and errors.As are to find.
func (e *Error) Unwrap() []error {
	all := make([]error, 0, 3)
	if e.Kind != nil {
		all = append(all, e.Kind)
	}
	if e.Ended != nil {
		all = append(all, e.Ended)
	}
	if e.Cause != nil {
		all = append(all, typed{e.Cause})
	}
	return all
}

// typed gives an error to errors.As and errors.Is, but hides the ends of
// contexts: the deadline of a single request would pass for the caller's own.
type typed struct{ error }

func (t typed) As(target any) bool { return errors.As(t.error, target) }

func (t typed) Is(target error) bool {
	return target != context.DeadlineExceeded && target != context.Canceled && errors.Is(t.error, target)
}

// RetryAfter is when the server wants to be asked again, as its answer says: by Retry-After
// in seconds or as a date, which is compared with the answer's own.
func RetryAfter(h http.Header) time.Duration {
	after := h.Get("Retry-After")
	if s, err := strconv.ParseUint(after, 10, 32); err == nil {
		return time.Duration(s) * time.Second
	}
	then, err1 := http.ParseTime(after)
	now, err2 := http.ParseTime(h.Get("Date"))
	if err1 != nil || err2 != nil {
		return 0
	}
	return max(then.Sub(now), 0)
}

// OneLine makes a server's text fit for a log line: short, and without secrets, those
// included that are known.
func OneLine(text string, known ...string) string {
	const most = 300
	text = redact.Text(strings.Join(strings.Fields(text), " "), known...)
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

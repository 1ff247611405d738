package httpstore

import (
	"fmt"
	"net/http"
	"strings"

	"holdfast/archive"
	"holdfast/archive/internal/exchange"
	"holdfast/archive/storefault"
)

// Answer is what a server said to a request. The first fields are what was asked and said, the
// others what it means by HTTP, until [Config.Interpret] has changed them.
type Answer struct {
	Method    string // GET, HEAD, PUT, DELETE, or MKCOL
	Condition archive.Condition
	Status    int
	Header    http.Header

	// Success: the request was executed.
	Success bool
	// Kind, without success, is one of the errors of package archive that stores answer
	// with. Nil is a refusal that says nothing to the core but that nothing was done.
	Kind error
	// Code is the server's own name of its error, for messages.
	Code string
}

// StatusError is an answer that was no success. errors.As finds it in the errors of a store.
type StatusError struct {
	Status int
	Code   string // see [Answer]
}

// Error implements error.
func (e *StatusError) Error() string { return strings.TrimSpace(fmt.Sprint(e.Status, " ", e.Code)) }

// HTTPStatusCode and ErrorCode are called as the SDK of AWS calls its own.
func (e *StatusError) HTTPStatusCode() int { return e.Status }

// ErrorCode returns the server's own name of its error; it may be empty.
func (e *StatusError) ErrorCode() string { return e.Code }

func (s *Store) answer(x *exchange.Exchange, c *call, resp *http.Response) *Answer {
	a := &Answer{Method: c.method, Condition: c.cond, Status: resp.StatusCode, Header: resp.Header}
	switch a.Method {
	case http.MethodGet, http.MethodHead:
		a.Success = a.Status == http.StatusOK
	case http.MethodPut:
		a.Success = a.Status == http.StatusOK || a.Status == http.StatusCreated || a.Status == http.StatusNoContent
	case http.MethodDelete:
		a.Success = a.Status == http.StatusOK || a.Status == http.StatusNoContent
	case methodMakeCollection:
		a.Success = a.Status >= 200 && a.Status < 300
	}
	if !a.Success {
		a.Kind = a.kind()
	}
	if s.interpret != nil {
		s.interpret(a)
	}
	a.Code = x.OneLine(a.Code)
	return a
}

// writes reports whether the request may have changed an object.
func (a *Answer) writes() bool { return a.Method == http.MethodPut || a.Method == http.MethodDelete }

// kind is what the status means by HTTP.
func (a *Answer) kind() error {
	switch a.Status {
	case http.StatusNotFound, http.StatusGone:
		if a.Method == http.MethodPut && a.Condition.ETag() == "" {
			return nil // there is nothing to be found by a write: the URL is wrong
		}
		return archive.ErrNotFound
	case http.StatusPreconditionFailed:
		return archive.ErrPreconditionFailed
	case http.StatusConflict, http.StatusLocked:
		return archive.ErrConflict
	case http.StatusTooManyRequests:
		return archive.ErrThrottled
	case http.StatusTooEarly: // not executed, for it might be a repetition
		return archive.ErrUnavailable
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return nil // refused before anything was done
	}
	if a.Status >= 500 || a.Status == http.StatusRequestTimeout || a.Status < 300 {
		if a.writes() {
			return archive.ErrOutcomeUnknown
		}
		return archive.ErrUnavailable
	}
	return nil
}

// failure is the error of an answer that is no success.
func (a *Answer) failure(x *exchange.Exchange) error {
	status := &StatusError{a.Status, a.Code}
	what := status.Error()
	if a.Kind == nil {
		what += a.hint()
	}
	e := x.Fail(what, a.Kind, status)
	e.After = exchange.RetryAfter(a.Header)
	return e
}

// hint says what may be the cause of a refusal that only the user can mend.
func (a *Answer) hint() string {
	switch a.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return ": the server does not allow it: correct the credentials, or what they may do"
	case http.StatusNotFound, http.StatusGone:
		return ": is the URL right, and does the server take a " + a.Method + " there?"
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return ": the server takes no " + a.Method + " there"
	case http.StatusRequestEntityTooLarge:
		return ": the server takes no object of this size"
	}
	if a.Status >= 300 && a.Status < 400 {
		return ": a redirect is not followed: correct the URL"
	}
	if text := http.StatusText(a.Status); text != "" && a.Code == "" {
		return " " + text
	}
	return ""
}

// versionOf is the ETag of a success.
func versionOf(x *exchange.Exchange, resp *http.Response) (etag string, err error) {
	tags := resp.Header.Values("ETag")
	kind := x.Unclear()
	writes := kind == archive.ErrOutcomeUnknown
	var what string
	switch {
	case len(tags) == 0 || tags[0] == "":
		what = "no ETag, so no write can be conditioned on this version"
		if !writes {
			what += " (lighttpd gives none to a file without a type: mimetype.assign)"
		}
	case len(tags) > 1:
		what = "several ETags"
	case strings.HasPrefix(tags[0], "W/"):
		what = fmt.Sprintf("the weak ETag %s, on which no write can be conditioned: is there something on the way that compresses?", brief(x, tags[0]))
	case !isStrong(tags[0]):
		what = fmt.Sprintf("the ETag %s, which is none by RFC 9110", brief(x, tags[0]))
	default:
		return tags[0], nil
	}
	what = fmt.Sprintf("%d with %s", resp.StatusCode, what)
	if !writes && len(tags) > 0 && tags[0] != "" {
		kind = nil // another read would be answered likewise
	}
	return "", x.Fail(what, kind, storefault.Errorf(storefault.NoETag, "%s %s: %s", x.Op, x.Key, what))
}

// isStrong reports whether a text is a strong entity tag.
func isStrong(tag string) bool {
	if len(tag) < 2 || tag[0] != '"' || tag[len(tag)-1] != '"' {
		return false
	}
	for i := 1; i < len(tag)-1; i++ {
		if c := tag[i]; c <= ' ' || c == '"' || c == 0x7f {
			return false
		}
	}
	return true
}

// brief is a header's value as an error shows it.
func brief(x *exchange.Exchange, value string) string {
	const most = 80
	if value = x.OneLine(value); len(value) > most {
		value = strings.ToValidUTF8(value[:most], "") + "…"
	}
	return value
}

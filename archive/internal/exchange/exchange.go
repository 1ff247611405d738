// Package exchange is what adapters to stores behind HTTP have in common: one request under
// way, how far it came, and what follows for the caller if it failed.
package exchange

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"holdfast/archive"
	"holdfast/archive/redact"
)

// Exchange is one request under way. It notes how far it came, because a write
// that was never sent is certainly not applied, while one that was sent may be.
type Exchange struct {
	Op, Key string // as errors call them
	write   bool
	caller  context.Context // as given, without the request's own deadline
	timeout time.Duration
	cancel  context.CancelFunc

	sent    atomic.Pointer[http.Request]
	lost    error // what the HTTP client says of an answer that did not come
	handed  atomic.Bool // to the HTTP client
	dialing atomic.Bool // the transport looked for a connection …
	dialed  atomic.Bool // … and has got one
}

type exchangeKey struct{}

// Begin returns the context to send with, which ends after the timeout. Its error is that of
// a context which had ended before anything was sent. A write is one that may change an object.
func Begin(ctx context.Context, op, key string, write bool, timeout time.Duration) (*Exchange, context.Context, error) {
	x := &Exchange{Op: op, Key: key, write: write, caller: ctx, timeout: timeout, cancel: func() {}}
	if err := ctx.Err(); err != nil {
		return nil, nil, x.Unanswered(err.Error(), err)
	}
	ctx, x.cancel = context.WithTimeout(ctx, timeout)
	ctx = context.WithValue(ctx, exchangeKey{}, x)
	if write {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			GetConn: func(string) { x.dialing.Store(true) },
			GotConn: func(httptrace.GotConnInfo) { x.dialed.Store(true) },
		})
	}
	return x, ctx, nil
}

// End releases what Begin took.
func (x *Exchange) End() { x.cancel() }

// HandOver notes that the request of this context is given to the HTTP client, and returns
// its exchange; nil: it has none.
func HandOver(ctx context.Context) *Exchange {
	x, _ := ctx.Value(exchangeKey{}).(*Exchange)
	if x != nil {
		x.handed.Store(true)
	}
	return x
}

// Sends says which request it is, so that what is secret in it is not repeated.
func (x *Exchange) Sends(req *http.Request) { x.sent.Store(req) }

// Lost says why the HTTP client has got no answer. A layer above it may report the end of the
// context alone.
func (x *Exchange) Lost(err error) { x.lost = err }

// OneLine is [OneLine] without what was secret in the request, however the text has it.
func (x *Exchange) OneLine(text string) string {
	if req := x.sent.Load(); req != nil {
		return OneLine(text, redact.Request(req)...)
	}
	return OneLine(text)
}

// Handed reports whether the request was given to the HTTP client.
func (x *Exchange) Handed() bool { return x.handed.Load() }

// unsent reports whether the request certainly never left. A transport that
// does not report its connections (no GetConn) is never trusted with that.
func (x *Exchange) unsent() bool {
	return !x.handed.Load() || x.dialing.Load() && !x.dialed.Load()
}

// Fail returns the failure of the request, in one line that says what happened.
func (x *Exchange) Fail(what string, kind, cause error) *Error {
	return &Error{Op: x.Op, Key: x.Key, What: what, Kind: kind, Cause: cause, Ended: x.caller.Err()}
}

// Unclear is the meaning of a failure that says nothing about what was done.
func (x *Exchange) Unclear() error {
	if x.write {
		return archive.ErrOutcomeUnknown
	}
	return archive.ErrUnavailable
}

// Unanswered is the failure of a request that got no answer, by an error which says what text
// does.
func (x *Exchange) Unanswered(text string, err error) *Error {
	what, kind := x.unanswered(text, err)
	return x.Fail(what, kind, errors.Join(err, x.lost))
}

func (x *Exchange) unanswered(text string, err error) (what string, kind error) {
	ended := x.caller.Err()
	timedOut := errors.Is(err, context.DeadlineExceeded)
	switch {
	case ended != nil && x.unsent():
		return ended.Error() + " before the request was sent", archive.ErrUnavailable
	case ended != nil:
		return ended.Error(), x.Unclear()
	case !x.handed.Load():
		return text, nil // no credentials, an invalid key
	case x.unsent() && timedOut:
		return fmt.Sprintf("no connection within %v", x.timeout), archive.ErrUnavailable
	case x.unsent(), neverConnected(err):
		return text, archive.ErrUnavailable
	case timedOut:
		return fmt.Sprintf("no answer within %v", x.timeout), x.Unclear()
	}
	return text, x.Unclear()
}

// neverConnected reports whether no connection was made, for transports that do
// not report theirs.
func neverConnected(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") || errors.As(err, &dns)
}

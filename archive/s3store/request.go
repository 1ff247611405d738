package s3store

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"holdfast/archive/wire"
)

// request is one request under way. It notes how far it came, because a write
// that was never sent is certainly not applied, while one that was sent may be.
type request struct {
	op, key string
	write   bool
	caller  context.Context // as given, without the request's own deadline
	timeout time.Duration
	cancel  context.CancelFunc

	handed  atomic.Bool // to the HTTP client
	dialing atomic.Bool // the transport looked for a connection …
	dialed  atomic.Bool // … and has got one
}

type requestKey struct{}

// begin returns the context to send with. Its error is that of a context which
// had ended before anything was sent.
func (s *Store) begin(ctx context.Context, op, key string) (*request, context.Context, error) {
	r := &request{
		op: op, key: s.prefix + key, write: op == "put" || op == "delete",
		caller: ctx, timeout: s.timeout, cancel: func() {},
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, r.classify(err)
	}
	ctx, r.cancel = context.WithTimeout(ctx, s.timeout)
	ctx = context.WithValue(ctx, requestKey{}, r)
	if r.write {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			GetConn: func(string) { r.dialing.Store(true) },
			GotConn: func(httptrace.GotConnInfo) { r.dialed.Store(true) },
		})
	}
	return r, ctx, nil
}

func (r *request) end() { r.cancel() }

// unsent reports whether the request certainly never left. A transport that
// does not report its connections (no GetConn) is never trusted with that.
func (r *request) unsent() bool {
	return !r.handed.Load() || r.dialing.Load() && !r.dialed.Load()
}

// sender is the HTTP client below the SDK.
type sender struct {
	next interface {
		Do(*http.Request) (*http.Response, error)
	}
}

func (s sender) Do(req *http.Request) (*http.Response, error) {
	r, ok := req.Context().Value(requestKey{}).(*request)
	if ok {
		r.handed.Store(true)
	}
	resp, err := wire.Do(s.next, req)
	if err != nil {
		return resp, err
	}
	if by := resp.Request; by != nil && (by.Response != nil || by.Method != req.Method) {
		return nil, errors.Join(errRedirected, resp.Body.Close())
	}
	switch {
	case resp.StatusCode >= 300:
		resp.Body = limited{io.LimitReader(resp.Body, mostErrorBytes), resp.Body}
	case ok && r.op != "get": // Get has a limit of its own
		resp.Body = limited{io.LimitReader(resp.Body, mostAnswerBytes), resp.Body}
	}
	return resp, nil
}

// mostErrorBytes is what is read of an error. S3's have a few hundred bytes, and the SDK
// would read one without end into memory.
const mostErrorBytes = 64 << 10

// mostAnswerBytes is what is read of an answer that is no object. The longest is a listing,
// of a thousand keys with 1,024 bytes each, and what is written about each.
const mostAnswerBytes = 16 << 20

type limited struct {
	io.Reader
	io.Closer
}

// errRedirected: the client below has followed a redirect. What it found elsewhere would
// pass for the store's answer, and as net/http follows some with a GET, for the answer to
// a write.
var errRedirected = errors.New("the HTTP client followed a redirect: give it one that follows none")

// withoutRedirects keeps net/http's client, and the SDK's own, from following them: they
// name another endpoint, maybe one inside the caller's network, for which the signature is
// wrong, and one call is one request.
func withoutRedirects(client s3.HTTPClient) s3.HTTPClient {
	if own, ok := client.(*awshttp.BuildableClient); ok {
		client = own.Freeze() // to net/http's, as it is configured
	}
	plain, ok := client.(*http.Client)
	if !ok {
		return client // sender refuses what such a one finds elsewhere
	}
	own := *plain
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

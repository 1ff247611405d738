package exchange

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// What a store has unless it is told otherwise.
const (
	// RequestTimeout is the deadline of a request. S3 answers small objects in tens of
	// milliseconds; a request without an answer after ten seconds has lost it, and a
	// caller who gives up earlier has a context for that.
	RequestTimeout = 10 * time.Second
	// MaxObjectBytes is far above archive.DefaultMaxBytes. An object that other software
	// has put under a document's key may have any size, and is read into memory.
	MaxObjectBytes = 64 << 20
	// IdleConnsPerHost is how many idle connections are kept to a host. net/http's two
	// would make a few hundred concurrent writers open and close a connection for nearly
	// every request.
	IdleConnsPerHost = 512
	// DialTimeout: a host that is there answers a SYN at once; net/http's 30 s would hide
	// one that is not for longer than a request may take.
	DialTimeout = 5 * time.Second
)

// MaxErrorBytes is what is read of an error. Most have a few hundred bytes, and one without
// end would be read into memory.
const MaxErrorBytes = 64 << 10

// Pooled sets a transport up for many writers of one host.
func Pooled(t *http.Transport) {
	t.MaxIdleConns = 0 // no limit but the one for each host
	t.MaxIdleConnsPerHost = IdleConnsPerHost
}

// Dialer sets a dialer up for hosts that are there.
func Dialer(d *net.Dialer) { d.Timeout = DialTimeout }

// ErrTooLarge is an object that is not read.
var ErrTooLarge = errors.New("the object is too large")

// ReadAll reads a body of about size bytes, and of at most so many. A size that a server
// only claims must not make us allocate it.
func ReadAll(r io.Reader, size, most int64) ([]byte, error) {
	const claimed = 1 << 20
	buf := bytes.NewBuffer(make([]byte, 0, min(max(size, 0), claimed)+bytes.MinRead))
	if size <= most {
		_, err := buf.ReadFrom(io.LimitReader(r, most+1))
		if err != nil || int64(buf.Len()) <= most {
			return buf.Bytes(), err
		}
	}
	return nil, fmt.Errorf("%w: more than %d bytes are never read; replace it by a smaller one, or allow more (Config.MaxObjectBytes)", ErrTooLarge, most)
}

// Limit cuts a body after so many bytes.
func Limit(body io.ReadCloser, most int64) io.ReadCloser {
	return limited{io.LimitReader(body, most), body}
}

type limited struct {
	io.Reader
	io.Closer
}

// errRedirected: the client below has followed a redirect. What it found elsewhere would
// pass for the store's answer, and as net/http follows some with a GET, for the answer to
// a write.
var errRedirected = errors.New("the HTTP client followed a redirect: give it one that follows none")

// Redirected reports, as an error, that an answer is not that of the request.
func Redirected(req *http.Request, resp *http.Response) error {
	if by := resp.Request; by != nil && (by.Response != nil || by.Method != req.Method) {
		return errors.Join(errRedirected, resp.Body.Close())
	}
	return nil
}

// WithoutRedirects keeps a client from following them: they name another endpoint, maybe one
// inside the caller's network, for which the signature is wrong, and one call is one request.
func WithoutRedirects(client *http.Client) *http.Client {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

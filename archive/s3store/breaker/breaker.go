// Package breaker is a proxy in front of an S3 server that breaks one promise on demand.
//
// It is for trying out whoever judges a store: what breaks, how often and where is known.
// Without a fault it changes nothing. It remembers the last two versions of each object that
// was written through it, for as long as it lives.
package breaker

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
)

// Config says what to break. Upstream is required.
type Config struct {
	// Upstream is the server's URL, such as http://127.0.0.1:9000. Buckets stand in the path.
	Upstream string
	// Fault is the name of one of [Faults]. Empty: none.
	Fault string
	// Every is how many chances it takes to break the promise once. Zero is the fault's own.
	Every int
	// Sign signs a request of the proxy's own, or one that it has changed, whose body has this
	// SHA-256 in hex. All others pass with the signature that they have. S3 clients sign
	// conditions, so that a server that verifies signatures refuses a request without its
	// condition. Nil: the server verifies none.
	Sign func(r *http.Request, sha256 string) error
	// Transport sends the requests. Nil: [http.DefaultTransport].
	Transport http.RoundTripper
}

// Proxy is an [http.Handler]. Make one with [New].
type Proxy struct {
	config   Config
	upstream *url.URL
	fault    Fault

	chances atomic.Int64
	broken  atomic.Int64
	mu      sync.Mutex
	objects map[string]*object
}

// object is what is remembered of one.
type object struct {
	writes atomic.Int64      // PUTs and DELETEs that came and are not answered
	mu     sync.Mutex        // held by each of them, so that their order is known
	known  sync.Mutex        // for what follows
	before version           // the one that now has replaced
	now    version           // zero: not known, or deleted
	shown  map[string]string // ETags that are shown in the place of others; nil: none
}

type version struct {
	etag string
	body []byte
}

// maxBodyBytes bounds what is kept of a request or an answer in memory.
const maxBodyBytes = 64 << 20

// New returns a proxy.
func New(c Config) (*Proxy, error) {
	u, err := url.Parse(c.Upstream)
	if err != nil || u.Host == "" || u.User != nil {
		return nil, errors.New("breaker: the upstream is no URL such as http://127.0.0.1:9000")
	}
	p := &Proxy{config: c, upstream: u, objects: map[string]*object{}}
	if p.config.Transport == nil {
		p.config.Transport = http.DefaultTransport
	}
	if c.Fault == "" {
		return p, nil
	}
	for _, f := range Faults() {
		if f.Name == c.Fault {
			p.fault = f
		}
	}
	if p.fault.Name == "" {
		return nil, fmt.Errorf("breaker: there is no fault %q", c.Fault)
	}
	if p.config.Every == 0 {
		p.config.Every = p.fault.every
	}
	return p, nil
}

// Broken is how often the promise was broken.
func (p *Proxy) Broken() int { return int(p.broken.Load()) }

// ServeHTTP implements [http.Handler]. If the server does not answer, neither does the proxy.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e, err := p.begin(r)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	a, err := p.answer(e)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

func (p *Proxy) answer(e *exchange) (*answer, error) {
	if p.fault.handle == nil || !e.ofObject() {
		return e.send()
	}
	e.object = p.of(e.request.URL.Path)
	if e.isRead() {
		return p.fault.handle(e)
	}
	e.rival = e.object.writes.Add(1) > 1
	defer e.object.writes.Add(-1)
	e.object.mu.Lock()
	defer e.object.mu.Unlock()
	return p.fault.handle(e)
}

func (p *Proxy) of(path string) *object {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.objects[path]
	if o == nil {
		o = &object{}
		p.objects[path] = o
	}
	return o
}

// exchange is a request and what becomes of it.
type exchange struct {
	proxy   *Proxy
	request *http.Request // as it came; its body was read
	body    []byte
	object  *object
	rival   bool // another write of the object was under way when this one came
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (p *Proxy) begin(r *http.Request) (*exchange, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBodyBytes+1))
	if err != nil || len(body) > maxBodyBytes {
		return nil, errors.Join(err, errors.New("the body is cut or too long"))
	}
	return &exchange{proxy: p, request: r, body: body}, nil
}

// ofObject leaves out listings, multipart uploads and whatever else has parameters. x-id is
// the SDK's name for what it calls.
func (e *exchange) ofObject() bool {
	for parameter := range e.request.URL.Query() {
		if parameter != "x-id" {
			return false
		}
	}
	_, key, _ := strings.Cut(strings.TrimPrefix(e.request.URL.Path, "/"), "/")
	return key != ""
}

func (e *exchange) isRead() bool {
	return e.request.Method == http.MethodGet || e.request.Method == http.MethodHead
}

// due reports whether it is time to break the promise.
func (e *exchange) due() bool {
	if e.proxy.chances.Add(1)%int64(e.proxy.config.Every) != 0 {
		return false
	}
	e.proxy.broken.Add(1)
	return true
}

// send passes the request on as it came, and remembers what it wrote.
func (e *exchange) send() (*answer, error) {
	a, err := e.pass(e.outgoing())
	if err == nil {
		e.remember(a)
	}
	return a, err
}

// sendChanged passes it on with another header.
func (e *exchange) sendChanged(change func(http.Header)) (*answer, error) {
	out := e.outgoing()
	change(out.Header)
	if err := e.sign(out, e.body); err != nil {
		return nil, err
	}
	a, err := e.pass(out)
	if err == nil {
		e.remember(a)
	}
	return a, err
}

// own sends a request of the proxy's own for the same object.
func (e *exchange) own(method string, body []byte) (*answer, error) {
	u := *e.request.URL
	u.Scheme, u.Host, u.RawQuery = e.proxy.upstream.Scheme, e.proxy.upstream.Host, ""
	out, err := http.NewRequestWithContext(e.request.Context(), method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out.Host = e.request.Host
	if err := e.sign(out, body); err != nil {
		return nil, err
	}
	return e.pass(out)
}

func (e *exchange) outgoing() *http.Request {
	out := e.request.Clone(e.request.Context())
	out.RequestURI = "" // a client's request has none
	out.URL.Scheme, out.URL.Host = e.proxy.upstream.Scheme, e.proxy.upstream.Host
	out.Header.Del("Connection")
	out.Body = http.NoBody
	if len(e.body) > 0 {
		out.Body = io.NopCloser(bytes.NewReader(e.body))
	}
	return out
}

func (e *exchange) sign(r *http.Request, body []byte) error {
	if e.proxy.config.Sign == nil {
		return nil
	}
	sum := sha256.Sum256(body)
	return e.proxy.config.Sign(r, hex.EncodeToString(sum[:]))
}

func (e *exchange) pass(out *http.Request) (*answer, error) {
	resp, err := e.proxy.config.Transport.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBodyBytes))
	if err != nil {
		return nil, err
	}
	return &answer{resp.StatusCode, resp.Header, body}, nil
}

// remember keeps the version that a write made. Writes of an object come one by one.
func (e *exchange) remember(a *answer) {
	if e.object == nil || e.isRead() || a.status >= 300 {
		return
	}
	e.object.known.Lock()
	defer e.object.known.Unlock()
	if e.request.Method == http.MethodDelete {
		e.object.before, e.object.now = version{}, version{}
		return
	}
	e.object.before, e.object.now = e.object.now, version{a.header.Get("ETag"), e.body}
}

// replaced returns the version before the one with this ETag, if it is known and there was
// one.
func (o *object) replaced(etag string) (before version, ok bool) {
	o.known.Lock()
	defer o.known.Unlock()
	return o.before, o.now.etag == etag && o.before.etag != "" && o.before.etag != etag
}

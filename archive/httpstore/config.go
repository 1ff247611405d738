package httpstore

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"holdfast/archive/internal/exchange"
)

// DefaultRequestTimeout, 10 s, is the deadline of a single request.
const DefaultRequestTimeout = exchange.RequestTimeout

// DefaultMaxObjectBytes, 64 MiB, is far above archive.DefaultMaxBytes.
const DefaultMaxObjectBytes = exchange.MaxObjectBytes

// IdleConnsPerHost, 512, is how many idle connections the own transport keeps to a host.
const IdleConnsPerHost = exchange.IdleConnsPerHost

// Config says where the objects are, and how to ask for them.
type Config struct {
	// URL is below what the objects are, such as https://host/path/: the key a/b is at
	// https://host/path/a/b. Required. It is printed and recorded, so there must be no
	// user, password or query in it: see Header, Query and Sign.
	URL string
	// RequestTimeout is the longest that one request may take, body included.
	// Zero is [DefaultRequestTimeout].
	RequestTimeout time.Duration
	// MaxObjectBytes is the largest object that is read; a larger one is a failure for
	// good. Zero is [DefaultMaxObjectBytes].
	MaxObjectBytes int64
	// Header and Query are sent with every request and never printed.
	Header http.Header
	Query  url.Values
	// Sign, which may be nil, makes the last changes to a request, such as a signature of it
	// and its body. What its error says is printed; nothing was sent then.
	Sign func(r *http.Request, body []byte) error
	// Interpret, which may be nil, says what an answer of this kind of server means where
	// that is not what HTTP says.
	Interpret func(*Answer)
	// NoCollections: no collection has ever to be made, see the package documentation. A
	// WebDAV server needs it false.
	NoCollections bool
	// Transport sends the requests. Nil is a transport of the store's own, whose pool keeps
	// [IdleConnsPerHost] connections, that gives up dialling after 5 s, and that honours
	// the proxy variables. A Transport given here is used as it is.
	Transport http.RoundTripper
}

// errSecret does not repeat the URL: what it has in it may be a password.
var errSecret = errors.New("the URL has a user, a password, a query or a fragment in it: take out all up to an @ and all from a ? or #" +
	" (an @ in a path is written %40)")

// own are the headers that are this package's to set.
var own = []string{"If-Match", "If-None-Match", "Content-Length", "Accept-Encoding", "Depth"}

// Validate reports the first field that cannot be right. It repeats no secret.
func (c Config) Validate() error {
	if _, err := parseBase(c.URL); err != nil {
		return err
	}
	if c.RequestTimeout < 0 {
		return fmt.Errorf("request timeout %v: want 0 (the default, %v) or more", c.RequestTimeout, DefaultRequestTimeout)
	}
	if c.MaxObjectBytes < 0 {
		return fmt.Errorf("most bytes of an object %d: want 0 (the default, %d) or more", c.MaxObjectBytes, DefaultMaxObjectBytes)
	}
	for _, name := range own {
		if c.Header.Get(name) != "" {
			return fmt.Errorf("the header %s is not for the configuration to set", name)
		}
	}
	return nil
}

func parseBase(text string) (*url.URL, error) {
	if strings.ContainsAny(text, "@?#") {
		return nil, errSecret
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("store %q: want a URL such as https://host/path/", text)
	}
	if path := strings.Trim(u.EscapedPath(), "/"); path != "" {
		if err := validatePath(strings.Trim(u.Path, "/")); err != nil {
			return nil, fmt.Errorf("store %q: its path has %w", text, err)
		}
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	return u, nil
}

// Open returns a store as configured. It sends nothing; see [Store.Check].
func Open(c Config) (*Store, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	base, err := parseBase(c.URL)
	if err != nil {
		return nil, err
	}
	s := &Store{
		base: base, timeout: DefaultRequestTimeout, most: DefaultMaxObjectBytes,
		header: c.Header.Clone(), query: c.Query.Encode(), sign: c.Sign, interpret: c.Interpret, collections: !c.NoCollections, there: &known{},
	}
	if c.RequestTimeout > 0 {
		s.timeout = c.RequestTimeout
	}
	if c.MaxObjectBytes > 0 {
		s.most = c.MaxObjectBytes
	}
	transport := c.Transport
	if transport == nil {
		transport = NewTransport()
	}
	s.client = exchange.WithoutRedirects(&http.Client{Transport: transport})
	return s, nil
}

// NewTransport returns a transport like the one that a store without [Config.Transport] has.
func NewTransport() *http.Transport {
	dialer := &net.Dialer{}
	exchange.Dialer(dialer)
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: exchange.RequestTimeout, IdleConnTimeout: 90 * time.Second, DisableCompression: true,
	}
	exchange.Pooled(t)
	return t
}

// Settings is what decides how requests are sent. A result records it. No secret is in it.
type Settings struct {
	URL              string `json:"url"`
	RequestTimeoutMS int64  `json:"request_timeout_ms"` // of each request
	Collections      bool   `json:"collections"`        // missing ones are made
}

// Settings returns what is in effect.
func (s *Store) Settings() Settings {
	return Settings{URL: s.URL(), RequestTimeoutMS: s.timeout.Milliseconds(), Collections: s.collections}
}

// WithRequestTimeout returns a store that shares the connections and gives each request
// so much time, which must be positive.
func (s *Store) WithRequestTimeout(d time.Duration) *Store {
	t := *s
	t.timeout = d
	return &t
}

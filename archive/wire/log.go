package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast/archive"
	"holdfast/archive/redact"
)

// ErrCut is what becomes of a request with [Request.Cut] that went as wanted.
var ErrCut = errors.New("the connection was closed half-way, as was wanted")

// Log holds exchanges in the order in which they were sent.
type Log struct {
	mu        sync.Mutex
	began     time.Time
	exchanges []*exchange
}

type logKey struct{}

// Record returns a context under which adapters note what they send.
func Record(ctx context.Context) (context.Context, *Log) {
	l := &Log{began: archive.WallClock{}.Now()}
	return context.WithValue(ctx, logKey{}, l), l
}

// Client sends requests, as *http.Client does.
type Client interface {
	Do(*http.Request) (*http.Response, error)
}

// Do sends a request by an adapter's client. It notes it, and the answer as it is read, if
// its context is one of [Record].
func Do(client Client, req *http.Request) (*http.Response, error) {
	l, ok := req.Context().Value(logKey{}).(*Log)
	if !ok {
		return client.Do(req)
	}
	e := &exchange{log: l, request: requestHead(req), secrets: redact.Request(req), status: pending}
	if req.Body != nil && req.Body != http.NoBody {
		body := req.Body
		req = req.WithContext(req.Context())
		req.Body = noted{body, e, &e.sentBody}
	}
	l.add(e)
	resp, err := client.Do(req)
	if e.answered(resp, err); err == nil {
		resp.Body = noted{resp.Body, e, &e.gotBody}
	}
	return resp, err
}

func (l *Log) add(e *exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.sent = archive.WallClock{}.Now().Sub(l.began)
	l.exchanges = append(l.exchanges, e)
}

// Last is what was answered last, in a few words: the status, and the error's code. "": nothing.
func (l *Log) Last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.exchanges) == 0 {
		return ""
	}
	last := l.exchanges[len(l.exchanges)-1]
	if last.status <= 0 {
		return redact.Text(last.failed, last.secrets...)
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", last.status, redact.Text(last.gotBody.code(), last.secrets...)))
}

// Len is how many requests were sent.
func (l *Log) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.exchanges)
}

// String is all that was sent and answered, as text that names each header that matters
// and no other: neither signatures nor tokens. Of bodies it has the beginning.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for i, e := range l.exchanges {
		b.WriteString(e.title(i+1) + e.text())
	}
	return b.String()
}

// Brief is String without writes that were refused and without what was asked and answered
// a second time, of which it says how many.
func (l *Log) Brief() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	refused, again := 0, 0
	shown := map[string]bool{}
	for i, e := range l.exchanges {
		text := e.text()
		switch {
		case e.method() != http.MethodGet && e.status >= 400 && e.status < 500:
			refused++
		case shown[text]:
			again++
		default:
			shown[text] = true
			b.WriteString(e.title(i+1) + text)
		}
	}
	if refused > 0 {
		fmt.Fprintf(&b, "# and %d that were refused\n", refused)
	}
	if again > 0 {
		fmt.Fprintf(&b, "# and %d that were the same, and answered so\n", again)
	}
	return b.String()
}

// exchange is a request and its answer. Its log's lock guards it.
type exchange struct {
	log               *Log
	request           []string // the request line, and headers
	secrets           []string // of the request
	sentBody, gotBody excerpt
	answer            []string
	status            int
	sent, back        time.Duration
	failed            string
}

const pending = -1

func (e *exchange) method() string {
	method, _, _ := strings.Cut(e.request[0], " ")
	return method
}

func (e *exchange) answered(resp *http.Response, err error) {
	e.log.mu.Lock()
	defer e.log.mu.Unlock()
	e.back = archive.WallClock{}.Now().Sub(e.log.began)
	if err != nil {
		e.status, e.failed = 0, failure(err)
		return
	}
	e.status = resp.StatusCode
	e.answer = append([]string{resp.Proto + " " + resp.Status}, headers(resp.Header, shownOfAnswers)...)
}

// failure leaves out the URL, which may have a token in it.
func failure(err error) string {
	if at, ok := errors.AsType[*url.Error](err); ok {
		err = at.Err
	}
	return err.Error()
}

func (e *exchange) title(number int) string {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	if e.status == pending {
		return fmt.Sprintf("# %d: sent at %.1f ms, not answered\n", number, ms(e.sent))
	}
	return fmt.Sprintf("# %d: sent at %.1f ms, answered at %.1f ms\n", number, ms(e.sent), ms(e.back))
}

// text leaves out what is secret in the request, which an answer may repeat.
func (e *exchange) text() string {
	var b strings.Builder
	for _, line := range append(slices.Clone(e.request), e.sentBody.lines("")...) {
		b.WriteString("> " + line + "\n")
	}
	for _, line := range append(slices.Clone(e.answer), e.gotBody.lines(e.gotBody.code())...) {
		b.WriteString("< " + line + "\n")
	}
	if e.failed != "" {
		b.WriteString("! " + e.failed + "\n")
	}
	return redact.Text(b.String(), e.secrets...)
}

// What is shown, and nothing else: what else there is may be a secret.
var (
	shownOfRequests = []string{"If-Match", "If-None-Match", "Content-Md5", "X-Ms-Blob-Type"}
	shownOfAnswers  = []string{"Etag", "Content-Length", "Content-Type", "Retry-After", "X-Ms-Error-Code", "Allow", "Location", "Server"}
	shownOfQueries  = []string{"versioning", "list-type", "max-keys", "prefix", "start-after", "comp", "restype"}
)

func requestHead(req *http.Request) []string {
	u := url.URL{Path: req.URL.Path, RawPath: req.URL.RawPath, RawQuery: shownQuery(req.URL.Query())}
	lines := []string{req.Method + " " + u.RequestURI() + " HTTP/1.1", "Host: " + req.URL.Host}
	lines = append(lines, headers(req.Header, shownOfRequests)...)
	if req.ContentLength > 0 || req.Method == http.MethodPut {
		lines = append(lines, fmt.Sprintf("Content-Length: %d", max(req.ContentLength, 0)))
	}
	return lines
}

func shownQuery(q url.Values) string {
	shown := url.Values{}
	for _, name := range shownOfQueries {
		if q.Has(name) {
			shown[name] = q[name]
		}
	}
	return shown.Encode()
}

func headers(h http.Header, shown []string) []string {
	var lines []string
	for _, name := range shown {
		for _, value := range h[name] {
			lines = append(lines, name+": "+value)
		}
	}
	return lines
}

// excerpt is the beginning of a body.
type excerpt struct {
	begin []byte
	size  int
}

const (
	mostExcerpt = 2 << 10 // an error's code comes early
	mostShown   = 80
)

func (x *excerpt) add(p []byte) {
	x.size += len(p)
	x.begin = append(x.begin, p[:min(len(p), mostExcerpt-len(x.begin))]...)
}

func (x *excerpt) code() string { return errorCode(x.begin) }

// lines are the beginning of a body, or of an error its code alone, as the rest may tell
// what was signed.
func (x *excerpt) lines(code string) []string {
	switch {
	case x.size == 0:
		return nil
	case code != "":
		return []string{"", "<Error><Code>" + code + "</Code>…"}
	case x.size > mostShown:
		return []string{"", fmt.Sprintf("%q… (%d bytes)", x.begin[:min(mostShown, len(x.begin))], x.size)}
	}
	return []string{"", fmt.Sprintf("%q", x.begin)}
}

// noted is a body whose bytes are noted as they are read.
type noted struct {
	io.ReadCloser
	e    *exchange
	into *excerpt
}

func (n noted) Read(p []byte) (int, error) {
	k, err := n.ReadCloser.Read(p)
	n.e.log.mu.Lock()
	defer n.e.log.mu.Unlock()
	n.into.add(p[:k])
	return k, err
}

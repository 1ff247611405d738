package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// memory is a store whose objects a test can look at, and whose answers it can spoil.
type memory struct {
	mu      sync.Mutex
	objects map[string]stored
	version int
	// How often each was called.
	gets, heads, puts int
	// onGet, onHead and onPut run in front of a call; an error is its answer.
	onGet  func(context.Context) error
	onHead func(context.Context) error
	onPut  func(ctx context.Context, key string) error
}

type stored struct {
	body []byte
	etag string
}

func (m *memory) Get(ctx context.Context, key string) ([]byte, string, error) {
	if m.onGet != nil {
		if err := m.onGet(ctx); err != nil {
			return nil, "", err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gets++
	o, ok := m.objects[key]
	if !ok {
		return nil, "", archive.ErrNotFound
	}
	return o.body, o.etag, nil
}

func (m *memory) Head(ctx context.Context, key string) (string, error) {
	if m.onHead != nil {
		if err := m.onHead(ctx); err != nil {
			return "", err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heads++
	o, ok := m.objects[key]
	if !ok {
		return "", archive.ErrNotFound
	}
	return o.etag, nil
}

func (m *memory) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if m.onPut != nil {
		if err := m.onPut(ctx, key); err != nil {
			return "", err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.puts++
	have, there := m.objects[key]
	switch {
	case cond.IsAbsent() && there, cond.ETag() != "" && there && have.etag != cond.ETag():
		return "", archive.ErrPreconditionFailed
	case cond.ETag() != "" && !there:
		return "", archive.ErrNotFound
	}
	return m.set(key, body), nil
}

func (m *memory) Delete(context.Context, string, archive.Condition) error {
	return errors.New("nothing here deletes")
}

func (m *memory) set(key string, body []byte) (etag string) {
	m.version++
	etag = fmt.Sprintf(`"v%d"`, m.version)
	m.objects[key] = stored{body, etag}
	return etag
}

func (m *memory) keys() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.objects))
}

func (m *memory) body(key string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return string(m.objects[key].body)
}

// interlope is another writer, who sets a field.
func (m *memory) interlope(t testing.TB, key, field, value string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	doc, err := archive.ParseChange(m.objects[key].body)
	if err != nil {
		t.Fatal(err)
	}
	mod := archive.Modification{ID: fmt.Sprintf("other-%d", m.version), Timestamp: "2025-10-20T12:00:00Z", UserID: "other", Type: archive.Updated}
	next, err := doc.Apply(archive.Edit{Fields: map[string]json.RawMessage{field: json.RawMessage(value)}, Modifications: []archive.Modification{mod}})
	if err != nil {
		t.Fatal(err)
	}
	m.set(key, next.Encode())
}

// instant is a clock whose waits take no time.
type instant struct{}

func (instant) Now() time.Time { return time.Date(2025, 10, 20, 12, 0, 0, 0, time.UTC) }
func (instant) WithTimeout(ctx context.Context, _ time.Duration) (context.Context, context.CancelFunc) {
	return ctx, func() {}
}
func (instant) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// logText collects what is logged by many goroutines.
type logText struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

const secretBucket = "secret-bucket"

// rig is the API over a store in memory.
type rig struct {
	testing.TB
	store   *memory
	log     *logText
	handler http.Handler
	url     string // of a server; empty until serve
}

func newRig(t testing.TB, change ...func(*Options)) *rig {
	t.Helper()
	r := &rig{TB: t, store: &memory{objects: map[string]stored{}}, log: &logText{}}
	policy := archive.Policy{Kind: archive.Exponential, Base: 100 * time.Millisecond, Cap: 400 * time.Millisecond, Retries: 3}
	core, err := archive.New(archive.Options{Store: r.store, Clock: instant{}, Policy: policy, Rand: rand.New(rand.NewPCG(1, 2)), Bucket: secretBucket})
	if err != nil {
		t.Fatal(err)
	}
	uploader, err := delivery.NewUploader(delivery.UploaderOptions{Core: core, Store: r.store, Clock: instant{}, Policy: policy, Rand: rand.New(rand.NewPCG(3, 4))})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Core: core, Uploads: uploader, Anonymous: true, Logger: slog.New(slog.NewTextHandler(r.log, nil))}
	for _, c := range change {
		c(&o)
	}
	if r.handler, err = New(o); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) serve() *rig {
	server := httptest.NewServer(r.handler)
	r.Cleanup(server.Close)
	r.url = server.URL
	return r
}

// reply is an answer, read.
type reply struct {
	status int
	header http.Header
	text   string
	body   struct {
		Success        bool            `json:"success"`
		Metadata       json.RawMessage `json:"metadata"`
		ETag           string          `json:"etag"`
		NewETag        string          `json:"newETag"`
		ErrorType      string          `json:"errorType"`
		Reason         string          `json:"reason"`
		Message        string          `json:"message"`
		CurrentETag    string          `json:"currentETag"`
		ModificationID string          `json:"modificationId"`
		Conflicts      []map[string]json.RawMessage
		Results        []delivery.UploadResult
	}
}

// do sends a request in process, or to the server if there is one.
func (r *rig) do(method, target, body string, header ...string) reply {
	r.Helper()
	req := httptest.NewRequestWithContext(r.Context(), method, target, strings.NewReader(body))
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	if r.url == "" {
		w := httptest.NewRecorder()
		r.handler.ServeHTTP(w, req)
		return r.read(w.Result())
	}
	u, err := url.Parse(r.url + target)
	if err != nil {
		r.Fatal(err)
	}
	req.RequestURI, req.URL, req.Host = "", u, u.Host
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	return r.read(resp)
}

func (r *rig) read(resp *http.Response) reply {
	r.Helper()
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.Fatal(err)
	}
	got := reply{status: resp.StatusCode, header: resp.Header, text: string(text)}
	if len(text) > 0 && resp.Header.Get("Content-Type") == "application/json" {
		if err := json.Unmarshal(text, &got.body); err != nil {
			r.Fatalf("%v: %s", err, text)
		}
	}
	if strings.Contains(got.text, secretBucket) {
		r.Errorf("an answer names the bucket: %s", text)
	}
	return got
}

func (r *rig) get(id string, header ...string) reply {
	r.Helper()
	return r.do(http.MethodGet, "/api/changes/"+id, "", header...)
}

func (r *rig) post(body string, header ...string) reply {
	r.Helper()
	return r.do(http.MethodPost, "/upload", body, header...)
}

// want checks how a request was answered.
func (r *rig) want(got reply, status int, errorType string) {
	r.Helper()
	if got.status != status || got.body.ErrorType != errorType || errorType != "" && got.body.Message == "" {
		r.Fatalf("answered %d %q, want %d %q\n%s", got.status, got.body.ErrorType, status, errorType, got.text)
	}
}

// wantNothing checks that nothing was ever sent to the store.
func (r *rig) wantNothing() {
	r.Helper()
	if keys := r.store.keys(); len(keys) > 0 || r.store.puts > 0 {
		r.Errorf("the store was written to: %q", keys)
	}
}

// spread is what a page's JSON.stringify({...metadata, <more>}) makes.
func spread(document string, more string) string {
	i := strings.LastIndexByte(document, '}')
	return document[:i] + "," + more + document[i:]
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

const (
	doc1 = `{
  "changeId": "CHG-1",
  "changeTitle": "Deploy",
  "testPlan": "none",
  "cost": 1.50,
  "serial": 12345678901234567890,
  "x_vendor": {"b": 1e2,   "a": "\u00e9<&>"},
  "customers": ["customer-a", "customer-b"]
}
`
	key1 = "archive/CHG-1.json"
)

// created is a rig that holds doc1, and its ETag.
func created(t testing.TB, change ...func(*Options)) (r *rig, etag string) {
	t.Helper()
	r = newRig(t, change...)
	got := r.post(doc1)
	r.want(got, http.StatusOK, "")
	return r, got.body.NewETag
}

// onArchive lets something happen in front of each write of an archive object.
func onArchive(event func()) func(context.Context, string) error {
	return func(_ context.Context, key string) error {
		if strings.HasPrefix(key, "archive/") {
			event()
		}
		return nil
	}
}

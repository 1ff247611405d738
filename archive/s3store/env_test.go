package s3store_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/archive/s3store"
)

// cleanEnv gives the SDK credentials and nothing else to find.
func cleanEnv(t *testing.T) {
	t.Helper()
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "AWS_") || strings.HasSuffix(strings.ToLower(name), "_proxy") {
			t.Setenv(name, "") // so that it is restored
			os.Unsetenv(name)
		}
	}
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID":           "test",
		"AWS_SECRET_ACCESS_KEY":       "test",
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_EC2_METADATA_DISABLED":   "true",
	} {
		t.Setenv(name, value)
	}
}

func open(t *testing.T, c s3store.Config) *s3store.Store {
	t.Helper()
	cleanEnv(t)
	if c.Bucket == "" {
		c.Bucket = "bucket"
	}
	s, err := s3store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serve returns a store whose server answers with the handler.
func serve(t *testing.T, h http.HandlerFunc) *s3store.Store {
	t.Helper()
	s, _ := serveCounted(t, h)
	return s
}

// serveCounted also counts the requests that have reached the server.
func serveCounted(t *testing.T, h http.HandlerFunc) (*s3store.Store, *atomic.Int32) {
	t.Helper()
	requests := new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		h(w, r)
	}))
	t.Cleanup(server.Close)
	return open(t, s3store.Config{Endpoint: server.URL, RequestTimeout: 5 * time.Second}), requests
}

// serveWeighed also counts the bytes of bodies that the store has read. What the server
// has sent says less: sockets hold tens of megabytes that nobody has read.
func serveWeighed(t *testing.T, h http.HandlerFunc) (*s3store.Store, *weighing) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	w := new(weighing)
	return open(t, s3store.Config{Endpoint: server.URL, RequestTimeout: 5 * time.Second, Transport: w}), w
}

// weighing is a transport that counts requests, and bytes of the answers' bodies as they
// are read, those included that are read to be thrown away.
type weighing struct {
	requests atomic.Int32
	read     atomic.Int64
}

func (w *weighing) RoundTrip(r *http.Request) (*http.Response, error) {
	w.requests.Add(1)
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		resp.Body = weighed{resp.Body, &w.read}
	}
	return resp, err
}

type weighed struct {
	io.ReadCloser
	read *atomic.Int64
}

func (w weighed) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	w.read.Add(int64(n))
	return n, err
}

// wantOne checks that a call took exactly one request, and begins to count anew.
func wantOne(t *testing.T, op string, requests *atomic.Int32) {
	t.Helper()
	if n := requests.Swap(0); n != 1 {
		t.Errorf("%s: %d requests reached the server, want 1", op, n)
	}
}

// s3Error answers as S3 does.
func s3Error(status int, code, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?>`+"\n<Error><Code>%s</Code><Message>%s</Message>"+
				"<RequestId>R1</RequestId><HostId>H1</HostId></Error>", code, message)
		}
	}
}

// bare answers without an S3 error, as a proxy does.
func bare(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			fmt.Fprint(w, body)
		}
	}
}

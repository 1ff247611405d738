package httpstore_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/httpstore"
)

func open(t *testing.T, c httpstore.Config) *httpstore.Store {
	t.Helper()
	if c.Transport == nil {
		transport := httpstore.NewTransport()
		t.Cleanup(transport.CloseIdleConnections)
		c.Transport = transport
	}
	s, err := httpstore.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serve returns a store whose server answers with the handler, and the number of requests that
// have reached it.
func serve(t *testing.T, h http.Handler) (*httpstore.Store, *atomic.Int32) {
	t.Helper()
	requests := new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return open(t, httpstore.Config{URL: server.URL, RequestTimeout: 5 * time.Second}), requests
}

// answer is a server that gives one answer to everything.
func answer(status int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Add(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
	}
}

// discard is the log of a server that is expected to complain.
var discard = log.New(io.Discard, "", 0)

var ops = []string{"get", "head", "put", "delete"}

// do makes one call; the writes are conditional.
func do(ctx context.Context, s archive.Store, op string) error {
	var err error
	switch op {
	case "get":
		_, _, err = s.Get(ctx, "k")
	case "head":
		_, err = s.Head(ctx, "k")
	case "put":
		_, err = s.Put(ctx, "k", []byte("body"), archive.IfMatch(`"e"`))
	case "delete":
		err = s.Delete(ctx, "k", archive.IfMatch(`"e"`))
	}
	return err
}

var sentinels = []error{
	archive.ErrNotFound, archive.ErrPreconditionFailed, archive.ErrConflict,
	archive.ErrThrottled, archive.ErrUnavailable, archive.ErrOutcomeUnknown,
}

// wantKind checks that err is exactly one sentinel (nil: none), in one short line.
func wantKind(t *testing.T, op string, err, want error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want %v", op, want)
		return
	}
	for _, s := range sentinels {
		if errors.Is(err, s) != (s == want) {
			t.Errorf("%s: errors.Is(%q, %q) = %v", op, err, s, errors.Is(err, s))
		}
	}
	if text := err.Error(); strings.Contains(text, "\n") || !strings.HasPrefix(text, op+" k: ") || len(text) > 400 {
		t.Errorf("%q does not say in one line what was being done", text)
	}
}

// unclear is what a failure means that says nothing about what was done.
func unclear(op string) error {
	if op == "put" || op == "delete" {
		return archive.ErrOutcomeUnknown
	}
	return archive.ErrUnavailable
}

package httpstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/httpstore"
)

func TestNoAnswer(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nETag: \"e\"\r\n"
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		ops    string
	}{
		"reset":       {hijack("", true), "get head put delete"},
		"closed":      {hijack("", false), "get head put delete"},
		"header cut":  {hijack(head+"Content-Le", false), "get head put delete"},
		"body cut":    {hijack(head+"Content-Length: 100\r\n\r\nten bytes.", false), "get put delete"},
		"chunk cut":   {hijack(head+"Transfer-Encoding: chunked\r\n\r\n20\r\nten bytes.", false), "get put delete"},
		"no HTTP":     {hijack("SSH-2.0-OpenSSH\r\n\r\n", false), "get head put delete"},
		"error, cut":  {hijack("HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\nten", false), "get put delete"},
		"100s, ended": {hijack(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 20), false), "get head put delete"},
	} {
		s, requests := serve(t, tt.answer)
		for _, op := range strings.Fields(tt.ops) {
			err := do(t.Context(), s, op)
			wantKind(t, op, err, unclear(op))
			if n := requests.Swap(0); n != 1 {
				t.Errorf("%s: the %s took %d requests: %v", name, op, n, err)
			}
		}
	}
	// A refusal whose body breaks off is one.
	s, _ := serve(t, hijack("HTTP/1.1 412 No\r\nContent-Length: 100\r\n\r\nten", false))
	wantKind(t, "put", do(t.Context(), s, "put"), archive.ErrPreconditionFailed)
}

// silent answers no request; the channel tells of each that arrived.
func silent() (h http.HandlerFunc, arrived chan struct{}) {
	arrived = make(chan struct{}, 100)
	return func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		<-r.Context().Done() // the client hung up
	}, arrived
}

func TestTimeout(t *testing.T) {
	h, _ := silent()
	s, requests := serve(t, h)
	s = s.WithRequestTimeout(50 * time.Millisecond)
	for _, op := range ops {
		err := do(t.Context(), s, op)
		wantKind(t, op, err, unclear(op))
		if errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %q passes for the end of the caller's context", op, err)
		}
		if want := op + " k: no answer within 50ms: " + unclear(op).Error(); err.Error() != want || requests.Swap(0) != 1 {
			t.Errorf("got %q, want %q", err, want)
		}
	}
}

// TestCallerContext: before anything is sent nothing was written, later a write may have been.
func TestCallerContext(t *testing.T) {
	h, arrived := silent()
	s, _ := serve(t, h)
	for _, op := range ops {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := do(ctx, s, op)
		if wantKind(t, op, err, archive.ErrUnavailable); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %q is not context.Canceled", op, err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		go func() { <-arrived; cancel() }()
		err = do(ctx, s, op)
		if wantKind(t, op, err, unclear(op)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s in flight: %q is not context.Canceled", op, err)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestNoConnection: nothing was written; a transport that does not report its connections could
// have sent anything.
func TestNoConnection(t *testing.T) {
	mute, err := net.Listen("tcp", "127.0.0.1:0") // accepts and never answers the TLS handshake
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	broken := errors.New("something broke")
	for name, c := range map[string]httpstore.Config{
		"refused":              {URL: refused(t)},
		"handshake never ends": {URL: "https://" + mute.Addr().String(), RequestTimeout: 100 * time.Millisecond},
		"no such host": {URL: "http://store.invalid", Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "store.invalid", IsNotFound: true}}
		})},
	} {
		for _, op := range ops {
			err := do(t.Context(), open(t, c), op)
			wantKind(t, op, err, archive.ErrUnavailable)
			t.Log(name, err)
		}
	}
	s := open(t, httpstore.Config{URL: "http://127.0.0.1:9", Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, broken })})
	for _, op := range ops {
		err := do(t.Context(), s, op)
		if wantKind(t, op, err, unclear(op)); !errors.Is(err, broken) {
			t.Errorf("%v has lost its cause", err)
		}
	}
	unsigned := open(t, httpstore.Config{URL: "http://127.0.0.1:9", Sign: func(*http.Request, []byte) error { return broken }})
	wantKind(t, "put", do(t.Context(), unsigned, "put"), nil)
}

func TestUntrusted(t *testing.T) {
	server := httptest.NewUnstartedServer(answer(404))
	server.Config.ErrorLog = discard
	server.StartTLS()
	defer server.Close()
	s := open(t, httpstore.Config{URL: server.URL})
	wantKind(t, "put", do(t.Context(), s, "put"), archive.ErrUnavailable)
	if err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "SSL_CERT_FILE") {
		t.Error(err)
	}
	s = open(t, httpstore.Config{URL: server.URL, Transport: server.Client().Transport})
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestNoRedirectIsFollowed: not by the store, and not behind its back.
func TestNoRedirectIsFollowed(t *testing.T) {
	var asked atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("ETag", `"e"`)
	}))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		s, _ := serve(t, answer(status, "Location", elsewhere.URL+"/k"))
		for _, op := range ops {
			if err := do(t.Context(), s, op); err == nil || asked.Load() > 0 {
				t.Errorf("%d to %s was followed: %v", status, op, err)
			}
		}
		follower := &http.Client{Transport: httpstore.NewTransport()}
		s = open(t, httpstore.Config{URL: s.URL(), Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			again := r.Clone(r.Context())
			again.RequestURI = ""
			return follower.Do(again)
		})})
		for _, op := range ops {
			if err := do(t.Context(), s, op); err == nil {
				t.Errorf("%d to %s: what was found elsewhere is taken for the answer", status, op)
			}
		}
		follower.CloseIdleConnections()
		asked.Store(0)
	}
}

// TestAWriteIsNotSentTwice on a connection that the server has closed meanwhile: net/http sends
// again only what was not sent at all.
func TestAWriteIsNotSentTwice(t *testing.T) {
	var puts atomic.Int32
	s, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.Method == http.MethodPut {
			puts.Add(1)
			hijack("", false)(w, r)
			return
		}
		w.Header().Set("ETag", `"e"`)
	}))
	for range 20 {
		if err := do(t.Context(), s, "get"); err != nil { // so that there is a connection that was used
			t.Fatal(err)
		}
		puts.Store(0)
		if wantKind(t, "put", do(t.Context(), s, "put"), archive.ErrOutcomeUnknown); puts.Load() != 1 {
			t.Errorf("it was sent %d times", puts.Load())
		}
	}
}

// TestEndlessAnswers: not more is read than may be, be the size announced or not.
func TestEndlessAnswers(t *testing.T) {
	for _, status := range []int{200, 404, 412, 500} {
		for _, announced := range []bool{true, false} {
			s, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("ETag", `"e"`)
				if announced {
					w.Header().Set("Content-Length", fmt.Sprint(128<<20))
				}
				w.WriteHeader(status)
				chunk := bytes.Repeat([]byte(" "), 1<<20)
				for range 128 {
					if _, err := w.Write(chunk); err != nil {
						return
					}
				}
			}))
			read := new(atomic.Int64)
			transport := httpstore.NewTransport()
			t.Cleanup(transport.CloseIdleConnections)
			s = open(t, httpstore.Config{URL: s.URL(), Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				resp, err := transport.RoundTrip(r)
				if err == nil {
					resp.Body = weighed{resp.Body, read}
				}
				return resp, err
			})})
			for _, op := range ops {
				read.Store(0)
				err := do(t.Context(), s, op)
				most := int64(1 << 20)
				if op == "get" && status == 200 {
					if most = httpstore.DefaultMaxObjectBytes + 1; announced {
						most = 1 << 20
					}
					if wantKind(t, op, err, nil); !strings.Contains(fmt.Sprint(err), "Config.MaxObjectBytes") {
						t.Error(err)
					}
				}
				if read.Load() > most {
					t.Errorf("%d to %s: %d bytes were read", status, op, read.Load())
				}
			}
		}
	}
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

func TestMaxObjectBytes(t *testing.T) {
	s, _ := serve(t, &server{objects: map[string]object{}})
	s = open(t, httpstore.Config{URL: s.URL(), MaxObjectBytes: 100})
	for size, want := range map[int]bool{0: true, 100: true, 101: false} {
		if _, err := s.Put(t.Context(), "k", make([]byte, size), archive.Condition{}); err != nil {
			t.Fatal(err)
		}
		body, _, err := s.Get(t.Context(), "k")
		if got := err == nil && len(body) == size; got != want {
			t.Errorf("%d bytes: %d are read, %v", size, len(body), err)
		}
	}
}

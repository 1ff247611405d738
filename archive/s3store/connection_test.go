package s3store_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
)

// hijack breaks the connection after the request was read, and after some of
// the answer.
func hijack(answer string, reset bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		io.WriteString(conn, answer)
		if tcp, ok := conn.(*net.TCPConn); ok && reset {
			tcp.SetLinger(0)
		}
		conn.Close()
	}
}

func TestNoAnswer(t *testing.T) {
	const cutHeader = "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Le"
	const cutBody = "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 100\r\n\r\nten bytes."
	const cutError = "HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\n<Error><Co"
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		ops    []string
	}{
		{"reset after the request was read", hijack("", true), ops},
		{"closed after the request was read", hijack("", false), ops},
		{"header cut", hijack(cutHeader, false), ops},
		{"body cut", hijack(cutBody, false), []string{"get", "put", "delete"}},
		{"error cut", hijack(cutError, false), []string{"get", "put", "delete"}},
		{"no HTTP", hijack("SSH-2.0-OpenSSH\r\n\r\n", false), ops},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, requests := serveCounted(t, test.answer)
			for _, op := range test.ops {
				want := archive.ErrUnavailable
				if op == "put" || op == "delete" {
					want = archive.ErrOutcomeUnknown
				}
				err := do(t.Context(), s, op)
				wantKind(t, op, err, want)
				wantOne(t, op, requests)
				t.Log(err)
			}
		})
	}
}

// silent answers no request; the channel tells of each that arrived.
func silent() (h http.HandlerFunc, arrived chan struct{}) {
	arrived = make(chan struct{}, 100)
	return func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		<-r.Context().Done() // the client hung up
	}, arrived
}

func TestTimeout(t *testing.T) {
	h, _ := silent()
	s, requests := serveCounted(t, h)
	endpoint := s.Settings().Endpoint
	s = open(t, s3store.Config{Endpoint: endpoint, RequestTimeout: 50 * time.Millisecond})
	for _, op := range ops {
		want := archive.ErrUnavailable
		if op == "put" || op == "delete" {
			want = archive.ErrOutcomeUnknown
		}
		err := do(t.Context(), s, op)
		wantKind(t, op, err, want)
		wantOne(t, op, requests)
		if errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %q passes for the end of the caller's context", op, err)
		}
		if text := op + " k: no answer within 50ms: " + want.Error(); err.Error() != text {
			t.Errorf("got %q, want %q", err, text)
		}
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// The caller's context ends: before anything is sent nothing was written, later
// a write may have been.
func TestCallerContext(t *testing.T) {
	h, arrived := silent()
	s := serve(t, h)
	for _, op := range ops {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := do(ctx, s, op)
		wantKind(t, op, err, archive.ErrUnavailable)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %q is not context.Canceled", op, err)
		}

		ctx, cancel = context.WithCancel(t.Context())
		go func() { <-arrived; cancel() }()
		err = do(ctx, s, op)
		want := archive.ErrUnavailable
		if op == "put" || op == "delete" {
			want = archive.ErrOutcomeUnknown
		}
		wantKind(t, op, err, want)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s in flight: %q is not context.Canceled", op, err)
		}

		ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
		err = do(ctx, s, op)
		<-arrived
		cancel()
		wantKind(t, op, err, want)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s in flight: %q is not context.DeadlineExceeded", op, err)
		}
	}
}

func TestNoConnection(t *testing.T) {
	gone := listen(t)
	refused := "http://" + gone.Addr().String()
	gone.Close()
	never := func(ctx context.Context, _, _ string) (net.Conn, error) {
		select {
		case <-ctx.Done():
		case <-t.Context().Done(): // net/http goes on when the request has ended
		}
		return nil, errors.New("it never ends")
	}
	mute := listen(t) // accepts and never answers the TLS handshake
	for name, c := range map[string]s3store.Config{
		"refused":         {Endpoint: refused},
		"refused, opaque": {Endpoint: refused, Transport: roundTripper(http.DefaultTransport.(*http.Transport).Clone().RoundTrip)},
		"no such host": {Endpoint: "http://s3.invalid", Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "s3.invalid", IsNotFound: true}}
		})},
		"dial never ends":      {Endpoint: refused, Transport: &http.Transport{DialContext: never}, RequestTimeout: 50 * time.Millisecond},
		"handshake never ends": {Endpoint: "https://" + mute.Addr().String(), RequestTimeout: 100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, c)
			for _, op := range ops {
				err := do(t.Context(), s, op)
				wantKind(t, op, err, archive.ErrUnavailable)
				t.Log(err)
			}
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A transport that does not report its connections could have sent anything.
func TestOpaqueTransport(t *testing.T) {
	s := open(t, s3store.Config{Endpoint: "http://127.0.0.1:9", Transport: roundTripper(
		func(*http.Request) (*http.Response, error) { return nil, errors.New("something broke") })})
	wantKind(t, "put", do(t.Context(), s, "put"), archive.ErrOutcomeUnknown)
	wantKind(t, "get", do(t.Context(), s, "get"), archive.ErrUnavailable)
}

// TestWhatTheTransportSaid is found in the error too when the request's time was up, of
// which alone the SDK tells.
func TestWhatTheTransportSaid(t *testing.T) {
	said := errors.New("what the transport said")
	s := open(t, s3store.Config{Endpoint: "http://127.0.0.1:9", RequestTimeout: 20 * time.Millisecond, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, errors.Join(said, r.Context().Err())
	})})
	for _, op := range ops {
		err := do(t.Context(), s, op)
		if !errors.Is(err, said) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", op, err)
		}
	}
}

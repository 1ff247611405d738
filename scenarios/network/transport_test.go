package network_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/archive/s3store/fakes3"
	"holdfast/scenarios/network"
)

// rig is a store whose requests pass through a transport, over a real server.
type rig struct {
	server    *fakes3.Server
	store     *s3store.Store // through the transport
	direct    *s3store.Store
	transport *network.Transport
	sent      atomic.Int32 // requests that passed the transport
}

func newRig(t *testing.T, latency network.Latency) *rig {
	t.Helper()
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	r := &rig{server: server, direct: server.Store()}
	r.store = server.StoreVia(func(base http.RoundTripper) http.RoundTripper {
		r.transport = network.NewTransport(counted{base, &r.sent}, latency, rand.New(rand.NewPCG(1, 2)))
		return r.transport
	})
	t.Cleanup(func() { r.transport.Close() })
	return r
}

func legs(t *testing.T, text string) network.Latency {
	t.Helper()
	l, err := network.ParseLatency(text)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

type counted struct {
	base http.RoundTripper
	n    *atomic.Int32
}

func (c counted) RoundTrip(req *http.Request) (*http.Response, error) {
	c.n.Add(1)
	return c.base.RoundTrip(req)
}

func meeting(ctx context.Context, t *testing.T, fault string) *network.Meeting {
	t.Helper()
	f, err := network.ParseFault(fault)
	if err != nil {
		t.Fatal(err)
	}
	return network.WithFault(ctx, f)
}

// do makes a call on key k, which holds "old" under etag.
func do(ctx context.Context, s archive.Store, call network.Method, etag string) error {
	var err error
	switch call {
	case network.MethodGet:
		_, _, err = s.Get(ctx, "k")
	case network.MethodHead:
		_, err = s.Head(ctx, "k")
	case network.MethodPut:
		_, err = s.Put(ctx, "k", []byte("new"), archive.IfMatch(etag))
	case network.MethodDelete:
		err = s.Delete(ctx, "k", archive.IfMatch(etag))
	}
	return err
}

// applied reports whether the call on k has had its effect.
func (r *rig) applied(t *testing.T, call network.Method) bool {
	t.Helper()
	body, _, err := r.direct.Get(t.Context(), "k")
	switch {
	case errors.Is(err, archive.ErrNotFound):
		return call == network.MethodDelete
	case err != nil:
		t.Fatal(err)
	}
	return string(body) == "new"
}

// errAny stands for an error that passes as it is.
var errAny = errors.New("any")

// TestFaultsAsTheStoreSeesThem: each fault, through the SDK and the adapter,
// comes out as the answer that it stands for, and does to the object what it says.
func TestFaultsAsTheStoreSeesThem(t *testing.T) {
	const get, head, put, del = network.MethodGet, network.MethodHead, network.MethodPut, network.MethodDelete
	unknown, unavailable := archive.ErrOutcomeUnknown, archive.ErrUnavailable
	for _, test := range []struct {
		fault   string
		call    network.Method
		want    error
		applied bool
		sent    int32
		text    string // in the error
	}{
		{"request-lost(nth=1)", put, unknown, false, 0, "connection reset by peer"},
		{"request-lost(nth=1)", del, unknown, false, 0, "connection reset by peer"},
		{"request-lost(nth=1)", get, unavailable, false, 0, "connection reset by peer"},
		{"request-lost(nth=1)", head, unavailable, false, 0, "connection reset by peer"},
		{"reply-lost(nth=1)", put, unknown, true, 1, "connection reset by peer"},
		{"reply-lost(nth=1)", del, unknown, true, 1, "connection reset by peer"},
		{"reply-lost(nth=1)", get, unavailable, false, 1, "connection reset by peer"},
		{"reply-lost(nth=1)", head, unavailable, false, 1, "connection reset by peer"},
		{"500(nth=1)", put, unknown, true, 1, "500 InternalError"},
		{"500(nth=1)", del, unknown, true, 1, "500 InternalError"},
		{"500(nth=1)", get, unavailable, false, 1, "500 InternalError"},
		{"500(nth=1)", head, unavailable, false, 1, "500 "},
		{"503(nth=1)", put, archive.ErrThrottled, false, 0, "503 SlowDown"},
		{"503(nth=1)", del, archive.ErrThrottled, false, 0, "503 SlowDown"},
		{"503(nth=1)", get, archive.ErrThrottled, false, 0, "503 SlowDown"},
		// The answer to a HEAD has no code, so that S3's 503 looks like a proxy's.
		{"503(nth=1)", head, unavailable, false, 0, "503 "},
		{"409(nth=1)", put, archive.ErrConflict, false, 0, "409 ConditionalRequestConflict"},
		{"409(nth=1)", del, archive.ErrConflict, false, 0, "409 ConditionalRequestConflict"},
		{"403(nth=1)", put, errAny, false, 0, "403 AccessDenied"},
		{"403(nth=1)", get, errAny, false, 0, "403 AccessDenied"},
		{"sent-twice(nth=1)", put, archive.ErrPreconditionFailed, true, 1, "412 PreconditionFailed"},
		{"sent-twice(nth=1,answer=409)", put, archive.ErrConflict, true, 1, "409 ConditionalRequestConflict"},
		{"sent-twice(nth=1,answer=503)", put, archive.ErrThrottled, true, 1, "503 SlowDown"},
		{"slow(nth=1,by=20ms)", put, nil, true, 1, ""},
		{"slow(nth=1,by=20ms)", get, nil, false, 1, ""},
		// What the player carries out passes as it is.
		{"crash(nth=1)", put, nil, true, 1, ""},
		{"delete(nth=1)", put, nil, true, 1, ""},
	} {
		t.Run(test.fault+"/"+string(test.call), func(t *testing.T) {
			r := newRig(t, network.Latency{})
			etag, err := r.direct.Put(t.Context(), "k", []byte("old"), archive.IfAbsent())
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			err = do(meeting(t.Context(), t, test.fault), r.store, test.call, etag)
			if known := archive.OutcomeOf(err) != archive.Failed; test.want == errAny && (err == nil || known) || test.want != errAny && !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if err != nil && !strings.Contains(err.Error(), test.text) {
				t.Errorf("%q doesn't contain %q", err, test.text)
			}
			if took := time.Since(began); strings.HasPrefix(test.fault, "slow") && took < 20*time.Millisecond {
				t.Errorf("took only %v", took)
			}
			if got := r.applied(t, test.call); got != test.applied {
				t.Errorf("applied: %v", got)
			}
			if got := r.sent.Load(); got != test.sent {
				t.Errorf("%d requests were sent, want %d", got, test.sent)
			}
			// The next call meets nothing, on a connection that still works.
			if _, err := r.store.Head(t.Context(), "other"); !errors.Is(err, archive.ErrNotFound) {
				t.Errorf("the next call: %v", err)
			}
		})
	}
}

// TestLostReplyOfARefusal: what the server answered stays unknown.
func TestLostReplyOfARefusal(t *testing.T) {
	r := newRig(t, network.Latency{})
	if _, err := r.direct.Put(t.Context(), "k", []byte("old"), archive.IfAbsent()); err != nil {
		t.Fatal(err)
	}
	for _, fault := range []string{"reply-lost(nth=1)", "500(nth=1)"} {
		_, err := r.store.Put(meeting(t.Context(), t, fault), "k", []byte("new"), archive.IfAbsent())
		if !errors.Is(err, archive.ErrOutcomeUnknown) || errors.Is(err, archive.ErrPreconditionFailed) || r.applied(t, network.MethodPut) {
			t.Errorf("%s: %v", fault, err)
		}
	}
}

// TestNoConnection: a fault doesn't hide that a write certainly never left.
func TestNoConnection(t *testing.T) {
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	store := server.StoreVia(func(base http.RoundTripper) http.RoundTripper {
		return network.NewTransport(base, network.Latency{}, rand.New(rand.NewPCG(1, 2)))
	})
	for _, fault := range []string{"reply-lost(nth=1)", "500(nth=1)", "crash(nth=1)"} {
		_, err := store.Put(meeting(t.Context(), t, fault), "k", nil, archive.IfAbsent())
		if !errors.Is(err, archive.ErrUnavailable) {
			t.Errorf("%s: %v", fault, err)
		}
	}
}

// TestLegs: both legs take their time.
func TestLegs(t *testing.T) {
	r := newRig(t, legs(t, "constant(30ms)"))
	for _, fault := range []string{"crash(nth=1)", "503(nth=1)"} {
		began := time.Now()
		_, err := r.store.Put(meeting(t.Context(), t, fault), "k", []byte("x"), archive.Condition{})
		if took := time.Since(began); took < 60*time.Millisecond {
			t.Errorf("%s: took %v, %v", fault, took, err)
		}
	}
}

// TestReplyOnItsWay: the caller gives up when its write was applied already.
func TestReplyOnItsWay(t *testing.T) {
	r := newRig(t, network.Latency{Reply: legs(t, "constant(1h)").Reply})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for ctx.Err() == nil {
			if _, err := r.direct.Head(ctx, "k"); err == nil {
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	_, err := r.store.Put(ctx, "k", []byte("new"), archive.IfAbsent())
	if !errors.Is(err, archive.ErrOutcomeUnknown) || !errors.Is(err, context.Canceled) || !r.applied(t, network.MethodPut) {
		t.Errorf("got %v", err)
	}
}

// TestTransportIsForManyActors: under the race detector.
func TestTransportIsForManyActors(t *testing.T) {
	r := newRig(t, legs(t, "uniform(0s,2ms)"))
	var unknown atomic.Int32
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for k := range 10 {
				ctx := t.Context()
				if k%2 == 0 {
					ctx = meeting(ctx, t, "reply-lost(nth=1)")
				}
				_, err := r.store.Put(ctx, string(rune('a'+n))+string(rune('a'+k)), []byte("x"), archive.IfAbsent())
				if errors.Is(err, archive.ErrOutcomeUnknown) {
					unknown.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if unknown.Load() != 40 || r.sent.Load() != 80 {
		t.Errorf("%d of %d are unknown", unknown.Load(), r.sent.Load())
	}
}

// TestAnswersAreS3s: status line, headers and body, as other SDKs will read them.
func TestAnswersAreS3s(t *testing.T) {
	transport := network.NewTransport(nil, network.Latency{}, rand.New(rand.NewPCG(1, 2)))
	for _, test := range []struct{ fault, method, status, code string }{
		{"503(nth=1)", http.MethodPut, "503 Slow Down", "SlowDown"},
		{"409(nth=1)", http.MethodPut, "409 Conflict", "ConditionalRequestConflict"},
		{"503(nth=1)", http.MethodHead, "503 Slow Down", ""},
	} {
		closed := false
		body := closer{strings.NewReader("x"), &closed}
		req, err := http.NewRequestWithContext(meeting(t.Context(), t, test.fault), test.method, "http://s3.invalid/b/k", body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.Body.Close() != nil || !closed {
			t.Errorf("%s: %v, request body closed: %v", test.fault, err, closed)
		}
		if resp.Status != test.status || resp.Header.Get("Content-Type") != "application/xml" || resp.Request != req {
			t.Errorf("%s: %+v", test.fault, resp)
		}
		if test.code == "" && len(text) > 0 || test.code != "" && !strings.Contains(string(text), "<Error><Code>"+test.code+"</Code><Message>") ||
			test.code != "" && resp.ContentLength != int64(len(text)) {
			t.Errorf("%s: %s", test.fault, text)
		}
	}
}

type closer struct {
	io.Reader
	closed *bool
}

func (c closer) Close() error { *c.closed = true; return nil }

// TestCounting: where nothing befalls requests it is known all the same how many were sent for
// a call, and on which condition.
func TestCounting(t *testing.T) {
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	store := server.StoreVia(network.Counting)
	call := network.WithFault(t.Context(), network.Fault{})
	if _, err := store.Put(call, "k", []byte("new"), archive.IfAbsent()); err != nil {
		t.Fatal(err)
	}
	_, requests, means := call.Befell()
	if cond, ok := call.Carried(); requests != 1 || means != nil || !ok || !cond.IsAbsent() {
		t.Errorf("%d requests, %v, carried %v %v", requests, means, cond, ok)
	}
}

package network_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/archive/s3store/fakes3"
	"holdfast/scenarios/network"
)

// gate holds requests back until it is opened, or their caller has given them up: on a busy
// machine a request may come to it late.
type gate struct {
	counted
	open chan struct{}
}

func (g gate) RoundTrip(req *http.Request) (*http.Response, error) {
	select {
	case <-g.open:
		return g.counted.RoundTrip(req)
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

// TestLateWrite: a write that its caller gave up is applied later, and not
// before, whether the request's timeout or the caller's context ended.
func TestLateWrite(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	const patience = 300 * time.Millisecond // the first call of a client takes a while on a busy machine
	for _, test := range []struct {
		name, fault, latency string
		timeout              time.Duration // of the request; 0: the caller's context ends
		call                 network.Method
		want                 error
		arrives              bool
	}{
		{"put, timeout", "slow(nth=1,by=900ms)", "", patience, network.MethodPut, archive.ErrOutcomeUnknown, true},
		{"put, caller", "slow(nth=1,by=900ms)", "", 0, network.MethodPut, archive.ErrOutcomeUnknown, true},
		{"delete, timeout", "slow(nth=1,by=900ms)", "", patience, network.MethodDelete, archive.ErrOutcomeUnknown, true},
		{"get, timeout", "slow(nth=1,by=900ms)", "", patience, network.MethodGet, archive.ErrUnavailable, false},
		{"put, long leg", "crash(nth=1)", "constant(900ms)", patience, network.MethodPut, archive.ErrOutcomeUnknown, true},
		{"put, lost on a long leg", "request-lost(nth=1)", "constant(900ms)", patience, network.MethodPut, archive.ErrOutcomeUnknown, false},
		{"put, 503 after a long leg", "503(nth=1)", "constant(900ms)", patience, network.MethodPut, archive.ErrOutcomeUnknown, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			server, err := fakes3.Start()
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			r := &rig{server: server, direct: server.Store()}
			etag, err := r.direct.Put(t.Context(), "k", []byte("old"), archive.IfAbsent())
			if err != nil {
				t.Fatal(err)
			}
			g := gate{counted{http.DefaultTransport, &r.sent}, make(chan struct{})}
			transport := network.NewTransport(g, legs(t, test.latency), rand.New(rand.NewPCG(1, 2)))
			store, err := s3store.Open(t.Context(), s3store.Config{
				Bucket: server.Bucket(), Endpoint: server.Endpoint(), Transport: transport, RequestTimeout: test.timeout,
			})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			if test.timeout == 0 {
				time.AfterFunc(patience, cancel)
			}
			err = do(meeting(ctx, t, test.fault), store, test.call, etag)
			cancel()
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if (test.timeout == 0) != errors.Is(err, context.Canceled) {
				t.Errorf("%v: does it say that the caller gave up?", err)
			}
			if r.applied(t, test.call) {
				t.Error("it was applied before it arrived")
			}
			close(g.open)
			transport.Wait()
			if r.applied(t, test.call) != test.arrives || (r.sent.Load() == 1) != test.arrives {
				t.Errorf("applied late: %v, sent %d times", !test.arrives, r.sent.Load())
			}
		})
	}
}

func send(via http.RoundTripper, req *http.Request) error {
	resp, err := via.RoundTrip(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// TestLateWriteIsSilent: the adapter concludes from the trace that a write never
// left; a late one must not make it look as if a connection were still being made.
func TestLateWriteIsSilent(t *testing.T) {
	r := newRig(t, network.Latency{})
	ctx, cancel := context.WithTimeout(meeting(t.Context(), t, "slow(nth=1,by=900ms)"), 300*time.Millisecond)
	defer cancel()
	var told atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GetConn: func(string) { told.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, r.server.Endpoint()+"/"+r.server.Bucket()+"/k", strings.NewReader("new"))
	if err != nil {
		t.Fatal(err)
	}
	if err := send(r.transport, req); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	r.transport.Wait()
	if told.Load() || !r.applied(t, network.MethodPut) {
		t.Errorf("told: %v", told.Load())
	}
}

// TestLateWriteLosesItsRace: the condition is decided when the write arrives.
func TestLateWriteLosesItsRace(t *testing.T) {
	r := newRig(t, network.Latency{})
	etag, err := r.direct.Put(t.Context(), "k", []byte("old"), archive.IfAbsent())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err = do(meeting(ctx, t, "slow(nth=1,by=900ms)"), r.store, network.MethodPut, etag)
	if !errors.Is(err, archive.ErrOutcomeUnknown) {
		t.Errorf("got %v", err)
	}
	if _, err := r.direct.Put(t.Context(), "k", []byte("theirs"), archive.IfMatch(etag)); err != nil {
		t.Fatal(err)
	}
	r.transport.Wait()
	if body, _, err := r.direct.Get(t.Context(), "k"); string(body) != "theirs" || r.sent.Load() != 1 {
		t.Errorf("got %q, %v after %d requests", body, err, r.sent.Load())
	}
}

// TestCloseDropsLateWrites: a run that ends doesn't wait for an hour's delay.
func TestCloseDropsLateWrites(t *testing.T) {
	r := newRig(t, network.Latency{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := r.store.Put(meeting(ctx, t, "slow(nth=1,by=1h)"), "k", []byte("new"), archive.IfAbsent())
	if !errors.Is(err, archive.ErrOutcomeUnknown) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	for range 2 {
		if err := r.transport.Close(); err != nil {
			t.Error(err)
		}
	}
	if r.sent.Load() != 0 {
		t.Error("it was sent")
	}
}

// TestEndedContext: a call that was over before it began sends nothing, late or not.
func TestEndedContext(t *testing.T) {
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	transport := network.NewTransport(nil, legs(t, "constant(1ms)"), rand.New(rand.NewPCG(1, 2)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, server.Endpoint()+"/"+server.Bucket()+"/k", strings.NewReader("new"))
	if err != nil {
		t.Fatal(err)
	}
	if err := send(transport, req); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	transport.Wait()
	if _, err := server.Store().Head(t.Context(), "k"); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("it was sent: %v", err)
	}
}

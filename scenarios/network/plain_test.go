package network_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/httpstore"
	"holdfast/archive/s3store/fakes3"
	"holdfast/scenarios/network"
)

// TestAnswersWithoutCodes holds the adapter of HTTP servers against the table: what S3 says by
// its codes means the same there by the status alone.
func TestAnswersWithoutCodes(t *testing.T) {
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	base := httpstore.NewTransport()
	t.Cleanup(base.CloseIdleConnections)
	transport := network.NewTransport(base, network.Latency{}, rand.New(rand.NewPCG(1, 2)))
	transport.WithoutCodes()
	t.Cleanup(func() { transport.Close() })
	store, err := httpstore.Open(httpstore.Config{
		URL: server.Endpoint() + "/" + server.Bucket(), Transport: transport, RequestTimeout: time.Second, NoCollections: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	faults := newFaults()
	for _, kind := range []network.Kind{network.RequestLost, network.ReplyLost, network.Error500, network.Throttled503, network.Conflict409, network.Denied403} {
		faults = append(faults, network.Fault{Kind: kind})
	}
	tried := 0
	for _, f := range faults {
		for _, call := range []network.Method{network.MethodGet, network.MethodHead, network.MethodPut, network.MethodDelete} {
			f.Call, f.Nth = call, 1
			if f.Validate() != nil || f.Kind == network.Conflict409 && f.Means(call) == nil || f.Kind == network.NoAnswer && call != network.MethodPut {
				continue // it can't be answered so, or takes a second each
			}
			if strings.HasSuffix(f.As, "412") && call == network.MethodDelete {
				continue // the embedded server ignores conditions of deletions
			}
			etag, err := server.Store().Put(t.Context(), "k", []byte("old"), archive.Condition{})
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(f.As, "412") {
				etag = `"stale"`
			}
			m := network.WithFault(t.Context(), f)
			err = do(m, store, call, etag)
			if want := f.Means(call); !same(err, want) {
				t.Errorf("%s: the adapter says %v, the table %v", f.String(), err, want)
			}
			if _, requests, _ := m.Befell(); requests != 1 {
				t.Errorf("%s: %d requests", f.String(), requests)
			}
			tried++
		}
	}
	if tried < 80 {
		t.Errorf("only %d were tried", tried)
	}
}

// TestRetryAfterWithoutCodes: not earlier than the fault says.
func TestRetryAfterWithoutCodes(t *testing.T) {
	transport := network.NewTransport(nil, network.Latency{}, nil)
	transport.WithoutCodes()
	store, err := httpstore.Open(httpstore.Config{URL: "http://127.0.0.1:9", Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	m := network.WithFault(t.Context(), network.Fault{Kind: network.Throttled503, Nth: 1, RetryAfter: 1500 * time.Millisecond})
	if _, _, err := store.Get(m, "k"); archive.RetryAfter(err) != 2*time.Second {
		t.Error(err, archive.RetryAfter(err))
	}
}

package network

import (
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// refusedOf is the share that is refused of so many requests a second, evenly spaced.
func refusedOf(t Throttle, offered float64, n int) float64 {
	m := t.Meter()
	refused := 0
	for i := range n {
		if !m.Serves(true, time.Duration(i)*time.Duration(float64(time.Second)/offered)) {
			refused++
		}
	}
	return float64(refused) / float64(n)
}

// TestThrottlingFollowsTheLoad: nothing is refused below the rate; above it the rest is,
// once the burst is used up; and what turning away costs can't serve others.
func TestThrottlingFollowsTheLoad(t *testing.T) {
	const n = 200_000
	for _, c := range []struct {
		throttle Throttle
		offered  float64
		want     float64
	}{
		{Throttle{Writes: 3500}, 3499, 0},
		{Throttle{Writes: 3500}, 10, 0},
		{Throttle{Writes: 3500, Burst: 1}, 3499, 0},
		{Throttle{Writes: 100, Burst: 1}, 200, 0.5},
		{Throttle{Writes: 100, Burst: 1}, 400, 0.75},
		{Throttle{Writes: 100, Burst: 20_000}, 400, 0.75 - 20_000./n}, // the burst is served once
		{Throttle{Writes: 100, Burst: 1, Refused: 0.1}, 400, 1 - (100-0.1*400)/(1-0.1)/400},
		{Throttle{Writes: 100, Burst: 1, Refused: 0.1}, 1001, 1}, // all its time goes into turning away
		{Throttle{Reads: 100}, 400, 0},
	} {
		if got := refusedOf(c.throttle, c.offered, n); math.Abs(got-c.want) > 0.002 {
			t.Errorf("%+v at %v a second: %.4f are refused, want %.4f", c.throttle, c.offered, got, c.want)
		}
	}
}

func TestABurst(t *testing.T) {
	for _, c := range []struct {
		throttle Throttle
		want     int
	}{{Throttle{Writes: 100}, 100}, {Throttle{Writes: 100, Burst: 7}, 7}, {Throttle{Writes: 0.2}, 1}} {
		m, served := c.throttle.Meter(), 0
		for range 1000 {
			if m.Serves(true, time.Second) {
				served++
			}
			if !m.Serves(false, time.Second) {
				t.Fatal("a read is refused, which has no bound")
			}
		}
		if served != c.want {
			t.Errorf("%+v serves %d at once, want %d", c.throttle, served, c.want)
		}
		if full := time.Duration(float64(c.want) / c.throttle.Writes * float64(time.Second)); !m.Serves(true, time.Second+full) {
			t.Errorf("%+v refuses a write when it has had time to fill", c.throttle)
		}
	}
}

// TestTheTransportThrottles what comes too fast to a prefix, and only calls that count.
func TestTheTransportThrottles(t *testing.T) {
	served := 0
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		served++
	}))
	defer server.Close()
	transport := NewTransport(nil, Latency{}, nil)
	transport.Limit(Throttle{Writes: leastRate, Burst: 3})
	send := func(ctx context.Context, method, path string) (status int) {
		t.Helper()
		req, err := http.NewRequestWithContext(ctx, method, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := transport.RoundTrip(req) //nolint:bodyclose // statusOf does
		if err != nil {
			t.Fatal(err)
		}
		return statusOf(t, resp)
	}
	counts := Metered(t.Context())
	for i, c := range []struct {
		ctx          context.Context
		method, path string
		want         int
	}{
		{counts, http.MethodPut, "/b/x/1", 200},
		{counts, http.MethodDelete, "/b/x/2", 200},
		{t.Context(), http.MethodPut, "/b/x/1", 200}, // the stage is set
		{counts, http.MethodPut, "/b/x/3", 200},
		{counts, http.MethodPut, "/b/x/1", 503},
		{counts, http.MethodGet, "/b/x/1", 200},
		{t.Context(), http.MethodPut, "/b/x/1", 200},
		{counts, http.MethodPut, "/b/x/y/1", 200}, // another prefix
		{counts, http.MethodPut, "/b/x/4", 503},
	} {
		if got := send(c.ctx, c.method, c.path); got != c.want {
			t.Errorf("request %d, %s %s: %d, want %d", i+1, c.method, c.path, got, c.want)
		}
	}
	if served != 7 {
		t.Errorf("the server has seen %d requests", served)
	}
	if err := transport.Close(); err != nil {
		t.Error(err)
	}
}

func statusOf(t *testing.T, resp *http.Response) int {
	t.Helper()
	var b strings.Builder
	if err := resp.Write(&b); err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode == http.StatusServiceUnavailable && !strings.Contains(b.String(), "<Code>SlowDown</Code>") {
		t.Error(b.String())
	}
	return resp.StatusCode
}

func TestPrefix(t *testing.T) {
	for key, want := range map[string]string{"archive/CHG-1.json": "archive/", "a/b/c": "a/b/", "top": ""} {
		if got := Prefix(key); got != want {
			t.Errorf("%s is under %q, want %q", key, got, want)
		}
	}
}

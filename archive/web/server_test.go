package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// serveBounded serves the rig by NewServer, with bounds that a test can wait for.
func (r *rig) serveBounded() *http.Server {
	r.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.Fatal(err)
	}
	server := NewServer(r.handler)
	server.ReadHeaderTimeout, server.ReadTimeout = 200*time.Millisecond, 400*time.Millisecond
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	r.Cleanup(func() {
		server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			r.Error(err)
		}
	})
	r.url = "http://" + listener.Addr().String()
	return server
}

func TestServerIsBounded(t *testing.T) {
	s := NewServer(http.NotFoundHandler())
	if s.ReadHeaderTimeout <= 0 || s.ReadTimeout < s.ReadHeaderTimeout || s.WriteTimeout <= requestTimeout || s.IdleTimeout <= 0 || s.MaxHeaderBytes <= 0 {
		t.Errorf("%+v", s)
	}
}

// drip sends a byte at a time until the other side has had enough.
func drip(conn net.Conn, text string) {
	for i := range len(text) {
		if _, err := io.WriteString(conn, text[i:i+1]); err != nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestSlowClients(t *testing.T) {
	r := newRig(t)
	r.serveBounded()
	t.Run("headers", func(t *testing.T) {
		conn := r.dial()
		defer conn.Close()
		go drip(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n"+strings.Repeat("X-Slow: 1\r\n", 1000))
		start := time.Now()
		if answer, _ := io.ReadAll(conn); strings.Contains(string(answer), "200 OK") || time.Since(start) > 10*time.Second {
			t.Errorf("after %v: %s", time.Since(start), answer)
		}
	})
	t.Run("body", func(t *testing.T) {
		conn := r.dial()
		defer conn.Close()
		if _, err := fmt.Fprintf(conn, "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", len(doc1)); err != nil {
			t.Fatal(err)
		}
		go drip(conn, doc1)
		r.want(r.answered(conn), http.StatusRequestTimeout, typeTooSlow)
	})
	t.Run("many at once", func(t *testing.T) {
		for range 50 {
			conn := r.dial()
			defer conn.Close()
			if _, err := io.WriteString(conn, "POST /upload HTTP/1.1\r\nHost: x\r\n"); err != nil {
				t.Fatal(err)
			}
		}
		r.alive()
	})
	r.alive()
}

func TestLargeHeaders(t *testing.T) {
	r := newRig(t)
	r.serveBounded()
	conn := r.dial()
	defer conn.Close()
	go func() { // the server answers in the midst of it
		_, _ = io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Large: "+strings.Repeat("x", 64<<10)+"\r\n\r\n")
	}()
	if got := r.answered(conn); got.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%d %s", got.status, got.text)
	}
	r.alive()
}

// TestHalfClosed: the client has said all that it will, and still listens.
func TestHalfClosed(t *testing.T) {
	r := newRig(t)
	r.serveBounded()
	send := func(length int, body string) reply {
		conn := r.dial()
		defer conn.Close()
		if _, err := fmt.Fprintf(conn, "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", length, body); err != nil {
			t.Fatal(err)
		}
		if err := conn.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		return r.answered(conn)
	}
	r.want(send(len(doc1)+1, doc1), http.StatusBadRequest, typeInvalid) // all but a space
	r.want(send(len(doc1), ""), http.StatusBadRequest, typeInvalid)
	r.alive()
	r.want(send(len(doc1), doc1), http.StatusOK, "")
	if len(r.store.keys()) != 3 {
		t.Errorf("stored %q", r.store.keys())
	}
}

// TestHungUp: a save that has arrived is carried out although nobody waits for it.
func TestHungUp(t *testing.T) {
	r := newRig(t)
	under, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	r.store.onPut = func(ctx context.Context, key string) error {
		if key == key1 {
			close(under)
			<-goOn
			return ctx.Err()
		}
		return nil
	}
	inner := r.handler
	r.handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		inner.ServeHTTP(w, req)
		close(ended)
	})
	r.serveBounded()
	conn := r.dial()
	if _, err := fmt.Fprintf(conn, "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(doc1), doc1); err != nil {
		t.Fatal(err)
	}
	<-under
	conn.Close()
	time.Sleep(100 * time.Millisecond) // for the server to notice
	close(goOn)
	<-ended
	if want := []string{key1, "customers/customer-a/CHG-1.json", "customers/customer-b/CHG-1.json"}; !slices.Equal(r.store.keys(), want) {
		t.Errorf("stored %q, want %q", r.store.keys(), want)
	}
}

// TestRequestsEnd: a store that does not answer does not hold a request for ever.
func TestRequestsEnd(t *testing.T) {
	r, etag := created(t)
	r.store.onGet = func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	r.handler = bounded(r.handler, 20*time.Millisecond)
	r.want(r.get("CHG-1"), http.StatusServiceUnavailable, typeUnavailable)
	r.want(r.post(update(etag)), http.StatusServiceUnavailable, typeUnavailable)
}

// TestReadersThatHangUp: a load stops when nobody waits for it.
func TestReadersThatHangUp(t *testing.T) {
	r, _ := created(t)
	ctx, cancel := context.WithCancel(t.Context())
	r.store.onGet = func(ctx context.Context) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}
	h := bounded(r.handler, time.Minute)
	r.handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { h.ServeHTTP(w, req.WithContext(ctx)) })
	if got := r.get("CHG-1"); got.status != statusClientClosed || got.text != "" {
		t.Errorf("%d %s", got.status, got.text)
	}
}

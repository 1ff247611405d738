package world

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/archive"
)

// doors opens a handler in both worlds.
func doors(t *testing.T, h http.Handler) map[string]Door {
	t.Helper()
	socket, err := NewReal(archive.WallClock{}, nil, nil).Serve(h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := socket.Close(); err != nil {
			t.Error(err)
		}
	})
	return map[string]Door{"socket": socket, "in process": InProcess(h)}
}

// TestDoors: what a client sends and gets is the same over a socket and in process.
func TestDoors(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/abort":
			panic(http.ErrAbortHandler)
		case "/large":
			_, _ = w.Write(bytes.Repeat([]byte("x"), 8<<20))
		default:
			body, _ := io.ReadAll(r.Body)
			w.Header().Set("ETag", `"e1"`)
			w.WriteHeader(http.StatusConflict)
			w.Header().Set("Too-Late", "yes")
			_, _ = w.Write([]byte(r.Method + " " + r.URL.RawQuery + " " + r.Header.Get("X-Mine") + " " + string(body)))
		}
	})
	for name, door := range doors(t, h) {
		t.Run(name, func(t *testing.T) {
			a, err := knock(t.Context(), door, http.MethodPost, "/p?a=b", "body")
			if err != nil || a.status != http.StatusConflict || a.header.Get("ETag") != `"e1"` || a.header.Get("Too-Late") != "" || a.body != "POST a=b m body" {
				t.Errorf("%+v, %v", a, err)
			}
			if a, err := knock(t.Context(), door, http.MethodGet, "/large", ""); err != nil || len(a.body) != 8<<20 {
				t.Errorf("%d bytes, %v", len(a.body), err)
			}
			if _, err := knock(t.Context(), door, http.MethodGet, "/abort", ""); err == nil {
				t.Error("an aborted request was answered")
			}
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := knock(ended, door, http.MethodGet, "/p", ""); !errors.Is(err, context.Canceled) {
				t.Errorf("under a context that had ended: %v", err)
			}
		})
	}
}

// answered is an answer that was read to its end.
type answered struct {
	status int
	header http.Header
	body   string
}

// knock sends a request and reads the answer.
func knock(ctx context.Context, door Door, method, path, body string) (answered, error) {
	var sent io.Reader
	if body != "" {
		sent = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://api"+path, sent)
	if err != nil {
		return answered{}, err
	}
	req.Header.Set("X-Mine", "m")
	resp, err := door.RoundTrip(req)
	if err != nil {
		return answered{}, err
	}
	said, err := io.ReadAll(resp.Body)
	return answered{resp.StatusCode, resp.Header, string(said)}, errors.Join(err, resp.Body.Close())
}

// TestHandlersOfDepartedClients: when a request has been answered or given up, its
// handler does nothing any more.
func TestHandlersOfDepartedClients(t *testing.T) {
	var inside atomic.Int64
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		inside.Add(1)
		defer inside.Add(-1)
		<-r.Context().Done()
		time.Sleep(time.Millisecond) // what a handler still does
	})
	door := doors(t, h)["socket"]
	for i := range 200 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*20*time.Microsecond)
		if _, err := knock(ctx, door, http.MethodGet, "/", ""); err == nil {
			t.Error("answered")
		}
		if n := inside.Load(); n != 0 {
			t.Fatalf("request %d was given up, and %d handlers are at work", i, n)
		}
		cancel()
	}
}

// TestWatch: each world tells of the writes that are applied, and of no others.
func TestWatch(t *testing.T) {
	mustPlay(t, func(ctx context.Context, w *Virtual) {
		var told []string
		w.Watch("customers/", func(key, etag string, body []byte) { told = append(told, key+" "+string(body)+" "+etag) })
		store := w.Store("a")
		etag, err := store.Put(ctx, "customers/x/C.json", []byte("1"), archive.Condition{})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = store.Put(ctx, "archive/C.json", []byte("2"), archive.Condition{})
		_, _ = store.Put(ctx, "customers/x/C.json", []byte("3"), archive.IfAbsent())
		if len(told) != 1 || told[0] != "customers/x/C.json 1 "+etag {
			t.Errorf("told %q", told)
		}
	})
}

// TestHandlersAreCalledOnce: a transport repeats a GET whose connection broke, and a
// server that died would come back to life.
func TestHandlersAreCalledOnce(t *testing.T) {
	var calls atomic.Int64
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if r.URL.Path == "/abort" {
			panic(http.ErrAbortHandler)
		}
	})
	for name, door := range doors(t, h) {
		calls.Store(0)
		if _, err := knock(t.Context(), door, http.MethodGet, "/", ""); err != nil { // a connection to use again
			t.Fatal(err)
		}
		if _, err := knock(t.Context(), door, http.MethodGet, "/abort", ""); err == nil {
			t.Errorf("%s: answered", name)
		}
		if n := calls.Load(); n != 2 {
			t.Errorf("%s: the handler was called %d times for two requests", name, n)
		}
	}
}

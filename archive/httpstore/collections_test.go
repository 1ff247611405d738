package httpstore_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/archive/httpstore"
)

// traced is a server that notes what it was asked for.
type traced struct {
	http.Handler
	asked []string
}

func (h *traced) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.asked = append(h.asked, r.Method+" "+r.URL.Path)
	h.Handler.ServeHTTP(w, r)
}

func (h *traced) want(t *testing.T, asked ...string) {
	t.Helper()
	if !slices.Equal(h.asked, asked) {
		t.Errorf("asked for\n%s\nwant\n%s", strings.Join(h.asked, "\n"), strings.Join(asked, "\n"))
	}
	h.asked = nil
}

func put(t *testing.T, s archive.Store, key string) error {
	t.Helper()
	_, err := s.Put(t.Context(), key, []byte("body"), archive.IfAbsent())
	return err
}

// TestCollectionsAreMadeOnce: before the first PUT, and no PUT is sent twice.
func TestCollectionsAreMadeOnce(t *testing.T) {
	h := &traced{Handler: &server{objects: map[string]object{}, collections: map[string]bool{"": true}}}
	s, _ := serve(t, h)
	if err := errors.Join(put(t, s, "a/b/1"), put(t, s.WithPrefix("a"), "b/2"), put(t, s, "3")); err != nil {
		t.Fatal(err)
	}
	h.want(t, "MKCOL /a/b/", "MKCOL /a/", "MKCOL /a/b/", "PUT /a/b/1", "PUT /a/b/2", "PUT /3")
}

// TestACollectionThatIsGone is made again by the call after the one that finds out.
func TestACollectionThatIsGone(t *testing.T) {
	sound := &server{objects: map[string]object{}, collections: map[string]bool{"": true}}
	h := &traced{Handler: sound}
	s, _ := serve(t, h)
	if err := put(t, s, "a/1"); err != nil {
		t.Fatal(err)
	}
	delete(sound.collections, "/a")
	if err := put(t, s, "a/2"); !errors.Is(err, archive.ErrConflict) {
		t.Errorf("in a collection that is gone: %v", err)
	}
	if err := put(t, s, "a/2"); err != nil {
		t.Error(err)
	}
	h.want(t, "MKCOL /a/", "PUT /a/1", "PUT /a/2", "MKCOL /a/", "PUT /a/2")
}

// TestNoCollections: a server that knows none is asked once, one that is said to have none never.
func TestNoCollections(t *testing.T) {
	for _, status := range []int{400, 403, 404, 405, 501} {
		sound := &server{objects: map[string]object{}}
		h := &traced{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == "MKCOL" {
				w.WriteHeader(status)
				return
			}
			sound.ServeHTTP(w, r)
		})}
		s, _ := serve(t, h)
		if err := errors.Join(put(t, s, "a/1"), put(t, s, "a/2")); err != nil {
			t.Error(status, err)
		}
		h.want(t, "MKCOL /a/", "PUT /a/1", "PUT /a/2")
		s = open(t, httpstore.Config{URL: s.URL(), NoCollections: true})
		if err := put(t, s, "b/1"); err != nil {
			t.Error(status, err)
		}
		h.want(t, "PUT /b/1")
	}
}

// TestCollectionThatCantBeMade: nothing was written, and the error says why.
func TestCollectionThatCantBeMade(t *testing.T) {
	server := httptest.NewServer(&server{objects: map[string]object{}, collections: map[string]bool{"": true}})
	t.Cleanup(server.Close)
	s := open(t, httpstore.Config{URL: server.URL + "/missing"})
	if err := put(t, s, "a/1"); err == nil || !strings.Contains(err.Error(), "/missing/ is no collection that is there") || archive.WorthRetrying(err) {
		t.Error(err)
	}
	for status, kind := range map[int]error{401: nil, 429: archive.ErrThrottled, 500: archive.ErrUnavailable, 302: nil} {
		s, requests := serve(t, answer(status))
		err := put(t, s, "a/1")
		if err == nil || kind != nil && !errors.Is(err, kind) || archive.MayBeApplied(err) || requests.Load() != 1 {
			t.Errorf("%d: %v, in %d requests", status, err, requests.Load())
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	s, requests := serve(t, answer(201, "ETag", `"e"`))
	if _, err := s.Put(ended, "a/1", nil, archive.Condition{}); !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "put a/1: ") || requests.Load() > 0 {
		t.Errorf("%v, in %d requests", err, requests.Load())
	}
}

// TestDeleteOfACollection: a WebDAV server deletes all that is in it, also if it was not named
// as one.
func TestDeleteOfACollection(t *testing.T) {
	s, _ := serve(t, &server{objects: map[string]object{}, collections: map[string]bool{"": true}})
	if err := put(t, s, "a/1"); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "a", archive.Condition{}); err == nil || archive.WorthRetrying(err) {
		t.Error(err)
	}
	if _, _, err := s.Get(t.Context(), "a/1"); err != nil {
		t.Error(err)
	}
}

// TestManyCollections: what is remembered is bounded, and a call is right all the same.
func TestManyCollections(t *testing.T) {
	h, asked := &server{objects: map[string]object{}}, 0
	s := open(t, httpstore.Config{URL: "http://host", Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		asked++
		if r.Body == nil {
			r.Body = http.NoBody // as a server has it
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result(), nil
	})})
	for i := range 10_001 {
		if err := put(t, s, fmt.Sprintf("%d/k", i)); err != nil {
			t.Fatal(err)
		}
	}
	asked = 0
	if err := put(t, s, "0/l"); err != nil || asked != 2 {
		t.Errorf("%v, in %d requests", err, asked)
	}
}

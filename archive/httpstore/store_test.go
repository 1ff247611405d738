package httpstore_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/httpstore"
	"holdfast/archive/storefault"
	"holdfast/archive/storetest"
)

func TestStoreOnSoundServer(t *testing.T) {
	s, _ := serve(t, &server{objects: map[string]object{}})
	storetest.Run(t, func(*testing.T) archive.Store { return s }, storetest.IfMatchMissingIs412)
}

func TestStoreOnCollections(t *testing.T) {
	h := &server{objects: map[string]object{}, collections: map[string]bool{"": true, "/base": true}}
	s, _ := serve(t, h)
	s = open(t, httpstore.Config{URL: s.URL() + "base"}).WithPrefix("deep/er")
	storetest.Run(t, func(*testing.T) archive.Store { return s }, storetest.IfMatchMissingIs412)
	if !h.collections["/base/deep/er/storetest/keys/deep"] {
		t.Errorf("collections: %v", h.collections)
	}
}

// TestBrokenServersAreFound: the suite sees through the adapter what a server does.
func TestBrokenServersAreFound(t *testing.T) {
	for name, tt := range map[string]struct {
		server *server
		found  string
	}{
		"ignores conditions":  {&server{ignores: true}, "conditions/if-absent-on-present conditions/if-match-stale conditions/delete-if-match-stale races/one-creator"},
		"checks, then writes": {&server{gap: true}, "races/one-creator races/one-updater races/counter"},
	} {
		tt.server.objects = map[string]object{}
		s, _ := serve(t, tt.server)
		for _, c := range mustCases(t, storetest.IfMatchMissingIs412) {
			if slices.Contains(strings.Fields(tt.found), c.Name) && c.Run(t.Context(), s) == nil {
				t.Errorf("%s: %s did not find it", name, c.Name)
			}
		}
	}
}

func mustCases(t *testing.T, quirks ...storetest.Quirk) []storetest.Case {
	t.Helper()
	cases, err := storetest.Cases(quirks...)
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// onServer is the server that the environment names: HOLDFAST_TEST_STORE, a URL, and
// HOLDFAST_TEST_QUIRKS=lighttpd, none, or nginx, which must be found out.
func onServer(t *testing.T) (*httpstore.Store, string) {
	t.Helper()
	url := os.Getenv("HOLDFAST_TEST_STORE")
	if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
		t.Skip("HOLDFAST_TEST_STORE is no URL of an HTTP server")
	}
	s := open(t, httpstore.Config{URL: url}).WithPrefix("holdfast-test-" + rand.Text())
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, os.Getenv("HOLDFAST_TEST_QUIRKS")
}

func TestStoreOnServer(t *testing.T) {
	s, name := onServer(t)
	if name == "nginx" {
		ignoresConditions(t, s)
		return
	}
	quirks, err := storetest.QuirksOf(name)
	if err != nil {
		t.Fatalf("HOLDFAST_TEST_QUIRKS: %v", err)
	}
	storetest.Run(t, func(t *testing.T) archive.Store {
		tidy := &tidyStore{Store: s}
		t.Cleanup(func() { tidy.deleteAll(t) })
		return tidy
	}, quirks...)
}

// ignoresConditions: nginx gives no ETag to a PUT, and takes each.
func ignoresConditions(t *testing.T, s archive.Store) {
	for _, c := range mustCases(t) {
		if strings.HasPrefix(c.Name, "conditions/if-") && c.Run(t.Context(), s) == nil {
			t.Errorf("%s passes", c.Name)
		}
	}
	for _, body := range []string{"first", "second"} {
		_, err := s.Put(t.Context(), "k", []byte(body), archive.IfAbsent())
		var fault *storefault.Error
		if !errors.As(err, &fault) || fault.Kind != storefault.NoETag || !errors.Is(err, archive.ErrOutcomeUnknown) {
			t.Errorf("the %s create: %v", body, err)
		}
	}
	body, etag, err := s.Get(t.Context(), "k")
	if err != nil || string(body) != "second" || etag == "" {
		t.Errorf("%q is stored, with ETag %s: %v", body, etag, err)
	}
	if err := s.Delete(t.Context(), "k", archive.IfMatch(`"stale"`)); err != nil {
		t.Errorf("a delete under a stale ETag: %v", err)
	}
}

// tidyStore remembers what it may have written.
type tidyStore struct {
	archive.Store
	keys sync.Map
}

func (s *tidyStore) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	s.keys.Store(key, nil)
	return s.Store.Put(ctx, key, body, cond)
}

func (s *tidyStore) deleteAll(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for key := range s.keys.Range {
		if err := s.Delete(ctx, key.(string), archive.Condition{}); err != nil {
			t.Errorf("cleaning up: %v", err)
		}
	}
}

// TestRequests: what is sent: path, condition, the ETag as it came, and nothing that makes an
// answer another than what is stored.
func TestRequests(t *testing.T) {
	var got []string
	s, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "MKCOL" {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		h := r.Header
		got = append(got, strings.Join([]string{r.Method, r.RequestURI, h.Get("If-Match"), h.Get("If-None-Match"), h.Get("Content-Type"),
			h.Get("Accept-Encoding"), h.Get("Cache-Control"), h.Get("X-Own"), h.Get("X-Signed"), h.Get("Content-Length")}, "|"))
		w.Header().Set("ETag", `"new-1"`)
	}))
	s = open(t, httpstore.Config{
		URL: s.URL() + "a%20b//", Header: http.Header{"X-Own": {"own"}}, Query: map[string][]string{"sig": {"s&t"}},
		Sign: func(r *http.Request, body []byte) error { r.Header.Set("X-Signed", r.Method+string(body)); return nil },
	}).WithPrefix("/p/").WithPrefix("")
	_, err1 := s.Put(t.Context(), "ä?#%", []byte("body"), archive.IfAbsent())
	_, err2 := s.Put(t.Context(), "k/l", nil, archive.IfMatch(`"old-1"`))
	_, _, err3 := s.Get(t.Context(), "k")
	_, err4 := s.Head(t.Context(), "k")
	err5 := s.Delete(t.Context(), "k", archive.IfMatch(`"old-2"`))
	err6 := s.Delete(t.Context(), "k", archive.Condition{})
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		t.Error(err)
	}
	want := []string{
		"PUT|/a%20b/p/%C3%A4%3F%23%25?sig=s%26t||*|application/json|||own|PUTbody|4",
		`PUT|/a%20b/p/k/l?sig=s%26t|"old-1"||application/json|||own|PUT|0`,
		"GET|/a%20b/p/k?sig=s%26t||||identity|no-cache|own|GET|",
		"HEAD|/a%20b/p/k?sig=s%26t||||identity|no-cache|own|HEAD|",
		`DELETE|/a%20b/p/k?sig=s%26t|"old-2"|||||own|DELETE|`,
		"DELETE|/a%20b/p/k?sig=s%26t||||||own|DELETE|",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestInvalidCalls: nothing is sent that could mean another object, or no condition.
func TestInvalidCalls(t *testing.T) {
	s, requests := serve(t, answer(200, "ETag", `"e"`))
	for _, key := range []string{"", "/k", "k/", "a//b", "../k", "a/./b", "a/.."} {
		if _, _, err := s.Get(t.Context(), key); !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("get %q: %v", key, err)
		}
	}
	for _, tag := range []string{"*", "e", `W/"e"`, `"a", "b"`, "\"a\r\nX: y\""} {
		if _, err := s.Put(t.Context(), "k", nil, archive.IfMatch(tag)); !errors.Is(err, archive.ErrInvalid) {
			t.Errorf("put under %s: %v", tag, err)
		}
	}
	if err := s.Delete(t.Context(), "k", archive.IfAbsent()); !errors.Is(err, archive.ErrInvalid) {
		t.Error(err)
	}
	if n := requests.Load(); n > 0 {
		t.Errorf("%d requests were sent", n)
	}
}

package s3store_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/archive/s3store/fakes3"
	"holdfast/archive/storetest"
)

func TestStoreOnEmbeddedServer(t *testing.T) {
	quirks, err := storetest.QuirksOf("gofakes3")
	if err != nil {
		t.Fatal(err)
	}
	server := start(t)
	storetest.Run(t, func(*testing.T) archive.Store { return server.Store() }, quirks...)
}

// unsound are the cases that servers which are to be found out always fail. What they do by
// chance besides, doctor looks for.
var unsound = map[string][]string{
	"s3rver":        {"conditions/if-absent-on-present", "conditions/if-match-stale", "conditions/if-match-missing", "races/one-updater"},
	"gofakes3-file": {"basics/keys"}, // an object is a file, whose name can't be as long as a key
	"gofakes3-bolt": {},
}

// TestStoreOnServer runs the suite against the server that the environment
// names: HOLDFAST_TEST_ENDPOINT, HOLDFAST_TEST_BUCKET, the AWS_* variables, and
// HOLDFAST_TEST_QUIRKS=minio, versitygw, none, or one of those that must be found out.
func TestStoreOnServer(t *testing.T) {
	endpoint, name := os.Getenv("HOLDFAST_TEST_ENDPOINT"), os.Getenv("HOLDFAST_TEST_QUIRKS")
	if endpoint == "" || !strings.HasPrefix(os.Getenv("HOLDFAST_TEST_STORE"), "s3://") {
		t.Skip("HOLDFAST_TEST_ENDPOINT is not set, or no S3")
	}
	failing, found := unsound[name]
	quirks, err := storetest.QuirksOf(cmp.Or(name, "none"))
	if err != nil && !found {
		t.Fatalf("HOLDFAST_TEST_QUIRKS: %v", err)
	}
	s, err := s3store.Open(t.Context(), s3store.Config{
		Bucket: os.Getenv("HOLDFAST_TEST_BUCKET"), Prefix: "holdfast-test-" + rand.Text(), Endpoint: endpoint,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found {
		mustFail(t, s, failing)
		return
	}
	t.Run("listing", func(t *testing.T) {
		tidy := &tidyStore{Store: s}
		t.Cleanup(func() { tidy.deleteAll(t) })
		if err := storetest.Listing(t.Context(), tidy, s, 1010); err != nil {
			t.Error(err)
		}
	})
	storetest.Run(t, func(t *testing.T) archive.Store {
		tidy := &tidyStore{Store: s}
		t.Cleanup(func() { tidy.deleteAll(t) })
		return tidy
	}, quirks...)
}

func mustFail(t *testing.T, s archive.Store, failing []string) {
	cases, err := storetest.Cases()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if !slices.Contains(failing, c.Name) {
			continue
		}
		tidy := &tidyStore{Store: s}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if err := c.Run(ctx, tidy); err == nil {
			t.Errorf("%s passes", c.Name)
		}
		cancel()
		for key := range tidy.keys.Range {
			_ = s.Delete(t.Context(), key.(string), archive.Condition{}) // what it can't keep it may fail to delete
		}
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

func TestListing(t *testing.T) {
	s := start(t).Store().WithPrefix("some/where")
	if err := storetest.Listing(t.Context(), s, s, 1010); err != nil {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.List(ended, "archive/", ""); !errors.Is(err, context.Canceled) || !errors.Is(err, archive.ErrUnavailable) {
		t.Errorf("for somebody who has left: %v", err)
	}
}

func start(tb testing.TB) *fakes3.Server {
	tb.Helper()
	server, err := fakes3.Start()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := server.Close(); err != nil {
			tb.Error(err)
		}
	})
	return server
}

func TestPrefixes(t *testing.T) {
	s := start(t).Store()
	a, b := s.WithPrefix("a"), s.WithPrefix("b/")
	if _, err := a.Put(t.Context(), "k", []byte("a"), archive.IfAbsent()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Put(t.Context(), "k", []byte("b"), archive.IfAbsent()); err != nil {
		t.Fatal(err)
	}
	if body, _, err := s.Get(t.Context(), "b/k"); err != nil || string(body) != "b" {
		t.Errorf("got %q, %v", body, err)
	}
}

// What is sent: the condition, the content type, the ETag as it came.
func TestRequests(t *testing.T) {
	var got []string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		h := r.Header
		got = append(got, strings.Join([]string{r.Method, r.URL.Path, h.Get("If-Match"), h.Get("If-None-Match"), h.Get("Content-Type")}, "|"))
		for name := range h {
			if strings.HasPrefix(name, "X-Amz-Checksum") || strings.HasPrefix(name, "X-Amz-Trailer") {
				t.Errorf("%s sent %s", r.Method, name)
			}
		}
		w.Header().Set("ETag", `"new-1"`)
	})
	s = s.WithPrefix("a").WithPrefix("/b/")
	etag, err := s.Put(t.Context(), "k", nil, archive.IfAbsent())
	if err != nil || etag != `"new-1"` {
		t.Errorf("put: got %q, %v", etag, err)
	}
	_, err1 := s.Put(t.Context(), "k", nil, archive.IfMatch(`"old-1"`))
	_, err2 := s.Put(t.Context(), "k", nil, archive.Condition{})
	err3 := s.Delete(t.Context(), "k", archive.IfMatch(`"old-2"`))
	err4 := s.Delete(t.Context(), "k", archive.Condition{})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Error(err)
	}
	want := []string{
		"PUT|/bucket/a/b/k||*|application/json",
		`PUT|/bucket/a/b/k|"old-1"||application/json`,
		"PUT|/bucket/a/b/k|||application/json",
		`DELETE|/bucket/a/b/k|"old-2"||`,
		"DELETE|/bucket/a/b/k|||",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The benchmarks compare a store with a bare SDK loop: a GET, and a PUT under
// the ETag that it returned.

func BenchmarkStore(b *testing.B) {
	s := start(b).Store()
	body := make([]byte, 2000)
	ctx := b.Context()
	if _, err := s.Put(ctx, "k", body, archive.IfAbsent()); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		_, etag, err := s.Get(ctx, "k")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Put(ctx, "k", body, archive.IfMatch(etag)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSDK(b *testing.B) {
	server := start(b)
	c, bucket, key := server.Client(), aws.String(server.Bucket()), aws.String("k")
	body := make([]byte, 2000)
	ctx := b.Context()
	if _, err := server.Store().Put(ctx, "k", body, archive.IfAbsent()); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadAll(out.Body); err != nil {
			b.Fatal(err)
		}
		out.Body.Close()
		_, err = c.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: bytes.NewReader(body), IfMatch: out.ETag})
		if err != nil {
			b.Fatal(err)
		}
	}
}

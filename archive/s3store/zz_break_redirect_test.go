package s3store_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"holdfast/archive/s3store"
)

// TestBreakRedirectElsewhere: one call is one request, to the configured endpoint. What a
// server answers must not send this program's requests to other hosts of its network.
func TestBreakRedirectElsewhere(t *testing.T) {
	var mu sync.Mutex
	var got []string
	inner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.Method+" "+r.URL.Path)
		if token := r.Header.Get("X-Amz-Security-Token"); token != "" {
			got = append(got, "with the session token "+token)
		}
		w.Header().Set("ETag", `"e"`)
	}))
	defer inner.Close()
	elsewhere := strings.Replace(inner.URL, "127.0.0.1", "localhost", 1)
	outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", elsewhere+"/admin/shutdown")
		w.WriteHeader(http.StatusTemporaryRedirect)
	}))
	defer outer.Close()
	cleanEnv(t)
	t.Setenv("AWS_SESSION_TOKEN", "sekret")
	s, err := s3store.Open(t.Context(), s3store.Config{Bucket: "bucket", Endpoint: outer.URL})
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range []string{"get", "head", "put", "delete"} {
		if err := do(t.Context(), s, op); err == nil {
			t.Errorf("%s is a success, and the store was never asked", op)
		}
	}
	if len(got) > 0 {
		t.Errorf("another host was asked for %q", got)
	}
}

package s3store_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
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
		w.Header().Set("ETag", `"e"`)
	}))
	defer inner.Close()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", inner.URL+"/admin/shutdown")
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	for _, op := range []string{"get", "head", "put", "delete"} {
		err := do(t.Context(), s, op)
		t.Logf("%s: %v", op, err)
	}
	if len(got) > 0 {
		t.Errorf("another host was asked for %q", got)
	}
}

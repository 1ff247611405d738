package s3store_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"holdfast/archive/s3store"
)

// TestNoRedirectIsFollowed: one call is one request, to the configured endpoint. What a
// server answers must not send this program's requests to other hosts of its network.
func TestNoRedirectIsFollowed(t *testing.T) {
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
	t.Setenv("AWS_SESSION_TOKEN", "secret")
	for name, s := range clients(t, outer.URL) {
		for _, op := range ops {
			if err := do(t.Context(), s, op); err == nil {
				t.Errorf("%s: %s is a success, and the store was never asked", name, op)
			}
		}
	}
	if len(got) > 0 {
		t.Errorf("another host was asked for %q", got)
	}
}

// TestAFollowedRedirectIsNoAnswer: what a client of the caller's own finds elsewhere is
// not the store's answer, whatever the method.
func TestAFollowedRedirectIsNoAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"elsewhere"`)
		if r.URL.Path != "/elsewhere" {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	}))
	defer server.Close()
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String(server.URL), Region: "us-east-1", UsePathStyle: true, HTTPClient: &follower{},
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	for _, op := range ops {
		if err := do(t.Context(), s3store.New(client, "bucket", ""), op); err == nil {
			t.Errorf("%s is a success", op)
		}
	}
}

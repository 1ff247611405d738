package breaker_test

import (
	"crypto/md5"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"holdfast/archive/s3store"
	"holdfast/archive/s3store/breaker"
)

// sound is an S3 that keeps every promise, conditional deletes included, which the embedded
// one does not.
type sound struct {
	mu      sync.Mutex
	objects map[string][]byte
}

func (s *sound) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // it was cut
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	stored, there := s.objects[r.URL.Path]
	match, none := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
	switch {
	case !there && (match != "" || r.Method == http.MethodGet || r.Method == http.MethodHead):
		refuse(w, http.StatusNotFound, "NoSuchKey")
	case match != "" && match != etag(stored) || none != "" && there:
		refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
	case r.Method == http.MethodPut:
		s.objects[r.URL.Path] = body
		w.Header().Set("ETag", etag(body))
	case r.Method == http.MethodDelete:
		delete(s.objects, r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("ETag", etag(stored))
		w.Header().Set("Content-Length", fmt.Sprint(len(stored)))
		_, _ = w.Write(stored)
	}
}

func etag(body []byte) string { return fmt.Sprintf(`"%x"`, md5.Sum(body)) }

func refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>No.</Message></Error>`, code)
}

const bucket = "holdfast" // as the embedded server calls its own

// before returns a store on a sound server, through a proxy with the fault.
func before(t *testing.T, c breaker.Config) (*s3store.Store, *breaker.Proxy) {
	t.Helper()
	upstream := httptest.NewServer(&sound{objects: map[string][]byte{}})
	t.Cleanup(upstream.Close)
	c.Upstream = upstream.URL
	return through(t, c)
}

func through(t *testing.T, c breaker.Config) (*s3store.Store, *breaker.Proxy) {
	t.Helper()
	return as(t, credentials.NewStaticCredentialsProvider("holdfast", "holdfast", ""), c)
}

func as(t *testing.T, who aws.CredentialsProvider, c breaker.Config) (*s3store.Store, *breaker.Proxy) {
	t.Helper()
	own := &http.Transport{MaxIdleConnsPerHost: s3store.IdleConnsPerHost}
	c.Transport = own
	proxy, err := breaker.New(c)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(func() { server.Close(); own.CloseIdleConnections() })
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String(server.URL), Region: "us-east-1", UsePathStyle: true,
		Credentials: who,
		HTTPClient:  &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: s3store.IdleConnsPerHost}},
	})
	return s3store.New(client, bucket, ""), proxy
}

package s3store_test

import (
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/archive/s3store"
)

// TestLikelyCause is a table of servers that can't be used: the message names what is
// probably wrong, and how to mend it.
func TestLikelyCause(t *testing.T) {
	missing := s3Error(http.StatusNotFound, "NoSuchKey", "It does not exist.")
	plain := httptest.NewServer(missing)
	secure := httptest.NewUnstartedServer(missing)
	secure.Config.ErrorLog = discarded()
	secure.StartTLS()
	cutting := httptest.NewServer(hijack("", false))
	alerting := httptest.NewServer(hijack("\x15\x03\x01\x00\x02\x02\x16", false)) // a TLS alert
	for _, s := range []*httptest.Server{plain, secure, cutting, alerting} {
		defer s.Close()
	}
	moved := func(status int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(header[0], header[1])
			w.WriteHeader(status)
		}
	}
	noHost := roundTripper(func(r *http.Request) (*http.Response, error) {
		host := r.URL.Hostname()
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
	})
	noProxy := roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "proxyconnect", Net: "tcp", Err: errors.New("connection refused")}
	})
	wantsUser := roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("Proxy Authentication Required") })
	for _, tt := range []struct {
		name   string
		config s3store.Config
		says   string
	}{
		{"HTTP to a TLS port", s3store.Config{Endpoint: "http://" + secure.Listener.Addr().String()}, "If it speaks TLS, give it as https://"},
		{"HTTP to a TLS port that closes", s3store.Config{Endpoint: cutting.URL}, "If it speaks TLS, give it as https://"},
		{"HTTP to a TLS port that alerts", s3store.Config{Endpoint: alerting.URL}, "If it speaks TLS, give it as https://"},
		{"TLS to an HTTP port", s3store.Config{Endpoint: "https://" + plain.Listener.Addr().String()}, "give the endpoint as http://"},
		{"an authority of one's own", s3store.Config{Endpoint: secure.URL}, "set AWS_CA_BUNDLE to a PEM file"},
		{"no such host", s3store.Config{Endpoint: "http://s3.invalid", PathStyle: s3store.PathStyleOn, Transport: noHost},
			"no host has this name: correct the endpoint"},
		{"no such host, with the bucket before it", s3store.Config{Endpoint: "http://s3.invalid", PathStyle: s3store.PathStyleOff, Transport: noHost},
			"set the path style to on"},
		{"no such host of AWS", s3store.Config{Transport: noHost}, "correct AWS_REGION"},
		{"no proxy", s3store.Config{Endpoint: plain.URL, Transport: noProxy}, "correct HTTPS_PROXY or HTTP_PROXY"},
		{"a proxy that asks who", s3store.Config{Endpoint: plain.URL, Transport: wantsUser}, "wants a user and a password"},
		{"no bucket, and a path", s3store.Config{Endpoint: served(t, s3Error(404, "NoSuchBucket", "No.")) + "/console"},
			"correct its name or the path /console of the endpoint"},
		{"307", s3store.Config{Endpoint: served(t, moved(307, "Location", "https://elsewhere.example:9000/b/k?X-Amz-Signature=sekret"))},
			"it points to https://elsewhere.example:9000, and no redirect is followed"},
		{"307 to a region", s3store.Config{Endpoint: served(t, moved(307, "x-amz-bucket-region", "eu-west-1"))}, "set AWS_REGION=eu-west-1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.config.RequestTimeout = 5 * time.Second
			s := openIn(t, "us-east-1", tt.config)
			err := s.Check(t.Context())
			wantCheck(t, err, tt.says)
			if strings.Contains(err.Error(), "sekret") {
				t.Errorf("it repeats a signature: %v", err)
			}
		})
	}
}

func discarded() *log.Logger { return log.New(io.Discard, "", 0) }

func served(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func openIn(t *testing.T, region string, c s3store.Config) *s3store.Store {
	t.Helper()
	cleanEnv(t)
	t.Setenv("AWS_REGION", region)
	c.Bucket = "bucket"
	s, err := s3store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestOwnAuthority: AWS_CA_BUNDLE holds, also for requests that pass through something.
func TestOwnAuthority(t *testing.T) {
	server := httptest.NewTLSServer(s3Error(http.StatusNotFound, "NoSuchKey", "It does not exist."))
	defer server.Close()
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	passed := 0
	through := func(base http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			passed++
			return base.RoundTrip(r)
		})
	}
	for name, c := range map[string]s3store.Config{"by itself": {}, "through": {Through: through}} {
		cleanEnv(t)
		t.Setenv("AWS_CA_BUNDLE", bundle)
		c.Bucket, c.Endpoint = "bucket", server.URL
		s, err := s3store.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Check(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if passed != 1 {
		t.Errorf("%d requests have passed through, want 1", passed)
	}
}

package s3store_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"holdfast/archive"
	"holdfast/archive/s3store"
)

func TestParseURL(t *testing.T) {
	for url, want := range map[string][2]string{
		"s3://b":          {"b", ""},
		"s3://b/":         {"b", ""},
		"s3://b/p":        {"b", "p"},
		"s3://b/p/q/":     {"b", "p/q"},
		"s3://b.c-d/p%20": {"b.c-d", "p%20"},
	} {
		bucket, prefix, err := s3store.ParseURL(url)
		if err != nil || bucket != want[0] || prefix != want[1] {
			t.Errorf("ParseURL(%q) = %q, %q, %v", url, bucket, prefix, err)
		}
	}
	for _, url := range []string{"", "fake", "b/p", "http://b", "S3://b", "s3:/b", "s3://", "s3:///p", "s3://b c/p",
		"s3://b?x", "s3://key:secret@b", "s3://b/p//q"} {
		_, _, err := s3store.ParseURL(url)
		if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "s3://bucket") {
			t.Errorf("ParseURL(%q): error is %v", url, err)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []s3store.Config{
		{},
		{Bucket: "a/b"},
		{Bucket: "b", Prefix: "a//b"},
		{Bucket: "b", Endpoint: "127.0.0.1:9000"},
		{Bucket: "b", Endpoint: "ftp://127.0.0.1"},
		{Bucket: "b", PathStyle: 7},
		{Bucket: "b", RequestTimeout: -time.Second},
	} {
		if err := c.Validate(); err == nil {
			t.Errorf("%+v is valid", c)
		}
		if _, err := s3store.Open(t.Context(), c); err == nil {
			t.Errorf("%+v was opened", c)
		}
	}
}

func TestPathStyle(t *testing.T) {
	for _, text := range []string{"auto", "on", "off"} {
		var p s3store.PathStyle
		if err := p.UnmarshalText([]byte(text)); err != nil || p.String() != text {
			t.Errorf("%s: got %v, %v", text, p, err)
		}
	}
	if _, err := s3store.ParsePathStyle("yes"); err == nil {
		t.Error("yes was accepted")
	}
	const custom = "http://127.0.0.1:9"
	for _, test := range []struct {
		endpoint, ambient string
		style             s3store.PathStyle
		want              bool
	}{
		{custom, "", s3store.PathStyleAuto, true},
		{custom, "", s3store.PathStyleOff, false},
		{"", custom, s3store.PathStyleAuto, true},
		{"", "", s3store.PathStyleAuto, false},
		{"", "", s3store.PathStyleOn, true},
	} {
		cleanEnv(t)
		t.Setenv("AWS_REGION", "eu-central-1")
		t.Setenv("AWS_ENDPOINT_URL", test.ambient)
		s, err := s3store.Open(t.Context(), s3store.Config{Bucket: "b", Endpoint: test.endpoint, PathStyle: test.style})
		if err != nil {
			t.Fatal(err)
		}
		got := s.Settings()
		if got.PathStyle != test.want || got.Endpoint != test.endpoint+test.ambient || got.Region != "eu-central-1" {
			t.Errorf("%+v: got %+v", test, got)
		}
	}
}

func TestOpenWithoutRegion(t *testing.T) {
	cleanEnv(t)
	_, err := s3store.Open(t.Context(), s3store.Config{Bucket: "b"})
	if err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("got %v", err)
	}
}

func TestOpenWithUnknownProfile(t *testing.T) {
	cleanEnv(t)
	t.Setenv("AWS_PROFILE", "nonsense")
	_, err := s3store.Open(t.Context(), s3store.Config{Bucket: "b"})
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("got %v", err)
	}
}

func TestSettings(t *testing.T) {
	s := open(t, s3store.Config{Endpoint: "http://127.0.0.1:9"})
	got := s.Settings()
	if got.SDKVersion != aws.SDKVersion || !strings.HasPrefix(got.S3Version, "1.") || got.RequestTimeoutMS != 10_000 || got.Checksums != "when_required" {
		t.Errorf("got %+v", got)
	}
	text, err := json.Marshal(got)
	t.Logf("%s %v", text, err)
}

// TestOneAttempt: whatever asks for retries, each call sends one request.
func TestOneAttempt(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(shared, []byte("[default]\nretry_mode = adaptive\nmax_attempts = 4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var requests atomic.Int32
	count := func(h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { requests.Add(1); h(w, r) }
	}
	for name, env := range map[string]map[string]string{
		"plain":       {},
		"environment": {"AWS_MAX_ATTEMPTS": "5", "AWS_RETRY_MODE": "standard"},
		"adaptive":    {"AWS_MAX_ATTEMPTS": "5", "AWS_RETRY_MODE": "adaptive"},
		"shared file": {"AWS_CONFIG_FILE": shared},
	} {
		for fault, h := range map[string]http.HandlerFunc{
			"500": s3Error(500, "InternalError", "x"), "SlowDown": s3Error(503, "SlowDown", "x"), "reset": hijack("", true),
		} {
			t.Run(name+"/"+fault, func(t *testing.T) {
				s := serve(t, count(h))
				endpoint := s.Settings().Endpoint
				for k, v := range env {
					t.Setenv(k, v)
				}
				s, err := s3store.Open(t.Context(), s3store.Config{Bucket: "b", Endpoint: endpoint})
				if err != nil {
					t.Fatal(err)
				}
				for _, op := range ops {
					requests.Store(0)
					if do(t.Context(), s, op) == nil {
						t.Errorf("%s: no error", op)
					}
					if n := requests.Load(); n != 1 {
						t.Errorf("%s sent %d requests", op, n)
					}
				}
				if got := s.Settings(); got.MaxAttempts != 1 || got.Retryer != "aws.NopRetryer" {
					t.Errorf("settings: %+v", got)
				}
			})
		}
	}
}

// TestOneAttemptOfForeignClient: New takes the retries away from a client.
func TestOneAttemptOfForeignClient(t *testing.T) {
	var requests atomic.Int32
	fail := s3Error(500, "InternalError", "x")
	endpoint := serve(t, func(w http.ResponseWriter, r *http.Request) { requests.Add(1); fail(w, r) }).Settings().Endpoint
	client := s3.New(s3.Options{
		BaseEndpoint: &endpoint, UsePathStyle: true, Region: "us-east-1", RetryMaxAttempts: 3,
		Retryer:     retry.NewStandard(func(o *retry.StandardOptions) { o.Backoff = retry.BackoffDelayerFunc(noDelay) }),
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	err := do(t.Context(), s3store.New(client, "b", "p"), "put")
	if !errors.Is(err, archive.ErrOutcomeUnknown) || requests.Load() != 1 {
		t.Errorf("got %v after %d requests", err, requests.Load())
	}
	if _, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("b"), Key: aws.String("k")}); err == nil {
		t.Error("no error")
	}
	if requests.Load() != 1+3 {
		t.Errorf("the caller's own client made %d requests, want its 3", requests.Load()-1)
	}
}

func noDelay(int, error) (time.Duration, error) { return 0, nil }

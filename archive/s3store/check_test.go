package s3store_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
)

func TestCheck(t *testing.T) {
	server := start(t)
	if err := server.Store().WithPrefix("p").Check(t.Context()); err != nil {
		t.Error(err)
	}
	gone := listen(t)
	refused := "http://" + gone.Addr().String()
	gone.Close()
	h, _ := silent()
	for _, test := range []struct {
		name  string
		store *s3store.Store
		want  string // in the error
	}{
		{"no bucket", s3store.New(server.Client(), "no-such-bucket", ""), "create it"},
		{"refused", open(t, s3store.Config{Endpoint: refused}), "is the server running"},
		{"silent", open(t, s3store.Config{Endpoint: serve(t, h).Settings().Endpoint, RequestTimeout: 50 * time.Millisecond}), "no answer within 50ms"},
		{"denied", serve(t, s3Error(403, "AccessDenied", "Access Denied")), "s3:ListBucket"},
		{"bad key", serve(t, s3Error(403, "InvalidAccessKeyId", "It does not exist.")), "correct the AWS credentials"},
		{"bad secret", serve(t, s3Error(403, "SignatureDoesNotMatch", "It does not match.")), "correct the AWS credentials"},
		{"other region", serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("x-amz-bucket-region", "eu-west-1")
			s3Error(301, "PermanentRedirect", "Elsewhere.")(w, r)
		}), "AWS_REGION=eu-west-1"},
		{"web server, 404", serve(t, bare(404, "<html>")), "is this an S3 endpoint?"},
		{"web server, 200", serve(t, bare(200, "<html>")), "is this an S3 endpoint?"},
		{"web server, 403", serve(t, bare(403, "<html>")), "s3:ListBucket"},
		{"throttled", serve(t, s3Error(503, "SlowDown", "Slow down.")), "503 SlowDown"},
	} {
		t.Run(test.name, func(t *testing.T) {
			wantCheck(t, test.store.Check(t.Context()), "check s3://"+test.store.Bucket(), test.want)
		})
	}
}

func wantCheck(t *testing.T, err error, wants ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	t.Log(err)
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not contain %q", err, want)
		}
	}
	for _, noise := range []string{"\n", "operation error", "RequestID"} {
		if strings.Contains(err.Error(), noise) {
			t.Errorf("%q contains %q", err, noise)
		}
	}
}

func TestCheckCause(t *testing.T) {
	gone := listen(t)
	endpoint := "http://" + gone.Addr().String()
	gone.Close()
	s := open(t, s3store.Config{Endpoint: endpoint})
	if err := s.Check(t.Context()); !errors.Is(err, archive.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Check(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestCheckWithoutCredentials(t *testing.T) {
	cleanEnv(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	s, err := s3store.Open(t.Context(), s3store.Config{Bucket: "b", Endpoint: "http://127.0.0.1:9"})
	if err != nil {
		t.Fatal(err)
	}
	wantCheck(t, s.Check(t.Context()), "no AWS credentials were found: ", "AWS_ACCESS_KEY_ID")
}

// TestCheckWaitsForCredentials no longer than for any answer.
func TestCheckWaitsForCredentials(t *testing.T) {
	mute := listen(t) // accepts, as its kernel does, and never answers
	endpoint := "http://" + mute.Addr().String()
	cleanEnv(t)
	t.Setenv("AWS_MAX_ATTEMPTS", "1") // the SDK goes on asking when nobody waits any more
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", endpoint)
	s, err := s3store.Open(t.Context(), s3store.Config{Bucket: "b", Endpoint: "http://127.0.0.1:9", RequestTimeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	wantCheck(t, s.Check(t.Context()), "no AWS credentials within 100ms: ")
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

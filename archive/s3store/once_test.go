package s3store_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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

// clients are stores on the endpoint, made in every way that there is, each with all
// retries switched on that its maker could have switched on.
func clients(t *testing.T, endpoint string) map[string]*s3store.Store {
	t.Helper()
	impatient := s3.Options{
		BaseEndpoint: aws.String(endpoint), Region: "us-east-1", UsePathStyle: true,
		Credentials:      credentials.NewStaticCredentialsProvider("test", "test", ""),
		RetryMaxAttempts: 4, RetryMode: aws.RetryModeStandard,
	}
	own := impatient
	own.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 4
		o.MaxBackoff = time.Millisecond
	})
	plain := own
	plain.HTTPClient = &http.Client{}
	all := map[string]*s3store.Store{
		"a client":                  s3store.New(s3.New(impatient), "bucket", ""),
		"a client with a retryer":   s3store.New(s3.New(own), "bucket", ""),
		"a client on a plain one":   s3store.New(s3.New(plain), "bucket", ""),
		"opened":                    open(t, s3store.Config{Endpoint: endpoint}),
		"opened with a transport":   open(t, s3store.Config{Endpoint: endpoint, Transport: http.DefaultTransport.(*http.Transport).Clone()}),
		"opened below a prefix":     open(t, s3store.Config{Endpoint: endpoint}).WithPrefix("a"),
		"opened with a lower limit": open(t, s3store.Config{Endpoint: endpoint}).WithRequestTimeout(3 * time.Second),
	}
	t.Setenv("AWS_MAX_ATTEMPTS", "4")
	t.Setenv("AWS_RETRY_MODE", "standard")
	ambient, err := s3store.Open(t.Context(), s3store.Config{Bucket: "bucket", Endpoint: endpoint})
	if err != nil {
		t.Fatal(err)
	}
	all["opened in an environment with retries"] = ambient
	return all
}

// TestOneCallIsOneRequest: whatever is answered, and however the store was made. A
// second request would succeed, and so come out as another answer too.
func TestOneCallIsOneRequest(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"reset": hijack("", true), "closed": hijack("", false), "redirect 307": redirect(307), "redirect 308": redirect(308),
	}
	for _, status := range []int{200, 301, 302, 400, 403, 404, 408, 409, 412, 429, 500, 501, 502, 503, 504} {
		answers[fmt.Sprint("bare ", status)] = bare(status, "")
		answers[fmt.Sprint("redirect ", status)] = redirect(status)
	}
	for _, code := range []string{
		"SlowDown", "InternalError", "RequestTimeout", "RequestTimeTooSkewed", "ThrottlingException", "OperationAborted",
		"ExpiredToken", "RequestExpired", "PriorRequestNotComplete",
	} {
		answers[code] = s3Error(503, code, "x")
		answers[code+" in a 200"] = s3Error(200, code, "x")
	}
	var requests atomic.Int32
	var first atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == 1 {
			first.Load().(http.HandlerFunc)(w, r)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("ETag", `"second"`)
	}))
	defer server.Close()
	for name, s := range clients(t, server.URL) {
		for answer, h := range answers {
			for _, op := range ops {
				if (answer == "reset" || answer == "closed") && (op == "get" || op == "head") {
					continue // net/http repeats a read whose connection had been used before
				}
				first.Store(h)
				requests.Store(0)
				err := do(t.Context(), s, op)
				wantOne(t, fmt.Sprintf("%s, %s, %s", name, answer, op), &requests)
				if err == nil && !(op == "delete" && (answer == "bare 200" || answer == "redirect 200")) {
					t.Errorf("%s, %s: the %s succeeded", name, answer, op)
				}
			}
		}
	}
}

// follower is an HTTP client that follows redirects behind our back.
type follower struct{ http.Client }

// TestARedirectedWriteIsNoSuccess: net/http follows a 301 to a PUT with a GET, whose
// good answer says nothing about the write.
func TestARedirectedWriteIsNoSuccess(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"old"`)
		if r.Method != http.MethodGet {
			redirect(301)(w, r)
		}
	}))
	defer server.Close()
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String(server.URL), Region: "us-east-1", UsePathStyle: true, HTTPClient: &follower{},
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	s := s3store.New(client, "bucket", "")
	wantKind(t, "put", do(context.Background(), s, "put"), archive.ErrOutcomeUnknown)
	wantKind(t, "delete", do(context.Background(), s, "delete"), archive.ErrOutcomeUnknown)
}

// TestSkewedClock: the call after a refusal for the clock is signed with the server's
// time, so that the caller's next attempt succeeds (case "clock skew").
func TestSkewedClock(t *testing.T) {
	ahead := 20 * time.Minute
	s, requests := serveCounted(t, func(w http.ResponseWriter, r *http.Request) {
		now := time.Now().Add(ahead)
		w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if err != nil || now.Sub(signed).Abs() > 15*time.Minute {
			s3Error(403, "RequestTimeTooSkewed", "The difference is too large.")(w, r)
			return
		}
		w.Header().Set("ETag", `"e"`)
	})
	wantKind(t, "put", do(t.Context(), s, "put"), archive.ErrUnavailable)
	wantOne(t, "put", requests)
	for _, op := range ops {
		if err := do(t.Context(), s, op); err != nil {
			t.Errorf("%s: %v", op, err)
		}
		wantOne(t, op, requests)
	}
}

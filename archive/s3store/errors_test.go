package s3store_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"holdfast/archive"
	"holdfast/archive/s3store"
)

var sentinels = []error{
	archive.ErrNotFound, archive.ErrPreconditionFailed, archive.ErrConflict,
	archive.ErrThrottled, archive.ErrUnavailable, archive.ErrOutcomeUnknown,
}

var ops = []string{"get", "head", "put", "delete"}

// do makes one call; the writes are conditional.
func do(ctx context.Context, s archive.Store, op string) error {
	var err error
	switch op {
	case "get":
		_, _, err = s.Get(ctx, "k")
	case "head":
		_, err = s.Head(ctx, "k")
	case "put":
		_, err = s.Put(ctx, "k", []byte("body"), archive.IfMatch(`"e"`))
	case "delete":
		err = s.Delete(ctx, "k", archive.IfMatch(`"e"`))
	}
	return err
}

// wantKind checks that err is exactly one sentinel (nil: none), in one short line.
func wantKind(t *testing.T, op string, err, want error) {
	t.Helper()
	if err == nil {
		t.Fatalf("%s: no error, want %v", op, want)
	}
	for _, s := range sentinels {
		if errors.Is(err, s) != (s == want) {
			t.Errorf("%s: errors.Is(%q, %q) = %v", op, err, s, errors.Is(err, s))
		}
	}
	text := err.Error()
	for _, noise := range []string{"\n", "operation error", "https response error", "RequestID"} {
		if strings.Contains(text, noise) {
			t.Errorf("%s: %q contains %q", op, text, noise)
		}
	}
	if !strings.HasPrefix(text, op+" k: ") || len(text) > 400 {
		t.Errorf("%s: %q does not say in short what was being done", op, text)
	}
}

func TestAnswers(t *testing.T) {
	const page = "<html><body><h1>Oops</h1></body></html>"
	unclear := map[string]error{
		"get": archive.ErrUnavailable, "head": archive.ErrUnavailable,
		"put": archive.ErrOutcomeUnknown, "delete": archive.ErrOutcomeUnknown,
	}
	each := func(kind error) map[string]error {
		return map[string]error{"get": kind, "head": kind, "put": kind, "delete": kind}
	}
	// Without a code, as the answer to a HEAD always is.
	withHead := func(kind, head error) map[string]error {
		m := each(kind)
		m["head"] = head
		return m
	}
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		want   map[string]error
		text   string // of the put
	}{
		{"NoSuchKey", s3Error(404, "NoSuchKey", "x"), each(archive.ErrNotFound),
			"put k: 404 NoSuchKey: object not found"},
		{"NoSuchBucket", s3Error(404, "NoSuchBucket", "The bucket does not exist"), withHead(nil, archive.ErrNotFound),
			"put k: 404 NoSuchBucket: The bucket does not exist"},
		{"404 of a web server", bare(404, page), withHead(nil, archive.ErrNotFound),
			"put k: 404 without an S3 error code"},
		{"PreconditionFailed", s3Error(412, "PreconditionFailed", "x"), each(archive.ErrPreconditionFailed),
			"put k: 412 PreconditionFailed: precondition failed"},
		{"bare 412", bare(412, ""), each(archive.ErrPreconditionFailed),
			"put k: 412 without an S3 error code: precondition failed"},
		{"ConditionalRequestConflict", s3Error(409, "ConditionalRequestConflict", "x"), each(archive.ErrConflict),
			"put k: 409 ConditionalRequestConflict: conditional request conflict"},
		{"OperationAborted", s3Error(409, "OperationAborted", "x"), each(archive.ErrConflict), ""},
		{"InvalidBucketState", s3Error(409, "InvalidBucketState", "no"), withHead(nil, archive.ErrConflict),
			"put k: 409 InvalidBucketState: no"},
		{"bare 409", bare(409, ""), each(archive.ErrConflict), ""},
		{"409 of a proxy", bare(409, page), each(archive.ErrConflict), ""},
		{"409 without a code", bare(409, "<Error><Message>no</Message></Error>"), each(archive.ErrConflict), ""},
		{"409 that is cut", bare(409, "<Error><Code>Condi"), each(archive.ErrConflict), ""},
		{"SlowDown", s3Error(503, "SlowDown", "x"), withHead(archive.ErrThrottled, archive.ErrUnavailable),
			"put k: 503 SlowDown: throttled"},
		{"ServiceUnavailable", s3Error(503, "ServiceUnavailable", "Please reduce your request rate."),
			withHead(archive.ErrThrottled, archive.ErrUnavailable), ""},
		{"ServiceUnavailable without a message", s3Error(503, "ServiceUnavailable", ""),
			withHead(archive.ErrThrottled, archive.ErrUnavailable), ""},
		{"ThrottlingException", s3Error(400, "ThrottlingException", "x"), withHead(archive.ErrThrottled, nil), ""},
		{"429", bare(429, page), each(archive.ErrThrottled), ""},
		{"TooManyRequests", s3Error(429, "TooManyRequests", "x"), each(archive.ErrThrottled), ""},
		{"503 of a proxy", bare(503, page), unclear,
			"put k: 503 without an S3 error code: outcome unknown"},
		{"bare 503", bare(503, ""), unclear, ""},
		{"503 with a code that S3 does not know", s3Error(503, "SlowDownWrite", "x"), unclear, ""},
		{"InternalError", s3Error(500, "InternalError", "x"), unclear, "put k: 500 InternalError: outcome unknown"},
		{"bare 500", bare(500, ""), unclear, ""},
		{"502", bare(502, page), unclear, ""},
		{"504", bare(504, page), unclear, ""},
		{"520", bare(520, page), unclear, ""},
		{"RequestTimeout", s3Error(400, "RequestTimeout", "x"), map[string]error{
			"get": archive.ErrUnavailable, "head": nil, "put": archive.ErrOutcomeUnknown, "delete": archive.ErrOutcomeUnknown,
		}, "put k: 400 RequestTimeout: outcome unknown"},
		{"RequestTimeTooSkewed", s3Error(403, "RequestTimeTooSkewed", "x"), withHead(archive.ErrUnavailable, nil),
			"put k: 403 RequestTimeTooSkewed: store unavailable"},
		{"bare 408", bare(408, ""), unclear, ""},
		{"bare 403", bare(403, page), each(nil), "put k: 403 without an S3 error code"},
		{"bare 501", bare(501, ""), each(nil), ""},
		{"AccessDenied", s3Error(403, "AccessDenied", "Access\n Denied"), each(nil), "put k: 403 AccessDenied: Access Denied (needs s3:PutObject)"},
		{"NotImplemented", s3Error(501, "NotImplemented", "x"), each(nil), ""},
		{"PermanentRedirect", s3Error(301, "PermanentRedirect", "elsewhere"), each(nil), "put k: 301 PermanentRedirect: elsewhere"},
		{"redirect of a proxy", redirect(301), each(nil), "put k: 301 without an S3 error code"},
		{"see other", redirect(303), each(nil), ""},
		{"307", redirect(307), each(nil), "put k: 307 without an S3 error code"},
		{"308", redirect(308), each(nil), "put k: 308 without an S3 error code"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, requests := serveCounted(t, test.answer)
			for _, op := range ops {
				err := do(t.Context(), s, op)
				wantKind(t, op, err, test.want[op])
				wantOne(t, op, requests)
				if op == "put" && test.text != "" && err.Error() != test.text {
					t.Errorf("put: got %q, want %q", err, test.text)
				}
			}
		})
	}
}

// redirect sends the client to the same place, where it would be sent on for ever.
func redirect(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", r.URL.Path)
		w.WriteHeader(status)
	}
}

// S3 may begin an answer with 200 and find out that it was wrong.
func TestErrorInside200(t *testing.T) {
	withETag := func(h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"e"`)
			h(w, r)
		}
	}
	for code, want := range map[string]error{
		"PreconditionFailed":         archive.ErrPreconditionFailed,
		"ConditionalRequestConflict": archive.ErrConflict,
		"OperationAborted":           archive.ErrConflict,
		"NoSuchKey":                  archive.ErrNotFound,
		"NoSuchBucket":               nil,
		"SlowDown":                   archive.ErrThrottled,
		"ServiceUnavailable":         archive.ErrThrottled,
		"RequestTimeTooSkewed":       archive.ErrUnavailable,
		"InternalError":              archive.ErrOutcomeUnknown,
		"SomethingNew":               archive.ErrOutcomeUnknown,
	} {
		for _, h := range []http.HandlerFunc{s3Error(200, code, "x"), withETag(s3Error(200, code, "x"))} {
			s, requests := serveCounted(t, h)
			for _, op := range []string{"put", "delete"} {
				wantKind(t, op, do(t.Context(), s, op), want)
				wantOne(t, op, requests)
			}
		}
		// What is read is the body, so without an ETag nothing is.
		s, requests := serveCounted(t, s3Error(200, code, "x"))
		for _, op := range []string{"get", "head"} {
			wantKind(t, op, do(t.Context(), s, op), archive.ErrUnavailable)
			wantOne(t, op, requests)
		}
	}
	for _, body := range []string{"not XML", "<Error>", "<html><body>OK</body></html>"} {
		s := serve(t, bare(200, body))
		wantKind(t, "put", do(t.Context(), s, "put"), archive.ErrOutcomeUnknown)
	}
}

// A success without an ETag, or with an empty one, names no version.
func TestNoETag(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"none":  bare(200, ""),
		"empty": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("ETag", "") },
	} {
		s, requests := serveCounted(t, h)
		for op, want := range map[string]error{
			"get": archive.ErrUnavailable, "head": archive.ErrUnavailable, "put": archive.ErrOutcomeUnknown,
		} {
			err := do(t.Context(), s, op)
			wantKind(t, op, err, want)
			wantOne(t, op, requests)
			if text := op + " k: 200 without an ETag: " + want.Error(); err.Error() != text {
				t.Errorf("%s: got %q, want %q", name, err, text)
			}
		}
	}
}

func TestDeleteAnswered200(t *testing.T) {
	s := serve(t, bare(200, ""))
	if err := do(t.Context(), s, "delete"); err != nil {
		t.Error(err)
	}
}

func TestUnderlyingErrorIsReachable(t *testing.T) {
	err := do(t.Context(), serve(t, s3Error(412, "PreconditionFailed", "the message")), "put")
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "PreconditionFailed" || api.ErrorMessage() != "the message" {
		t.Errorf("errors.As(%v, smithy.APIError) found %v", err, api)
	}
	var request interface{ ServiceRequestID() string }
	if !errors.As(err, &request) {
		t.Errorf("the SDK's response error is not reachable from %v", err)
	}
	err = do(t.Context(), serve(t, hijack("", false)), "put")
	if !errors.Is(err, io.EOF) {
		t.Errorf("io.EOF is not reachable from %v", err)
	}
}

// Delete has no If-None-Match.
func TestDeleteIfAbsent(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	err := s.Delete(t.Context(), "k", archive.IfAbsent())
	if !errors.Is(err, archive.ErrInvalid) {
		t.Errorf("got %v, want %v", err, archive.ErrInvalid)
	}
}

func TestNoCredentials(t *testing.T) {
	s := open(t, s3store.Config{Endpoint: "http://127.0.0.1:9"})
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	s, err := s3store.Open(t.Context(), s3store.Config{Bucket: s.Bucket(), Endpoint: "http://127.0.0.1:9"})
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range ops {
		err := do(t.Context(), s, op)
		wantKind(t, op, err, nil)
		if !strings.Contains(err.Error(), "credentials") {
			t.Errorf("%q does not mention credentials", err)
		}
	}
}

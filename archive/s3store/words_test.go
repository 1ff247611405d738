package s3store_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"holdfast/archive"
	"holdfast/archive/s3store"
)

// TestLongTexts: what a server says at length is shortened to what fits on a line, and
// stays text.
func TestLongTexts(t *testing.T) {
	for _, tt := range []struct{ says, want string }{
		{strings.Repeat("a", 300), strings.Repeat("a", 300)},
		{strings.Repeat("a", 301), strings.Repeat("a", 300) + "…"},
		{"a" + strings.Repeat("é", 200), "a" + strings.Repeat("é", 149) + "…"}, // the 300th byte begins an é
		{"two\n\n  lines\t", "two lines"},
	} {
		err := do(t.Context(), serve(t, s3Error(403, "AccessDenied", tt.says)), "put")
		if got, want := err.Error(), "put k: 403 AccessDenied: "+tt.want+" (needs s3:PutObject)"; got != want || !utf8.ValidString(got) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// client is an HTTP client that does not come from net/http.
type client func(*http.Request) (*http.Response, error)

func (c client) Do(r *http.Request) (*http.Response, error) { return c(r) }

// TestFailuresInAWord: of what the SDK says only what happened is left.
func TestFailuresInAWord(t *testing.T) {
	gone := listen(t)
	address := gone.Addr().String()
	gone.Close()
	broken := errors.New("something broke")
	o := s3.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + address), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
	with := func(change func(*s3.Options)) *s3store.Store {
		return s3store.New(s3.New(o, change), "bucket", "")
	}
	for name, tt := range map[string]struct {
		store *s3store.Store
		want  string
		kind  error
	}{
		"refused": {with(func(*s3.Options) {}), "put k: dial tcp " + address + ": connect: connection refused: store unavailable", archive.ErrUnavailable},
		"a broken transport": {with(func(o *s3.Options) {
			o.HTTPClient = &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, broken })}
		}), "put k: something broke: outcome unknown", archive.ErrOutcomeUnknown},
		"a broken client": {with(func(o *s3.Options) {
			o.HTTPClient = client(func(*http.Request) (*http.Response, error) { return nil, broken })
		}), "put k: something broke: outcome unknown", archive.ErrOutcomeUnknown},
		"broken credentials": {with(func(o *s3.Options) {
			o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, broken })
		}), "put k: get identity: get credentials: something broke", nil},
	} {
		err := do(t.Context(), tt.store, "put")
		wantKind(t, "put", err, tt.kind)
		if err.Error() != tt.want {
			t.Errorf("%s: got %q, want %q", name, err, tt.want)
		}
	}
}

// TestCheckSaysWhatToDo pins the words: somebody reads them who has a wrong setting, and
// nothing else to go by.
func TestCheckSaysWhatToDo(t *testing.T) {
	inRegion := func(h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("x-amz-bucket-region", "eu-west-1")
			h(w, r)
		}
	}
	const rights = ": the credentials need s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket (without the last, S3 answers 403 for a missing key)"
	const region = ": the bucket is in another region: set AWS_REGION"
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		want   string
	}{
		{"400 without a code", bare(400, "<html>"), "400 without an S3 error code: is this an S3 endpoint? If it speaks TLS, give it as https://"},
		{"404 without a code", bare(404, ""), "404 without an S3 error code: is this an S3 endpoint?"},
		{"501 without a code", bare(501, ""), "501 without an S3 error code: is this an S3 endpoint?"},
		{"500 without a code", bare(500, ""), "500 without an S3 error code: is the server running, and is the endpoint right?"},
		{"no ETag", bare(200, "x"), "200 without an ETag: is this an S3 endpoint?"},
		{"403 AccessDenied", s3Error(403, "AccessDenied", "No."), "403 AccessDenied: No. (needs s3:GetObject, and s3:ListBucket to be told that an object is not there): " +
			"a run needs s3:PutObject and s3:DeleteObject too"},
		{"401", bare(401, ""), "401 without an S3 error code" + rights},
		{"403", bare(403, ""), "403 without an S3 error code" + rights},
		{"moved", bare(301, ""), "301 without an S3 error code" + region},
		{"moved, and it says where", inRegion(bare(301, "")), "301 without an S3 error code" + region + "=eu-west-1"},
		{"PermanentRedirect", s3Error(400, "PermanentRedirect", "Elsewhere."), "400 PermanentRedirect: Elsewhere." + region},
		{"AuthorizationHeaderMalformed", inRegion(s3Error(400, "AuthorizationHeaderMalformed", "Wrong region.")),
			"400 AuthorizationHeaderMalformed: Wrong region." + region + "=eu-west-1"},
		{"ExpiredToken", s3Error(400, "ExpiredToken", "It has expired."), "400 ExpiredToken: It has expired.: correct the AWS credentials (or this machine's clock)"},
		{"InvalidToken", s3Error(400, "InvalidToken", "No."), "400 InvalidToken: No.: correct the AWS credentials (or this machine's clock)"},
		{"something else", s3Error(400, "InvalidArgument", "No."), "400 InvalidArgument: No."},
	} {
		s := serve(t, tt.answer)
		want := "check s3://bucket at " + s.Settings().Endpoint + ": " + tt.want
		if err := s.Check(t.Context()); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", tt.name, err, want)
		}
	}
}

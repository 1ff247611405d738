package s3store

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"holdfast/archive"
	"holdfast/archive/internal/exchange"
)

// absentKey is looked up by Check. Nothing is ever stored there.
const absentKey = ".holdfast/nothing-is-stored-here"

// checkError says in one line what is wrong and what to do about it.
type checkError struct {
	what  string
	cause error
}

func (e *checkError) Error() string { return e.what }
func (e *checkError) Unwrap() error { return e.cause }

// Check asks for an object that is not there and returns nil if the store says
// so. It costs one request, or two if this machine's clock is wrong, and writes nothing,
// so it does not show whether writing is allowed. Its error is one line that says what to do; errors.Is and
// errors.As find the cause, such as [archive.ErrUnavailable].
func (s *Store) Check(ctx context.Context) error {
	o := s.client.Options()
	if o.Credentials != nil {
		if _, err := o.Credentials.Retrieve(ctx); err != nil {
			return s.checkFailed(err, "%s: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE", essence(err))
		}
	}
	// A GET, because the answer to a HEAD does not tell a missing key from a
	// missing bucket.
	_, _, err := s.Get(ctx, absentKey)
	var failed *exchange.Error
	if errors.As(err, &failed) {
		if _, code, _ := reply(failed.Cause); code == "RequestTimeTooSkewed" {
			_, _, err = s.Get(ctx, absentKey) // signed with the server's time
		}
	}
	switch {
	case errors.Is(err, archive.ErrNotFound):
		return nil
	case err == nil:
		return s.checkFailed(nil, "it has an object %s, which nobody writes: is this an S3 endpoint?", s.prefix+absentKey)
	}
	return s.explain(err)
}

func (s *Store) explain(err error) error {
	var failed *exchange.Error
	if !errors.As(err, &failed) {
		return s.checkFailed(err, "%s", exchange.OneLine(err.Error()))
	}
	status, code, _ := reply(failed.Cause)
	switch {
	case failed.Ended != nil:
		return s.checkFailed(err, "%s", failed.What)
	case code == "NoSuchBucket":
		return s.checkFailed(err, "there is no such bucket: create it, or correct its name")
	case code == "InvalidAccessKeyId", code == "SignatureDoesNotMatch", code == "ExpiredToken",
		code == "InvalidToken", code == "RequestTimeTooSkewed":
		return s.checkFailed(err, "%s: correct the AWS credentials (or this machine's clock)", failed.What)
	case status == http.StatusForbidden, status == http.StatusUnauthorized:
		return s.checkFailed(err, "%s: the credentials need s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket"+
			" (without the last, S3 answers 403 for a missing key)", failed.What)
	case code == "PermanentRedirect", code == "AuthorizationHeaderMalformed", status == http.StatusMovedPermanently:
		return s.checkFailed(err, "%s: the bucket is in another region%s", failed.What, regionHint(failed.Cause))
	case errors.Is(err, errNoETag):
		return s.checkFailed(err, "%s: is this an S3 endpoint?", failed.What)
	case errors.Is(err, archive.ErrUnavailable):
		return s.checkFailed(err, "%s: is the server running, and is the endpoint right?", failed.What)
	case code == "":
		return s.checkFailed(err, "%s: is this an S3 endpoint?", failed.What)
	}
	return s.checkFailed(err, "%s", failed.What)
}

func (s *Store) checkFailed(cause error, format string, args ...any) error {
	at := s.Settings().Endpoint
	if at == "" {
		at = "AWS"
	}
	where := fmt.Sprintf("check s3://%s at %s: ", s.bucket, at)
	return &checkError{what: where + fmt.Sprintf(format, args...), cause: cause}
}

// regionHint names the region that the server says the bucket is in.
func regionHint(err error) string {
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) && resp.Response != nil && resp.Response.Response != nil {
		if region := resp.Response.Header.Get("x-amz-bucket-region"); region != "" {
			return ": set AWS_REGION=" + region
		}
	}
	return ": set AWS_REGION"
}

package s3store

import (
	"context"
	"errors"
	"fmt"

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
	if err := s.findCredentials(ctx); err != nil {
		return err
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

// findCredentials asks whoever gives them, which may be a server that answers nothing.
func (s *Store) findCredentials(ctx context.Context) error {
	from := s.client.Options().Credentials
	if from == nil {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	_, err := from.Retrieve(bounded)
	switch {
	case err == nil:
		return nil
	case ctx.Err() == nil && bounded.Err() != nil:
		return s.checkFailed(err, "no AWS credentials within %v: is what gives them (AWS_PROFILE, AWS_CONTAINER_CREDENTIALS_FULL_URI, the instance's role) there?", s.timeout)
	}
	return s.checkFailed(err, "%s: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE", exchange.OneLine(essence(err)))
}

func (s *Store) explain(err error) error {
	var failed *exchange.Error
	if !errors.As(err, &failed) {
		return s.checkFailed(err, "%s", exchange.OneLine(err.Error()))
	}
	if failed.Ended != nil {
		return s.checkFailed(err, "%s", failed.What)
	}
	f := failure{err: err, bucket: s.bucket, endpoint: s.Settings().Endpoint}
	f.status, f.code, _ = reply(failed.Cause)
	switch cause := f.cause(); {
	case f.code == "NoSuchBucket":
		return s.checkFailed(err, "%s", cause)
	case cause != "":
		return s.checkFailed(err, "%s: %s", failed.What, cause)
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

package httpstore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"

	"holdfast/archive"
	"holdfast/archive/internal/exchange"
)

// absentKey is looked up by Check. Nothing is ever stored there.
const absentKey = "holdfast-nothing-is-stored-here"

// checkError says in one line what is wrong and what to do about it.
type checkError struct {
	what  string
	cause error
}

func (e *checkError) Error() string { return e.what }
func (e *checkError) Unwrap() error { return e.cause }

// Check asks for an object that is not there and returns nil if the store says so. It costs
// one request and writes nothing, so it shows neither whether writing is allowed nor whether
// conditions are kept. Its error is one line that says what to do; errors.Is and errors.As
// find the cause, such as [archive.ErrUnavailable].
func (s *Store) Check(ctx context.Context) error {
	_, _, err := s.Get(ctx, absentKey)
	if errors.Is(err, archive.ErrNotFound) {
		return nil
	}
	what := fmt.Sprintf("it has an object %s, which nobody writes: does it answer every request with a page?", s.prefix+absentKey)
	if err != nil {
		what = explain(err)
	}
	return &checkError{fmt.Sprintf("check %s%s: %s", s.URL(), s.prefix, what), err}
}

func explain(err error) string {
	var failed *exchange.Error
	if !errors.As(err, &failed) {
		return exchange.OneLine(err.Error())
	}
	var untrusted *tls.CertificateVerificationError
	var status *StatusError
	switch {
	case failed.Ended != nil:
		return failed.What
	case errors.As(err, &untrusted):
		return failed.What + ": name the file of the authority that signed it in SSL_CERT_FILE"
	case errors.As(err, &status) && status.Status >= http.StatusInternalServerError, !errors.As(err, &status) && errors.Is(err, archive.ErrUnavailable):
		return failed.What + ": is the server running, and is the URL right?"
	}
	return failed.What
}

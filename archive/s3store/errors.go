package s3store

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"holdfast/archive"
	"holdfast/archive/internal/exchange"
	"holdfast/archive/storefault"
)

// classify says what the failure means for the caller: by the server's error
// code first, by the HTTP status second, and by how far the request came if
// there was no answer at all.
func (r request) classify(err error) error {
	status, code, message := reply(err)
	if !r.Handed() || status == 0 && code == "" {
		return r.Unanswered(r.OneLine(essence(err)), err)
	}
	e := r.Fail("", r.answered(status, code), err)
	code = r.OneLine(code)
	e.After = hint(err)
	apart := clocksApart(err)
	switch {
	case code == "" && status == http.StatusForbidden && apart > mostApart:
		// The answer to a HEAD has no code. This is RequestTimeTooSkewed; if it is not,
		// the next one is signed with the server's time and will be told otherwise.
		e.What, e.Kind = fmt.Sprintf("%d, and the clocks are %v apart", status, apart.Round(time.Second)), archive.ErrUnavailable
	case code == "" && status < 300:
		e.What = fmt.Sprintf("%d with an answer that cannot be read: %s", status, r.OneLine(essence(err)))
	case code == "":
		e.What = fmt.Sprintf("%d without an S3 error code", status)
	case e.Kind == nil && message != "":
		e.What = fmt.Sprintf("%d %s: %s", status, code, r.OneLine(message))
	default:
		e.What = fmt.Sprintf("%d %s", status, code)
	}
	if status == http.StatusForbidden && code == "AccessDenied" {
		e.What += " (needs " + permissions[r.Op] + ")"
	}
	return e
}

// permissions are what a call needs.
var permissions = map[string]string{
	"get":    "s3:GetObject, and s3:ListBucket to be told that an object is not there",
	"head":   "s3:GetObject, and s3:ListBucket to be told that an object is not there",
	"put":    "s3:PutObject",
	"delete": "s3:DeleteObject",
	"list":   "s3:ListBucket",
}

// noETag is the failure of a request that was answered 200 without an ETag, as no
// S3 does but a web server may, or a proxy that gives up half-way. What such an answer
// to a read holds is no version that a write could be conditioned on.
func (r request) noETag() error {
	const what = "200 without an ETag"
	return r.Fail(what, r.Unclear(), storefault.Errorf(storefault.NoETag, "%s %s: %s", r.Op, r.Key, what))
}

// The SDK's stand-in for a code or message that the server did not give.
const unknownError = "UnknownError"

// reply extracts the server's answer. The code is empty if the server gave
// none; the SDK then makes one up from the status, which must not count, because
// a proxy's bare 503 promises nothing that S3's ServiceUnavailable does.
func reply(err error) (status int, code, message string) {
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) && resp.Response != nil && resp.Response.Response != nil {
		status = resp.HTTPStatusCode()
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		code, message = api.ErrorCode(), api.ErrorMessage()
	}
	text := http.StatusText(status)
	madeUp := code == strings.ReplaceAll(text, " ", "") && message == text
	if madeUp || code == unknownError || code == "NotFound" && message == "" {
		return status, "", ""
	}
	if message == unknownError {
		message = ""
	}
	return status, code, message
}

// hint is when the server wants to be asked again, as its answer says: by
// x-amz-retry-after in milliseconds, or by Retry-After.
func hint(err error) time.Duration {
	var resp *smithyhttp.ResponseError
	if !errors.As(err, &resp) || resp.Response == nil || resp.Response.Response == nil {
		return 0
	}
	h := resp.Response.Header
	if ms, err := strconv.ParseUint(h.Get("X-Amz-Retry-After"), 10, 32); err == nil {
		return time.Duration(ms) * time.Millisecond
	}
	return exchange.RetryAfter(h)
}

// mostApart is how far a request's time may be from the server's. S3 bears a quarter of
// an hour, others less.
const mostApart = 5 * time.Minute

// clocksApart is how far the time with which a request was signed was from that of its
// answer; 0 if either is not known.
func clocksApart(err error) time.Duration {
	var resp *smithyhttp.ResponseError
	if !errors.As(err, &resp) || resp.Response == nil || resp.Response.Response == nil || resp.Response.Request == nil {
		return 0
	}
	signed, err1 := time.Parse("20060102T150405Z", resp.Response.Request.Header.Get("X-Amz-Date"))
	answered, err2 := http.ParseTime(resp.Response.Header.Get("Date"))
	if err1 != nil || err2 != nil {
		return 0
	}
	return answered.Sub(signed).Abs()
}

// answered classifies an answer of the server. nil passes the error as it is.
func (r request) answered(status int, code string) error {
	if kind, known := r.byCode(code); known {
		return kind
	}
	switch {
	case status == http.StatusNotFound && code == "" && r.Op == "head":
		return archive.ErrNotFound
	case status == http.StatusPreconditionFailed:
		return archive.ErrPreconditionFailed
	case status == http.StatusConflict && code == "":
		return archive.ErrConflict
	case status == http.StatusTooManyRequests:
		return archive.ErrThrottled
	case status == http.StatusNotImplemented:
		return nil // refused before anything was done
	case status >= 500, status == http.StatusRequestTimeout, status < 300:
		// A 503 without a known code is in here: it is not S3's, and a proxy
		// may give up on a request that the server goes on to execute.
		return r.Unclear()
	}
	return nil
}

// byCode classifies the codes that S3 documents, whatever their status: S3 may
// answer an error inside a 200.
func (r request) byCode(code string) (kind error, known bool) {
	switch code {
	case "NoSuchKey":
		return archive.ErrNotFound, true
	case "NoSuchBucket":
		return nil, true // a wrong configuration, not a missing object
	case "PreconditionFailed":
		return archive.ErrPreconditionFailed, true
	case "ConditionalRequestConflict",
		// "A conflicting conditional operation is currently in progress against
		// this resource. Try again": nothing was written, and trying again after
		// a look is right. Other codes with a 409 (InvalidBucketState,
		// BucketAlreadyExists) describe a state that no retry changes.
		"OperationAborted":
		return archive.ErrConflict, true
	case "SlowDown", "ServiceUnavailable", "TooManyRequests", "TooManyRequestsException",
		"RequestLimitExceeded", "BandwidthLimitExceeded", "RequestThrottled", "RequestThrottledException":
		return archive.ErrThrottled, true
	case "InternalError", "RequestTimeout":
		return r.Unclear(), true
	case "RequestTimeTooSkewed":
		// Refused before anything was done. The SDK's client has learned the
		// server's time from the answer and signs the next request with it.
		return archive.ErrUnavailable, true
	}
	if strings.HasPrefix(code, "Throttl") { // Throttling, ThrottlingException, ThrottledException
		return archive.ErrThrottled, true
	}
	return nil, false
}

// essence is the part of an SDK error that says what happened, without the
// SDK's account of what it was doing.
func essence(err error) string {
	if noCredentials(err) {
		return "no AWS credentials were found"
	}
	var op *smithy.OperationError
	if errors.As(err, &op) {
		err = op.Err
	}
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) && resp.Err != nil {
		err = resp.Err
	}
	var send *smithyhttp.RequestSendError
	if errors.As(err, &send) {
		err = send.Err
	}
	var client *url.Error
	if errors.As(err, &client) {
		err = client.Err
	}
	return err.Error()
}

// noCredentials reports whether the SDK looked everywhere: the instance's
// metadata service is the last place, and absent on most machines.
func noCredentials(err error) bool {
	var op *smithy.OperationError
	for errors.As(err, &op) {
		if op.ServiceID == "ec2imds" {
			return true
		}
		err = op.Err
	}
	return false
}

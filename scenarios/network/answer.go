package network

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// s3Error is an error answer of S3.
type s3Error struct {
	status        int
	reason        string // in the status line
	code, message string
}

var (
	internalError = s3Error{http.StatusInternalServerError, "Internal Server Error", "InternalError",
		"We encountered an internal error. Please try again."}
	slowDown = s3Error{http.StatusServiceUnavailable, "Slow Down", "SlowDown",
		"Please reduce your request rate."}
	accessDenied               = s3Error{http.StatusForbidden, "Forbidden", "AccessDenied", "Access Denied"}
	conditionalRequestConflict = s3Error{http.StatusConflict, "Conflict", "ConditionalRequestConflict",
		"The conditional request cannot succeed due to a conflicting operation against this resource."}
)

var preconditionFailed = s3Error{http.StatusPreconditionFailed, "Precondition Failed", "PreconditionFailed",
	"At least one of the pre-conditions you specified did not hold"}

// repetition is the answer to a write that was sent a second time.
func repetition(status int) s3Error {
	switch status {
	case http.StatusConflict:
		return conditionalRequestConflict
	case http.StatusServiceUnavailable:
		return slowDown
	}
	return preconditionFailed
}

// injectedID stands where S3 names its request, so that a log shows that the
// answer was made here.
const injectedID = "INJECTED"

// refusal answers a request as S3 would. The answer to a HEAD has no body.
func refusal(req *http.Request, e s3Error) *http.Response {
	body := fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>`+"\n"+
		"<Error><Code>%s</Code><Message>%s</Message><RequestId>%s</RequestId><HostId>%[3]s</HostId></Error>",
		e.code, e.message, injectedID)
	header := http.Header{}
	header.Set("Content-Type", "application/xml")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	header.Set("X-Amz-Request-Id", injectedID)
	header.Set("X-Amz-Id-2", injectedID)
	resp := &http.Response{
		Status:     fmt.Sprintf("%d %s", e.status, e.reason),
		StatusCode: e.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        header,
		ContentLength: int64(len(body)),
		Body:          io.NopCloser(strings.NewReader(body)),
		Request:       req,
	}
	if req.Method == http.MethodHead {
		resp.Body = http.NoBody
	}
	return resp
}

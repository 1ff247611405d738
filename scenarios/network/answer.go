package network

import (
	"bytes"
	"errors"
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
	return reply(req, e.status, e.reason, "application/xml", e.xml())
}

func (e s3Error) xml() string {
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>`+"\n"+
		"<Error><Code>%s</Code><Message>%s</Message><RequestId>%s</RequestId><HostId>%[3]s</HostId></Error>",
		e.code, e.message, injectedID)
}

// reply is an answer of which nothing is the store's own.
func reply(req *http.Request, status int, reason, contentType, body string) *http.Response {
	header := http.Header{}
	if contentType != "" {
		header.Set("Content-Type", contentType)
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	header.Set("X-Amz-Request-Id", injectedID)
	header.Set("X-Amz-Id-2", injectedID)
	resp := &http.Response{
		Status:     fmt.Sprintf("%d %s", status, reason),
		StatusCode: status,
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

// give answers a request so; real is the store's own answer, nil if it was
// not asked. It reports whether it has changed anything.
func (a *answer) give(req *http.Request, real *http.Response) (*http.Response, bool, error) {
	success := real != nil && real.StatusCode < 300
	switch {
	case a.odd == made:
	case a.odd == refusing && (real.StatusCode != http.StatusPreconditionFailed || req.Method == http.MethodHead),
		a.odd != refusing && !success:
		return real, false, nil
	case a.odd == noETag:
		real.Header.Del("ETag")
		return real, true, nil
	case a.odd == emptyETag:
		real.Header.Set("ETag", "")
		return real, true, nil
	case a.odd == cut:
		return real, true, breakOff(real)
	}
	if real != nil {
		if err := drop(real); err != nil {
			return nil, false, err
		}
	}
	return a.make(req), true, nil
}

func (a *answer) make(req *http.Request) *http.Response {
	reason := http.StatusText(a.status)
	switch {
	case a.page:
		return reply(req, a.status, reason, "text/html", "<html><body><h1>"+reason+"</h1></body></html>")
	case a.code == "":
		return reply(req, a.status, reason, "", "")
	}
	resp := refusal(req, s3Error{a.status, reason, a.code, "This answer was made by the simulator."})
	if a.status == http.StatusMovedPermanently {
		// Whoever follows it asks with GET, and takes the answer for the one to a write.
		resp.Header.Set("Location", req.URL.String())
	}
	return resp
}

// breakOff cuts an answer in the middle of its body, at least a byte short.
func breakOff(resp *http.Response) error {
	whole, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	length := max(len(whole), 1)
	resp.StatusCode, resp.Status = http.StatusOK, "200 OK" // a 204 has no body
	resp.ContentLength = int64(length)
	resp.Header.Set("Content-Length", strconv.Itoa(length))
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(whole[:length/2]), broken{}))
	return nil
}

// broken is a connection that broke.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

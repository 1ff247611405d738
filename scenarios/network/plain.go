package network

import (
	"errors"
	"net/http"
	"strconv"

	"holdfast/archive"
)

// WithoutCodes has the answers that are made for faults be those of a server that knows the
// statuses of HTTP and none of S3's codes. They mean the same. Call it before any request.
func (t *Transport) WithoutCodes() { t.plain = true }

// tell returns an answer that was made, which means this, in the words of the store.
func (t *Transport) tell(req *http.Request, resp *http.Response, means error) *http.Response {
	if !t.plain || means == nil {
		return resp
	}
	status := plainStatus(reads(req), means)
	told := reply(req, status, http.StatusText(status), "", "")
	if ms, err := strconv.Atoi(resp.Header.Get("X-Amz-Retry-After")); err == nil {
		told.Header.Set("Retry-After", strconv.Itoa((ms+999)/1000))
	}
	return told
}

// plainStatus is the status that means this to a read or a write.
func plainStatus(read bool, means error) int {
	switch {
	case errors.Is(means, archive.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(means, archive.ErrPreconditionFailed):
		return http.StatusPreconditionFailed
	case errors.Is(means, archive.ErrConflict):
		return http.StatusConflict
	case errors.Is(means, archive.ErrThrottled):
		return http.StatusTooManyRequests
	case errors.Is(means, archive.ErrUnavailable) && !read:
		return http.StatusTooEarly // certainly not executed
	case errors.Is(means, archive.ErrUnavailable), errors.Is(means, archive.ErrOutcomeUnknown):
		return http.StatusInternalServerError
	}
	return http.StatusForbidden
}

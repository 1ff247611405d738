package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"holdfast/archive"
)

func update(etag string) string {
	return `{"metadata":{"changeId":"CHG-1","testPlan":"mine"},"isUpdate":true,"modificationId":"m-1","expectedETag":` + quoted(etag) + `}`
}

// TestWhatTheStoreSaysIsTold: each answer of a store, as the client of an update
// learns of it.
func TestWhatTheStoreSaysIsTold(t *testing.T) {
	named := func(err error) error { return fmt.Errorf("https://host/%s: %w", secretBucket, err) }
	for _, c := range []struct {
		name       string
		get, put   error
		status     int
		errorType  string
		retryAfter string
	}{
		{"throttled", named(archive.ErrThrottled), nil, 503, typeUnavailable, retryAfter},
		{"unavailable", named(archive.ErrUnavailable), nil, 503, typeUnavailable, retryAfter},
		{"throttled write", nil, named(archive.ErrThrottled), 503, typeUnavailable, retryAfter},
		{"always refused, and nobody writes", nil, named(archive.ErrConflict), 503, typeUnavailable, retryAfter},
		{"deadline", context.DeadlineExceeded, nil, 503, typeUnavailable, retryAfter},
		{"unknown", nil, named(archive.ErrOutcomeUnknown), 504, typeUnknown, ""},
		{"cut write", nil, context.DeadlineExceeded, 504, typeUnknown, ""},
		{"forbidden", named(errors.New("403 AccessDenied")), nil, 500, typeInternal, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, etag := created(t)
			before := r.store.body(key1)
			r.store.onGet = func(context.Context) error { return c.get }
			r.store.onPut = func(context.Context, string) error { return c.put }
			got := r.post(update(etag))
			r.want(got, c.status, c.errorType)
			if got.body.Success || got.body.ModificationID != "m-1" || got.header.Get("Retry-After") != c.retryAfter || r.store.body(key1) != before {
				t.Errorf("%s, Retry-After %q", got.text, got.header.Get("Retry-After"))
			}
			if result := got.body.Results; len(result) != 1 || result[0].Success || result[0].Error != got.body.Message || result[0].ErrorType != c.errorType {
				t.Errorf("results %v", result)
			}
			if c.get != nil {
				status, errorType := c.status, c.errorType
				r.want(r.get("CHG-1"), status, errorType)
			}
		})
	}
}

// TestUnknownOutcomeIsSettledByRepetition: what the message of a 504 promises.
func TestUnknownOutcomeIsSettledByRepetition(t *testing.T) {
	r, etag := created(t)
	r.store.onPut = func(context.Context, string) error { return archive.ErrOutcomeUnknown }
	got := r.post(strings.Replace(update(etag), `"modificationId":"m-1",`, "", 1))
	r.want(got, http.StatusGatewayTimeout, typeUnknown)
	if got.body.ModificationID == "" || !strings.Contains(got.body.Message, "modificationId") {
		t.Fatal(got.text)
	}
	r.store.onPut = nil
	r.want(r.post(strings.Replace(update(etag), "m-1", got.body.ModificationID, 1)), http.StatusOK, "")
	if strings.Count(r.store.body(key1), got.body.ModificationID) != 1 {
		t.Error(r.store.body(key1))
	}
}

func TestGone(t *testing.T) {
	r := newRig(t)
	r.want(r.post(update(`"v1"`)), http.StatusNotFound, typeNotFound)
	r.wantNothing()
}

// TestBrokenDocumentIsNotTheClientsFault: what is stored can't be read.
func TestBrokenDocumentIsNotTheClientsFault(t *testing.T) {
	for _, body := range []string{"no JSON", `{"changeId":"CHG-2"}`} {
		r := newRig(t)
		etag := r.store.set(key1, []byte(body))
		r.want(r.get("CHG-1"), http.StatusInternalServerError, typeInternal)
		r.want(r.post(update(etag)), http.StatusInternalServerError, typeInternal)
		if r.store.body(key1) != body || !strings.Contains(r.log.String(), `level=ERROR msg="request failed"`) {
			t.Errorf("stored %s, log %s", r.store.body(key1), r.log)
		}
	}
}

func TestCancelledIsNotAnswered(t *testing.T) {
	r, _ := created(t)
	r.store.onGet = func(context.Context) error { return context.Canceled }
	if got := r.get("CHG-1"); got.status != statusClientClosed || got.text != "" {
		t.Errorf("%d %s", got.status, got.text)
	}
}

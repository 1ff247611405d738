package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"holdfast/archive"
)

// TestWhatIsKnownIsNotRead: whoever polls, and has the current version, costs the store a
// HEAD and no document; whoever has none costs it no HEAD.
func TestWhatIsKnownIsNotRead(t *testing.T) {
	r, etag := created(t)
	for _, tt := range []struct {
		header              []string
		status, heads, gets int
	}{
		{[]string{"If-None-Match", etag}, http.StatusNotModified, 1, 0},
		{[]string{"If-None-Match", "*"}, http.StatusNotModified, 1, 0},
		{[]string{"If-None-Match", `"other"`}, http.StatusOK, 1, 1},
		{nil, http.StatusOK, 0, 1},
	} {
		r.store.heads, r.store.gets = 0, 0
		if got := r.get("CHG-1", tt.header...); got.status != tt.status || r.store.heads != tt.heads || r.store.gets != tt.gets {
			t.Errorf("%q: %d after %d HEADs and %d GETs, want %+v", tt.header, got.status, r.store.heads, r.store.gets, tt)
		}
	}
	if log := r.log.String(); strings.Count(log, "status=304") != 2 || strings.Count(log, `outcome="not modified"`) != 2 {
		t.Error(log)
	}
}

// A version that is written between the HEAD and the read is the one that is answered,
// and one that has come back is known all the same.
func TestVersionsBetweenHeadAndRead(t *testing.T) {
	r, etag := created(t)
	r.store.onGet = func(context.Context) error {
		r.store.onGet = nil
		r.store.interlope(t, key1, "testPlan", `"theirs"`)
		return nil
	}
	got := r.get("CHG-1", "If-None-Match", `"other"`)
	r.want(got, http.StatusOK, "")
	if !strings.Contains(string(got.body.Metadata), `"theirs"`) || got.body.ETag == etag || got.header.Get("ETag") != got.body.ETag {
		t.Errorf("%s under %s", got.text, got.header.Get("ETag"))
	}
	back := r.store.objects[key1]
	r.store.objects[key1] = stored{back.body, `"passing"`}
	r.store.onGet = func(context.Context) error {
		r.store.objects[key1] = back
		return nil
	}
	if got := r.get("CHG-1", "If-None-Match", back.etag); got.status != http.StatusNotModified || got.header.Get("ETag") != back.etag {
		t.Errorf("%d %v", got.status, got.header)
	}
}

// TestHeadsThatFail: they are repeated as reads are; a store that is not there is not
// asked once more for the document, and one that refuses is, because its answer to that
// has a reason.
func TestHeadsThatFail(t *testing.T) {
	for _, tt := range []struct {
		name        string
		failures    int // of HEADs
		err         error
		status      int
		heads, gets int // that are sent, those that fail included
	}{
		{"unavailable once", 1, archive.ErrUnavailable, http.StatusNotModified, 2, 0},
		{"throttled for a while", 3, archive.ErrThrottled, http.StatusNotModified, 4, 0},
		{"unavailable", 9, archive.ErrUnavailable, http.StatusServiceUnavailable, 4, 0},
		{"throttled", 9, archive.ErrThrottled, http.StatusServiceUnavailable, 4, 0},
		{"refused", 9, errors.New("403 without an S3 error code"), http.StatusNotModified, 1, 1},
		{"gone", 9, archive.ErrNotFound, http.StatusNotModified, 1, 1},
	} {
		r, etag := created(t)
		heads := 0
		r.store.onHead = func(context.Context) error {
			if heads++; heads <= tt.failures {
				return tt.err
			}
			return nil
		}
		r.store.gets = 0
		if got := r.get("CHG-1", "If-None-Match", etag); got.status != tt.status || heads != tt.heads || r.store.gets != tt.gets {
			t.Errorf("%s: %d after %d HEADs and %d GETs, want %+v", tt.name, got.status, heads, r.store.gets, tt)
		}
	}
	r, etag := created(t)
	ctx, cancel := context.WithCancel(t.Context())
	r.store.onHead = func(context.Context) error { cancel(); return context.Canceled }
	r.store.gets = 0
	leaving := r.TB
	r.TB = inContext{leaving, ctx}
	if got := r.get("CHG-1", "If-None-Match", etag); got.status != statusClientClosed || r.store.gets != 0 {
		t.Errorf("a client that leaves: %d after %d GETs", got.status, r.store.gets)
	}
}

// inContext is a test whose requests end with another context.
type inContext struct {
	testing.TB
	ctx context.Context
}

func (t inContext) Context() context.Context { return t.ctx }

// loadsOnly is a core without ETag.
type loadsOnly struct{ archive.Core }

// A core that can't tell the version from the document answers as well.
func TestCoresWithoutETags(t *testing.T) {
	r, etag := created(t, func(o *Options) { o.Core = loadsOnly{o.Core} })
	if got := r.get("CHG-1", "If-None-Match", etag); got.status != http.StatusNotModified || r.store.heads != 0 {
		t.Errorf("%d after %d HEADs", got.status, r.store.heads)
	}
}

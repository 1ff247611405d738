package httpstore_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/httpstore"
	"holdfast/archive/storefault"
)

// TestAnswers: what each status means to each call, in one request.
func TestAnswers(t *testing.T) {
	each := func(kind error) map[string]error {
		return map[string]error{"get": kind, "head": kind, "put": kind, "delete": kind}
	}
	unclears := map[string]error{}
	for _, op := range ops {
		unclears[op] = unclear(op)
	}
	withWrites := func(kind map[string]error, write error) map[string]error {
		return map[string]error{"get": kind["get"], "head": kind["head"], "put": write, "delete": write}
	}
	for _, tt := range []struct {
		statuses []int
		want     map[string]error
		text     string // of the put
	}{
		{[]int{404, 410}, each(archive.ErrNotFound), ": object not found"},
		{[]int{412}, each(archive.ErrPreconditionFailed), "put k: 412: precondition failed"},
		{[]int{409, 423}, each(archive.ErrConflict), ": conditional request conflict"},
		{[]int{429}, each(archive.ErrThrottled), "put k: 429: throttled"},
		{[]int{425}, each(archive.ErrUnavailable), ""},
		{[]int{500, 502, 503, 504, 507, 520, 408, 206, 203}, unclears, ": outcome unknown"},
		{[]int{202, 207}, withWrites(unclears, archive.ErrOutcomeUnknown), ": outcome unknown"},
		{[]int{401, 403}, each(nil), ": the server does not allow it: correct the credentials, or what they may do"},
		{[]int{405, 501}, each(nil), ": the server takes no PUT there"},
		{[]int{301, 302, 303, 307, 308}, each(nil), ": a redirect is not followed: correct the URL"},
		{[]int{413}, each(nil), "put k: 413: the server takes no object of this size"},
		{[]int{400}, each(nil), "put k: 400 Bad Request"},
		{[]int{304, 505}, each(nil), ""},
	} {
		for _, status := range tt.statuses {
			s, requests := serve(t, answer(status, "Location", "/elsewhere", "ETag", `"e"`))
			for _, op := range ops {
				err := do(t.Context(), s, op)
				wantKind(t, fmt.Sprint(op), err, tt.want[op])
				if n := requests.Swap(0); n != 1 {
					t.Errorf("%d: the %s took %d requests", status, op, n)
				}
				if op == "put" && !strings.HasSuffix(err.Error(), tt.text) {
					t.Errorf("%d: %s", status, err)
				}
				var is *httpstore.StatusError
				if !errors.As(err, &is) || is.Status != status {
					t.Errorf("%d: errors.As finds %v in %v", status, is, err)
				}
			}
		}
	}
}

// TestSuccesses: each status that is one, for each call that it is one for.
func TestSuccesses(t *testing.T) {
	for status, good := range map[int]string{200: "get head put delete", 201: "put", 204: "put delete", 202: "", 206: ""} {
		s, _ := serve(t, answer(status, "ETag", `"e"`))
		for _, op := range ops {
			if err := do(t.Context(), s, op); (err == nil) != strings.Contains(good, op) {
				t.Errorf("%d to %s: %v", status, op, err)
			}
		}
	}
}

// TestMissing: what is not there can be deleted, unless it had to be there; and a create under
// a URL that is not there is no object that was not found.
func TestMissing(t *testing.T) {
	s, _ := serve(t, answer(404))
	if err := s.Delete(t.Context(), "k", archive.Condition{}); err != nil {
		t.Error(err)
	}
	_, err := s.Put(t.Context(), "k", nil, archive.IfAbsent())
	if wantKind(t, "put", err, nil); !strings.Contains(fmt.Sprint(err), "is the URL right") {
		t.Error(err)
	}
}

// TestETags: only a strong one names a version.
func TestETags(t *testing.T) {
	for name, tt := range map[string]struct {
		tags  []string
		want  string
		final bool // of a read
	}{
		"none":     {nil, "with no ETag", false},
		"empty":    {[]string{""}, "with no ETag", false},
		"weak":     {[]string{`W/"e"`}, `the weak ETag W/"e"`, true},
		"unquoted": {[]string{`e`}, "none by RFC 9110", true},
		"star":     {[]string{`*`}, "none by RFC 9110", true},
		"list":     {[]string{`"a", "b"`}, "none by RFC 9110", true},
		"two":      {[]string{`"a"`, `"b"`}, "several ETags", true},
		"long":     {[]string{strings.Repeat("x", 5000)}, "none by RFC 9110", true},
	} {
		s, requests := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Etag"] = tt.tags
		}))
		for _, op := range []string{"get", "head", "put"} {
			err := do(t.Context(), s, op)
			want := unclear(op)
			if op != "put" && tt.final {
				want = nil
			}
			wantKind(t, op, err, want)
			var fault *storefault.Error
			if !strings.Contains(fmt.Sprint(err), tt.want) || !errors.As(err, &fault) || fault.Kind != storefault.NoETag {
				t.Errorf("%s: %v", name, err)
			}
			if n := requests.Swap(0); n != 1 {
				t.Errorf("%s: the %s took %d requests", name, op, n)
			}
		}
	}
}

// TestBodies: what may not be what is stored is not taken for it.
func TestBodies(t *testing.T) {
	for want, h := range map[string]http.HandlerFunc{
		"Content-Encoding": answer(200, "ETag", `"e"`, "Content-Encoding", "gzip"),
		"without a length": hijack("HTTP/1.1 200 OK\r\nETag: \"e\"\r\n\r\n{}", false),
	} {
		s, _ := serve(t, h)
		err := do(t.Context(), s, "get")
		if wantKind(t, "get", err, nil); !strings.Contains(fmt.Sprint(err), want) {
			t.Error(err)
		}
	}
	s, _ := serve(t, hijack("HTTP/1.1 200 OK\r\nETag: \"e\"\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", false))
	if body, etag, err := s.Get(t.Context(), "k"); string(body) != "{}" || etag != `"e"` || err != nil {
		t.Errorf("%s, %s, %v", body, etag, err)
	}
}

func TestRetryAfter(t *testing.T) {
	for header, want := range map[string]time.Duration{"3": 3 * time.Second, "soon": 0, "Mon, 30 Nov 2026 10:00:07 GMT": 7 * time.Second} {
		s, _ := serve(t, answer(503, "Retry-After", header, "Date", "Mon, 30 Nov 2026 10:00:00 GMT"))
		for _, op := range ops {
			if got := archive.RetryAfter(do(t.Context(), s, op)); got != want {
				t.Errorf("%s to %s: %v", header, op, got)
			}
		}
	}
}

// TestInterpret: what a server's own codes mean goes over what HTTP says, and into the error.
func TestInterpret(t *testing.T) {
	s, _ := serve(t, answer(409, "X-Code", "Already\nThere "+strings.Repeat("x", 1000)))
	var saw httpstore.Answer
	s = open(t, httpstore.Config{URL: s.URL(), Interpret: func(a *httpstore.Answer) {
		saw = *a
		a.Code, a.Kind = a.Header.Get("X-Code"), archive.ErrPreconditionFailed
	}})
	err := do(t.Context(), s, "put")
	wantKind(t, "put", err, archive.ErrPreconditionFailed)
	if !strings.HasPrefix(err.Error(), "put k: 409 Already There") || saw.Method != "PUT" || saw.Condition != archive.IfMatch(`"e"`) || !errors.Is(saw.Kind, archive.ErrConflict) {
		t.Errorf("%v, after %+v", err, saw)
	}
	s = open(t, httpstore.Config{URL: s.URL(), Interpret: func(a *httpstore.Answer) { a.Success = a.Method == "DELETE" }})
	if err := do(t.Context(), s, "delete"); err != nil {
		t.Error(err)
	}
}

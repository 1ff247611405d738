package s3store_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/archive"
)

// elsewhen is a server whose clock is off, and which refuses what is not signed with its
// own time.
type elsewhen struct {
	off      time.Duration
	then     http.HandlerFunc // what else it answers
	refused  atomic.Int32
	requests atomic.Int32
}

func (e *elsewhen) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.requests.Add(1)
	now := time.Now().Add(e.off)
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || now.Sub(signed).Abs() > time.Minute {
		e.refused.Add(1)
		s3Error(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")(w, r)
		return
	}
	e.then(w, r)
}

// anything is found, and whatever is asked for is done.
func anything(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"e"`)
	if r.Method == http.MethodGet {
		_, _ = w.Write([]byte(`{"changeId":"k"}`))
	}
}

// TestClocksApart: a server that is in another time refuses the first request of a client,
// whichever it is. Nothing was done then, and the client has learned the time: the second
// succeeds, as do all that follow. It does so with the SDK's retries off.
func TestClocksApart(t *testing.T) {
	for _, off := range []time.Duration{time.Hour, -time.Hour, 24 * 365 * time.Hour} {
		for _, op := range ops {
			server := &elsewhen{off: off, then: anything}
			s := serve(t, server.ServeHTTP)
			first := do(t.Context(), s, op)
			wantKind(t, op, first, archive.ErrUnavailable)
			for _, again := range append([]string{op}, ops...) {
				if err := do(t.Context(), s, again); err != nil {
					t.Errorf("%v: %s after a refused %s: %v", off, again, op, err)
				}
			}
			if server.refused.Load() != 1 {
				t.Errorf("%v: %s: %d requests were refused", off, op, server.refused.Load())
			}
			if op == "head" && !strings.Contains(first.Error(), "403, and the clocks are ") {
				t.Errorf("got %q", first)
			}
			if err := s.WithPrefix("p").Delete(t.Context(), "k", archive.Condition{}); err != nil || server.refused.Load() != 1 {
				t.Errorf("%v: a store of the same client: %v", off, err)
			}
		}
	}
}

// A refusal for another reason stays one, whatever the clocks are.
func TestForbiddenWhileClocksAreApart(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		s3Error(403, "AccessDenied", "Access Denied")(w, r)
	})
	if err := do(t.Context(), s, "head"); !errors.Is(err, archive.ErrUnavailable) {
		t.Errorf("the first time nobody knows why: %v", err)
	}
	for range 2 {
		if err := do(t.Context(), s, "head"); errors.Is(err, archive.ErrUnavailable) || err.Error() != "head k: 403 without an S3 error code" {
			t.Errorf("then it is refused: %v", err)
		}
	}
	wantKind(t, "put", do(t.Context(), s, "put"), nil)
}

// TestUpdateWhileClocksAreApart: for the core it is one attempt more.
func TestUpdateWhileClocksAreApart(t *testing.T) {
	server := &elsewhen{off: -time.Hour, then: anything}
	s := serve(t, server.ServeHTTP)
	policy := archive.Policy{Kind: archive.None, Retries: 2}
	a := must(archive.New(archive.Options{Store: s, Policy: policy}))
	done, err := a.Append(t.Context(), "k", archive.Edit{Modifications: []archive.Modification{{ID: "m1", UserID: "u", Type: archive.Updated}}})
	if err != nil || done.ETag != `"e"` || server.requests.Load() != 3 {
		t.Errorf("%+v, %v after %d requests", done, err, server.requests.Load())
	}
}

func TestCheckWhileClocksAreApart(t *testing.T) {
	server := &elsewhen{off: time.Hour, then: s3Error(404, "NoSuchKey", "x")}
	s := serve(t, server.ServeHTTP)
	if err := s.Check(t.Context()); err != nil || server.requests.Load() != 2 {
		t.Errorf("%v after %d requests", err, server.requests.Load())
	}
	// A server that refuses every time has no clock to go by.
	s = serve(t, s3Error(403, "RequestTimeTooSkewed", "x"))
	if err := s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "(or this machine's clock)") {
		t.Errorf("%v", err)
	}
}

// TestABodyThatIsCut: what is shorter than it was said to be is no document, and is read
// again.
func TestABodyThatIsCut(t *testing.T) {
	const whole = `{"changeId":"k"}`
	var requests atomic.Int32
	cut := func(w http.ResponseWriter, r *http.Request) { // by the length, then by the chunks
		w.Header().Set("ETag", `"e"`)
		switch requests.Add(1) {
		case 1:
			w.Header().Set("Content-Length", "17")
			_, _ = w.Write([]byte(whole))
			panic(http.ErrAbortHandler)
		case 2:
			_, _ = w.Write([]byte(whole))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write([]byte(whole))
	}
	s := serve(t, cut)
	for range 2 {
		wantKind(t, "get", do(t.Context(), s, "get"), archive.ErrUnavailable)
	}
	requests.Store(0)
	a := must(archive.New(archive.Options{Store: s, Policy: archive.Policy{Kind: archive.None, Retries: 2}}))
	if loaded, err := a.Load(t.Context(), "k"); err != nil || string(loaded.Document.Encode()) != whole || requests.Load() != 3 {
		t.Errorf("%+v, %v after %d requests", loaded, err, requests.Load())
	}
}

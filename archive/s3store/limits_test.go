package s3store_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/archive/s3store"
)

// flood sends so many bytes, as far as they are taken.
func flood(w io.Writer, size int) {
	chunk := bytes.Repeat([]byte(" "), 1<<20)
	for range size / len(chunk) {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// TestEndlessObjectIsRefused: an object that other software has put under a document's
// key, or a hostile server's, is not read into memory whatever its size, be the size
// announced or not, and not read again.
func TestEndlessObjectIsRefused(t *testing.T) {
	for _, announced := range []bool{true, false} {
		s, taken := serveWeighed(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"e"`)
			if announced {
				w.Header().Set("Content-Length", fmt.Sprint(128<<20))
			}
			flood(w, 128<<20)
		})
		a := must(archive.New(archive.Options{Store: s}))
		_, err := a.Load(t.Context(), "CHG-1")
		if archive.OutcomeOf(err) != archive.Failed || !strings.Contains(fmt.Sprint(err), "Config.MaxObjectBytes") {
			t.Errorf("announced %v: %v", announced, err)
		}
		wantOne(t, "the load", &taken.requests)
		if got := taken.read.Load(); got > s3store.DefaultMaxObjectBytes+1 || announced && got > 0 {
			t.Errorf("announced %v: %d bytes were read", announced, got)
		}
	}
}

func TestMaxObjectBytes(t *testing.T) {
	server := start(t)
	for size, want := range map[int]bool{0: true, 99: true, 100: true, 101: false, 5000: false} {
		s := open(t, s3store.Config{Endpoint: server.Endpoint(), Bucket: server.Bucket(), MaxObjectBytes: 100})
		if _, err := s.Put(t.Context(), "k", make([]byte, size), archive.Condition{}); err != nil {
			t.Fatal(err)
		}
		body, _, err := s.Get(t.Context(), "k")
		if got := err == nil && len(body) == size; got != want {
			t.Errorf("%d bytes: %d are read, %v", size, len(body), err)
		}
	}
}

// TestEndlessErrorIsCut: the body of an error is a few hundred bytes; of one without end
// not more is read into memory.
func TestEndlessErrorIsCut(t *testing.T) {
	for _, status := range []int{307, 404, 500} {
		s, taken := serveWeighed(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(status)
			flood(w, 64<<20)
		})
		for _, op := range []string{"get", "put", "delete"} {
			taken.read.Store(0)
			if err := do(t.Context(), s, op); err == nil || taken.read.Load() > 1<<20 {
				t.Errorf("%d, %s: %d bytes were read: %v", status, op, taken.read.Load(), err)
			}
		}
	}
}

// TestErrorCodeIsOneLine: a failed request is one line, whatever the server calls it.
func TestErrorCodeIsOneLine(t *testing.T) {
	err := do(t.Context(), serve(t, s3Error(400, "No\nlevel=ERROR msg=forged "+strings.Repeat("x", 1<<12), "No.")), "put")
	if text := err.Error(); strings.Contains(text, "\n") || len(text) > 1000 || !strings.Contains(text, "400 No level=ERROR") {
		t.Errorf("it has %d bytes and %d lines: %.100s", len(text), strings.Count(text, "\n")+1, text)
	}
}

// TestEndlessListingIsCut, and with it the answers of all other calls.
func TestEndlessListingIsCut(t *testing.T) {
	s, taken := serveWeighed(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"e"`)
		_, _ = w.Write([]byte("<ListBucketResult><Contents><Key>"))
		flood(w, 128<<20)
	})
	_, err := s.List(t.Context(), "k", "")
	if wantKind(t, "list", err, archive.ErrUnavailable); taken.read.Load() > 16<<20 {
		t.Errorf("%d bytes were read: %v", taken.read.Load(), err)
	}
}

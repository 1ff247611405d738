package s3store_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"holdfast/archive"
)

// TestBreakEndlessObject: an object that other software has put under a document's key, or
// a hostile server's, must not be read into memory whatever its size: 128 MB here, and
// as much as arrives within the request's timeout otherwise.
func TestBreakEndlessObject(t *testing.T) {
	const size = 128 << 20
	var sent atomic.Int64
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"e"`)
		w.Header().Set("Content-Length", fmt.Sprint(size))
		chunk := make([]byte, 1<<20)
		for range size / len(chunk) {
			n, err := w.Write(chunk)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	body, _, err := s.Get(t.Context(), "archive/CHG-1.json")
	if len(body) > 64<<20 || sent.Load() > 64<<20 {
		t.Errorf("%d MB were read into memory (error %v); a document has at most %d MB", len(body)>>20, err, archive.DefaultMaxBytes>>20)
	}
}

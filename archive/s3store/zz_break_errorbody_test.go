package s3store_test

import (
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
)

// TestBreakEndlessError: the body of an error is a few hundred bytes; a server (or proxy) that sends
// one without end must not fill the memory.
func TestBreakEndlessError(t *testing.T) {
	const size = 128 << 20
	var sent atomic.Int64
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(500)
		chunk := make([]byte, 1<<20)
		for i := range chunk {
			chunk[i] = ' '
		}
		for range size / len(chunk) {
			n, err := w.Write(chunk)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := do(t.Context(), s, "put")
	runtime.ReadMemStats(&after)
	if sent.Load() > 64<<20 {
		t.Errorf("%d MB of an error were read, %d MB allocated for it: %v", sent.Load()>>20, (after.TotalAlloc-before.TotalAlloc)>>20, err)
	}
}

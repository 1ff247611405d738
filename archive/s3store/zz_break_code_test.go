package s3store_test

import (
	"strings"
	"testing"
)

// TestBreakErrorCode: a failed request is one line, whatever the server calls it.
func TestBreakErrorCode(t *testing.T) {
	err := do(t.Context(), serve(t, s3Error(400, "No\nlevel=ERROR msg=forged "+strings.Repeat("x", 1<<20), "No.")), "put")
	if text := err.Error(); strings.Contains(text, "\n") || len(text) > 1000 {
		t.Errorf("it has %d bytes and %d lines", len(text), strings.Count(text, "\n")+1)
	}
}

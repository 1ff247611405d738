package web

import (
	"strings"
	"testing"
)

// TestLongFieldName: what a client sent must not come back, or go to the log, at any
// length. The body's parser reads half a surrogate pair as U+FFFD, the archive's as it is
// spelled: to the first these are two names, to the second one, which it quotes in full.
func TestLongFieldName(t *testing.T) {
	r := newRig(t)
	long := strings.Repeat("\x7f", 200_000)
	got := r.post(`{"changeId":"CHG-1","\ud800` + long + `":1,"\\ud800` + long + `":2}`)
	if n := len(r.log.String()); n > 10_000 || len(got.text) > 10_000 {
		t.Errorf("status %d, an answer of %d bytes and log lines of %d bytes", got.status, len(got.text), n)
	}
}

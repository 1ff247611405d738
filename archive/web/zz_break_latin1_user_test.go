package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Two users whose names differ in Latin-1 letters only (a header of a proxy) are one in the
// history; and what one of them has sent passes… for nobody's.
func TestBreakLatin1Users(t *testing.T) {
	r := newRig(t, func(o *Options) {
		o.Identify = func(req *http.Request) (string, error) { return req.Header.Get("X-User"), nil }
	})
	got := r.post(`{"metadata":{"changeId":"CHG-1"}}`, "X-User", "Andr\xe9")
	if got.status == http.StatusOK && strings.Contains(r.store.body(key1), `\ufffd`) {
		t.Error(fmt.Sprintf("success, and the history names nobody: %s", r.store.body(key1)))
	}
}

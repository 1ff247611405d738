package web

import (
	"strings"
	"testing"
)

// TestLongCustomerInLog: a code in a document that other software stored is text of any
// length, and must not go to the log in full with each save.
func TestLongCustomerInLog(t *testing.T) {
	r := newRig(t)
	r.store.objects[key1] = stored{[]byte(`{"changeId":"CHG-1","customers":["` + strings.Repeat("x", 1_000_000) + `"]}`), `"e"`}
	got := r.post(`{"metadata":{"changeId":"CHG-1","note":"n"},"isUpdate":true,"expectedETag":"\"e\""}`)
	r.want(got, 200, "")
	if n := len(r.log.String()); n > 10_000 {
		t.Errorf("one save wrote %d bytes of log", n)
	}
}

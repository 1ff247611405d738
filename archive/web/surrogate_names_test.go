package web

import (
	"strings"
	"testing"
)

// TestSurrogateUpload: what is stored is what was sent. A field of which the name
// has half a surrogate pair is stored under another name, or overwrites the field that has it.
func TestSurrogateUpload(t *testing.T) {
	r, etag := created(t)
	got := r.post(`{"metadata":{"changeId":"CHG-1","\ud800":"x"},"isUpdate":true,"expectedETag":` + quoted(etag) + `}`)
	if body := r.store.body(key1); got.status == 200 && !strings.Contains(body, `"\ud800": "x"`) {
		t.Errorf("it is answered %d and stored as %s", got.status, body)
	}
}

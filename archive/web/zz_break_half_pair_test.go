package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Over the API: removing the field "\\ud800" removes "\ud800", and setting it overwrites it.
func TestBreakHalfPairsOverTheAPI(t *testing.T) {
	for _, edit := range []string{`"metadata":{"changeId":"CHG-1"},"remove":["\\ud800"]`, `"metadata":{"changeId":"CHG-1","\\ud800":"mine"}`} {
		r := newRig(t)
		made := r.post(`{"metadata":{"changeId":"CHG-1","\ud800":"theirs"}}`)
		r.want(made, http.StatusOK, "")
		got := r.post(fmt.Sprintf(`{%s,"isUpdate":true,"expectedETag":%s}`, edit, quoted(made.body.NewETag)))
		if body := r.store.body(key1); got.status == http.StatusOK && !strings.Contains(body, `"\ud800":"theirs"`) {
			t.Errorf("%s: %s", edit, body)
		}
	}
	r, etag := created(t)
	got := r.post(fmt.Sprintf(`{"metadata":{"changeId":"CHG-1","\ud800":1},"isUpdate":true,"expectedETag":%s}`, quoted(etag)))
	if body := r.store.body(key1); got.status == http.StatusOK && strings.Contains(body, `"\\ud800"`) {
		t.Errorf("stored under another name: %s", body)
	}
}

package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// A proxy that compresses makes the ETag header weak, and clients strip quotes: If-None-Match
// takes both for what they mean, an upload blames another user, who does not exist.
func TestBreakOwnETagSpelledOtherwise(t *testing.T) {
	for _, spelled := range []func(string) string{
		func(etag string) string { return "W/" + etag },
		func(etag string) string { return strings.Trim(etag, `"`) },
	} {
		r, etag := created(t)
		tag := spelled(etag)
		if got := r.get("CHG-1", "If-None-Match", tag); got.status != http.StatusNotModified {
			t.Fatalf("%s is another version to a GET: %d", tag, got.status)
		}
		got := r.post(fmt.Sprintf(`{"metadata":{"changeId":"CHG-1","testPlan":"new"},"isUpdate":true,"expectedETag":%s}`, quoted(tag)))
		if got.status == http.StatusConflict {
			t.Errorf("expectedETag %s of %s, and nobody else has written: %s", tag, etag, got.text)
		}
	}
}

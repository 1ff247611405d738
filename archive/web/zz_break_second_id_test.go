package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// An update that sets the id which the change is not known by is answered with success, and
// is not stored. With base and without.
func TestBreakSecondIDOverTheAPI(t *testing.T) {
	r, etag := created(t)
	got := r.post(fmt.Sprintf(`{"metadata":{"changeId":"CHG-1","announcement_id":"ANN-9"},"isUpdate":true,"expectedETag":%s}`, quoted(etag)))
	if got.status == http.StatusOK && !strings.Contains(r.store.body(key1), "ANN-9") {
		t.Errorf("success, and announcement_id is not stored: %s", r.store.body(key1))
	}
}

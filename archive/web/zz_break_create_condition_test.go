package web

import (
	"fmt"
	"net/http"
	"testing"
)

// expectedETag without isUpdate is not looked at: what was deleted comes back, although the
// sender said which version had to be there. (Conditions in headers are refused for that reason.)
func TestBreakExpectedETagOfACreate(t *testing.T) {
	r, etag := created(t)
	delete(r.store.objects, key1) // somebody deletes it
	got := r.post(fmt.Sprintf(`{"metadata":%s,"expectedETag":%s}`, doc1, quoted(etag)))
	if got.status == http.StatusOK {
		t.Errorf("stored on the condition that %s is there, which it is not: %s", etag, r.store.body(key1))
	}
}

package web

import (
	"net/http"
	"testing"
)

// "A key that is null is left out": not metadata.
func TestBreakNullMetadataIsLeftOut(t *testing.T) {
	r := newRig(t)
	got := r.post(`{"metadata":null,"changeId":"CHG-1","changeTitle":"a"}`)
	if got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.text)
	}
}

package archive

import (
	"strings"
	"testing"
)

// TestReusedIDOfAnOddEntry: an entry of other software that can't be decoded, since its time
// is a number or its user is none, is not the call's own.
func TestReusedIDOfAnOddEntry(t *testing.T) {
	for _, odd := range []string{
		`{"modification_id":"m1","timestamp":1760961600,"user_id":"mallory","modification_type":"approved"}`,
		`{"modification_id":"m1","timestamp":"2025-10-20T12:00:00Z","user_id":{"name":"mallory"},"modification_type":"approved"}`,
		`{"modification_id":"m1","timestamp":"2025-10-20T12:00:00Z","user_id":"mallory","modification_type":"approved","customer_code":7}`,
	} {
		r := newRig(t, 3)
		r.store.set(testKey, []byte(`{"changeId":"CHG-1","title":"a","modifications":[`+odd+`]}`))
		_, err := r.Append(t.Context(), testID, Edit{Fields: fields("title", `"b"`), Modifications: []Modification{mod("m1")}})
		if err == nil && !strings.Contains(r.store.body(testKey), `"user_id":"u"`) {
			t.Errorf("success, and nothing of it is stored: %s", r.store.body(testKey))
		}
	}
}

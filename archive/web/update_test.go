package web

import (
	"net/http"
	"strings"
	"testing"

	"holdfast/archive/delivery"
)

// updating is an update without a base: any other version is a conflict.
func updating(etag, fields string) string {
	return `{"metadata":{"changeId":"CHG-1",` + fields + `},"isUpdate":true,"expectedETag":` + quoted(etag) + `}`
}

// TestOwnETagSpelledOtherwise: proxies that compress make an ETag weak, and some clients take
// its quotes off. That is no change by another user.
func TestOwnETagSpelledOtherwise(t *testing.T) {
	for name, spelled := range map[string]func(string) string{
		"weak":           func(etag string) string { return "W/" + etag },
		"without quotes": func(etag string) string { return strings.Trim(etag, `"`) },
	} {
		r, etag := created(t)
		got := r.post(updating(spelled(etag), `"testPlan":"new"`))
		r.want(got, http.StatusOK, "")
		if body := r.store.body(key1); !strings.Contains(body, `"testPlan": "new"`) || strings.Count(body, "modification_id") != 2 {
			t.Errorf("%s: stored %s", name, body)
		}
		// The version that was loaded is gone, however its ETag is spelled.
		r.want(r.post(updating(spelled(etag), `"testPlan":"newer"`)), http.StatusConflict, delivery.ConcurrentModification)
		// Another user writes between the two looks.
		etag = got.body.NewETag
		puts := 0
		r.store.onPut = onArchive(func() {
			if puts++; puts == 1 {
				r.store.interlope(t, key1, "testPlan", `"theirs"`)
			}
		})
		r.want(r.post(updating(spelled(etag), `"testPlan":"mine"`)), http.StatusConflict, delivery.ConcurrentModification)
		if body := r.store.body(key1); !strings.Contains(body, `"testPlan": "theirs"`) {
			t.Errorf("%s: overwrote what others have stored: %s", name, body)
		}
	}
}

// TestSecondIDIsRefused: an id by which the change is not known can't be set. With base and
// without.
func TestSecondIDIsRefused(t *testing.T) {
	for _, base := range []string{"", `,"base":{"changeId":"CHG-1"}`} {
		r, etag := created(t)
		before := r.store.body(key1)
		got := r.post(spread(updating(etag, `"announcement_id":"ANN-9"`), strings.TrimPrefix(base+`,"modificationId":"m-1"`, ",")))
		r.want(got, http.StatusBadRequest, typeInvalid)
		if !strings.Contains(got.body.Message, "announcement_id of CHG-1 can't be changed") || r.store.body(key1) != before {
			t.Errorf("%s, stored %s", got.text, r.store.body(key1))
		}
	}
}

// TestNamesThatLookLikeHalfAPair are names like any other.
func TestNamesThatLookLikeHalfAPair(t *testing.T) {
	r, etag := created(t)
	got := r.post(updating(etag, `"\\ud800":"mine"`))
	r.want(got, http.StatusOK, "")
	if body := r.store.body(key1); !strings.Contains(body, `"\\ud800": "mine"`) {
		t.Errorf("stored %s", body)
	}
	// Other software has stored the name that it is not.
	body := strings.Replace(r.store.body(key1), `"testPlan"`, `"\ud800"`, 1)
	etag = r.store.set(key1, []byte(body))
	r.want(r.post(removal(etag, `["\\ud800"]`, ``)), http.StatusOK, "")
	if body := r.store.body(key1); !strings.Contains(body, `"\ud800": "none"`) || strings.Contains(body, `"mine"`) {
		t.Errorf("stored %s", body)
	}
}

// TestNullMetadataIsLeftOut: then the whole body is the change.
func TestNullMetadataIsLeftOut(t *testing.T) {
	r := newRig(t)
	r.want(r.post(`{"metadata":null,"changeId":"CHG-1","changeTitle":"a","expectedETag":null,"isUpdate":null}`), http.StatusOK, "")
	if body := r.store.body(key1); !strings.HasPrefix(body, `{"changeId":"CHG-1","changeTitle":"a","modifications"`) {
		t.Errorf("stored %s", body)
	}
}

// TestDeletedChangeDoesNotComeBack by an upload that says which version it is based on.
func TestDeletedChangeDoesNotComeBack(t *testing.T) {
	r, etag := created(t)
	delete(r.store.objects, key1)
	puts := r.store.puts
	got := r.post(`{"metadata":` + doc1 + `,"expectedETag":` + quoted(etag) + `}`)
	r.want(got, http.StatusBadRequest, typeInvalid)
	if !strings.Contains(got.body.Message, `"isUpdate": true`) || r.store.puts != puts {
		t.Errorf("%s, after %d writes", got.text, r.store.puts-puts)
	}
}

package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"holdfast/archive/delivery"
)

// removal is an update that removes fields, with more keys of the request.
func removal(etag, remove, more string) string {
	return `{"metadata":{"changeId":"CHG-1"},"isUpdate":true,"expectedETag":` + quoted(etag) + `,"remove":` + remove + more + `}`
}

func TestRemovedFieldIsGone(t *testing.T) {
	r, etag := created(t)
	got := r.post(removal(etag, `["testPlan", "x_vendor", "not there"]`, ``))
	r.want(got, http.StatusOK, "")
	stored := r.store.body(key1)
	if strings.Contains(stored, "testPlan") || strings.Contains(stored, "x_vendor") || !strings.Contains(stored, `"cost": 1.50,`) {
		t.Errorf("stored %s", stored)
	}
	if string(got.body.Metadata) != strings.TrimSpace(stored) || len(got.body.Results) != 3 {
		t.Errorf("answered %s", got.text)
	}
	r.want(r.post(removal(got.body.NewETag, `[]`, ``)), http.StatusOK, "")
	r.want(r.post(removal(r.get("CHG-1").body.ETag, `null`, ``)), http.StatusOK, "")
}

// TestRemovalIsMergedLikeAnyChange: of who removes and who edits the same field the
// second is asked, whichever it is.
func TestRemovalIsMergedLikeAnyChange(t *testing.T) {
	r, etag := created(t)
	base := `,"base":{"changeId":"CHG-1","testPlan":"none"}`
	r.store.interlope(t, key1, "changeTitle", `"Theirs"`)
	r.want(r.post(removal(etag, `["testPlan"]`, base)), http.StatusOK, "")
	if stored := r.store.body(key1); strings.Contains(stored, "testPlan") || !strings.Contains(stored, "Theirs") {
		t.Errorf("stored %s", stored)
	}
	got := r.post(`{"metadata":{"changeId":"CHG-1","testPlan":"mine"},"isUpdate":true,"expectedETag":` + quoted(etag) + base + `}`)
	r.wantConflict(got, map[string]string{"field": `"testPlan"`, "base": `"none"`, "theirs": "", "ours": `"mine"`})

	r, etag = created(t)
	r.store.interlope(t, key1, "testPlan", `"theirs"`)
	got = r.post(removal(etag, `["testPlan"]`, base))
	r.wantConflict(got, map[string]string{"field": `"testPlan"`, "base": `"none"`, "theirs": `"theirs"`, "ours": ""})
	if stored := r.store.body(key1); !strings.Contains(stored, `"theirs"`) {
		t.Errorf("removed although another user had changed it: %s", stored)
	}
}

// wantConflict checks what the one conflict of an answer says; a value that is empty is
// to be left out.
func (r *rig) wantConflict(got reply, want map[string]string) {
	r.Helper()
	r.want(got, http.StatusConflict, delivery.ConcurrentModification)
	if len(got.body.Conflicts) != 1 {
		r.Fatalf("not one conflict: %s", got.text)
	}
	for name, value := range want {
		if have := got.body.Conflicts[0][name]; string(have) != value {
			r.Errorf("%s is %s, want %s", name, have, value)
		}
	}
}

func TestRemovalsThatAreRefused(t *testing.T) {
	for _, c := range []struct{ remove, says string }{
		{`"testPlan"`, "no array of strings"},
		{`{"testPlan": true}`, "no array of strings"},
		{`true`, "no array of strings"},
		{`[1]`, "no array of strings"},
		{`["testPlan", null]`, "no array of strings"},
		{`[["testPlan"]]`, "no array of strings"},
		{`["changeId"]`, "every change keeps"},
		{`["announcement_id"]`, "every change keeps"},
		{`["modifications"]`, "every change keeps"},
		{`["testPlan", "test\u0050lan"]`, "twice"},
		{`["\ud83d"]`, "can't be told from others"},
		{`["a` + strings.Repeat(`","a`, mostFields) + `"]`, "more than 2000"},
	} {
		r, etag := created(t)
		before := r.store.body(key1)
		got := r.post(removal(etag, c.remove, ``))
		r.want(got, http.StatusBadRequest, typeInvalid)
		if !strings.Contains(got.body.Message, c.says) || len(got.text) > 1000 || r.store.body(key1) != before {
			t.Errorf("%.40s: %s", c.remove, got.text)
		}
	}
	r, etag := created(t)
	both := r.post(strings.Replace(removal(etag, `["testPlan"]`, ``), `"CHG-1"`, `"CHG-1","testPlan":"x"`, 1))
	r.want(both, http.StatusBadRequest, typeInvalid)
	for _, body := range []string{
		`{"metadata":{"changeId":"CHG-2"},"remove":["testPlan"]}`,
		`{"metadata":{"changeId":"CHG-2"},"isUpdate":false,"remove":["testPlan"]}`,
		`{"changeId":"CHG-2","remove":"a field of this name"}`,
		`{"changeId":"CHG-2","Remove":["testPlan"]}`,
	} {
		got := r.post(body)
		r.want(got, http.StatusBadRequest, typeInvalid)
		if r.get("CHG-2").status != http.StatusNotFound {
			t.Errorf("%s was created", body)
		}
	}
}

// TestFieldNamedRemoveIsStored: inside metadata all names are fields.
func TestFieldNamedRemoveIsStored(t *testing.T) {
	r := newRig(t)
	got := r.post(`{"metadata":{"changeId":"CHG-1","remove":["x"]}}`)
	r.want(got, http.StatusOK, "")
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(got.body.Metadata, &doc); err != nil || string(doc["remove"]) != `["x"]` {
		t.Errorf("stored %s", got.body.Metadata)
	}
	r.want(r.post(removal(got.body.NewETag, `["remove"]`, ``)), http.StatusOK, "")
	if strings.Contains(r.store.body(key1), `"remove"`) {
		t.Error(r.store.body(key1))
	}
}

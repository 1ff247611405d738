package web

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestFieldsNamedLikeKeysAreStored: of case "control names".
func TestFieldsNamedLikeKeysAreStored(t *testing.T) {
	r := newRig(t)
	sent := `{"changeId": "CHG-1", "base": "new", "isUpdate": "yes", "expectedETag": null, "modificationId": [1], "metadata": {}}`
	got := r.post(`{"metadata": ` + sent + `, "modificationId": "m-1"}`)
	r.want(got, http.StatusOK, "")
	stored := r.store.body(key1)
	for _, field := range []string{`"base": "new"`, `"isUpdate": "yes"`, `"expectedETag": null`, `"modificationId": [1]`, `"metadata": {}`} {
		if !strings.Contains(stored, field) {
			t.Errorf("%s is not in %s", field, stored)
		}
	}
	update := `{"metadata": {"changeId": "CHG-1", "base": "newer"}, "isUpdate": true, "base": {"changeId": "CHG-1", "base": "new"}, "modificationId": "m-2", "expectedETag": ` +
		quoted(got.body.NewETag) + `}`
	r.want(r.post(update), http.StatusOK, "")
	if stored := r.store.body(key1); !strings.Contains(stored, `"base": "newer"`) {
		t.Errorf("the field was not changed: %s", stored)
	}
}

// TestVariantsOfNamesAreRefused: readers that do not look at case, encoding/json among
// them, would take them for the real ones.
func TestVariantsOfNamesAreRefused(t *testing.T) {
	for _, body := range []string{
		`{"changeId": "CHG-1", "ISUPDATE": true}`,
		`{"changeId": "CHG-1", "Base": {}}`,
		`{"changeId": "CHG-1", "expectedEtag": "x"}`,
		`{"changeId": "CHG-1", "MetaData": {}}`,
		`{"changeId": "CHG-1", "CHANGEID": "CHG-2"}`,
		`{"metadata": {"changeId": "CHG-1", "Modifications": []}}`,
		`{"metadata": {"changeId": "CHG-1", "modification\u017f": []}}`, // a long s
		`{"metadata": {"changeId": "CHG-1", "Announcement_ID": 1}}`,
	} {
		r := newRig(t)
		r.want(r.post(body), http.StatusBadRequest, typeInvalid)
		r.wantNothing()
	}
}

// TestPreconditionsInHeadersAreRefused: of case "header ignored".
func TestPreconditionsInHeadersAreRefused(t *testing.T) {
	for _, name := range []string{"If-Match", "If-None-Match", "If-Unmodified-Since", "If-Modified-Since"} {
		r := newRig(t)
		got := r.post(`{"changeId": "CHG-1"}`, name, `"x"`)
		r.want(got, http.StatusBadRequest, typeInvalid)
		if !strings.Contains(got.text, name) {
			t.Errorf("%s: %s", name, got.text)
		}
		r.wantNothing()
	}
}

// TestPagesOfOtherOriginsSaveNothing, unless theirs is the allowed one.
func TestPagesOfOtherOriginsSaveNothing(t *testing.T) {
	const other = "https://other.example"
	for _, c := range []struct {
		allow  string
		header []string
		status int
	}{
		{"", nil, 200}, // no browser
		{"", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"", []string{"Sec-Fetch-Site", "none"}, 200},
		{"", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"", []string{"Origin", other}, 403},
		{"", []string{"Origin", "null"}, 403},
		{other, []string{"Origin", other, "Sec-Fetch-Site", "cross-site"}, 200},
		{other, []string{"Origin", "https://third.example", "Sec-Fetch-Site", "cross-site"}, 403},
		{anyOrigin, []string{"Origin", other, "Sec-Fetch-Site", "cross-site"}, 200},
	} {
		r := newRig(t, func(o *Options) { o.AllowOrigin = c.allow })
		got := r.post(`{"changeId": "CHG-1"}`, c.header...)
		if got.status != c.status {
			t.Errorf("allowed %q, sent %q: %d, want %d", c.allow, c.header, got.status, c.status)
		}
		if c.status != 200 {
			r.wantNothing()
		}
	}
}

// TestNobodyKnownWritesNothing, unless that was asked for in so many words.
func TestNobodyKnownWritesNothing(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Anonymous = false })
	r.want(r.post(`{"changeId": "CHG-1"}`), http.StatusUnauthorized, typeUnauthenticated)
	r.wantNothing()
	r.want(r.get("CHG-1"), http.StatusNotFound, typeNotFound) // it may be asked for
}

// TestBoundsAreThoseThatAreStated: people set the time-outs of gateways by them.
func TestBoundsAreThoseThatAreStated(t *testing.T) {
	s := NewServer(http.NotFoundHandler())
	want := [...]time.Duration{5 * time.Second, 15 * time.Second, 45 * time.Second, 2 * time.Minute}
	if got := [...]time.Duration{s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout, s.IdleTimeout}; got != want || s.MaxHeaderBytes != 16<<10 || requestTimeout != 28*time.Second {
		t.Errorf("%v, %d bytes of headers, requests of %v", got, s.MaxHeaderBytes, requestTimeout)
	}
	for fields, fits := range map[int]bool{mostFields: true, mostFields + 1: false} {
		if _, err := parseObject([]byte(manyFields(fields - 1))); (err == nil) != fits { // and its id
			t.Errorf("%d fields: %v", fields, err)
		}
	}
}

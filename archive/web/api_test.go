package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

func TestNewChecksItsOptions(t *testing.T) {
	r := newRig(t)
	a := r.handler.(*api)
	for _, o := range []Options{
		{}, {Core: a.Core}, {Uploads: a.Uploads},
		{Core: a.Core, Uploads: a.Uploads, MaxBody: -1},
		{Core: a.Core, Uploads: a.Uploads, AllowOrigin: "changes.example.com"},
		{Core: a.Core, Uploads: a.Uploads, AllowOrigin: "https://changes.example.com/"},
		{Core: a.Core, Uploads: a.Uploads, AllowOrigin: "https://*"}, // no pattern
		{Core: a.Core, Uploads: a.Uploads, AllowOrigin: "null"},
	} {
		if _, err := New(o); err == nil || !strings.HasPrefix(err.Error(), "web: Options.") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestLoadAnswersTheBytesStored(t *testing.T) {
	r, etag := created(t)
	got := r.get("CHG-1")
	r.want(got, http.StatusOK, "")
	if string(got.body.Metadata) != strings.TrimSpace(r.store.body(key1)) || got.body.ETag != etag {
		t.Errorf("%s with %s, stored %s with %s", got.body.Metadata, got.body.ETag, r.store.body(key1), etag)
	}
	if !strings.Contains(got.text, `"x_vendor": {"b": 1e2,   "a": "\u00e9<&>"}`) {
		t.Errorf("the document was written anew: %s", got.text)
	}
	for name, want := range map[string]string{
		"ETag": etag, "Cache-Control": "no-cache", "Content-Type": "application/json",
		"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		"Referrer-Policy": "no-referrer",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.header.Get(name), want)
		}
	}
	head := r.do(http.MethodHead, "/api/changes/CHG-1", "")
	if head.status != http.StatusOK || head.text != "" || head.header.Get("Content-Length") != got.header.Get("Content-Length") || head.header.Get("ETag") != etag {
		t.Errorf("HEAD: %d %q %v", head.status, head.text, head.header)
	}
}

func TestNotModified(t *testing.T) {
	r, etag := created(t)
	for header, want := range map[string]int{
		etag: 304, "*": 304, "W/" + etag: 304, `"x", ` + etag: 304, `"x" ,, W/` + etag + ` , "y"`: 304, strings.Trim(etag, `"`): 304,
		`"x"`: 200, `"x,` + etag: 200, "": 200, `"`: 200, `"a,*"`: 200,
	} {
		got := r.get("CHG-1", "If-None-Match", header)
		if got.status != want || (want == 304) != (got.text == "") || got.header.Get("ETag") != etag || got.header.Get("Cache-Control") != "no-cache" {
			t.Errorf("If-None-Match %s: %d, want %d", header, got.status, want)
		}
	}
	r.want(r.get("CHG-2", "If-None-Match", "*"), http.StatusNotFound, typeNotFound)
}

func TestWholeFormKeepsWhatTheUserDidNotTouch(t *testing.T) {
	r, etag := created(t)
	before := r.store.body(key1)
	form := strings.Replace(before, `"none"`, `"by hand"`, 1)
	got := r.post(spread(form, `"isUpdate": true, "expectedETag": `+quoted(etag)+`, "base":`+before+`, "modificationId":"m-1"`))
	r.want(got, http.StatusOK, "")
	stored := r.store.body(key1)
	for _, want := range []string{`"cost": 1.50,`, `"serial": 12345678901234567890,`, `"x_vendor": {"b": 1e2,   "a": "\u00e9<&>"}`, `"testPlan": "by hand"`} {
		if !strings.Contains(stored, want) {
			t.Errorf("%s is not in %s", want, stored)
		}
	}
	if string(got.body.Metadata) != strings.TrimSpace(stored) || got.body.ModificationID != "m-1" {
		t.Errorf("answered %s", got.text)
	}
	if strings.Count(stored, `"modification_type": "created"`) != 1 || strings.Count(stored, `"modification_type": "updated"`) != 1 {
		t.Errorf("the posted history was taken: %s", stored)
	}
	for _, key := range envelopeKeys {
		if strings.Contains(stored, `"`+key+`"`) {
			t.Errorf("%s was stored: %s", key, stored)
		}
	}
}

func TestDisjointFieldsMergeAndSameFieldConflicts(t *testing.T) {
	r, etag := created(t)
	base := r.store.body(key1)
	r.store.interlope(t, key1, "changeTitle", `"Theirs"`)
	save := func(field, value string) reply {
		return r.post(`{"metadata":{"changeId":"CHG-1",` + quoted(field) + `:` + value + `},"isUpdate":true,"expectedETag":` + quoted(etag) + `,"base":` + base + `}`)
	}
	r.want(save("testPlan", `"mine"`), http.StatusOK, "")
	if stored := r.store.body(key1); !strings.Contains(stored, "Theirs") || !strings.Contains(stored, "mine") {
		t.Errorf("stored %s", stored)
	}
	current := r.get("CHG-1").body.ETag

	got := save("changeTitle", `"Mine"`)
	r.want(got, http.StatusConflict, delivery.ConcurrentModification)
	if got.body.Reason != "conflict" || got.body.CurrentETag != current || len(got.body.Conflicts) != 1 || !strings.Contains(got.body.Message, "changeTitle") {
		t.Errorf("%s", got.text)
	}
	for name, want := range map[string]string{"field": `"changeTitle"`, "base": `"Deploy"`, "theirs": `"Theirs"`, "ours": `"Mine"`} {
		if string(got.body.Conflicts[0][name]) != want {
			t.Errorf("%s is %s, want %s", name, got.body.Conflicts[0][name], want)
		}
	}
	if log := r.log.String(); !strings.Contains(log, `level=WARN msg="conflict left to the user"`) || !strings.Contains(log, secretBucket) || !strings.Contains(log, "changeTitle") {
		t.Errorf("the log lacks the cause: %s", log)
	} else if strings.Contains(log, "Theirs") || strings.Contains(log, "Mine") {
		t.Errorf("users' text is in the log: %s", log)
	}

	r.store.interlope(t, key1, "added", `1.50`)
	got = save("added", `2`)
	r.want(got, http.StatusConflict, delivery.ConcurrentModification)
	if c := got.body.Conflicts[0]; c["base"] != nil || string(c["theirs"]) != "1.50" {
		t.Errorf("an absent value must be left out: %s", got.text)
	}
}

func TestRepetitionIsIdempotent(t *testing.T) {
	r := newRig(t)
	create := spread(doc1, `"modificationId":"m-create"`)
	first := r.post(create)
	again := r.post(create)
	r.want(first, http.StatusOK, "")
	r.want(again, http.StatusOK, "")
	if again.body.NewETag != first.body.NewETag || again.body.ModificationID != "m-create" {
		t.Errorf("%s, then %s", first.text, again.text)
	}
	save := `{"metadata":{"changeId":"CHG-1","testPlan":"mine"},"isUpdate":true,"modificationId":"m-save","expectedETag":` + quoted(first.body.NewETag) + `}`
	first = r.post(save)
	r.store.interlope(t, key1, "changeTitle", `"Theirs"`)
	again = r.post(save)
	r.want(first, http.StatusOK, "")
	r.want(again, http.StatusOK, "")
	if stored := r.store.body(key1); strings.Count(stored, `"m-save"`) != 1 || !strings.Contains(stored, "Theirs") {
		t.Errorf("stored %s", stored)
	}
}

func TestFailedTriggerIsInTheResults(t *testing.T) {
	r := newRig(t)
	r.store.onPut = func(_ context.Context, key string) error {
		if strings.HasPrefix(key, "customers/customer-a/") {
			return errors.New("403 AccessDenied on " + secretBucket)
		}
		return nil
	}
	got := r.post(doc1)
	r.want(got, http.StatusOK, "")
	if !got.body.Success || len(got.body.Results) != 3 || !got.body.Results[0].Success || got.body.Results[1].Success ||
		got.body.Results[1].Error == "" || got.body.Results[1].Customer != "customer-a" || !got.body.Results[2].Success {
		t.Errorf("%s", got.text)
	}
	if log := r.log.String(); !strings.Contains(log, `level=WARN msg="trigger not written"`) || !strings.Contains(log, "403 AccessDenied on "+secretBucket) {
		t.Errorf("the log lacks the cause: %s", log)
	}
	r.store.onPut = nil
	r.want(r.post(spread(doc1, `"modificationId":`+quoted(got.body.ModificationID))), http.StatusOK, "")
	if keys := strings.Join(r.store.keys(), " "); keys != "archive/CHG-1.json customers/customer-a/CHG-1.json customers/customer-b/CHG-1.json" {
		t.Errorf("after the repetition: %s", keys)
	}
}

// TestTriggerInDoubtIsNoFailure: the answer to its write was lost, and it may be there.
func TestTriggerInDoubtIsNoFailure(t *testing.T) {
	r := newRig(t)
	r.store.onPut = func(_ context.Context, key string) error {
		if strings.HasPrefix(key, "customers/customer-a/") {
			return fmt.Errorf("%w: no answer from %s", archive.ErrOutcomeUnknown, secretBucket)
		}
		return nil
	}
	got := r.post(doc1)
	r.want(got, http.StatusOK, "")
	want := delivery.UploadResult{Customer: "customer-a", Error: triggerUnknown, ErrorType: typeUnknown}
	if len(got.body.Results) != 3 || got.body.Results[1] != want {
		t.Errorf("%+v", got.body.Results)
	}
	if log := r.log.String(); !strings.Contains(log, `level=WARN msg="trigger in doubt"`) {
		t.Errorf("the log: %s", log)
	}
}

func TestIdentity(t *testing.T) {
	identify := func(r *http.Request) (string, error) {
		if r.Header.Get("X-Key") == "broken" {
			return "", errors.New("the directory at " + secretBucket + " is down")
		}
		return url.QueryUnescape(r.Header.Get("X-Key"))
	}
	r := newRig(t, func(o *Options) { o.Identify = identify })
	for _, key := range []string{"broken", ""} {
		r.want(r.post(doc1, "X-Key", key), http.StatusUnauthorized, typeUnauthenticated)
		r.want(r.get("CHG-1", "X-Key", key), http.StatusUnauthorized, typeUnauthenticated)
	}
	// Latin-1, as a proxy may send it. Stored it would be another name, the same for many.
	r.want(r.post(doc1, "X-Key", "Andr%E9"), http.StatusUnauthorized, typeUnauthenticated)
	if !strings.Contains(r.log.String(), "is not UTF-8") {
		t.Errorf("the log lacks the cause: %s", r.log)
	}
	r.wantNothing()
	if !strings.Contains(r.log.String(), "is down") {
		t.Errorf("the log lacks the cause: %s", r.log)
	}
	r.want(r.do(http.MethodGet, "/healthz", ""), http.StatusOK, "")
	r.want(r.post(doc1, "X-Key", "J%C3%BCrgen"), http.StatusOK, "")
	doc, err := archive.ParseChange([]byte(r.store.body(key1)))
	if err != nil {
		t.Fatal(err)
	}
	if mods, err := doc.Modifications(); err != nil || mods[0].UserID != "Jürgen" || mods[0].Type != archive.Created {
		t.Errorf("%v, %v", mods, err)
	}
	anybody, _ := created(t)
	if !strings.Contains(anybody.store.body(key1), `"anonymous"`) {
		t.Error(anybody.store.body(key1))
	}
}

func TestCORS(t *testing.T) {
	const mine = "https://changes.example.com"
	for _, c := range []struct{ allow, origin, want string }{
		{"", mine, ""}, {mine, mine, mine}, {mine, "https://evil.example.com", ""}, {mine, "", ""}, {mine, "null", ""},
		{mine, mine + ".evil.example.com", ""}, {"*", "https://evil.example.com", "*"}, {"*", "", ""},
	} {
		r, _ := created(t, func(o *Options) { o.AllowOrigin = c.allow })
		var header []string
		if c.origin != "" {
			header = []string{"Origin", c.origin}
		}
		for _, got := range []reply{r.get("CHG-1", header...), r.get("CHG-2", header...), r.do(http.MethodPut, "/upload", "", header...)} {
			if have := got.header.Get("Access-Control-Allow-Origin"); have != c.want || got.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%+v: %d allows %q", c, got.status, have)
			}
			if vary := got.header.Get("Vary") == "Origin"; vary != (c.allow == mine) {
				t.Errorf("%+v: Vary is %q", c, got.header.Get("Vary"))
			}
		}
		got := r.do(http.MethodOptions, "/upload", "", append(header, "Access-Control-Request-Method", "POST")...)
		if got.status != http.StatusNoContent || (got.header.Get("Access-Control-Allow-Methods") != "") != (c.want != "") || got.header.Get("Access-Control-Allow-Origin") != c.want {
			t.Errorf("%+v: preflight %d %v", c, got.status, got.header)
		}
	}
}

func TestRoutes(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		method, target, errorType string
		status                    int
		allow                     string
	}{
		{"GET", "/upload", typeMethod, 405, "POST, OPTIONS"},
		{"DELETE", "/api/changes/CHG-1", typeMethod, 405, "GET, HEAD, OPTIONS"},
		{"POST", "/healthz", typeMethod, 405, "GET, HEAD, OPTIONS"},
		{"OPTIONS", "/upload", "", 204, "POST, OPTIONS"},
		{"GET", "/healthz", "", 200, ""},
		{"HEAD", "/healthz", "", 200, ""},
		{"GET", "/api", typeNotFound, 404, ""},
		{"GET", "/api/changes", typeNotFound, 404, ""},
		{"POST", "/upload/", typeNotFound, 404, ""},
		{"GET", "/nothing", typeNotFound, 404, ""},
		{"OPTIONS", "/nothing", typeNotFound, 404, ""},
		{"GET", "/api/changes/CHG-1", typeNotFound, 404, ""},
		{"GET", "/", "", 200, ""},
		{"GET", "/changes/CHG-1", "", 200, ""},
	} {
		got := r.do(c.method, c.target, "")
		if got.status != c.status || got.body.ErrorType != c.errorType || got.header.Get("Allow") != c.allow || got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: %d %q, Allow %q", c.method, c.target, got.status, got.body.ErrorType, got.header.Get("Allow"))
		}
	}
	if got := r.do(http.MethodGet, "/healthz", ""); got.text != `{"status":"ok"}` {
		t.Error(got.text)
	}
	r.wantNothing()
}

func TestOneLogLineForEachRequest(t *testing.T) {
	r, _ := created(t)
	r.get("CHG-1")
	r.get("..%2fx")
	r.do(http.MethodGet, "/changes/CHG-1", "")
	r.do(http.MethodGet, "/evil\u2028x", "")
	var lines []string
	for line := range strings.Lines(r.log.String()) {
		_, line, _ = strings.Cut(line, " ") // the time
		lines = append(lines, strings.TrimSpace(line))
	}
	want := []string{
		`level=INFO msg=request method=POST route=/upload status=200 user=anonymous object=CHG-1 outcome=committed`,
		`level=INFO msg=request method=GET route=/api/changes/{id} status=200 user=anonymous object=CHG-1 outcome=loaded`,
		`level=INFO msg=request method=GET route=/api/changes/{id} status=400 user=anonymous outcome=refused detail="Invalid object id \"../x\": only letters, digits, '-', '_' and '.' are safe in a key."`,
		`level=INFO msg=request method=GET route=page status=200`,
		`level=INFO msg=request method=GET route=unknown status=404`,
	}
	if got := strings.Join(lines, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestAnnouncement(t *testing.T) {
	r := newRig(t)
	r.want(r.post(`{"metadata":{"announcement_id":"CIC-1","title":"x"},"isUpdate":false}`), http.StatusOK, "")
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(r.get("CIC-1").body.Metadata, &doc); err != nil || string(doc["title"]) != `"x"` {
		t.Errorf("%s, %v", doc, err)
	}
}

package scenarios

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"holdfast/archive"
	"holdfast/scenarios/history"
)

// badRequest is a request of which nothing may come, or nothing new.
type badRequest struct {
	name   string
	status int // that it must be answered with
	method string
	path   string // "{id}" is the object's
	header [2]string
	// body is what is sent: "{id}" is the object's, "{mod}" the modification's, by which
	// it would be noticed if it was stored all the same. "{id field}" and "{title}" are
	// names of fields, "{history}" too, "{HISTORY}" in capitals.
	body string
	// slow: the body does not arrive in time. Over a socket that takes as long as the
	// server's patience, so it is sent where the handler is called directly only.
	slow bool
	// current: the request carries the ETag of the version that is there. "{etag}" in the
	// body is that too, and "{known}" an id that its history holds.
	current bool
}

const wholeUpload = `{"metadata": {"{id field}": "{id}", "{title}": "Nobody asked"}, "isUpdate": true, "expectedETag": "\"x\"", "modificationId": "{mod}"}`

var badRequests = []badRequest{
	{name: "half a body", status: http.StatusBadRequest, method: "POST", path: "/upload", body: wholeUpload[:60]},
	{name: "a name twice", status: http.StatusBadRequest, method: "POST", path: "/upload", body: strings.Replace(wholeUpload, `"isUpdate"`, `"modificationId": "other", "isUpdate"`, 1)},
	{name: "an id that is no key", status: http.StatusBadRequest, method: "GET", path: "/api/changes/..%2F{id}"},
	{name: "nobody's upload", status: http.StatusUnauthorized, method: "POST", path: "/upload", header: [2]string{anonymousHeader, "yes"}, body: wholeUpload},
	{name: "a page of another origin", status: http.StatusForbidden, method: "POST", path: "/upload", header: [2]string{"Sec-Fetch-Site", "cross-site"}, body: wholeUpload},
	{name: "a version in a header", status: http.StatusBadRequest, method: "POST", path: "/upload", header: [2]string{"If-Match", `"x"`}, body: wholeUpload},
	{name: "a history in capitals", status: http.StatusBadRequest, method: "POST", path: "/upload", body: `{"metadata": {"{id field}": "CHG-0-{id}", "{HISTORY}": []}, "modificationId": "{mod}"}`},
	{name: "a key in capitals", status: http.StatusBadRequest, method: "POST", path: "/upload", body: `{"{id field}": "CHG-0-{id}", "ISUPDATE": true, "modificationId": "{mod}"}`},
	{name: "a removal from what is new", status: http.StatusBadRequest, method: "POST", path: "/upload", body: `{"metadata": {"{id field}": "CHG-0-{id}"}, "remove": ["{title}"], "modificationId": "{mod}"}`},
	{name: "a removal of the history", status: http.StatusBadRequest, method: "POST", path: "/upload", current: true,
		body: `{"metadata": {"{id field}": "{id}"}, "isUpdate": true, "expectedETag": "{etag}", "remove": ["{history}"], "modificationId": "{mod}"}`},
	{name: "an absent object", status: http.StatusNotFound, method: "GET", path: "/api/changes/CHG-0-{id}"},
	{name: "an update of an absent object", status: http.StatusNotFound, method: "POST", path: "/upload", body: strings.ReplaceAll(wholeUpload, "{id}", "CHG-0-{id}")},
	{name: "a path that leads nowhere", status: http.StatusNotFound, method: "GET", path: "/api/change/{id}"},
	{name: "another method", status: http.StatusMethodNotAllowed, method: "PUT", path: "/upload", body: wholeUpload},
	{name: "a body that does not come", status: http.StatusRequestTimeout, method: "POST", path: "/upload", body: wholeUpload[:60], slow: true},
	{name: "a stale version", status: http.StatusConflict, method: "POST", path: "/upload", body: wholeUpload},
	{name: "a create of what is there", status: http.StatusConflict, method: "POST", path: "/upload", body: `{"metadata": {"{id field}": "{id}"}, "modificationId": "{mod}"}`},
	{name: "a body of two megabytes", status: http.StatusRequestEntityTooLarge, method: "POST", path: "/upload", body: strings.Replace(wholeUpload, "Nobody asked", strings.Repeat("Nobody asked ", 170_000), 1)},
	{name: "somebody else's modification", status: http.StatusUnprocessableEntity, method: "POST", path: "/upload", current: true,
		body: `{"metadata": {"{id field}": "{id}", "{title}": "Nobody asked"}, "isUpdate": true, "expectedETag": "{etag}", "modificationId": "{known}"}`},
	{name: "a form", status: http.StatusUnsupportedMediaType, method: "POST", path: "/upload", header: [2]string{"Content-Type", "application/x-www-form-urlencoded"}, body: wholeUpload},
	{name: "an update of no version", status: http.StatusPreconditionRequired, method: "POST", path: "/upload", body: strings.Replace(wholeUpload, `\"x\"`, "", 1)},
	{name: "what is known already", status: http.StatusNotModified, method: "GET", path: "/api/changes/{id}", current: true},
	{name: "a question before a question", status: http.StatusNoContent, method: "OPTIONS", path: "/upload"},
}

// sendBadRequest sends the next request that the API must refuse, and holds the answer
// against what it must be. What is stored of it all the same, the judge notices.
func (f *performer) sendBadRequest(ctx context.Context, id string) error {
	r := &badRequests[f.edits%len(badRequests)]
	f.edits++
	if _, called := f.service.door.(interface{ InProcess() }); r.slow && !called {
		return nil
	}
	m := archive.NewModificationID(f.rng)
	doc := f.repetition.document
	fill := strings.NewReplacer(
		"{id}", id, "{mod}", m, "{id field}", idField(doc), "{title}", f.repetition.Layout.Field("changeTitle"),
		"{history}", doc.Layout().History, "{HISTORY}", strings.ToUpper(doc.Layout().History),
	).Replace
	req, err := http.NewRequestWithContext(ctx, r.method, "http://api"+fill(r.path), nil)
	if err != nil {
		return err
	}
	if err := f.fillIn(ctx, req, r, fill, id); err != nil {
		return err
	}
	op := history.Operation{Do: "load", ID: id}
	if r.method != http.MethodGet {
		op.Do, op.IDs = "save", []string{m}
	}
	f.client.Begin(op)
	status, answer, err := f.ask(req)
	f.client.Status(status)
	f.finish(ctx, archive.Snapshot{}, f.answerToBad(ctx, status, answer, err, op))
	newer := r.current && status == http.StatusOK // somebody has written since
	if err == nil && status != r.status && !newer {
		f.repetition.failed(StepResult{f.name + " sends " + r.name, fmt.Sprint(r.status), fmt.Sprint(status), false})
	}
	return ctx.Err()
}

// fillIn gives the request its headers and its body.
func (f *performer) fillIn(ctx context.Context, req *http.Request, r *badRequest, fill func(string) string, id string) error {
	if r.current {
		if err := f.load(ctx, id); err != nil {
			return err
		}
		if r.method == http.MethodGet {
			req.Header.Set("If-None-Match", f.base.ETag)
		}
	}
	if r.body != "" {
		body := f.asLoaded(fill(r.body))
		req.Body, req.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		if r.slow {
			req.Body, req.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader(body), tooSlow{})), -1
		}
		req.Header.Set("Content-Type", "application/json")
	}
	if r.header[0] != "" {
		req.Header.Set(r.header[0], r.header[1])
	}
	return nil
}

// asLoaded fills in what only the version knows that was loaded.
func (f *performer) asLoaded(body string) string {
	known := ""
	if change := f.base.Change(); change != nil && strings.Contains(body, "{known}") {
		known = cmp.Or(change.ModificationIDs()...)
	}
	etag, _ := json.Marshal(f.base.ETag) // a string always encodes
	return strings.NewReplacer(`"{etag}"`, string(etag), "{known}", known).Replace(body)
}

// tooSlow is a body of which a server has waited long enough.
type tooSlow struct{}

func (tooSlow) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

// errNotServed is what became of a request that asked for nothing.
var errNotServed = errors.New("the API did nothing")

// answerToBad is the error for which the answer stands.
func (f *performer) answerToBad(ctx context.Context, status int, answer []byte, err error, op history.Operation) error {
	switch {
	case err != nil:
		return &archive.OutcomeUnknownError{Last: err}
	case status == http.StatusOK:
		return nil // which the judge will not believe
	case status == statusClientClosed && ctx.Err() != nil:
		return ctx.Err()
	case len(answer) == 0:
		return errNotServed
	}
	return f.refusal(status, answer, &intent{op: op})
}

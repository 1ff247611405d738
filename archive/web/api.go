// Package web is the HTTP side of the archive: the API that loads and saves
// changes, and the pages that people edit them with.
//
//	GET  /api/changes/{id}   the stored document and its ETag
//	POST /upload             creates or saves a change, and tells its customers
//	GET  /healthz            whether the process answers
//
// Documents have the layout of the core. The pages are made for changes and announcements:
// they are served if the core's layout has the same names for all fields.
//
// # An upload
//
// The body of a POST is a JSON object:
//
//	metadata        the change; for an update its id and the fields to set, no more
//	isUpdate        true: the change exists; false or left out: it is created
//	expectedETag    of the version that the user had loaded; an update needs it, and
//	                nothing else may have it. A tag that a proxy made weak (W/"a"), or
//	                that lost its quotes, is taken for the same
//	base            the id, and what the fields of metadata and remove were when they
//	                were loaded; one that is left out was not there. By it the update
//	                is merged with those of others. Without it any other version is
//	                a conflict. For updates only
//	remove          an array with the names of fields that an update removes; neither
//	                the id, nor the history, nor what is in metadata
//	modificationId  makes the upload repeatable, as it is; with other content or by
//	                another user it is refused. Left out: the server chooses one
//
// A key that is null is left out. What a user did not change need not be sent, so a
// change of any size can be edited: [Options].MaxBody bounds what is sent, not what is
// stored. Without metadata the whole body is the change, as old clients send it, and the
// other keys stand among its fields.
//
// # What is guaranteed
//
//   - An answer with "success": true means that the archive holds the upload. 409,
//     404, 503 and every 4xx mean that this request has stored nothing, and 504 that it
//     is not known; repeating the upload with the modificationId of the answer settles
//     it.
//   - A refusal says nothing of an earlier request whose answer was lost. While that one
//     is under way, which is as long as the server lets a request take, it may still be
//     stored, also after a 409 or 404 to its repetition: when the fields are again as its
//     sender had loaded them. Once it has ended, a 404, and a 409 that says "reason":
//     "conflict", to a repetition tell that it has stored nothing; other refusals are
//     made without a look at the archive. Whoever sends something else meanwhile should
//     look in the history for the id of the earlier one.
//   - An id by which the change is not known, as its announcement_id beside the changeId,
//     can't be set or changed by an update: what differs from what is stored is refused.
//   - An ETag is a licence to overwrite what its version holds. A "newETag" therefore
//     comes with the whole version as "metadata", which can hold changes by others.
//     If it is not known what is stored, there is neither, but a "message" that says so.
//     The "currentETag" of a 409 names the version that is in the way: load it before
//     sending its ETag back.
//   - Documents come out as they are stored and go in as they were sent, to the byte.
//   - What can't be an upload is refused before anything is read or written.
//   - Answers tell what their reader can act on. Causes, with the names of buckets
//     and hosts, are in the log only.
//
// The handler starts no goroutine, sets no timer and asks no clock. What it is
// given decides how long a request may take: [NewServer] bounds that for a server
// which faces people.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"holdfast/archive"
	"holdfast/archive/delivery"
)

// Uploads is what a POST is handed to. [delivery.Uploader] is one.
type Uploads interface {
	Upload(ctx context.Context, up delivery.Upload) (delivery.Uploaded, error)
}

var _ Uploads = (*delivery.Uploader)(nil)

// Options configure the handler.
type Options struct {
	// Core, required, loads. Who asks whether a version is still the current one costs
	// no read of the document if it has a method ETag as [archive.Archive] has.
	Core    archive.Core
	Uploads Uploads // required
	// Identify says who sends a request, in UTF-8: a header that is Latin-1 has to be
	// decoded. An error, or another name, is answered with 401. Nil: nobody
	// knows, so uploads are refused, and whoever only reads is "anonymous".
	Identify func(*http.Request) (userID string, err error)
	// Anonymous lets uploads through without Identify, as those of "anonymous".
	Anonymous bool
	// AllowOrigin is the origin, such as "https://changes.example.com", whose pages
	// may call the API from a browser, besides the API's own. Empty: none. "*" is
	// every origin, and has to be asked for in so many words.
	AllowOrigin string
	MaxBody     int64        // of an upload, in bytes; 0: 1 MiB
	Logger      *slog.Logger // nil: discards
}

const (
	defaultMaxBody = 1 << 20
	anonymous      = "anonymous"
)

// New checks the options and returns the handler of the API and of the [Pages].
func New(o Options) (http.Handler, error) {
	switch {
	case o.Core == nil || o.Uploads == nil:
		return nil, errors.New("web: Options.Core and Uploads are required")
	case o.MaxBody < 0:
		return nil, errors.New("web: Options.MaxBody is negative: give the most bytes of an upload, or 0 for 1 MiB")
	}
	if err := checkOrigin(o.AllowOrigin); err != nil {
		return nil, err
	}
	if o.Identify == nil {
		o.Identify = nobody(o.Anonymous)
	}
	if o.MaxBody == 0 {
		o.MaxBody = defaultMaxBody
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	foreign, err := protection(o.AllowOrigin)
	if err != nil {
		return nil, err
	}
	a := &api{Options: o, layout: o.Core.Layout().Resolved(), foreign: foreign}
	if pagesSuit(a.layout) {
		a.pages = Pages()
	}
	return a, nil
}

// pagesSuit reports whether the pages can show and edit documents of a layout.
func pagesSuit(l *archive.Layout) bool {
	own := archive.OwnLayout()
	return !l.Slashes && slices.Equal(l.ID, own.ID) && l.History == own.History && l.Customers == own.Customers &&
		l.Entry.ID == own.Entry.ID && l.Entry.Timestamp == own.Entry.Timestamp && l.Entry.User == own.Entry.User &&
		l.Entry.Type == own.Entry.Type && l.Entry.Customer == own.Entry.Customer
}

// nobody identifies nobody, which is enough for whoever reads.
func nobody(mayWrite bool) func(*http.Request) (string, error) {
	return func(r *http.Request) (string, error) {
		if mayWrite || r.Method == http.MethodGet || r.Method == http.MethodHead {
			return anonymous, nil
		}
		return "", errors.New("web: Options.Identify is nil, and Anonymous is false")
	}
}

type api struct {
	Options
	layout *archive.Layout
	pages  http.Handler // nil: they do not suit the layout
	// foreign tells requests that pages of other origins make browsers send.
	foreign *http.CrossOriginProtection
}

// exchange is a request under way: what the log will say of it.
type exchange struct {
	*http.Request
	w       http.ResponseWriter
	route   string
	id      string // in the path, not yet validated
	user    string
	object  string // validated
	outcome string
	detail  string // why it was refused
}

// route is where a path leads.
type route struct {
	name  string
	allow string // the methods
	open  bool   // to everybody: who asks does not matter
	serve func(*api, *exchange) answer
}

// pageRoute is what the log calls the routes of [Pages].
const pageRoute = "page"

var (
	changeRoute  = route{"/api/changes/{id}", "GET, HEAD, OPTIONS", false, (*api).load}
	uploadRoute  = route{"/upload", "POST, OPTIONS", false, (*api).upload}
	healthRoute  = route{"/healthz", "GET, HEAD, OPTIONS", true, (*api).health}
	unknownRoute = route{name: "unknown", open: true}
)

const changePrefix = "/api/changes/"

// find maps a path to its route. It looks at the path as it was sent: whatever
// follows the prefix is the id, so that no "../" or "%2f" in it leads elsewhere.
func find(escaped string) (r *route, id string) {
	switch escaped {
	case "/upload":
		return &uploadRoute, ""
	case "/healthz":
		return &healthRoute, ""
	}
	if id, ok := strings.CutPrefix(escaped, changePrefix); ok {
		return &changeRoute, id
	}
	return &unknownRoute, ""
}

func isPage(path string) bool {
	return path == "/" || strings.HasPrefix(path, "/changes/") || strings.HasPrefix(path, "/static/")
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{Request: r, w: w}
	if path := r.URL.EscapedPath(); a.pages != nil && isPage(path) {
		x.route = pageRoute
		seen := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		a.pages.ServeHTTP(seen, r)
		a.logRequest(x, seen.status)
		return
	}
	to, id := find(r.URL.EscapedPath())
	x.route, x.id = to.name, id
	a.setHeaders(w.Header(), r)
	reply := a.dispatch(x, to)
	reply.write(w, r.Method)
	a.logCause(x, reply)
	a.logRequest(x, reply.status)
}

// dispatch answers what all routes answer alike, and passes on the rest.
func (a *api) dispatch(x *exchange, to *route) answer {
	switch {
	case to.serve == nil:
		return refuse(http.StatusNotFound, typeNotFound, "There is nothing here. The API is GET /api/changes/{id} and POST /upload.")
	case x.Method == http.MethodOptions:
		return a.options(x, to)
	case !allows(to.allow, x.Method):
		reply := refuse(http.StatusMethodNotAllowed, typeMethod, x.route+" takes "+to.allow+".")
		return reply.with("Allow", to.allow)
	case to.open:
		return to.serve(a, x)
	case a.AllowOrigin != anyOrigin && a.foreign.Check(x.Request) != nil:
		x.outcome = "refused"
		return refuse(http.StatusForbidden, typeForeign, "A page of another origin has sent this. Nothing was saved. Use the page of this server.")
	}
	user, err := a.Identify(x.Request)
	switch {
	case err != nil:
	case user == "":
		err = errors.New("the request was identified as nobody's")
	case !utf8.ValidString(user):
		err = fmt.Errorf("the user's name %q is not UTF-8, so it can't be told from others: have Identify decode it, or the proxy encode it", user)
	}
	if err != nil {
		reply := refuse(http.StatusUnauthorized, typeUnauthenticated, "It is not known who you are. Sign in and try again.")
		reply.cause, x.outcome = err, "refused"
		return reply
	}
	x.user = user
	return to.serve(a, x)
}

func allows(allow, method string) bool {
	return slices.Contains(strings.Split(allow, ", "), method)
}

func (*api) health(*exchange) answer {
	return answer{status: http.StatusOK, body: []byte(`{"status":"ok"}`)}
}

package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"holdfast/archive"
)

// pageFiles are the pages as they are served: nothing is built, nothing is fetched
// from elsewhere.
//
//go:embed page
var pageFiles embed.FS

// contentSecurityPolicy lets a page load this server's files and talk to this
// server, nothing else. Trusted types make the browser itself refuse to turn a
// string into markup or code: a document's text can't become either, whatever a
// later change to the scripts forgets.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

// Pages serves what people use a browser for:
//
//	GET /                asks which change to open
//	GET /changes/{id}    the edit page; it loads the change by the API
//	GET /static/{file}   their scripts and styles
//
// The pages need the API of [New] at the same origin. They hold no document: the
// browser puts its values into the page as text.
func Pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", openPage)
	mux.HandleFunc("GET /changes/{id}", changePage)
	for name, file := range staticFiles() {
		mux.Handle("GET /static/"+name, file)
	}
	return withPageHeaders(mux)
}

func withPageHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		// Asked for again each time, so that a page never runs with scripts of another
		// release; the files' ETags make that cheap.
		h.Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}

var openTemplate = template.Must(template.ParseFS(pageFiles, "page/open.html"))

// openPage asks which change to open. Its form comes back here with the id, so
// that it works without a script.
func openPage(w http.ResponseWriter, r *http.Request) {
	id := strings.TrimSpace(r.URL.Query().Get("id")) // FormValue would read a body of any length
	if id == "" {
		writeOpenPage(w, http.StatusOK, openData{})
		return
	}
	if archive.ValidateID(id) != nil {
		writeOpenPage(w, http.StatusBadRequest, openData{ID: id, Problem: badID})
		return
	}
	http.Redirect(w, r, "/changes/"+id, http.StatusSeeOther)
}

// badID says what an id looks like.
const badID = "That is no id of a change: use up to 128 letters, digits, hyphens, underscores and dots, with a letter or digit first."

type openData struct{ ID, Problem string }

func writeOpenPage(w http.ResponseWriter, status int, data openData) {
	var b bytes.Buffer
	if err := openTemplate.Execute(&b, data); err != nil {
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a browser that hung up needs no answer
}

// changePage is the same for every change: its script reads the id from the address.
func changePage(w http.ResponseWriter, r *http.Request) {
	if id := r.PathValue("id"); archive.ValidateID(id) != nil {
		writeOpenPage(w, http.StatusNotFound, openData{ID: id, Problem: badID})
		return
	}
	changeFile.ServeHTTP(w, r)
}

var changeFile = mustPageFile("page/change.html")

// pageFile is an embedded file. Its ETag is made of its content, as embedded files
// have no time of modification.
type pageFile struct {
	name string
	body []byte
	etag string
}

func (f *pageFile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", f.etag)
	http.ServeContent(w, r, f.name, time.Time{}, bytes.NewReader(f.body))
}

func staticFiles() map[string]*pageFile {
	names, err := fs.Glob(pageFiles, "page/static/*")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	files := make(map[string]*pageFile, len(names))
	for _, name := range names {
		files[path.Base(name)] = mustPageFile(name)
	}
	return files
}

// mustPageFile panics if the file was not embedded, which a build decides.
func mustPageFile(name string) *pageFile {
	body, err := pageFiles.ReadFile(name)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(body)
	return &pageFile{name: path.Base(name), body: body, etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
}

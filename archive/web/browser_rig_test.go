//go:build browser

package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"holdfast/archive"
	"holdfast/archive/delivery"
	"holdfast/archive/s3store/fakes3"
	"holdfast/archive/web"
	"holdfast/archive/web/chromium"
)

// TestMain ends the browser, in which each tab has a context of its own that shares nothing
// with the others.
func TestMain(m *testing.M) { chromium.Main(m) }

// rig is a server with a store of its own.
type rig struct {
	t      *testing.T
	store  *triggersCanFail
	core   *archive.Archive
	server *httptest.Server
	loads  atomic.Int64 // requests for the change
	// instead, if it is set, answers the next requests to /upload.
	instead atomic.Pointer[http.HandlerFunc]
	handler http.Handler
}

// triggersCanFail is a store where the triggers of one customer can't be written.
type triggersCanFail struct {
	archive.Store
	customer atomic.Value
}

func (s *triggersCanFail) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if c, _ := s.customer.Load().(string); c != "" && strings.HasPrefix(key, "customers/"+c+"/") {
		return "", fmt.Errorf("the bucket does not let us write %s", key)
	}
	return s.Store.Put(ctx, key, body, cond)
}

func newRig(t *testing.T) *rig {
	t.Helper()
	chromium.Start(t)
	s3 := must(fakes3.Start())
	r := &rig{t: t, store: &triggersCanFail{Store: s3.Store()}}
	r.core = must(archive.New(archive.Options{Store: r.store}))
	uploads := must(delivery.NewUploader(delivery.UploaderOptions{Core: r.core, Store: r.store}))
	r.handler = must(web.New(web.Options{Core: r.core, Uploads: uploads, Identify: func(r *http.Request) (string, error) {
		if r.Method == http.MethodGet {
			return "reader", nil // pages are opened before a name is entered
		}
		return url.PathUnescape(r.Header.Get("X-User"))
	}}))
	r.server = httptest.NewServer(r)
	t.Cleanup(func() {
		r.server.CloseClientConnections()
		r.server.Close()
		s3.Close()
	})
	return r
}

func (r *rig) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch {
	case strings.HasPrefix(req.URL.Path, "/api/"):
		r.loads.Add(1)
	case req.URL.Path == "/upload":
		if h := r.instead.Load(); h != nil {
			(*h)(w, req)
			return
		}
	}
	r.handler.ServeHTTP(w, req)
}

// answerUploads lets h answer all uploads from now on; nil: the server itself.
func (r *rig) answerUploads(h http.HandlerFunc) {
	if h == nil {
		r.instead.Store(nil)
		return
	}
	r.instead.Store(&h)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// put stores a document.
func (r *rig) put(id, body string) {
	r.t.Helper()
	must(r.store.Put(r.t.Context(), must(archive.Key(id)), []byte(body), archive.Condition{}))
}

// putFile stores one of the test documents.
func (r *rig) putFile(id string) {
	r.t.Helper()
	r.put(id, string(must(os.ReadFile("../testdata/"+id+".json"))))
}

// edit is a save by somebody who has no browser.
func (r *rig) edit(id, user, field, text string) {
	r.t.Helper()
	loaded := must(r.core.Load(r.t.Context(), id))
	must(r.core.Save(r.t.Context(), id, loaded, archive.Edit{
		Fields:        map[string]json.RawMessage{field: must(json.Marshal(text))},
		Modifications: []archive.Modification{{ID: r.core.NewModificationID(), UserID: user, Type: archive.Updated}},
	}))
}

// stored is a field as it is in the store.
func (r *rig) stored(id, field string) string {
	r.t.Helper()
	raw, _ := must(r.core.Load(r.t.Context(), id)).Document.Field(field)
	var text string
	_ = json.Unmarshal(raw, &text)
	return text
}

// entries counts a user's modifications in the store.
func (r *rig) entries(id, user string) (n int) {
	r.t.Helper()
	for _, m := range must(must(r.core.Load(r.t.Context(), id)).Change().Modifications()) {
		if m.UserID == user {
			n++
		}
	}
	return n
}

// tab is a browser window of a user.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu      sync.Mutex
	dialogs []string // that scripts or the browser opened
}

// patience bounds every wait for the page. It polls every 2 s.
const patience = 15 * time.Second

// open opens an address as a user; an empty path is the page of CHG-12345.
func (r *rig) open(user, path string) *tab {
	r.t.Helper()
	tb := &tab{t: r.t}
	ctx, cancel := chromedp.NewContext(chromium.Start(r.t), chromedp.WithNewBrowserContext(), chromedp.WithListener(tb.hear))
	r.t.Cleanup(cancel)
	tb.ctx = ctx
	tb.do(chromedp.EmulateViewport(1280, 900), chromedp.Navigate(r.server.URL+path))
	if strings.HasPrefix(path, "/changes/") {
		tb.until("the change is shown", `!document.getElementById("columns").hidden`)
		if user != "" {
			tb.fill("#user", user)
		}
	}
	return tb
}

// hear fails the test for what a page must never do: throw, or try what its policy
// forbids.
func (tb *tab) hear(event any) {
	switch e := event.(type) {
	case *page.EventJavascriptDialogOpening:
		tb.mu.Lock()
		tb.dialogs = append(tb.dialogs, string(e.Type))
		tb.mu.Unlock()
	case *fetch.EventRequestPaused: // see loseAnswers
		go func() { // not here, where the browser's messages are read
			_, _ = chromedp.Call(tb.ctx, fetch.FailRequest, fetch.FailRequestParams{RequestID: e.RequestID, ErrorReason: network.ErrorReasonConnectionReset})
		}()
	case *runtime.EventExceptionThrown:
		tb.t.Errorf("the page threw: %s %v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception)
	case *log.EventEntryAdded:
		if e.Entry.Source == log.EntrySourceSecurity || strings.Contains(e.Entry.Text, "Content Security Policy") {
			tb.t.Errorf("the browser refused something: %s", e.Entry.Text)
		}
	}
}

func (tb *tab) opened() []string {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	return append([]string(nil), tb.dialogs...)
}

func (tb *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	if tb.ctx.Err() == nil && chromedp.FromContext(tb.ctx).Target == nil {
		ctx = tb.ctx // the first step opens the tab, which lives as long as its context
	}
	if err := chromedp.Do(ctx, steps...); err != nil {
		tb.t.Fatal(err)
	}
}

// eval returns the value of a script's expression.
func eval[T any](tb *tab, expression string) T {
	tb.t.Helper()
	v, err := chromedp.Run(tb.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		tb.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for a condition of the page. It asks from outside: the page's policy
// forbids to make functions of text.
func (tb *tab) until(what, condition string) {
	tb.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(30 * time.Millisecond) {
		if eval[bool](tb, "!!("+condition+")") {
			return
		}
		if time.Now().After(deadline) {
			tb.t.Fatalf("it did not happen that %s; the page says:\n%s", what, eval[string](tb, "document.body.innerText"))
		}
	}
}

func quote(s string) string { return string(must(json.Marshal(s))) }

// untilText waits until an element's text has a part.
func (tb *tab) untilText(selector, part string) {
	tb.t.Helper()
	tb.until(selector+" says "+part, fmt.Sprintf("document.querySelector(%s)?.textContent.includes(%s)", quote(selector), quote(part)))
}

func (tb *tab) text(selector string) string {
	tb.t.Helper()
	return eval[string](tb, fmt.Sprintf("document.querySelector(%s)?.textContent ?? ''", quote(selector)))
}

func (tb *tab) value(selector string) string {
	tb.t.Helper()
	return eval[string](tb, fmt.Sprintf("document.querySelector(%s).value", quote(selector)))
}

// fill replaces the text of a control as a user does who selects all and types.
func (tb *tab) fill(selector, text string) {
	tb.t.Helper()
	eval[bool](tb, fmt.Sprintf("(e => { e.focus(); e.select(); return true; })(document.querySelector(%s))", quote(selector)))
	if _, err := chromedp.Call(tb.ctx, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		tb.t.Fatal(err)
	}
}

func (tb *tab) click(selector string) {
	tb.t.Helper()
	tb.do(chromedp.Click(chromedp.CSS(selector)))
}

// press presses a key with modifiers.
func (tb *tab) press(key string, modifiers ...chromedp.Modifier) {
	tb.t.Helper()
	tb.do(chromedp.KeyEvent(key, chromedp.KeyModifiers(modifiers...)))
}

// save presses the Save button and waits until it is told that it is saved.
func (tb *tab) save() {
	tb.t.Helper()
	tb.click("#save")
	tb.untilText("#message", "Saved at")
}

//go:build browser

package web_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// sent are the uploads that a server has received, in their order. A browser repeats one
// by itself whose connection broke.
type sent struct {
	mu     sync.Mutex
	bodies []string
	lost   bool // the answers get lost
	fate   fate
}

func (s *sent) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.bodies...)
}

// fate is what becomes of an upload whose answer its sender never gets.
type fate bool

const (
	arrives    fate = true
	disappears fate = false
)

func (f fate) String() string {
	if f == arrives {
		return "it arrives"
	}
	return "it does not arrive"
}

// record notes all uploads.
func (r *rig) record() *sent {
	var s sent
	r.answerUploads(func(w http.ResponseWriter, req *http.Request) {
		body := string(must(io.ReadAll(req.Body)))
		req.Body = io.NopCloser(strings.NewReader(body))
		s.mu.Lock()
		s.bodies = append(s.bodies, body)
		lost, f := s.lost, s.fate
		s.mu.Unlock()
		if !lost {
			r.handler.ServeHTTP(w, req)
			return
		}
		if f == arrives {
			r.handler.ServeHTTP(httptest.NewRecorder(), req)
		}
		abort(w, req)
	})
	return &s
}

// upload is what the page sends.
type upload struct {
	Metadata, Base map[string]string
	Remove         []string
}

func parseSent(t *testing.T, body string) (u upload) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &u); err != nil {
		t.Fatal(err)
	}
	return u
}

func (s *sent) lose(is bool, f fate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost, s.fate = is, f
}

// hide makes the tab look hidden, so that it does not poll.
func (tb *tab) hide(is bool) {
	tb.t.Helper()
	eval[bool](tb, fmt.Sprintf(`Object.defineProperty(document, "hidden", {value: %v, configurable: true}), document.dispatchEvent(new Event("visibilitychange"))`, is))
	if is {
		tb.untilText("#watching", "Not watching")
		time.Sleep(200 * time.Millisecond) // one may be under way
	}
}

// saveInVain saves what is in the form and gets no answer.
func (tb *tab) saveInVain(uploads *sent, f fate) {
	tb.t.Helper()
	uploads.lose(true, f)
	tb.click("#save")
	tb.untilInDoubt()
	uploads.lose(false, f)
}

func (tb *tab) untilInDoubt() {
	tb.t.Helper()
	tb.untilText("#alert", "not known whether your change was saved")
	tb.untilText("#unsaved", "Not known whether saved: Title")
}

// wantTitle checks what is stored and shown, and how many modifications bob has made.
func (tb *tab) wantTitle(r *rig, stored, shown string, entries int) {
	tb.t.Helper()
	if got := r.stored(id, "changeTitle"); got != stored {
		tb.t.Errorf("stored is %q, want %q", got, stored)
	}
	if got := tb.value(title); got != shown {
		tb.t.Errorf("the form has %q, want %q", got, shown)
	}
	if got := r.entries(id, "bob"); got != entries {
		tb.t.Errorf("%d modifications by bob, want %d", got, entries)
	}
}

// A save loses its answer, but arrives. Somebody overwrites the title, somebody else
// restores it to what bob had saved. Whatever bob sees of that, and when: what he saved
// is settled once, so nothing of it is ever unsaved again.
func TestBrowserWalkRestoredByAThird(t *testing.T) {
	for _, sees := range []string{"all of it", "the overwritten title", "the restored title only"} {
		t.Run(sees, func(t *testing.T) {
			r := newRig(t)
			r.putFile(id)
			uploads := r.record()
			bob := r.open("bob", thePage)
			bob.hide(true)
			bob.fill(title, "Bob's title")
			bob.saveInVain(uploads, arrives)
			if sees != "the restored title only" {
				bob.hide(false)
				bob.untilText("#message", "saved after all")
				bob.untilText("#unsaved", "No unsaved changes")
				r.edit(id, "alice", "changeTitle", "Alice's title")
				bob.until("bob sees alice's title", fmt.Sprintf("document.querySelector(%q).value === \"Alice's title\"", title))
				bob.hide(true)
			} else {
				r.edit(id, "alice", "changeTitle", "Alice's title")
			}
			r.edit(id, "carol", "changeTitle", "Bob's title")
			if sees == "all of it" {
				bob.hide(false)
				bob.until("bob sees the restored title", fmt.Sprintf("document.querySelector(%q).value === \"Bob's title\"", title))
			}
			bob.click("#save")
			bob.untilText("#message", "Saved at")
			bob.untilText("#unsaved", "No unsaved changes")
			bob.wantTitle(r, "Bob's title", "Bob's title", 1)
			bob.click("#save")
			bob.untilText("#message", "nothing to save")
			for _, body := range uploads.all() {
				if body != uploads.all()[0] {
					t.Errorf("bob pressed Save for one text, and the page sent another: %s", body)
				}
			}
		})
	}
}

// The user goes on while a save is in doubt: types another text, or goes back to the
// one before. What is sent next is what the form has when Save is pressed.
func TestBrowserWalkGoesOnInDoubt(t *testing.T) {
	for _, f := range []fate{arrives, disappears} {
		for _, seen := range []bool{true, false} { // by the page, before Save is pressed
			for _, goesBack := range []bool{true, false} {
				t.Run(fmt.Sprintf("%v, seen=%v, goesBack=%v", f, seen, goesBack), func(t *testing.T) {
					r := newRig(t)
					r.putFile(id)
					old := r.stored(id, "changeTitle")
					uploads := r.record()
					bob := r.open("bob", thePage)
					bob.hide(true)
					bob.fill(title, "Bob's title")
					bob.saveInVain(uploads, f)
					next, entries := "Bob's next title", 1
					if goesBack {
						next, entries = old, 0
					}
					bob.fill(title, next)
					before := len(uploads.all())
					if seen && f == arrives {
						bob.hide(false)
						bob.untilText("#message", "saved after all")
						bob.untilText("#message", "made of Title since then is not saved")
						bob.untilText("#unsaved", "Not saved: Title")
					} else if goesBack {
						bob.untilText("#fields .touched .tag", "an earlier text may be saved")
					}
					if f == arrives {
						entries = 2
					}
					bob.click("#save")
					if entries == 0 {
						bob.untilText("#message", "You have taken it back, so there is nothing to save")
					} else {
						bob.untilText("#message", "Saved at")
					}
					bob.untilText("#unsaved", "No unsaved changes")
					bob.wantTitle(r, next, next, entries)
					for _, body := range uploads.all()[before:] {
						if got := parseSent(t, body).Metadata["changeTitle"]; got != next {
							t.Errorf("%q was sent, which bob has taken back", got)
						}
					}
				})
			}
		}
	}
}

// A request arrives after its sender has given it up, and has taken its text back: the
// page tells, and keeps what the user has gone back to.
func TestBrowserArrivesLate(t *testing.T) {
	r := newRig(t)
	r.putFile(id)
	before := r.stored(id, "changeTitle")
	uploads := r.record()
	bob := r.open("bob", thePage)
	bob.fill(title, "Bob's title")
	bob.saveInVain(uploads, disappears)
	bob.fill(title, before)
	bob.click("#save")
	bob.untilText("#message", "not stored so far")
	late := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/upload", strings.NewReader(uploads.all()[0]))
	late.Header.Set("Content-Type", "application/json")
	late.Header.Set("X-User", "bob")
	r.handler.ServeHTTP(httptest.NewRecorder(), late)
	bob.untilText("#message", "saved after all")
	bob.untilText("#message", "made of Title since then is not saved")
	bob.untilText("#unsaved", "Not saved: Title")
	bob.wantTitle(r, "Bob's title", before, 1)
	bob.save()
	bob.wantTitle(r, before, before, 2)
}

// A refusal of what is sent again says nothing of the first time: who is signed out, or
// met by a proxy, has saved all the same. The answer gets lost in the browser.
func TestBrowserWalkRefusedAfterLoss(t *testing.T) {
	for _, f := range []fate{arrives, disappears} {
		for _, c := range []struct {
			status int
			body   string
		}{
			{400, `{"success":false,"errorType":"INVALID","message":"It can't be read."}`},
			{401, `{"success":false,"errorType":"UNAUTHENTICATED","message":"Sign in."}`},
			{409, `{"success":false,"errorType":"CONCURRENT_MODIFICATION","reason":"exhausted","message":"Gave up."}`},
			{422, `<html>a proxy</html>`},
			{503, `{"success":false,"errorType":"UNAVAILABLE","message":"Busy."}`},
		} {
			t.Run(fmt.Sprintf("%v, %d", f, c.status), func(t *testing.T) {
				r := newRig(t)
				r.putFile(id)
				bob := r.open("bob", thePage)
				bob.hide(true)
				bob.fill(title, "Bob's title")
				stop := bob.loseAnswers(f)
				bob.click("#save")
				bob.untilInDoubt()
				stop()
				r.answerUploads(func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(c.status)
					_, _ = io.WriteString(w, c.body)
				})
				bob.click("#alert button")
				if f == arrives {
					bob.untilText("#message", "saved after all")
					bob.untilText("#unsaved", "No unsaved changes")
				} else {
					bob.until("the answer is there", `!document.getElementById("alert").textContent.includes("No answer came")`)
					bob.untilText("#alert", "not known whether your change was saved")
				}
				if said := bob.text("#footer"); strings.Contains(said, "Nothing was saved") {
					t.Errorf("the page claims to know that nothing is saved: %s", said)
				}
				r.answerUploads(nil)
				bob.save()
				bob.wantTitle(r, "Bob's title", "Bob's title", 1)
			})
		}
	}
}

// loseAnswers lets the browser fail all uploads from now on: after the server has
// answered, or before it is asked.
func (tb *tab) loseAnswers(f fate) (stop func()) {
	tb.t.Helper()
	stage := fetch.RequestStageResponse
	if f == disappears {
		stage = fetch.RequestStageRequest
	}
	patterns := []*fetch.RequestPattern{{URLPattern: "*/upload", RequestStage: stage}}
	if _, err := chromedp.Call(tb.ctx, fetch.Enable, fetch.EnableParams{Patterns: patterns}); err != nil {
		tb.t.Fatal(err)
	}
	return func() {
		if _, err := chromedp.Call(tb.ctx, fetch.Disable, cdp.Empty{}); err != nil {
			tb.t.Fatal(err)
		}
	}
}

// The page is left in doubt: the user is warned, and the next visit shows what is stored
// and sends nothing.
func TestBrowserReloadInDoubt(t *testing.T) {
	r := newRig(t)
	r.putFile(id)
	uploads := r.record()
	bob := r.open("bob", thePage)
	bob.hide(true)
	bob.fill(title, "Bob's title")
	bob.saveInVain(uploads, arrives)
	eval[bool](bob, "window.isOld = true")
	go func() { _, _ = chromedp.Run(bob.ctx, chromedp.Evaluate[any]("location.reload()")) }()
	for deadline := time.Now().Add(patience); len(bob.opened()) == 0 && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	if got := bob.opened(); len(got) != 1 || got[0] != "beforeunload" {
		t.Fatalf("leaving in doubt opened %v", got)
	}
	if _, err := chromedp.Call(bob.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true}); err != nil {
		t.Fatal(err)
	}
	bob.untilReloaded()
	bob.untilText("#unsaved", "No unsaved changes")
	bob.wantTitle(r, "Bob's title", "Bob's title", 1)
	bob.click("#save")
	bob.untilText("#message", "nothing to save")
	for _, body := range uploads.all() {
		if body != uploads.all()[0] {
			t.Errorf("after the reload the page sent %s", body)
		}
	}
}

// untilReloaded waits for another page than the one that is old. While it changes,
// neither can be asked.
func (tb *tab) untilReloaded() {
	tb.t.Helper()
	const isNew = `!window.isOld && document.getElementById("columns")?.hidden === false`
	for deadline := time.Now().Add(patience); ; time.Sleep(30 * time.Millisecond) {
		if is, err := chromedp.Run(tb.ctx, chromedp.Evaluate[bool](isNew)); err == nil && is {
			return
		}
		if time.Now().After(deadline) {
			tb.t.Fatal("the page was not loaded again")
		}
	}
}

// The same user has two tabs: what is saved in one is news in the other, which has a
// save of its own in doubt.
func TestBrowserTwoTabsInDoubt(t *testing.T) {
	r := newRig(t)
	r.putFile(id)
	uploads := r.record()
	one, two := r.open("bob", thePage), r.open("bob", thePage)
	one.hide(true)
	one.fill(title, "Bob's title")
	one.saveInVain(uploads, arrives)
	two.until("the other tab sees it", fmt.Sprintf("document.querySelector(%q).value === \"Bob's title\"", title))
	two.fill(title, "Bob's next title")
	two.save()
	one.hide(false)
	one.untilText("#message", "saved after all")
	one.untilText("#note-changeTitle", "Changed by bob just now")
	one.untilText("#unsaved", "No unsaved changes")
	one.wantTitle(r, "Bob's next title", "Bob's next title", 2)
	one.click("#message button") // tells the customers
	one.untilText("#message", "Saved at")
	one.wantTitle(r, "Bob's next title", "Bob's next title", 2)
}

// Only what was changed is sent, so that a change can be edited that is larger than an
// upload may be.
func TestBrowserSavesAFieldOfALargeChange(t *testing.T) {
	r := newRig(t)
	r.put(id, fmt.Sprintf(`{"changeId":%q,"changeTitle":"old","report":{"text":%q},"customers":[]}`, id, strings.Repeat("x", 1_200_000)))
	uploads := r.record()
	bob := r.open("bob", thePage)
	bob.fill(title, "Bob's title")
	bob.save()
	bob.wantTitle(r, "Bob's title", "Bob's title", 1)
	if sent := parseSent(t, uploads.all()[0]); len(sent.Metadata) != 2 || len(sent.Base) != 2 || sent.Base["changeTitle"] != "old" || sent.Remove != nil {
		t.Errorf("the page sent %s", uploads.all()[0])
	}
}

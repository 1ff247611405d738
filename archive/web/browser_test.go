//go:build browser

package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

const (
	id       = "CHG-12345"
	thePage  = "/changes/" + id
	title    = "#field-changeTitle"
	testPlan = "#field-testPlan"
)

func TestBrowserDisjointFieldsMerge(t *testing.T) {
	r := newRig(t)
	r.putFile(id)
	alice, bob := r.open("alice", thePage), r.open("bob", thePage)
	alice.fill(title, "Alice's title")
	bob.fill(testPlan, "Bob's plan\nin two lines")
	alice.save()
	bob.save()
	if got := r.stored(id, "changeTitle"); got != "Alice's title" {
		t.Errorf("the title is %q", got)
	}
	if got := r.stored(id, "testPlan"); got != "Bob's plan\nin two lines" {
		t.Errorf("the test plan is %q", got)
	}
	if got := bob.value(title); got != "Alice's title" {
		t.Errorf("bob, having saved, sees the title %q", got)
	}
	if got := bob.text("#note-changeTitle"); !strings.Contains(got, "alice") {
		t.Errorf("bob is not told who changed the title: %q", got)
	}
	if alice, bob := r.entries(id, "alice"), r.entries(id, "bob"); alice != 1 || bob != 1 {
		t.Errorf("%d modifications by alice, %d by bob, want one each", alice, bob)
	}
	// What nobody edited is as it was, to the byte.
	if raw, _ := must(r.core.Load(t.Context(), id)).Document.Field("x_vendor"); !strings.Contains(string(raw), "12345678901234567890") {
		t.Errorf("a number was rounded: %s", raw)
	}
	if got := alice.text("#values"); !strings.Contains(got, "12345678901234567890") || !strings.Contains(got, "1.50") {
		t.Errorf("numbers are shown rounded: %s", got)
	}
}

func TestBrowserSameFieldAsks(t *testing.T) {
	for _, c := range []struct {
		name    string
		decide  func(*tab)
		want    string
		entries int // of bob
	}{
		{"take mine", func(b *tab) { b.click(`[aria-label="Title: take mine"]`) }, "Bob's title", 1},
		{"take theirs", func(b *tab) { b.click(`[aria-label="Title: take theirs"]`) }, "Alice's title", 0},
		{"by hand", func(b *tab) { b.fill("#dispute-0-result", "Both titles") }, "Both titles", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.putFile(id)
			before := r.stored(id, "changeTitle")
			bob := r.open("bob", thePage)
			bob.fill(title, "Bob's title")
			r.edit(id, "alice", "changeTitle", "Alice's title")
			bob.click("#save")
			bob.until("bob is asked", `document.getElementById("conflict").open`)
			dialog := bob.text("#conflict")
			for _, want := range []string{before, "Alice's title", "Bob's title", "alice", "not decided"} {
				if !strings.Contains(dialog, want) {
					t.Errorf("the dialogue lacks %q: %s", want, dialog)
				}
			}
			if bob.click("#conflict-save"); !strings.Contains(bob.text("#conflict-problem"), "Decide") || r.stored(id, "changeTitle") != "Alice's title" {
				t.Error("saved although nothing was decided")
			}
			c.decide(bob)
			bob.click("#conflict-save")
			bob.until("the dialogue closes", `!document.getElementById("conflict").open`)
			bob.until("there is a message", `document.getElementById("message").textContent !== ""`)
			if got := r.stored(id, "changeTitle"); got != c.want {
				t.Errorf("stored is %q, want %q", got, c.want)
			}
			if got := bob.value(title); got != c.want {
				t.Errorf("the form has %q, want %q", got, c.want)
			}
			if got := r.entries(id, "bob"); got != c.entries {
				t.Errorf("%d modifications by bob, want %d", got, c.entries)
			}
		})
	}
}

// A decision is about what was on the screen.
func TestBrowserAsksAgainIfOthersGoOn(t *testing.T) {
	r := newRig(t)
	r.putFile(id)
	bob := r.open("bob", thePage)
	bob.fill(title, "Bob's title")
	r.edit(id, "alice", "changeTitle", "Alice's title")
	bob.click("#save")
	bob.until("bob is asked", `document.getElementById("conflict").open`)
	bob.click(`[aria-label="Title: take mine"]`)
	r.edit(id, "carol", "changeTitle", "Carol's title")
	bob.click("#conflict-save")
	bob.untilText("#disputes", "Carol's title")
	bob.untilText("#conflict-problem", "changed again")
	if got := r.stored(id, "changeTitle"); got != "Carol's title" {
		t.Errorf("stored is %q: bob has overwritten what he never saw", got)
	}
	bob.click(`[aria-label="Title: take mine"]`)
	bob.click("#conflict-save")
	bob.untilText("#message", "Saved at")
	if got := r.stored(id, "changeTitle"); got != "Bob's title" {
		t.Errorf("stored is %q", got)
	}
}

func TestBrowserPollingShowsOthers(t *testing.T) {
	r := newRig(t)
	r.putFile(id)
	alice, bob := r.open("alice", thePage), r.open("bob", thePage)
	bob.fill(title, "Bob is typing")
	alice.fill(testPlan, "Alice's plan")
	alice.fill(title, "Alice's title")
	alice.save()
	bob.until("the plan arrives", fmt.Sprintf("document.querySelector(%q).value === \"Alice's plan\"", testPlan))
	bob.untilText("#history li:first-child", "alice")
	bob.untilText("#news", "alice changed it.")
	bob.untilText("#note-testPlan", "Changed by alice just now")
	bob.untilText("#note-changeTitle", "Changed by alice meanwhile")
	if got := bob.value(title); got != "Bob is typing" {
		t.Errorf("bob's text became %q", got)
	}
	bob.click(`[aria-label="Title: take their text"]`)
	if got := bob.value(title); got != "Alice's title" {
		t.Errorf("after taking theirs it is %q", got)
	}
	bob.untilText("#unsaved", "No unsaved changes")
}

func TestBrowserDoesNotPollWhileHidden(t *testing.T) {
	r := newRig(t)
	r.putFile(id)
	bob := r.open("bob", thePage)
	bob.hide(true)
	before := r.loads.Load()
	r.edit(id, "alice", "testPlan", "Alice's plan")
	time.Sleep(2500 * time.Millisecond)
	if after := r.loads.Load(); after != before {
		t.Errorf("%d requests from a hidden tab", after-before)
	}
	bob.hide(false)
	bob.until("the plan arrives", fmt.Sprintf("document.querySelector(%q).value === \"Alice's plan\"", testPlan))
}

func TestBrowserPollsLessAndLessWhenIdle(t *testing.T) {
	r := newRig(t)
	r.putFile(id)
	bob := r.open("bob", thePage)
	// later lets time pass at once.
	later := func(d time.Duration) {
		eval[bool](bob, fmt.Sprintf(`(now => (performance.now = () => now() + %d, true))(performance.now.bind(performance))`, d.Milliseconds()))
	}
	polls := func(during time.Duration) int64 {
		before := r.loads.Load()
		time.Sleep(during)
		return r.loads.Load() - before
	}
	if n := polls(5 * time.Second); n < 2 || n > 3 {
		t.Errorf("%d polls in the first 5 s, want one every 2 s", n)
	}
	later(20 * time.Second)
	polls(2500 * time.Millisecond) // one that was due earlier
	if n := polls(6 * time.Second); n < 1 || n > 2 {
		t.Errorf("%d polls in 6 s when nothing was done for 20 s, want one every 5 s", n)
	}
	later(40 * time.Second)
	bob.untilText("#watching", "Not watching: nothing was done here for a minute")
	if n := polls(6 * time.Second); n != 0 {
		t.Errorf("%d polls when nothing was done for a minute", n)
	}
	r.edit(id, "alice", "testPlan", "Alice's plan")
	bob.press(kb.Shift)
	bob.until("a key starts it again", fmt.Sprintf("document.querySelector(%q).value === \"Alice's plan\"", testPlan))
}

// abort ends the connection, as a server does that dies.
func abort(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func TestBrowserLostAnswer(t *testing.T) {
	for _, stored := range []bool{true, false} {
		t.Run(fmt.Sprintf("stored=%v", stored), func(t *testing.T) {
			r := newRig(t)
			r.putFile(id)
			bob := r.open("bob", thePage)
			bob.fill(title, "Bob's title")
			r.answerUploads(func(w http.ResponseWriter, req *http.Request) {
				if stored {
					r.handler.ServeHTTP(httptest.NewRecorder(), req)
				}
				abort(w, req)
			})
			bob.click("#save")
			bob.untilText("#alert", "not known whether your change was saved")
			bob.click("#alert button") // the server is still not there
			bob.untilText("#alert", "not known whether your change was saved")
			if stored { // the next look finds it
				bob.untilText("#message", "saved after all")
			}
			r.answerUploads(nil)
			bob.fill(testPlan, "typed while waiting")
			bob.click("#footer .message button")
			bob.untilText("#message", "Saved at")
			bob.untilText("#message", "Told: hts, cds, fdbus, icx, motor, bat.")
			if got := r.stored(id, "changeTitle"); got != "Bob's title" {
				t.Errorf("the title is %q", got)
			}
			if got := r.entries(id, "bob"); got != 1 {
				t.Errorf("%d modifications by bob, want one", got)
			}
			bob.untilText("#unsaved", "Not saved: Test plan")
			bob.save()
			if got := r.stored(id, "testPlan"); got != "typed while waiting" || r.entries(id, "bob") != 2 {
				t.Errorf("the test plan is %q, %d modifications", got, r.entries(id, "bob"))
			}
		})
	}
}

func TestBrowserSaysWhatTheServerSays(t *testing.T) {
	r := newRig(t)
	r.putFile(id)
	bob := r.open("bob", thePage)
	for i, c := range []struct {
		status int
		body   string
		want   string
	}{
		{503, `{"success":false,"message":"The store is busy."}`, "Nothing was saved yet: The store is busy. The server asks to wait 7 s"},
		{503, `<html>a proxy</html>`, "not known whether"},
		{504, `{"success":false,"errorType":"OUTCOME_UNKNOWN","message":"no answer from the store"}`, "not known whether"},
		{502, `<html>Bad gateway</html>`, "not known whether"},
		{409, `{"success":false,"errorType":"CONCURRENT_MODIFICATION","reason":"exhausted","message":"Gave up."}`, "too many are writing at once. Gave up."},
		{413, `{"success":false,"message":"It is too large."}`, "was saved: It is too large."},
		{409, `<html>a proxy</html>`, "not known whether"},
		{404, `<html>a proxy</html>`, "was saved: The server answered 404"},
		{401, `{"success":false,"message":"Who are you?"}`, "does not accept your name: Who are you?"},
		{404, `{"success":false,"errorType":"NOT_FOUND","message":"gone"}`, "This change was deleted"},
	} {
		r.answerUploads(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(c.status)
			fmt.Fprint(w, c.body)
		})
		bob.fill(title, fmt.Sprintf("Bob's title, %d", i)) // nothing that is in doubt
		bob.click("#save")
		bob.untilText("#alert", c.want)
	}
	r.answerUploads(nil)
	bob.save()
	if got := r.entries(id, "bob"); got != 1 {
		t.Errorf("%d modifications, want one", got)
	}
}

// TestBrowserCustomerInDoubt: the answer to a trigger's write was lost, and the page does
// not say that the customer is not told.
func TestBrowserCustomerInDoubt(t *testing.T) {
	r := newRig(t)
	r.putFile(id)
	bob := r.open("bob", thePage)
	r.answerUploads(func(w http.ResponseWriter, req *http.Request) {
		answer := httptest.NewRecorder()
		r.handler.ServeHTTP(answer, req)
		fmt.Fprint(w, strings.Replace(answer.Body.String(), `"motor","success":true`, `"motor","success":false,"error":"lost","errorType":"OUTCOME_UNKNOWN"`, 1))
	})
	bob.fill(title, "Bob's title")
	bob.click("#save")
	bob.untilText("#alert", "Not known whether told: motor.")
	r.answerUploads(nil)
	bob.click("#alert button")
	bob.untilText("#message", "motor")
}

func TestBrowserTellsAgain(t *testing.T) {
	r := newRig(t)
	r.putFile(id)
	r.store.customer.Store("motor")
	bob := r.open("bob", thePage)
	bob.fill(title, "Bob's title")
	bob.click("#save")
	bob.untilText("#alert", "Not told: motor.")
	bob.untilText("#alert", "Told: hts, cds, fdbus, icx, bat.")
	r.store.customer.Store("")
	bob.click("#alert button")
	bob.untilText("#message", "motor")
	if got := r.entries(id, "bob"); got != 1 {
		t.Errorf("%d modifications, want one", got)
	}
	if _, _, err := r.store.Get(t.Context(), "customers/motor/"+id+".json"); err != nil {
		t.Error(err)
	}
}

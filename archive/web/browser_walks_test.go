//go:build browser

package web_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// walks plays random walks of a session in the browser and returns what went wrong.
// Others write, answers get lost, requests arrive late, and the user types, takes back,
// removes, saves and decides, in any order; see testdata/walk.js for what must hold.
func walks(tb *tab, first, n, steps int) []string {
	tb.t.Helper()
	script := fmt.Sprintf("(%s)(%d, %d, %d)", must(os.ReadFile("testdata/walk.js")), first, n, steps)
	problems, err := chromedp.Run(tb.ctx, chromedp.Evaluate[[]string](script, chromedp.EvalAwaitPromise))
	if err != nil {
		tb.t.Fatal(err)
	}
	return problems
}

func TestBrowserSessionsInAnyOrder(t *testing.T) {
	tb := newRig(t).open("", "/")
	for _, problem := range walks(tb, 1, 2000, 60) {
		t.Error(problem)
	}
}

// Who judges the walks: with each of these faults in the page they must find something.
func TestBrowserWalksFindFaults(t *testing.T) {
	for _, c := range []struct{ name, file, is, becomes string }{
		{"settled again", "draft.js", "if (!this.isInDoubt(submission)) return;", "if (!this.isInDoubt(submission)) this.doubts.push(submission);"},
		{"sent again although it was changed", "session.js", "this.draft.isWanted(doubt)", "true"},
		{"a base that has moved goes back", "draft.js", "this.close(name, this.doubts);", ""},
		{"a refusal is believed", "session.js", "if (!looked && ", "if (false && "},
		{"a refusal of the second time is believed", "session.js", `found?.kind === "loaded" && !again`, `found?.kind === "loaded"`},
		{"a base moves although nobody looked", "draft.js", "news.kept.push(name);", "this.base.set(name, value);"},
		{"touched fields follow", "draft.js", "if (!this.isTouched(name)) {", "if (true) {"},
		{"a save that arrived is not recognised", "draft.js", "if (this.doubts.length === 0) return [];", "return [];"},
		{"what was typed while saving is taken for saved", "draft.js", "this.base.set(name, submission.sent.get(name));", "this.base.set(name, this.text.get(name));"},
		{"sent as another modification after a conflict", "session.js", "if (submission && this.draft.isInDoubt(submission)", "if (false && this.draft.isInDoubt(submission)"},
		{"a decision about another value", "session.js", "if (this.isOutdated(decisions)) return this.askAgain();", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			script := string(must(os.ReadFile("page/static/" + c.file)))
			faulty := strings.ReplaceAll(script, c.is, c.becomes)
			if faulty == script {
				t.Fatalf("%s has no %q", c.file, c.is)
			}
			inner := r.handler
			r.handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if req.URL.Path != "/static/"+c.file {
					inner.ServeHTTP(w, req)
					return
				}
				w.Header().Set("Content-Type", "text/javascript")
				_, _ = w.Write([]byte(faulty))
			})
			problems := walks(r.open("", "/"), 1, 2000, 60)
			if len(problems) == 0 {
				t.Error("the walks find nothing")
				return
			}
			t.Log(problems[0])
		})
	}
}

//go:build browser

package reports

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"holdfast/archive/web/chromium"
	"holdfast/reports/page"
)

// TestMain ends the browser, in which each tab has a context of its own that shares nothing
// with the others.
func TestMain(m *testing.M) { chromium.Main(m) }

// tab is a page that is looked at.
type tab struct {
	t    *testing.T
	ctx  context.Context
	name string
	file string // its address
}

// patience bounds every step.
const patience = 20 * time.Second

// openPage writes a page to a file and opens that. The test fails for what a page must never
// do: say something on the console, throw, try what its policy forbids, or ask for anything
// but its file.
func openPage(t *testing.T, name string, p page.Page, steps ...chromedp.Action[chromedp.Void]) *tab {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	var b strings.Builder
	if err := page.HTML(&b, p); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	tb := &tab{t: t, name: name, file: (&url.URL{Scheme: "file", Path: file}).String()}
	ctx, cancel := chromedp.NewContext(chromium.Start(t), chromedp.WithNewBrowserContext(), chromedp.WithListener(tb.hear))
	t.Cleanup(cancel)
	tb.ctx = ctx
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	tb.do(append(steps, chromedp.Navigate(tb.file))...)
	return tb
}

func (tb *tab) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		tb.t.Errorf("%s threw: %s %v", tb.name, e.ExceptionDetails.Text, e.ExceptionDetails.Exception)
	case *runtime.EventConsoleAPICalled:
		tb.t.Errorf("%s says something on the console: %s", tb.name, e.Type)
	case *log.EventEntryAdded:
		tb.t.Errorf("the browser says of %s: %s", tb.name, e.Entry.Text)
	case *network.EventRequestWillBeSent:
		if address, _, _ := strings.Cut(e.Request.URL, "#"); address != tb.file && !strings.HasPrefix(address, "data:") {
			tb.t.Errorf("%s asks for %s", tb.name, e.Request.URL)
		}
	}
}

func (tb *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		tb.t.Fatalf("%s: %v", tb.name, err)
	}
}

// width makes the window so wide, in pixels of CSS.
func (tb *tab) width(pixels int64) {
	tb.t.Helper()
	tb.do(chromedp.EmulateViewport(pixels, 900))
}

// prefers sets what the system is said to prefer, prefers-color-scheme for one.
func (tb *tab) prefers(name, value string) {
	tb.t.Helper()
	if _, err := chromedp.Call(tb.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: name, Value: value}}}); err != nil {
		tb.t.Fatal(err)
	}
}

// eval returns the value of a script's expression.
func eval[T any](tb *tab, expression string) T {
	tb.t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		tb.t.Fatalf("%s: %s: %v", tb.name, expression, err)
	}
	return v
}

// until waits for a condition of the page. It asks from outside: the page's policy forbids to
// make functions of text.
func (tb *tab) until(what, condition string) {
	tb.t.Helper()
	for deadline := time.Now().Add(patience); !eval[bool](tb, "!!("+condition+")"); time.Sleep(30 * time.Millisecond) {
		if time.Now().After(deadline) {
			tb.t.Fatalf("%s: it did not happen that %s", tb.name, what)
		}
	}
}

// picture saves what is to be seen, all of it, where HOLDFAST_PICTURES says: for people who
// want to look at it.
func (tb *tab) picture(name string) {
	tb.t.Helper()
	dir := os.Getenv("HOLDFAST_PICTURES")
	if dir == "" {
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		tb.t.Fatal(err)
	}
	png, err := chromedp.Run(tb.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		tb.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, tb.name+"-"+name+".png"), png, 0o600); err != nil {
		tb.t.Fatal(err)
	}
}

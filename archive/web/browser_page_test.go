//go:build browser

package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func TestBrowserHistory(t *testing.T) {
	r := newRig(t)
	entry := func(at, kind, customer string) string {
		return fmt.Sprintf(`{"timestamp":"2025-10-17T%sZ","user_id":"u","modification_type":%q,"customer_code":%q}`, at, kind, customer)
	}
	entries := []string{
		entry("10:00:00", "created", ""), `{}`, entry("10:00:01", "processed", "a"), entry("10:00:02", "processed", "b"),
		entry("11:00:00", "processed", "c"), `{"modification_type":"something_else"}`,
	}
	for range 20 {
		entries = append(entries, entry("12:00:00", "updated", ""))
	}
	r.put(id, fmt.Sprintf(`{"changeId":%q,"modifications":[%s]}`, id, strings.Join(entries, ",")))
	bob := r.open("bob", thePage)
	count := `document.querySelectorAll("#history li").length`
	if n := eval[int](bob, count); n != 20 {
		t.Errorf("at first %d entries are shown", n)
	}
	bob.click("#older")
	if n := eval[int](bob, count); n != 25 {
		t.Errorf("then %d are, want 25", n)
	}
	for i, want := range map[int]string{21: "somebody something_else", 22: "u processed it for c", 23: "u processed it for b and a", 24: "somebody did something"} {
		if got := bob.text(fmt.Sprintf("#history li:nth-child(%d)", i)); !strings.Contains(got, want) {
			t.Errorf("entry %d is %q, want %q", i, got, want)
		}
	}
}

func TestBrowserMarkupStaysText(t *testing.T) {
	const evil = `<script>alert(1)</script><img src=x onerror=alert(2)>"'&lt;`
	count := func(text string) (*tab, int) {
		r := newRig(t)
		r.put(id, fmt.Sprintf(`{"changeId":%q,"changeTitle":%s,"__proto__":%[2]s,"note":%[2]s,"list":[%[2]s],"customers":[],`+
			`"modifications":[{"timestamp":%[2]s,"user_id":%[2]s,"modification_type":%[2]s,"customer_code":%[2]s}]}`, id, quote(text)))
		b := r.open("bob", thePage)
		r.edit(id, text, "changeTitle", text+"!")
		b.untilText("#history li:first-child", text)
		b.untilText("h1", text+"!")
		b.fill("#field-note", "mine")
		r.edit(id, text, "note", text+"?")
		b.click("#save")
		b.until("bob is asked", `document.getElementById("conflict").open`)
		b.untilText("#disputes", text+"?")
		return b, eval[int](b, `document.querySelectorAll("*:not(mark)").length`)
	}
	_, harmless := count(strings.Repeat("x", len(evil)))
	b, got := count(evil)
	if got != harmless {
		t.Errorf("%d elements, %d with harmless text", got, harmless)
	}
	if n := eval[int](b, `document.querySelectorAll("img, body script").length`); n != 0 {
		t.Errorf("%d elements made of text", n)
	}
	if dialogs := b.opened(); len(dialogs) != 0 {
		t.Errorf("text was run: it opened %v", dialogs)
	}
}

func TestBrowserKeyboard(t *testing.T) {
	r := newRig(t)
	r.putFile(id)
	bob := r.open("bob", thePage)
	eval[bool](bob, `(document.activeElement.blur(), true)`)
	bob.fill("#user", "bob")
	for range 2 { // from the name to the title and on
		bob.press(kb.Tab)
	}
	if got := eval[string](bob, "document.activeElement.id"); got != "field-changeReason" {
		t.Errorf("two tabs after the name the focus is in %q", got)
	}
	bob.press("x")
	if style := eval[string](bob, "getComputedStyle(document.activeElement).outlineStyle"); style != "solid" {
		t.Errorf("the focus can't be seen: outline %s", style)
	}
	bob.press("s", chromedp.ModifierCtrl)
	bob.untilText("#message", "Saved at")
	if got := r.stored(id, "changeReason"); !strings.Contains(got, "x") {
		t.Errorf("Ctrl+S did not save: %q", got)
	}
	bob.fill(title, "Bob's title")
	r.edit(id, "alice", "changeTitle", "Alice's title")
	bob.press("s", chromedp.ModifierCtrl)
	bob.until("bob is asked", `document.getElementById("conflict").open`)
	if got := eval[string](bob, "document.activeElement.textContent"); got != "Take theirs" {
		t.Errorf("in the dialogue the focus is on %q", got)
	}
	bob.press(kb.Escape)
	bob.until("Esc closes the dialogue", `!document.getElementById("conflict").open`)
	if got := bob.value(title); got != "Bob's title" {
		t.Errorf("after Esc the title is %q", got)
	}
	bob.press("s", chromedp.ModifierCtrl)
	bob.until("bob is asked again", `document.getElementById("conflict").open`)
	for range 2 { // to the other side's button; each blockquote that scrolls may take a stop
		if eval[string](bob, "document.activeElement.textContent") != "Take mine" {
			bob.press(kb.Tab)
		}
	}
	bob.press(kb.Enter)
	bob.press("s", chromedp.ModifierCtrl)
	bob.untilText("#message", "Saved at")
	if got := r.stored(id, "changeTitle"); got != "Bob's title" {
		t.Errorf("by keys alone %q was stored", got)
	}
}

func TestBrowserFitsAPhone(t *testing.T) {
	r := newRig(t)
	r.putFile("CHG-30030")
	r.edit("CHG-30030", "alice", "rollbackPlan", strings.Repeat("unbreakable", 40))
	bob := r.open("bob", "/changes/CHG-30030")
	bob.do(chromedp.EmulateViewport(360, 740))
	fits := func(what string) {
		t.Helper()
		if w := eval[int](bob, "document.scrollingElement.scrollWidth"); w > 360 {
			t.Errorf("%s is %d wide", what, w)
		}
	}
	fits("the form")
	eval[bool](bob, `document.getElementById("fixed").open = true`)
	fits("the form with all values")
	bob.fill("#field-rollbackPlan", strings.Repeat("inseparable", 40))
	r.edit("CHG-30030", "alice", "rollbackPlan", strings.Repeat("undivided", 40))
	bob.untilText("#note-rollbackPlan", "meanwhile")
	fits("the form with a note")
	eval[bool](bob, `(document.getElementById("removal").open = true, document.getElementById("removable").value = "changeTitle", true)`)
	fits("the form with the choice of a field to remove")
	bob.click("#remove")
	bob.untilText("#fields .removed .tag", "removed when you save")
	fits("the form with a field that goes")
	bob.click(`[aria-label="Title: keep this field"]`)
	bob.click("#save")
	bob.until("bob is asked", `document.getElementById("conflict").open`)
	fits("the page behind the dialogue")
	if w := eval[int](bob, `(d => d.scrollWidth - d.clientWidth)(document.getElementById("conflict-body"))`); w > 0 {
		t.Errorf("the dialogue scrolls sideways by %d", w)
	}
	bob.click(`[aria-label="Rollback plan: take mine"]`)
	bob.click("#conflict-save")
	bob.untilText("#message", "Saved at")
	bob.untilText("#message", "30 customers")
	fits("the form with a message")
	bob.do(chromedp.Navigate(r.server.URL + "/?id=%21"))
	fits("the page that asks for an id")
}

func TestBrowserWarnsBeforeLeaving(t *testing.T) {
	r := newRig(t)
	r.putFile(id)
	bob := r.open("bob", thePage)
	bob.click(title)
	bob.press("x")
	go func() { _, _ = chromedp.Run(bob.ctx, chromedp.Evaluate[any]("location.href = '/'")) }()
	for deadline := time.Now().Add(patience); len(bob.opened()) == 0 && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	if got := bob.opened(); len(got) != 1 || got[0] != "beforeunload" {
		t.Fatalf("leaving with unsaved text opened %v", got)
	}
	if _, err := chromedp.Call(bob.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: false}); err != nil {
		t.Fatal(err)
	}
	bob.save()
	bob.do(chromedp.Navigate(r.server.URL + "/"))
	if got := bob.opened(); len(got) != 1 {
		t.Errorf("leaving with everything saved opened %v", got[1:])
	}
}

func TestBrowserWantsAName(t *testing.T) {
	r := newRig(t)
	r.putFile(id)
	bob := r.open("", thePage)
	bob.fill(title, "Nobody's title")
	bob.click("#save")
	bob.untilText("#alert", "Enter your name")
	if got := eval[string](bob, "document.activeElement.id"); got != "user" {
		t.Errorf("the focus is in %q", got)
	}
	bob.fill("#user", "Łukasz 李")
	bob.save()
	bob.do(chromedp.Navigate(r.server.URL + thePage))
	if got := bob.value("#user"); got != "Łukasz 李" {
		t.Errorf("the next time the name is %q", got)
	}
}

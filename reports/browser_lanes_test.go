//go:build browser

package reports

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"holdfast/reports/page"
)

// storyPage is a page of stories that differ in what is drawn: a lost modification, a crowd, a
// schedule of which is known where it became inevitable, a store at fault.
func storyPage(t *testing.T) page.Page {
	t.Helper()
	scheduled := found(t, "settled-by-etag")
	scheduled.fate = "after move 2 of 6: none of 3 continuations escapes"
	for i := range scheduled.moves {
		m := &scheduled.moves[i]
		m.Share, m.Chance, m.Fateful = float64(i)/10, fmt.Sprintf("%d %%", 10*i), i == 1
	}
	all := []story{found(t, "unlocked"), found(t, "check-then-work"), scheduled, broken(t, "if-match-ignored")}
	p := page.Page{Title: "stories", Verdict: "FAIL", Tone: page.Bad, Sections: []page.Section{{ID: "stories", Title: "What went wrong"}}}
	for i := range all {
		all[i].id = fmt.Sprintf("story-%d", i+1)
		p.Sections[0].Blocks = append(p.Sections[0].Blocks, all[i].lanes())
	}
	return p
}

// current is what of a story is marked: the sentence, what is drawn, the move, and what is
// said of it.
const current = `(() => {
  const lanes = document.querySelector("#story-%d");
  const one = (q) => [...lanes.querySelectorAll(q)].map(e => e.dataset.step || e.dataset.move).join(" ");
  return {
    sentence: one(".story .on"), row: one("svg .row.on"), drawn: one("svg g.on"), move: one(".moves .on"), step: one("[aria-current=step]"),
    said: lanes.querySelector(".now").textContent, live: lanes.querySelector(".now").getAttribute("aria-live"),
  };
})()`

type lanesMark struct{ Sentence, Row, Drawn, Move, Step, Said, Live string }

func (tb *tab) marked(story int) lanesMark { return eval[lanesMark](tb, fmt.Sprintf(current, story)) }

// pointed is what is marked because somebody points at it.
func (tb *tab) pointed(story int) lanesMark {
	return eval[lanesMark](tb, strings.ReplaceAll(fmt.Sprintf(current, story), ".on\"", ".at\""))
}

// TestBrowserStepsThroughLanes by the keyboard, by the buttons and by a click on either side.
func TestBrowserStepsThroughLanes(t *testing.T) {
	tb := openPage(t, "lanes", storyPage(t))
	steps := eval[int](tb, `document.querySelectorAll("#story-1 .story [data-step]").length`)
	at := func(how string, want int) {
		t.Helper()
		m, n := tb.marked(1), fmt.Sprint(want)
		if m.Sentence != n || m.Row != n || m.Drawn != n || m.Step != n || m.Live != "polite" || !strings.HasPrefix(m.Said, fmt.Sprintf("Step %d of %d: ", want, steps)) {
			t.Errorf("%s: want step %d, is at %+v", how, want, m)
		}
	}
	tb.do(chromedp.Focus("#story-1 .drawn"))
	if !eval[bool](tb, `getComputedStyle(document.activeElement).outlineStyle === "solid" || document.activeElement.matches(".drawn:focus")`) {
		t.Error("nobody sees that the drawing has the focus")
	}
	press := func(keys string) { tb.do(chromedp.KeyEvent(keys)) }
	press(kb.ArrowRight)
	at("→", 1)
	press(kb.ArrowRight)
	press("j")
	at("→ and j", 3)
	press("k")
	press(kb.ArrowLeft)
	press(kb.ArrowLeft)
	at("back beyond the beginning", 1)
	press(kb.End)
	at("End", steps)
	press(kb.ArrowRight)
	at("on beyond the end", steps)
	press(kb.Home)
	at("Home", 1)
	tb.do(chromedp.Click(`#story-1 [data-go="on"]`))
	at("the button", 2)
	tb.do(chromedp.Click(`#story-1 .story [data-step="4"]`))
	at("a click on the sentence", 4)
	eval[bool](tb, `document.querySelector("#story-1 svg .row[data-step='5']").dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }))`)
	at("a click on the drawing", 5)
	if m := tb.marked(2); m.Sentence != "" {
		t.Errorf("another story is at %+v", m)
	}
	tb.picture("stepped")
}

// TestBrowserMarksWhatIsPointedAt, in the words and in the drawing, for as long as that.
func TestBrowserMarksWhatIsPointedAt(t *testing.T) {
	tb := openPage(t, "lanes-pointed", storyPage(t))
	point := func(kind, element string) {
		eval[bool](tb, fmt.Sprintf(`document.querySelector(%q).dispatchEvent(new PointerEvent(%q, { bubbles: true }))`, element, kind))
	}
	for _, element := range []string{`#story-1 .story [data-step="2"]`, `#story-1 svg g[data-step="2"]`} {
		point("pointerover", element)
		if m := tb.pointed(1); m.Sentence != "2" || m.Drawn != "2" || m.Step != "" {
			t.Errorf("at %s: %+v", element, m)
		}
		point("pointerleave", "#story-1 .story")
		if m := tb.pointed(1); m.Sentence != "" || m.Drawn != "" {
			t.Errorf("past %s: %+v", element, m)
		}
	}
	// A step of a schedule has its move.
	tb.do(chromedp.Click(`#story-3 .story [data-step="3"]`))
	want := eval[string](tb, `document.querySelector("#story-3 .story [data-step='3']").dataset.move`)
	if m := tb.marked(3); m.Move != want || want == "0" {
		t.Errorf("move %q, want %q", m.Move, want)
	}
	if !eval[bool](tb, `document.querySelector("#story-3 .moves li.fate").textContent.includes("from here on nothing escapes")`) {
		t.Error("nothing says where it became inevitable")
	}
}

// small are the texts of drawings that can't be read, and what lies upon one another.
const crowded = `(() => {
  const bad = [];
  for (const svg of document.querySelectorAll("svg.swim")) {
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width, box = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].map(e => ({ e, b: e.getBoundingClientRect() }));
    for (const { e, b } of texts) {
      if (parseFloat(getComputedStyle(e).fontSize) * scale < 11) bad.push("small: " + e.textContent);
      if (b.left < box.left - 1 || b.right > box.right + 1) bad.push("cut: " + e.textContent);
    }
    for (const rect of svg.querySelectorAll("rect.box")) {
      const r = rect.getBoundingClientRect();
      for (const { e, b } of texts) {
        const inside = b.top > r.top && b.bottom < r.bottom && (b.left + b.right) / 2 > r.left && (b.left + b.right) / 2 < r.right;
        if (inside && (b.left < r.left || b.right > r.right)) bad.push("too wide for its box: " + e.textContent);
      }
    }
  }
  return bad;
})()`

// TestBrowserLanesCanBeRead at every width, in light, dark and print, and without script.
func TestBrowserLanesCanBeRead(t *testing.T) {
	tb := openPage(t, "lanes-read", storyPage(t))
	for _, width := range []int64{360, 1280} {
		tb.width(width)
		for _, scheme := range []string{"light", "dark"} {
			tb.prefers("prefers-color-scheme", scheme)
			if bad := eval[[]string](tb, crowded); len(bad) > 0 {
				t.Errorf("at %d in %s: %d, first %q", width, scheme, len(bad), bad[0])
			}
			if eval[int](tb, `document.documentElement.scrollWidth`) > int(width) {
				t.Errorf("the page is wider than %d", width)
			}
			tb.picture(fmt.Sprintf("%d-%s", width, scheme))
		}
	}
	tb.width(800)
	if _, err := chromedp.Call(tb.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}); err != nil {
		t.Fatal(err)
	}
	if eval[bool](tb, `[...document.querySelectorAll(".lanes .stepping")].some(e => e.checkVisibility()) || getComputedStyle(document.documentElement).backgroundColor !== "rgb(255, 255, 255)"`) {
		t.Error("on paper there are buttons, or it is dark")
	}
	if eval[bool](tb, `[...document.querySelectorAll("svg.swim")].some(e => e.getBoundingClientRect().right > innerWidth)`) {
		t.Error("a drawing is cut on paper")
	}
	tb.picture("print")
	// Who sees no drawing reads the list: nothing in the drawing is on the way of a Tab.
	if n := eval[int](tb, `[...document.querySelectorAll("svg.swim a")].filter(e => e.tabIndex >= 0).length`); n > 0 {
		t.Errorf("%d stops in the drawings", n)
	}
}

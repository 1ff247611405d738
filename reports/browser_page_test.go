//go:build browser

package reports

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"holdfast/reports/page"
	"holdfast/scenarios/measure"
)

// pages are of each kind that a run's page can be.
func pages() map[string]page.Page {
	nasty := brokenRun()
	nasty.Scenario = `</script><img src=x onerror=alert(1)>` + strings.Repeat("W", 300)
	nasty.Shows, nasty.Core, nasty.Policy = "\u202egnp.exe | `a` 👩🏽‍🚀", "<b>unlocked</b>", strings.Repeat("(base=50ms,cap=2s)", 20)
	var many []measure.Measurement
	for i := range 30 {
		m := million()
		if i%7 == 3 {
			m = brokenRun()
		}
		m.Scenario = fmt.Sprintf("scenario-with-a-rather-long-name-%d", i)
		many = append(many, m)
	}
	all := map[string]page.Page{}
	for name, runs := range map[string][]measure.Measurement{
		"passed": {detailed()}, "violated": {brokenRun()}, "store-at-fault": {storeAtFault()}, "inconclusive": {inconclusive()}, "interrupted": {interrupted()},
		"missed": {withMissed()}, "one-second": {small()}, "million": {million()}, "several": {detailed(), brokenRun(), inconclusive(), small()}, "many": many, "nasty": {nasty},
	} {
		r := NewResult(NewEnvironment(nil), runs...)
		if name == "several" {
			r.Lacks([]string{"storm"})
		}
		all[name] = r.Page()
	}
	return all
}

// inSight measures what of the page is shown.
const inSight = `(() => {
  const shown = (e) => e.getClientRects().length > 0 && e.checkVisibility();
  const name = (e) => e.tagName + "." + e.getAttribute("class") + " " + e.textContent.trim().slice(0, 40);
  const small = [], pale = [], empty = [];
  const rgb = (c) => { const m = c.match(/[\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
  const luminance = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] > 0) return c; } return [255, 255, 255, 1]; };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = walk.nextNode(); n; n = walk.nextNode()) {
    const e = n.parentElement;
    if (!n.data.trim() || !shown(e) || e.closest(".skip, desc, title, script, style")) continue;
    const style = getComputedStyle(e), svg = e.closest("svg");
    let size = parseFloat(style.fontSize), color = rgb(style.color);
    if (svg) {
      size = parseFloat(style.fontSize) * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
      color = rgb(style.fill);
    }
    if (size < 11) small.push(size.toFixed(1) + " " + name(e));
    const [a, b] = [luminance(color), luminance(behind(svg || e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) pale.push(((a + 0.05) / (b + 0.05)).toFixed(2) + " " + name(e));
  }
  let charts = 0;
  for (const f of document.querySelectorAll("figure.drawing")) {
    if (!shown(f)) continue;
    charts++;
    const drawn = [...f.querySelectorAll("svg")].filter(shown);
    const box = drawn[0] && drawn[0].getBoundingClientRect();
    const lines = drawn[0] ? [...drawn[0].querySelectorAll(".line, .bar, .mark")].filter(p => { const b = p.getBBox(); return b.width + b.height > 0; }) : [];
    if (drawn.length !== 1 || box.width < 200 || box.height < 30 || lines.length === 0 || !drawn[0].getAttribute("aria-label")) empty.push(name(f));
  }
  const wide = document.documentElement.scrollWidth > innerWidth
    ? [...document.querySelectorAll("body *")].filter(e => shown(e) && e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll")).slice(0, 3).map(name) : [];
  return { small, pale, empty, charts, wide, scroll: document.documentElement.scrollWidth, inner: innerWidth };
})()`

// unheard finds what a screen reader can't make sense of: landmarks and headings in order,
// names that are unique, drawings in words and numbers.
const unheard = `(() => {
  const found = [];
  let last = 0;
  for (const h of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const level = Number(h.tagName[1]);
    if (level > last + 1) found.push(h.tagName + " after h" + last + ": " + h.textContent);
    if (!h.textContent.trim()) found.push("an empty heading");
    last = level;
  }
  for (const one of ["h1", "main", "body > header"]) if (document.querySelectorAll(one).length !== 1) found.push("not one " + one);
  const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
  if (new Set(ids).size !== ids.length) found.push("an id twice: " + ids.find((id, i) => ids.indexOf(id) !== i));
  for (const e of document.querySelectorAll("[aria-labelledby]")) if (!document.getElementById(e.getAttribute("aria-labelledby"))) found.push("nothing names " + e.tagName);
  for (const a of document.querySelectorAll("a[href^='#']")) if (!document.getElementById(a.getAttribute("href").slice(1))) found.push("a link to nothing: " + a.textContent);
  for (const svg of document.querySelectorAll("svg")) if (svg.getAttribute("role") !== "img" || !svg.getAttribute("aria-label")) found.push("a drawing without words");
  for (const f of document.querySelectorAll("figure.drawing")) if (![f, f.closest("section"), f.closest("section").nextElementSibling].some(e => e?.querySelector("table tbody tr"))) found.push("a drawing without its numbers");
  for (const t of document.querySelectorAll("table")) if (!t.querySelector("th[scope=col]") || !t.querySelector("th[scope=row]")) found.push("a table without heads");
  return found;
})()`

type looks struct {
	Small, Pale, Empty, Wide []string
	Charts, Scroll, Inner    int
}

func (tb *tab) look(where string) looks {
	tb.t.Helper()
	l := eval[looks](tb, inSight)
	if l.Scroll > l.Inner {
		tb.t.Errorf("%s %s: it is %d wide in a window of %d: %q", tb.name, where, l.Scroll, l.Inner, l.Wide)
	}
	for what, all := range map[string][]string{"text too small": l.Small, "text too pale": l.Pale, "charts not drawn": l.Empty} {
		if len(all) > 0 {
			tb.t.Errorf("%s %s: %s: %d, first %q", tb.name, where, what, len(all), all[0])
		}
	}
	return l
}

// TestBrowserPagesCanBeRead at every width, in light and in dark, and be heard.
func TestBrowserPagesCanBeRead(t *testing.T) {
	for name, p := range pages() {
		t.Run(name, func(t *testing.T) {
			tb := openPage(t, name, p)
			for _, width := range []int64{360, 768, 1280, 3840} {
				tb.width(width)
				l := tb.look(fmt.Sprintf("at %d", width))
				if name == "passed" && l.Charts < 2 {
					t.Errorf("%d charts", l.Charts)
				}
				tb.picture(fmt.Sprint(width))
			}
			tb.width(360)
			if n := eval[int](tb, `[...document.querySelectorAll(".scroll:has(> .stacked)")].filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth).length`); n > 0 {
				t.Errorf("on a telephone %d tables of words are cut", n)
			}
			for _, problem := range eval[[]string](tb, unheard) {
				t.Errorf("for those who do not see: %s", problem)
			}
			tb.prefers("prefers-reduced-motion", "reduce")
			if got := eval[string](tb, `getComputedStyle(document.documentElement).scrollBehavior`); got != "auto" {
				t.Errorf("it scrolls %s for who wants no motion", got)
			}
			tb.width(1280)
			tb.prefers("prefers-color-scheme", "dark")
			tb.look("in the dark")
			tb.picture("dark")
			eval[bool](tb, `[...document.querySelectorAll("details")].every(d => d.open = true)`)
			tb.look("unfolded")
		})
	}
}

// TestBrowserEveryDocumentCanBeRead on a telephone and on a screen, also in the dark.
func TestBrowserEveryDocumentCanBeRead(t *testing.T) {
	for name, e := range examples(t) {
		if strings.HasPrefix(name, "doctor ") && !strings.HasPrefix(name, "doctor nginx") {
			continue // the servers' pages are alike; this is the one that has most to say
		}
		t.Run(name, func(t *testing.T) {
			tb := openPage(t, strings.ReplaceAll(name, " ", "-"), e.Document.(interface{ Page() page.Page }).Page())
			tb.width(360)
			eval[bool](tb, `[...document.querySelectorAll("details")].every(d => d.open = true)`)
			tb.look("unfolded at 360")
			tb.width(1280)
			tb.prefers("prefers-color-scheme", "dark")
			tb.look("in the dark")
			for _, problem := range eval[[]string](tb, unheard) {
				t.Errorf("for those who do not see: %s", problem)
			}
			tb.picture("dark")
		})
	}
}

func TestBrowserPagesTurnDarkAndLight(t *testing.T) {
	tb := openPage(t, "passed", pages()["passed"])
	const paper, bar = `getComputedStyle(document.documentElement).backgroundColor`, `getComputedStyle(document.querySelector(".wide .bar")).fill`
	tb.prefers("prefers-color-scheme", "light")
	light, lightBar := eval[string](tb, paper), eval[string](tb, bar)
	tb.do(chromedp.Click(chromedp.CSS("button.scheme")))
	dark, darkBar := eval[string](tb, paper), eval[string](tb, bar)
	if light != "rgb(255, 255, 255)" || dark == light || darkBar == lightBar {
		t.Errorf("light %s, bars %s; dark %s, bars %s", light, lightBar, dark, darkBar)
	}
	tb.look("turned dark")
	tb.prefers("prefers-color-scheme", "dark")
	tb.do(chromedp.Click(chromedp.CSS("button.scheme")))
	if got := eval[string](tb, paper); got != light {
		t.Errorf("turned light again where the system is dark, it is %s", got)
	}
	tb.look("turned light")
}

// TestBrowserKeyboardReachesEverything that can be opened, followed, scrolled or pressed.
func TestBrowserKeyboardReachesEverything(t *testing.T) {
	for _, name := range []string{"violated", "several"} {
		tb := openPage(t, name, pages()[name])
		all := eval[int](tb, `(window.reached = new Set(), [...document.querySelectorAll("a[href]:not([tabindex='-1']), button, summary, [tabindex='0']")].filter(e => e.checkVisibility() && e.getClientRects().length).length)`)
		for range all {
			tb.do(chromedp.KeyEvent(kb.Tab))
			if eval[bool](tb, `(reached.add(document.activeElement), getComputedStyle(document.activeElement).outlineStyle === "none")`) {
				t.Errorf("%s: focus is not seen on %s", name, eval[string](tb, `document.activeElement.outerHTML.slice(0, 100)`))
			}
		}
		if got := eval[int](tb, `(reached.delete(document.body), reached.size)`); got != all || all < 10 {
			t.Errorf("%s: the keyboard reaches %d of %d", name, got, all)
		}
	}
	tb := openPage(t, "several", pages()["several"])
	tb.do(chromedp.Click(chromedp.CSS(`a[href="#run-4"]`)))
	tb.until("what is folded opens for who follows a link to it", `document.querySelector("#run-4 > details").open`)
}

// TestBrowserPagesAreForPaperToo: printed, nothing is folded, cut at the edge or dark.
func TestBrowserPagesAreForPaperToo(t *testing.T) {
	for _, name := range []string{"passed", "violated", "several", "nasty"} {
		tb := openPage(t, name, pages()[name])
		tb.prefers("prefers-color-scheme", "dark")
		pdf, err := chromedp.Call(tb.ctx, cdppage.PrintToPDF, cdppage.PrintToPDFParams{PrintBackground: new(true)})
		if err != nil || !strings.HasPrefix(string(pdf.Data), "%PDF") && len(pdf.Data) < 1000 {
			t.Errorf("%s: printing: %v, %d bytes", name, err, len(pdf.Data))
		}
		const a4 = 794 // pixels of CSS
		tb.width(a4)
		if _, err := chromedp.Call(tb.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print",
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}}); err != nil {
			t.Fatal(err)
		}
		tb.look("printed")
		if got := eval[string](tb, `getComputedStyle(document.documentElement).backgroundColor`); got != "rgb(255, 255, 255)" {
			t.Errorf("%s: paper is %s", name, got)
		}
		if n := eval[int](tb, `[...document.querySelectorAll("details > :not(summary)")].filter(e => !e.checkVisibility({contentVisibilityAuto: true})).length`); n > 0 {
			t.Errorf("%s: %d parts are folded on paper", name, n)
		}
		if n := eval[int](tb, `[...document.querySelectorAll("button, nav")].filter(e => e.checkVisibility()).length`); n > 0 {
			t.Errorf("%s: %d things to press on paper", name, n)
		}
		tb.picture("printed")
	}
}

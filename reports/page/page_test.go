package page_test

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"holdfast/reports/chart"
	"holdfast/reports/page"
)

// nasty are texts that want to be more than text.
var nasty = []string{
	`</script><script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `"><svg onload=alert(1)>`, `--> ]]> </style> </title>`,
	"\u202egnp.exe\u2066", "👩🏽‍🚀 emoji", "漢字", strings.Repeat("x", 3000), "a | b || c", "`code` ``` fence", "# not a heading\n- nor a list\n\n1. nor this",
	"[link](javascript:alert(1))", "@everyone **bold** $x^2$ ~~gone~~ _it_", "\x00\x1b[31mred\x07", "\xff\xfe", "{{.Title}} {{template \"x\"}}", "&lt;b&gt;", "",
}

// lines is a drawing of a name.
func lines(name string) *chart.Chart {
	return &chart.Chart{Title: name, X: name, Panels: []chart.Panel{{Y: name, Series: []chart.Series{{Name: name, Points: []chart.Point{{X: 1, Y: 2}, {X: 2, Y: 3}}}}}}}
}

// everywhere is a page that says a text wherever there is one.
func everywhere(s string) page.Page {
	table := page.Table{Caption: s, Columns: []page.Column{{Name: s}, {Name: s, Number: true}, {Name: s, Verdict: true}}, Rows: [][]string{{s, s, s}}, Anchors: []string{"inner"}}
	folded := table
	folded.Folded = true
	return page.Page{
		Title: s, Verdict: s, Tone: page.Bad, Lead: s, Advice: []page.Advice{{Text: s, Command: s}}, Facts: page.Facts{{Name: s, Value: s}},
		Sections: []page.Section{
			{ID: "one", Title: s, Blocks: []page.Block{
				page.Prose(s), page.List{s, s}, page.Code{Title: s, Text: s}, table, folded, page.Facts{{Name: s, Value: s}},
				page.Section{ID: "inner", Title: s, Verdict: s, Folded: true, Blocks: []page.Block{page.Prose(s)}},
			}},
			{ID: "two", Title: s, Blocks: []page.Block{page.Figure{Title: s, Caption: s, Drawing: lines(s), Table: table}}},
			{ID: "three", Title: s, Verdict: "PASS"},
			{ID: "four", Title: s, Blocks: []page.Block{swim("swim", s)}},
		},
	}
}

func html(t *testing.T, p page.Page) string {
	t.Helper()
	return written(t, p, page.HTML)
}

func written(t *testing.T, p page.Page, write func(io.Writer, page.Page) error) string {
	t.Helper()
	var a, b bytes.Buffer
	if err := write(&a, p); err != nil {
		t.Fatal(err)
	}
	if err := write(&b, p); err != nil || a.String() != b.String() {
		t.Errorf("written twice it differs, %v", err)
	}
	return a.String()
}

var tag = regexp.MustCompile(`<[^>]*>`)

// tags are those of a file, without what their attributes say.
func tags(file string) string {
	file = regexp.MustCompile(`<wbr>|<span class="word">([^<]*)</span>`).ReplaceAllString(file, "$1") // where lines may end
	file = regexp.MustCompile(`<text [^>]*>|</text>`).ReplaceAllString(file, "")                      // drawings break long titles into lines
	return regexp.MustCompile(`="[^"]*"`).ReplaceAllString(strings.Join(tag.FindAllString(file, -1), "\n"), "")
}

// TestNothingButTextComesOfText: whatever a page is told, its elements are the same.
func TestNothingButTextComesOfText(t *testing.T) {
	want := tags(html(t, everywhere("plain")))
	for _, s := range nasty[:len(nasty)-1] {
		if got := tags(html(t, everywhere(s))); got != want {
			t.Errorf("%q makes other elements", s)
		}
	}
}

func TestWhatActsIsShown(t *testing.T) {
	for _, write := range []func(io.Writer, page.Page) error{page.HTML, page.Markdown} {
		for _, s := range nasty {
			file := written(t, everywhere(s), write)
			if i := strings.IndexAny(file, "\u202e\u2066\x00\x1b\x07"); i >= 0 {
				t.Errorf("%q: it holds %q", s, file[max(i-20, 0):i+20])
			}
			if strings.Contains(s, "\u202e") && !strings.Contains(file, `\u202egnp.exe\u2066`) && !strings.Contains(file, `\\u202egnp.exe\\u2066`) {
				t.Error("a turn of direction is not shown")
			}
		}
	}
}

// TestMarkdownOfNastyTexts: their marks are escaped, and no line begins with one.
func TestMarkdownOfNastyTexts(t *testing.T) {
	shape := func(s string) (kinds []string) {
		code := false
		for line := range strings.SplitSeq(written(t, everywhere(s), page.Markdown), "\n") {
			fence := regexp.MustCompile("^```+$").MatchString(line)
			if fence {
				code = !code
			}
			if fence || code {
				continue
			}
			kinds = append(kinds, regexp.MustCompile(`^(#+ |- |\| |[0-9]+[.)] |)`).FindString(line))
			if line != "" && !strings.HasPrefix(line, "<sub>") {
				if raw := regexp.MustCompile("(^|[^\\\\])[`*_\\[\\]<>~$]").FindString(strings.ReplaceAll(line, `\\`, "")); raw != "" {
					t.Errorf("%q: %q in %q", s, raw, line)
				}
			}
			if strings.HasPrefix(line, "| ") {
				if cells := len(regexp.MustCompile(`(^|[^\\])\|`).FindAllString(strings.ReplaceAll(line, `\\`, ""), -1)); cells != 4 {
					t.Errorf("%q: %d bars in %q", s, cells, line)
				}
			}
		}
		return kinds
	}
	want := shape("plain")
	for _, s := range nasty[:len(nasty)-1] {
		if got := shape(s); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%.80q: lines begin otherwise:\n%q\n%q", s, got, want)
		}
	}
	// Nobody is told of it.
	if got := written(t, page.Page{Verdict: "PASS", Lead: "@everyone"}, page.Markdown); strings.Contains(got, "@everyone") || !strings.Contains(got, "everyone") {
		t.Errorf("it names people: %s", got)
	}
	got := written(t, page.Page{Verdict: "PASS", Advice: []page.Advice{{Text: "t", Command: "a ``` b"}}}, page.Markdown)
	if !strings.Contains(got, "\n````\na ``` b\n````\n") {
		t.Errorf("a command ends its block: %s", got)
	}
}

// TestAnyPageIsSmall: what is long is cut, and it says so.
func TestAnyPageIsSmall(t *testing.T) {
	p := everywhere(strings.Repeat("<&>", 1000))
	huge := page.Table{Caption: "many", Columns: []page.Column{{Name: "n"}}}
	var list page.List
	for i := range 100_000 {
		huge.Rows = append(huge.Rows, []string{fmt.Sprint("row ", i)})
		list = append(list, fmt.Sprint("item ", i))
	}
	for i := range 100 {
		p.Sections = append(p.Sections, page.Section{ID: fmt.Sprint("s", i), Title: "t", Blocks: []page.Block{huge, list, page.Code{Text: strings.Repeat("line\n", 100_000)}}})
	}
	for name, write := range map[string]func(io.Writer, page.Page) error{"HTML": page.HTML, "Markdown": page.Markdown} {
		file := written(t, p, write)
		most := map[string]int{"HTML": 2_000_000, "Markdown": 500_000}[name]
		if len(file) > most || !strings.Contains(file, "more rows are in the JSON document") || !strings.Contains(file, "row 1") || strings.Contains(file, "row 300") {
			t.Errorf("%s: %d bytes", name, len(file))
		}
	}
}

func TestHeadingsFollowOneAnother(t *testing.T) {
	last := 0
	for _, h := range regexp.MustCompile(`<h([1-6])`).FindAllStringSubmatch(html(t, everywhere("x")), -1) {
		level := int(h[1][0] - '0')
		if level > last+1 {
			t.Errorf("h%d follows h%d", level, last)
		}
		last = level
	}
	if last == 0 {
		t.Error("there is no heading")
	}
}

// TestTonesOfWords: what is not known is doubt, and never good.
func TestTonesOfWords(t *testing.T) {
	for word, want := range map[string]page.Tone{
		"PASS": page.Good, "FAIL": page.Bad, "STORE AT FAULT": page.Bad, "INCONCLUSIVE": page.Doubt, "STOPPED": page.Doubt, "NOT RUN": page.Doubt, "": page.Doubt, "PASSED?": page.Doubt,
	} {
		if got := page.ToneOf(word); got != want {
			t.Errorf("%q is %s, want %s", word, got, want)
		}
	}
}

// TestLinesEndWhereTheyMay: between arguments and words, not in a number or in a flag.
func TestLinesEndWhereTheyMay(t *testing.T) {
	p := pageOf(page.Prose("policy full(base=50ms,cap=2s) of 23,880 & more"))
	p.Advice = []page.Advice{{Text: "again", Command: "simulate run 'a b' --runs 30 <x>"}}
	file := html(t, p)
	for _, want := range []string{
		"<p>policy full(base=50ms,<wbr>cap=2s) of 23,880 &amp; more</p>",
		`<code>simulate run &#39;a b&#39; <span class="word">--runs</span> 30 &lt;x&gt;</code>`,
	} {
		if !strings.Contains(file, want) {
			t.Errorf("no %s", want)
		}
	}
}

// TestWordsBesideOneAnotherHaveNames, with which telephones put them below one another; a few
// numbers have room.
func TestWordsBesideOneAnotherHaveNames(t *testing.T) {
	table := page.Table{
		Columns: []page.Column{{Name: "clients", Number: true}, {Name: "verdict", Verdict: true}, {Name: "p99 (ms)", Number: true}},
		Rows:    [][]string{{"10", "PASS", "7"}},
	}
	file := html(t, pageOf(table))
	for _, name := range []string{"clients", "verdict", "p99 (ms)"} {
		if strings.Count(file, `data-column="`+name+`"`) != 1 {
			t.Errorf("no cell is said to be of column %s", name)
		}
	}
	table.Columns[1] = page.Column{Name: "number", Number: true}
	if strings.Contains(html(t, pageOf(table)), "data-column=") {
		t.Error("numbers alone stay beside one another")
	}
}

// TestNothingStandsInNoColumn: of a column without a word not even the name is shown.
func TestNothingStandsInNoColumn(t *testing.T) {
	p := pageOf(page.Table{Columns: []page.Column{{Name: "what"}, {Name: "hollowness"}, {Name: "note"}}, Rows: [][]string{{"a", "", ""}, {"b", "", "noted"}}})
	for _, write := range []func(io.Writer, page.Page) error{page.HTML, page.Markdown} {
		if got := written(t, p, write); strings.Contains(got, "hollowness") || !strings.Contains(got, "noted") || !strings.Contains(got, "note<") && !strings.Contains(got, "| note |") {
			t.Errorf("of %d bytes", len(got))
		}
	}
}

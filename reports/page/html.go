package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"holdfast/reports/chart"
)

// What a page holds of one table, list, cell or code at most. Whoever wants all of it has
// the document itself.
const (
	mostRows = 200
	mostText = 1_000  // runes
	mostCode = 20_000 // runes

	mostBytes = 1_500_000 // of a page, at the end of the block that exceeds them
)

// The widths of drawings, in pixels: one for telephones, and one for all that is wider. Both
// are in the file, and the style sheet shows the one whose text can be read.
const narrow, wide = 340, 560

var (
	//go:embed page.html
	pageTemplates string
	//go:embed page.css
	pageStyle string
	//go:embed page.js
	pageScript string

	style  = schemes() + pageStyle + lanesStyle + chart.Style
	script = pageScript + lanesScript

	templates = template.Must(template.New("").Funcs(template.FuncMap{
		"clean":   func(s string) string { return cut(clean(s), mostText) },
		"soft":    soft,
		"command": command,
		"code":    func(s string) string { return cut(clean(s), mostCode) },
		"tone":    ToneOf,
		"sign":    Tone.sign,
		"style":   func() template.CSS { return template.CSS(style) }, //nolint:gosec // the file's own
		"js":      func() template.JS { return template.JS(script) },  //nolint:gosec // the file's own
		"csp":     func() string { return policy },                    // forbids all but the two above
		"full":    sentence,
		"inc":     func(n int) int { return n + 1 },
		"h":       func(level int) int { return min(level, 6) }, // headings end there
	}).Parse(pageTemplates + lanesTemplates))
)

// policy is the Content-Security-Policy of a page: its own style and script, by their
// digests, and nothing from anywhere.
var policy = fmt.Sprintf("default-src 'none'; style-src %s; script-src %s; img-src data:; base-uri 'none'; form-action 'none'", digest(style), digest(script))

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// schemes are the colors: those of light, those of dark where the system or the reader wants
// it, and those of light on paper.
func schemes() string {
	light, dark := chart.Light()+lightColors, chart.Dark()+darkColors
	return ":root{color-scheme:light;" + light + "}\n" +
		"@media (prefers-color-scheme:dark){:root:not([data-scheme=light]){color-scheme:dark;" + dark + "}}\n" +
		":root[data-scheme=dark]{color-scheme:dark;" + dark + "}\n" +
		"@media print{:root:root,:root[data-scheme]{color-scheme:light;" + light + "}}\n"
}

// HTML writes a page as one file that needs nothing else: no network, no other file. It opens
// without script, too; then nothing can be copied by a button, and light or dark is as the
// system has it.
func HTML(w io.Writer, p Page) error {
	r := renderer{level: 2}
	r.put("head", p)
	r.blocks(sectionsOf(p))
	r.put("foot", p)
	if r.err != nil {
		return fmt.Errorf("write %s as HTML: %w", p.Title, r.err)
	}
	_, err := w.Write(r.out.Bytes())
	return err
}

func sectionsOf(p Page) []Block {
	blocks := make([]Block, len(p.Sections))
	for i, s := range p.Sections {
		blocks[i] = s
	}
	return blocks
}

// renderer writes blocks as HTML.
type renderer struct {
	out   bytes.Buffer
	level int // of the next section's heading
	ids   int
	swims int // stories
	full  bool
	err   error // the first
}

func (r *renderer) put(template string, data any) {
	if err := templates.ExecuteTemplate(&r.out, template, data); err != nil && r.err == nil {
		r.err = err
	}
}

// id is one that no section has.
func (r *renderer) id() string {
	r.ids++
	return fmt.Sprintf("_%d", r.ids)
}

// blocks puts figures that follow one another beside each other, where there is room.
func (r *renderer) blocks(all []Block) {
	figures := false
	for _, b := range all {
		if r.out.Len() > mostBytes {
			if !r.full {
				r.full = true
				r.put("prose", "The rest is left out here, and is in the JSON document: the page would be too large.")
			}
			break
		}
		if _, is := b.(Figure); is != figures {
			figures = is
			r.out.WriteString(map[bool]string{true: "<div class=\"figures\">\n", false: "</div>\n"}[is])
		}
		b.html(r)
	}
	if figures {
		r.out.WriteString("</div>\n")
	}
}

func (s Section) html(r *renderer) {
	view := struct {
		Section
		Level int
	}{s, r.level}
	r.put("section", view)
	r.level++
	r.blocks(s.Blocks)
	r.level--
	r.put("section end", view)
}

func (p Prose) html(r *renderer) { r.put("prose", string(p)) }

func (f Facts) html(r *renderer) { r.put("facts", f) }

func (l List) html(r *renderer) {
	shown := l[:min(len(l), mostRows)]
	r.put("list", struct {
		Shown List
		Left  string
	}{shown, left(len(l)-len(shown), "item")})
}

func (c Code) html(r *renderer) {
	shown := cut(c.Text, mostCode)
	r.put("code", struct{ Title, Shown, Left string }{c.Title, shown, left(strings.Count(c.Text, "\n")-strings.Count(shown, "\n"), "line")})
}

// left says how many there are that are not shown, and where.
func left(n int, what string) string {
	switch {
	case n <= 0:
		return ""
	case n == 1:
		return "1 more " + what + " is in the JSON document."
	}
	return fmt.Sprintf("%d more %ss are in the JSON document.", n, what)
}

// cell is one of a table, with its column.
type cell struct {
	Column
	Text   string
	Anchor string
	Head   bool
}

// tableView is a table as the template wants it.
type tableView struct {
	Table
	ID    string
	Cells [][]cell
	Left  string
	// Stacked: on a telephone each row is a block of lines, with the columns' names before
	// their cells. Words beside one another have no room there.
	Stacked bool
}

// filled is a table without the columns in which nothing stands.
func (t Table) filled() Table {
	var kept []int
	for n := range t.Columns {
		stands := func(row []string) bool { return n < len(row) && row[n] != "" }
		if n == 0 || len(t.Rows) == 0 || slices.ContainsFunc(t.Rows, stands) {
			kept = append(kept, n)
		}
	}
	if len(kept) == len(t.Columns) {
		return t
	}
	columns, rows := t.Columns, t.Rows
	t.Columns, t.Rows = nil, make([][]string, len(rows))
	for _, n := range kept {
		t.Columns = append(t.Columns, columns[n])
		for i, row := range rows {
			if n < len(row) {
				t.Rows[i] = append(t.Rows[i], row[n])
			}
		}
	}
	return t
}

// stacked reports whether a table is more than a few numbers.
func (t Table) stacked() bool {
	if len(t.Columns) < 3 {
		return false
	}
	for _, c := range t.Columns[1:] {
		if !c.Number {
			return true
		}
	}
	return false
}

func (t Table) view(r *renderer) *tableView {
	t = t.filled()
	v := &tableView{Table: t, ID: r.id(), Stacked: t.stacked()}
	shown := t.Rows[:min(len(t.Rows), mostRows)]
	for i, row := range shown {
		var cells []cell
		for n, text := range row {
			c := cell{Text: text, Head: n == 0}
			if n < len(t.Columns) {
				c.Column = t.Columns[n]
			}
			if n == 0 && i < len(t.Anchors) {
				c.Anchor = t.Anchors[i]
			}
			cells = append(cells, c)
		}
		v.Cells = append(v.Cells, cells)
	}
	v.Left = left(len(t.Rows)-len(shown), "row")
	return v
}

func (t Table) html(r *renderer) { r.put("table", t.view(r)) }

func (f Figure) html(r *renderer) {
	view := struct {
		Figure
		Level        int
		Wide, Narrow template.HTML
		Table        *tableView
	}{Figure: f, Level: r.level, Wide: r.drawn(f.Drawing, wide), Narrow: r.drawn(f.Drawing, narrow)}
	if len(f.Table.Columns) > 0 {
		table := f.Table
		table.Folded = true
		if table.Caption == "" {
			table.Caption = "The numbers"
		}
		view.Table = table.view(r)
	}
	r.put("figure", view)
}

// drawn is the only HTML that is taken as it is: what package chart has drawn.
func (r *renderer) drawn(d Drawing, width float64) template.HTML {
	var b bytes.Buffer
	if err := d.WriteElement(&b, width); err != nil && r.err == nil {
		r.err = err
	}
	return template.HTML(clean(b.String())) //nolint:gosec // see above
}

const lightColors = "--paper:#fff;--ink:#1b1d21;--quiet:#5a606a;--line:#dcdfe4;--well:#f5f6f8;--link:#0a58a8;" +
	"--good:#0a6647;--good-paper:#e2f3ea;--bad:#a5230f;--bad-paper:#fce9e4;--doubt:#734b00;--doubt-paper:#fbf0d0;"

const darkColors = "--paper:#16181d;--ink:#e6e8eb;--quiet:#a3a9b4;--line:#353a43;--well:#1e2127;--link:#83bdf7;" +
	"--good:#63d6a9;--good-paper:#12322a;--bad:#ff9c88;--bad-paper:#401c15;--doubt:#f2bd52;--doubt-paper:#39290b;"

package page

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// What Markdown holds at most: it is for who decides on a change, beside the change. GitHub
// takes no summary of more than 1 MiB.
const (
	mostMarkdownRows = 60
	mostMarkdownText = 500     // runes
	mostMarkdownCode = 4_000   // runes
	mostMarkdown     = 200_000 // bytes, at the end of the section that exceeds them
)

// Markdown writes a page as GitHub and GitLab show it, without details and drawings.
func Markdown(w io.Writer, p Page) error {
	m := marker{level: 3}
	m.line("## %s %s: %s", p.Tone.sign(), words(p.Verdict), words(p.Title))
	m.paragraph(p.Lead)
	for _, a := range p.Advice {
		m.paragraph(a.Text)
		if a.Command != "" {
			m.code(a.Command)
		}
	}
	for _, s := range p.Sections {
		if m.out.Len() > mostMarkdown {
			m.paragraph("The rest is left out here: it would be too long.")
			break
		}
		s.markdown(&m)
	}
	if len(p.Facts) > 0 {
		m.line("")
		m.line("<sub>%s</sub>", p.Facts.inLine())
	}
	_, err := w.Write(m.out.Bytes())
	return err
}

// marker writes blocks as Markdown.
type marker struct {
	out   bytes.Buffer
	level int
}

func (m *marker) line(format string, args ...any) { fmt.Fprintf(&m.out, format+"\n", args...) }

func (m *marker) paragraph(text string) {
	if text != "" {
		m.line("")
		m.line("%s", beginning(words(text)))
	}
}

// code writes a block of code between longer fences than any in it.
func (m *marker) code(text string) {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	m.line("")
	m.line("%s\n%s\n%[1]s", fence, strings.TrimSuffix(cut(clean(text), mostMarkdownCode), "\n"))
}

func (s Section) markdown(m *marker) {
	if s.Detail {
		return
	}
	verdict := ""
	if s.Verdict != "" {
		verdict = ToneOf(s.Verdict).sign() + " " + words(s.Verdict) + ": "
	}
	m.line("")
	m.line("%s %s%s", strings.Repeat("#", min(m.level, 6)), verdict, words(s.Title))
	m.level++
	for _, b := range s.Blocks {
		b.markdown(m)
	}
	m.level--
}

func (p Prose) markdown(m *marker) { m.paragraph(string(p)) }

func (l List) markdown(m *marker) {
	if len(l) == 0 {
		return
	}
	m.line("")
	shown := l[:min(len(l), mostMarkdownRows)]
	for _, item := range shown {
		m.line("- %s", beginning(words(item)))
	}
	m.paragraph(left(len(l)-len(shown), "item"))
}

func (c Code) markdown(m *marker) {
	m.paragraph(c.Title)
	m.code(c.Text)
}

func (f Facts) markdown(m *marker) {
	if len(f) > 0 {
		m.line("")
		m.line("%s", beginning(f.inLine()))
	}
}

// inLine are the facts behind one another.
func (f Facts) inLine() string {
	var all []string
	for _, fact := range f {
		all = append(all, words(fact.Name)+": "+words(fact.Value))
	}
	return strings.Join(all, "; ")
}

func (t Table) markdown(m *marker) {
	m.paragraph(t.Caption)
	m.rows(&t)
}

func (f Figure) markdown(m *marker) {
	m.paragraph(strings.TrimSuffix(f.Title, ".") + ". " + f.Caption)
	if !f.Table.Folded {
		m.rows(&f.Table)
	}
}

// rows writes a table without its caption.
func (m *marker) rows(all *Table) {
	t := all.filled()
	if len(t.Columns) == 0 || len(t.Rows) == 0 {
		return
	}
	m.line("")
	var names, lines []string
	for _, c := range t.Columns {
		names = append(names, words(c.Name))
		lines = append(lines, map[bool]string{true: "---:", false: "---"}[c.Number])
	}
	m.line("| %s |", strings.Join(names, " | "))
	m.line("| %s |", strings.Join(lines, " | "))
	shown := t.Rows[:min(len(t.Rows), mostMarkdownRows)]
	for _, row := range shown {
		var cells []string
		for i, text := range row {
			if i < len(t.Columns) && t.Columns[i].Verdict && text != "" {
				text = ToneOf(text).sign() + " " + text
			}
			cells = append(cells, words(text))
		}
		m.line("| %s |", strings.Join(cells, " | "))
	}
	m.paragraph(left(len(t.Rows)-len(shown), "row"))
}

// marks are the characters that mean something to Markdown within a line, as GitHub and
// GitLab read it: links, code, emphasis, HTML, cells, formulas. An @ names people, who would be
// told; a word joiner, which is not seen, prevents it.
var marks = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&", "&amp;",
	"|", `\|`, "~", `\~`, "$", `\$`, "@", "@\u2060")

// words is a text that stands in one line as it is.
func words(s string) string {
	return marks.Replace(cut(strings.Join(strings.Fields(clean(s)), " "), mostMarkdownText))
}

// beginning is a line that begins with no mark of a heading, list or rule.
func beginning(line string) string {
	digits := len(line) - len(strings.TrimLeft(line, "0123456789"))
	if rest := line[digits:]; rest != "" {
		switch {
		case digits > 0 && (rest[0] == '.' || rest[0] == ')'), digits == 0 && strings.ContainsRune("#+-=:", rune(rest[0])):
			return line[:digits] + `\` + rest
		}
	}
	return line
}

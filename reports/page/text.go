package page

import (
	"fmt"
	"html"
	"html/template"
	"regexp"
	"strings"
	"unicode"
)

// sign is what a tone looks like without color.
func (t Tone) sign() string {
	switch t {
	case Good:
		return "✓"
	case Bad:
		return "✕"
	}
	return "?"
}

// clean shows what would otherwise act on the text around it, or be seen as nothing: control
// characters, and those that turn the direction of writing.
func clean(s string) string {
	if strings.IndexFunc(s, acts) < 0 {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	var b strings.Builder
	for _, r := range s {
		if acts(r) {
			fmt.Fprintf(&b, "\\u%04x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func acts(r rune) bool {
	return r != '\n' && r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}

// argument is where a text like full(base=50ms,cap=2s) may go on in the next line.
var argument = regexp.MustCompile(`,([a-z])`)

// soft is a text that is broken between arguments rather than within a number.
func soft(s string) template.HTML {
	s = html.EscapeString(cut(clean(s), mostText))
	return template.HTML(argument.ReplaceAllString(s, ",<wbr>$1")) //nolint:gosec // it is escaped
}

// command is a text to be copied that is broken between its words: a flag's hyphens are no
// place for it.
func command(s string) template.HTML {
	words := strings.Split(html.EscapeString(cut(clean(s), mostCode)), " ")
	for i, w := range words {
		if strings.Contains(w, "-") {
			words[i] = `<span class="word">` + w + "</span>"
		}
	}
	return template.HTML(strings.Join(words, " ")) //nolint:gosec // it is escaped
}

// cut shortens a text to so many letters.
func cut(s string, most int) string {
	if len(s) <= most { // bytes are no fewer than letters
		return s
	}
	for i := range s {
		if most == 0 {
			return s[:i] + "…"
		}
		most--
	}
	return s
}

package page

import (
	"fmt"
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

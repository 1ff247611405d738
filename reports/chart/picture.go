package chart

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// picture is the body of an SVG element of a width.
type picture struct {
	width float64
	body  bytes.Buffer
}

func (p *picture) add(format string, args ...any) {
	fmt.Fprintf(&p.body, format+"\n", args...)
}

// middle is how far below the middle of a line of text its base is, times its size.
const middle = 0.36

// text writes a line; y is its base.
func (p *picture) text(s string, size, x, y float64, anchor string) {
	p.add(`<text x="%s" y="%s" font-size="%s" text-anchor="%s">%s</text>`, pixels(x), pixels(y), pixels(size), anchor, escape(s))
}

// lines writes lines below a height and returns where they end.
func (p *picture) lines(lines []string, size, x, y float64, anchor string) float64 {
	for _, line := range lines {
		p.text(line, size, x, y+(lineSpacing/2+middle)*size, anchor)
		y += lineSpacing * size
	}
	return y
}

// paragraph writes lines in the middle.
func (p *picture) paragraph(s string, size, y float64) float64 {
	return p.lines(wrap(s, size, p.width-2*margin), size, p.width/2, y, "middle")
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // writing to a strings.Builder can't fail
	return b.String()
}

// pixels is a length, to a tenth.
func pixels(v float64) string {
	return strconv.FormatFloat(math.Round(v*10)/10+0, 'f', -1, 64) // -0 becomes 0
}

// widthOf is about how wide a text is in DejaVu Sans, which is among the widest of the
// fonts that readers have.
func widthOf(s string, size float64) float64 {
	em := 0.0
	for _, r := range s {
		switch {
		case strings.ContainsRune(" !'(),-./:;I[]|fijlrt", r):
			em += 0.4
		case strings.ContainsRune("%@MWmw", r):
			em += 0.98
		case strings.ContainsRune("+<=>~±×÷≤≥", r):
			em += 0.84
		case unicode.IsUpper(r):
			em += 0.76
		case r < 0x2e80: // letters, digits and the like
			em += 0.64
		default: // Chinese, Japanese, Korean
			em++
		}
	}
	return em * size
}

// wrap breaks a text into lines that have room, behind a space or a comma, or anywhere
// if there is none.
func wrap(s string, size, room float64) []string {
	var lines []string
	for widthOf(s, size) > room {
		fits, gap, before := 0, 0, rune(0)
		for i, r := range s {
			if fits > 0 && widthOf(s[:i], size) > room {
				break
			}
			fits = i
			if before == ' ' || before == ',' {
				gap = i
			}
			before = r
		}
		if fits == 0 { // a single letter
			break
		}
		end := cmp.Or(gap, fits)
		lines = append(lines, strings.TrimSpace(s[:end]))
		s = strings.TrimSpace(s[end:])
	}
	return append(lines, s)
}

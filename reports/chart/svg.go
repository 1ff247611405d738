package chart

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
)

// scheme is the colors for a light or dark background.
type scheme struct {
	paper, ink, pale string
	lines            [7]string
}

// The lines' colors are Okabe and Ito's, which color-blind people can tell apart, made
// so dark or light that they stand out from the paper; their yellow can't be.
var (
	light = scheme{"#ffffff", "#202020", "#dddddd", [...]string{"#0072b2", "#d55e00", "#009e73", "#b8528c", "#000000", "#b37a00", "#3b93c9"}}
	dark  = scheme{"#16181d", "#e4e4e4", "#3a3d44", [...]string{"#3fa0e0", "#ff8a4c", "#2bc497", "#e79cc6", "#ffffff", "#f0b429", "#9bd3f7"}}
)

// drawing is a chart of any kind.
type drawing interface {
	check() error // why it can't be drawn
	title() string
	// inWords says what it shows to those who do not see it.
	inWords() string
	// heading draws what stands above a chart that is alone, and returns where it ends.
	heading(p *picture) float64
	// draw draws the rest from a height on, and returns where it ends.
	draw(p *picture, y float64) float64
}

// naturalWidth is that of a file.
const naturalWidth = 800.0

// writeFile draws a chart that is alone, with its title and its colors.
func writeFile(w io.Writer, d drawing) error {
	if err := d.check(); err != nil {
		return err
	}
	p := picture{width: naturalWidth}
	height := pixels(math.Ceil(d.draw(&p, d.heading(&p)) + margin/2))
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" width="%s" height="%s" viewBox="0 0 %[1]s %[2]s">`+"\n", pixels(p.width), height)
	fmt.Fprintf(&b, "<title>%s</title>\n<desc>%s</desc>\n<style>\n%s", escape(d.title()), escape(d.inWords()), shapes)
	light.write(&b)
	b.WriteString("@media (prefers-color-scheme: dark) {\n")
	dark.write(&b)
	b.WriteString("}\n</style>\n")
	fmt.Fprintf(&b, `<rect class="paper" width="%s" height="%s"/>`+"\n", pixels(p.width), height)
	b.Write(p.body.Bytes())
	b.WriteString("</svg>\n")
	_, err := w.Write(b.Bytes())
	return err
}

// writeElement draws a chart for a page that says its title and has [Style]. Nothing in it
// has an id: several fit into one page.
func writeElement(w io.Writer, d drawing, width float64) error {
	if err := d.check(); err != nil {
		return err
	}
	p := picture{width: width}
	height := math.Ceil(d.draw(&p, margin/4))
	const edge = margin - 4 // nothing is drawn there, and a page has margins of its own
	_, err := fmt.Fprintf(w, `<svg class="chart" role="img" aria-label="%s" viewBox="%s 0 %s %s">`+"\n%s</svg>",
		escape(strings.TrimSpace(d.title()+": "+d.inWords())), pixels(edge), pixels(width-2*edge), pixels(height), p.body.String())
	return err
}

const shapes = `.chart text { font-family: system-ui, sans-serif }
.chart path, .chart polyline { fill: none }
.chart .limit { stroke-dasharray: 6 4 }
.chart .line { stroke: currentColor; stroke-width: 1.8; stroke-linejoin: round }
.chart .interval { stroke: currentColor; stroke-width: 1.2; stroke-opacity: 0.8 }
.chart .mark, .chart .bar { fill: currentColor; stroke: currentColor; stroke-width: 1.4 }
.chart .pale { fill-opacity: 0.25 }
.chart .empty { fill-opacity: 0.06 }
.chart .stripes { stroke: currentColor; stroke-width: 1.2 }
`

// rules are what is colored how.
var rules = []struct {
	class, property string
	color           func(*scheme) string
	variable        string
}{
	{".paper, .chart .hollow", "fill", func(s *scheme) string { return s.paper }, "paper"},
	{".grid", "stroke", func(s *scheme) string { return s.pale }, "pale"},
	{".axis, .chart .limit", "stroke", func(s *scheme) string { return s.ink }, "ink"},
	{"text", "fill", func(s *scheme) string { return s.ink }, "ink"},
}

// write writes the style sheet of a scheme. Colors are not variables of CSS, which some
// programs that draw SVG don't know.
func (s *scheme) write(b *bytes.Buffer) {
	for _, r := range rules {
		fmt.Fprintf(b, ".chart %s { %s: %s }\n", r.class, r.property, r.color(s))
	}
	for i, color := range s.lines {
		fmt.Fprintf(b, ".chart .color%d { color: %s }\n", i, color)
	}
}

// Style is the style sheet of the charts of a page, in the colors that [Light] or [Dark] have
// set where a chart stands.
var Style = func() string {
	var b strings.Builder
	b.WriteString(shapes)
	for _, r := range rules {
		fmt.Fprintf(&b, ".chart %s { %s: var(--chart-%s) }\n", r.class, r.property, r.variable)
	}
	for i := range light.lines {
		fmt.Fprintf(&b, ".chart .color%d { color: var(--chart-%[1]d) }\n", i)
	}
	return b.String()
}()

// Light are the colors for a light background, as declarations of CSS.
func Light() string { return light.declarations() }

// Dark are those for a dark one.
func Dark() string { return dark.declarations() }

func (s *scheme) declarations() string {
	var b strings.Builder
	for _, r := range rules[:len(rules)-1] {
		fmt.Fprintf(&b, "--chart-%s:%s;", r.variable, r.color(s))
	}
	for i, color := range s.lines {
		fmt.Fprintf(&b, "--chart-%d:%s;", i, color)
	}
	return b.String()
}

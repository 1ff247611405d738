package chart

import (
	"fmt"
	"strings"
)

// look is how a line is told from the others. The numbers of colors and shapes are the
// same, that of dashes has no factor in common with it: no two of 28 lines are alike,
// not even in gray.
type look struct {
	color  int
	dash   string
	shape  string // a path around 0, 0
	hollow bool   // only the outline of the shape
}

func lookOf(i int) look {
	dashes := []string{"", "8 4", "2.5 3", "10 4 2.5 4"}
	shapes := []string{circle, square, triangle, circle, square, diamond, cross}
	n := i % len(shapes)
	return look{n, dashes[i%len(dashes)], shapes[n], n == 3 || n == 4}
}

// Shapes are about as large to the eye.
const (
	circle   = "m-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0-7.2 0z"
	square   = "m-3.2-3.2h6.4v6.4h-6.4z"
	triangle = "m0-4.2l4.1 7h-8.2z"
	diamond  = "m0-4.6l4 4.6l-4 4.6l-4-4.6z"
	cross    = "m-3.3-3.3l6.6 6.6m0-6.6l-6.6 6.6"
)

// line leads from point to point.
func (l look) line(points string) string {
	dash := ""
	if l.dash != "" {
		dash = ` stroke-dasharray="` + l.dash + `"`
	}
	return fmt.Sprintf(`<polyline class="line" points="%s"%s/>`, points, dash)
}

// mark is a marker; what is said when a reader points at it may be empty.
func (l look) mark(x, y float64, said string) string {
	class := "mark"
	if l.hollow {
		class = "mark hollow"
	}
	d := "M" + pixels(x) + " " + pixels(y) + l.shape
	if said == "" {
		return fmt.Sprintf(`<path class="%s" d="%s"/>`, class, d)
	}
	return fmt.Sprintf(`<path class="%s" d="%s"><title>%s</title></path>`, class, d, escape(said))
}

// area is where values are drawn.
type area struct{ left, top, right, bottom float64 }

// The ends of axes are not at the edge of the area, so that nobody mistakes a marker
// for a part of the frame.
const inset, tickLength = 8.0, 5.0

func (a area) x(x *axis, v float64) float64 {
	return a.left + inset + x.share(v)*(a.right-a.left-2*inset)
}

func (a area) y(y *axis, v float64) float64 { return a.bottom - y.share(v)*(a.bottom-a.top) }

// panel draws the axes and the lines of a panel.
func (p *picture) panel(panel *Panel, plot area, x, y *axis) {
	p.axes(plot, x, y)
	if panel.Limit != 0 {
		at := pixels(plot.y(y, panel.Limit))
		p.add(`<path class="limit" d="M%s %sH%s"/>`, pixels(plot.left), at, pixels(plot.right))
	}
	measured := false
	for i := range panel.Series {
		if s := &panel.Series[i]; len(s.Points) > 0 {
			p.series(lookOf(i), s, panel.Close, plot, x, y)
			measured = true
		}
	}
	if panel.Named {
		p.nameSeries(panel, plot, x, y)
	}
	if !measured {
		p.text("nothing was measured", noteSize, (plot.left+plot.right)/2, (plot.top+plot.bottom)/2, "middle")
	}
}

// axes draws a pale line at each label, and a mark at each tick.
func (p *picture) axes(plot area, x, y *axis) {
	var grid, marks strings.Builder
	for _, t := range x.ticks {
		at := plot.x(x, t.value)
		if t.label != "" {
			fmt.Fprintf(&grid, "M%s %sV%s", pixels(at), pixels(plot.top), pixels(plot.bottom))
			p.text(t.label, tickSize, at, plot.bottom+tickLength+tickSize, "middle")
		}
		fmt.Fprintf(&marks, "M%s %sv%s", pixels(at), pixels(plot.bottom), pixels(t.length()))
	}
	for _, t := range y.ticks {
		at := plot.y(y, t.value)
		if t.label != "" {
			fmt.Fprintf(&grid, "M%s %sH%s", pixels(plot.left), pixels(at), pixels(plot.right))
			p.text(t.label, tickSize, plot.left-tickLength-4, at+middle*tickSize, "end")
		}
		fmt.Fprintf(&marks, "M%s %sh%s", pixels(plot.left), pixels(at), pixels(-t.length()))
	}
	p.add(`<path class="grid" d="%s"/>`, grid.String())
	p.add(`<path class="axis" d="M%s %sV%sH%s%s"/>`, pixels(plot.left), pixels(plot.top), pixels(plot.bottom), pixels(plot.right), marks.String())
}

func (t tick) length() float64 {
	if t.label == "" {
		return tickLength / 2
	}
	return tickLength
}

// series draws a line with its markers, unless its points are too close for them, and the
// confidence intervals that are larger than a marker.
func (p *picture) series(l look, s *Series, close bool, plot area, x, y *axis) {
	var points, intervals, marks strings.Builder
	for _, point := range s.Points {
		at, height := plot.x(x, point.X), plot.y(y, point.Y)
		fmt.Fprintf(&points, "%s,%s ", pixels(at), pixels(height))
		upper, lower := plot.y(y, point.Y+point.Half), plot.y(y, point.Y-point.Half)
		const marker, half = 10, 3 // the size of a marker, half the width of an interval's ends
		if lower-upper > marker {
			fmt.Fprintf(&intervals, "M%s %sh%dm-%d 0V%sm-%d 0h%d", pixels(at-half), pixels(upper), 2*half, half, pixels(lower), half, 2*half)
		}
		value := number(point.Y)
		if point.Half > 0 {
			value += " ± " + number(point.Half)
		}
		if !close || len(s.Points) == 1 {
			marks.WriteString(l.mark(at, height, fmt.Sprintf("%s: %s at %s", s.Name, value, x.say(point.X))))
		}
	}
	p.add(`<g class="color%d">`, l.color)
	if intervals.Len() > 0 {
		p.add(`<path class="interval" d="%s"/>`, intervals.String())
	}
	p.add("%s%s</g>", l.line(strings.TrimSpace(points.String())), marks.String())
}

const sampleLength, sampleGap = 40.0, 6.0

// legend draws what tells things apart below a height and returns where it ends. It stands
// above what it explains, in rows, because names are long. Sample draws the i-th, from x on, so
// long, in the middle of a line.
func (p *picture) legend(names []string, y, long float64, sample func(i int, x, at float64)) float64 {
	if len(names) == 1 {
		return y // nothing to tell apart
	}
	const size, between = 13.5, 24
	room := p.width - 2*margin
	widest := 0.0
	wrapped := make([][]string, len(names))
	for i, name := range names {
		wrapped[i] = wrap(name, size, room-long-sampleGap)
		for _, line := range wrapped[i] {
			widest = max(widest, widthOf(line, size))
		}
	}
	cell := long + sampleGap + widest + between
	columns := min(max(int((room+between)/cell), 1), len(names))
	// Fill the rows evenly: 4 and 4, not 7 and 1.
	rows := (len(names) + columns - 1) / columns
	columns = (len(names) + rows - 1) / rows
	left := max((p.width-cell*float64(columns)+between)/2, margin)
	end := y
	for i := range names {
		if i%columns == 0 {
			y = end
		}
		x := left + cell*float64(i%columns)
		sample(i, x, y+lineSpacing*size/2)
		end = max(end, p.lines(wrapped[i], size, x+long+sampleGap, y, "start"))
	}
	return end + margin
}

// sample draws a piece of a line, as the legend shows it.
func (p *picture) sample(i int, marked bool, x, at float64) {
	l := lookOf(i)
	mark := ""
	if marked {
		mark = l.mark(x+sampleLength/2, at, "")
	}
	line := l.line(fmt.Sprintf("%s,%s %s,%[2]s", pixels(x), pixels(at), pixels(x+sampleLength)))
	p.add(`<g class="color%d">%s%s</g>`, l.color, line, mark)
}

// Package chart draws lines over a common axis, in panels one above the other, as SVG.
//
// The file is complete in itself: text is in whatever sans-serif font its reader has,
// and colors follow the reader's choice of a light or dark scheme. Lines differ in
// color, in dashes and in markers, so that a copy in gray still works. What the lines
// show is also said in words, for those who do not see them. The same chart is the
// same bytes.
package chart

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// Chart is some panels over the same values.
type Chart struct {
	Title  string
	Notes  []string // lines below the title
	X      string   // what the axis shows, with its unit
	Linear bool     // the axis, also where values span decades
	Panels []Panel
	// Ticks are the values that the axis has a label at, if they are not to be round ones, and
	// Say how a value of the axis is written; nil: as a number.
	Ticks []float64
	Say   func(x float64) string
}

// Panel is a quantity that is never negative.
type Panel struct {
	Y      string  // what the axis shows, with its unit
	Linear bool    // also where values span decades; a linear axis starts at 0
	Near   bool    // a linear axis shows what lies around the values, a tenth of the greatest at least
	Limit  float64 // is drawn across; 0: none
	Close  bool    // points lie too close for markers
	Named  bool    // names stand beside the last points, and not above the panels
	Series []Series
}

// Series is a line. Series of the same place in different panels look the same.
type Series struct {
	Name   string
	Points []Point
}

// Point is a value with half the width of its confidence interval; 0: not known.
type Point struct{ X, Y, Half float64 }

// MostSeries is the number of lines that can be told apart.
const MostSeries = 24

// The size of a chart, in pixels at its natural size.
const (
	margin     = 16.0
	plotHeight = 240.0

	titleSize, noteSize, labelSize, tickSize = 17.0, 14.0, 14.0, 13.0 // of text

	lineSpacing = 1.4 // of text, times its size
)

var errEmpty = errors.New("there is nothing to draw")

// WriteSVG draws the chart as a file.
func (c *Chart) WriteSVG(w io.Writer) error { return writeFile(w, c) }

// WriteElement draws the chart, without title and notes, for a page that says them and has
// [Style]. Text is legible if the page shows it at about the width, in pixels.
func (c *Chart) WriteElement(w io.Writer, width float64) error { return writeElement(w, c, width) }

func (c *Chart) title() string { return c.Title }

func (c *Chart) heading(p *picture) float64 {
	y := p.paragraph(c.Title, titleSize, margin) + margin/4
	for _, note := range c.Notes {
		y = p.paragraph(note, noteSize, y)
	}
	return y + margin/2
}

func (c *Chart) draw(p *picture, y float64) float64 {
	if !c.Panels[0].Named {
		y = p.legend(c.names(), y, sampleLength, func(i int, x, at float64) { p.sample(i, !c.Panels[0].Close, x, at) })
	}
	return c.drawPanels(p, y)
}

// drawPanels draws them from a height downward, the axes in line, and returns where
// they end.
func (c *Chart) drawPanels(p *picture, y float64) float64 {
	left := 0.0
	ys := make([]axis, len(c.Panels))
	for i := range c.Panels {
		ys[i] = c.Panels[i].axis()
		for _, t := range ys[i].ticks {
			left = max(left, widthOf(t.label, tickSize))
		}
	}
	plot := area{left: margin + left + tickLength + 4, right: p.width - 1.5*margin}
	x := c.axis(plot.right - plot.left)
	for i := range c.Panels {
		// Above the axis, where it is easier to read than along it.
		y = p.lines(wrap(ys[i].name(c.Panels[i].Y), labelSize, p.width-2*margin), labelSize, margin, y, "start")
		plot.top = y + 6
		plot.bottom = plot.top + plotHeight
		p.panel(&c.Panels[i], plot, &x, &ys[i])
		y = plot.bottom + tickLength + lineSpacing*tickSize + margin
	}
	return p.paragraph(x.name(c.X), labelSize, y-margin)
}

// check reports why the chart can't be drawn.
func (c *Chart) check() error {
	if len(c.Panels) == 0 || len(c.Panels[0].Series) == 0 {
		return errEmpty
	}
	if n := len(c.Panels[0].Series); n > MostSeries {
		return fmt.Errorf("%d lines can't be told apart; draw at most %d", n, MostSeries)
	}
	points := 0
	for i := range c.Panels {
		for _, s := range c.Panels[i].Series {
			for _, point := range s.Points {
				if sum := point.X + point.Y + point.Half; math.IsNaN(sum) || math.IsInf(sum, 0) {
					return fmt.Errorf("%s: %s is at %v, %v±%v, which no axis has", c.Panels[i].Y, s.Name, point.X, point.Y, point.Half)
				}
			}
		}
	}
	for _, s := range c.Panels[0].Series {
		points += len(s.Points)
	}
	if points == 0 {
		return errEmpty
	}
	return nil
}

// names are those of the lines.
func (c *Chart) names() []string {
	var names []string
	for _, s := range c.Panels[0].Series {
		names = append(names, s.Name)
	}
	return names
}

// inWords says where each line begins and ends.
func (c *Chart) inWords() string {
	var b strings.Builder
	for i := range c.Panels {
		p := &c.Panels[i]
		if i > 0 {
			b.WriteString(" ")
		}
		fmt.Fprintf(&b, "%s over %s.", p.Y, c.X)
		for _, s := range p.Series {
			if len(s.Points) == 0 {
				continue
			}
			first, last := s.Points[0], s.Points[len(s.Points)-1]
			fmt.Fprintf(&b, " %s: %s at %s", s.Name, number(first.Y), c.said(first.X))
			if len(s.Points) > 1 {
				fmt.Fprintf(&b, ", %s at %s", number(last.Y), c.said(last.X))
			}
			b.WriteString(".")
		}
	}
	return b.String()
}

// said writes a value of the axis.
func (c *Chart) said(x float64) string {
	if c.Say != nil {
		return c.Say(x)
	}
	return number(x)
}

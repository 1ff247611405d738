// Package chart draws lines over a common axis, in panels one above the other, as SVG.
//
// The file is complete in itself: text is drawn with whatever sans-serif font its
// reader has. Lines differ in color (Okabe and Ito's palette, which color-blind
// people can tell apart), in dashes and in markers, so that a copy in gray still works.
package chart

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Chart is some panels over the same values.
type Chart struct {
	Title  string
	Notes  []string // lines below the title
	X      string   // what the axis shows, with its unit
	Panels []Panel
}

// Panel is a quantity that is never negative.
type Panel struct {
	Y      string  // what the axis shows, with its unit
	Linear bool    // also where values span decades; a linear axis starts at 0
	Limit  float64 // is drawn across; 0: none
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

// The size of a chart.
const (
	width       = 21 * vg.Centimeter
	panelHeight = 8.5 * vg.Centimeter
	titleHeight = 1 * vg.Centimeter
	lineHeight  = 0.55 * vg.Centimeter
	margin      = 0.3 * vg.Centimeter

	titleSize, noteSize, labelSize, tickSize = 13, 11, 11, 10 // points
)

// Ranges wider than these factors are drawn on a logarithmic axis.
const (
	manyDecadesX = 50
	manyDecadesY = 20
)

// Labels that fit beside each other on a linear axis.
const (
	mostTicksX = 12
	mostTicksY = 7
)

var errEmpty = errors.New("there is nothing to draw")

// WriteSVG draws the chart.
func (c *Chart) WriteSVG(w io.Writer) error {
	names, err := c.names()
	if err != nil {
		return err
	}
	legend := newLegend(names)
	head := titleHeight + lineHeight*vg.Length(len(c.Notes))
	height := head + legend.height() + panelHeight*vg.Length(len(c.Panels))
	canvas := vgsvg.New(width, height)
	all := draw.New(canvas)
	all.FillText(style(titleSize, false), vg.Point{X: width / 2, Y: height - titleHeight*0.7}, c.Title)
	for i, note := range c.Notes {
		y := height - titleHeight - lineHeight*(vg.Length(i)+0.3)
		all.FillText(style(noteSize, false), vg.Point{X: width / 2, Y: y}, note)
	}
	legend.draw(all, height-head)
	area := draw.Crop(all, margin, -2*margin, margin, -(head + legend.height()))
	if err := c.drawPanels(area); err != nil {
		return err
	}
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return fmt.Errorf("draw: %w", err)
	}
	// The library names only the font that it measured with, which few readers have;
	// without another they would take one with serifs.
	_, err = w.Write(bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans;"), []byte(fonts)))
	return err
}

const fonts = "font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"

// drawPanels draws them one above the other, the axes in line.
func (c *Chart) drawPanels(area draw.Canvas) error {
	var plots []*plot.Plot
	var canvases []draw.Canvas
	tiles := draw.Tiles{Rows: len(c.Panels), Cols: 1, PadY: 2 * margin}
	left := vg.Length(0)
	for i := range c.Panels {
		p, err := c.plot(&c.Panels[i])
		if err != nil {
			return err
		}
		tile := draw.Crop(tiles.At(area, 0, i), 0, 0, 0, -lineHeight)
		left = max(left, p.DataCanvas(tile).Min.X-tile.Min.X)
		plots, canvases = append(plots, p), append(canvases, tile)
	}
	for i, p := range plots {
		used := p.DataCanvas(canvases[i]).Min.X - canvases[i].Min.X
		p.Draw(draw.Crop(canvases[i], left-used, 0, 0, 0))
		// Above the axis, where it is easier to read than along it. (The library leaves
		// room for a label beside a logarithmic axis as if it stood at its end.)
		area.FillText(style(labelSize, true), vg.Point{X: area.Min.X + margin, Y: canvases[i].Max.Y + lineHeight/2}, labelOf(c.Panels[i].Y, &p.Y))
	}
	return nil
}

// names of the lines, and whether the chart can be drawn.
func (c *Chart) names() ([]string, error) {
	if len(c.Panels) == 0 || len(c.Panels[0].Series) == 0 {
		return nil, errEmpty
	}
	var names []string
	points := 0
	for _, s := range c.Panels[0].Series {
		names, points = append(names, s.Name), points+len(s.Points)
	}
	switch {
	case len(names) > MostSeries:
		return nil, fmt.Errorf("%d lines can't be told apart; draw at most %d", len(names), MostSeries)
	case points == 0:
		return nil, errEmpty
	}
	return names, nil
}

func (c *Chart) plot(panel *Panel) (*plot.Plot, error) {
	p := plot.New()
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font, axis.Tick.Label.Font = sans(labelSize), sans(tickSize)
		axis.Padding = vg.Points(4)
	}
	x, y := limitsOf(panel)
	x.apply(&p.X, manyDecadesX, mostTicksX)
	p.X.Label.Text = labelOf(c.X, &p.X)
	wide := float64(manyDecadesY)
	if panel.Linear {
		wide = math.Inf(1)
	}
	y.apply(&p.Y, wide, mostTicksY)
	if _, log := p.Y.Scale.(plot.LogScale); !log && y.low >= 0 {
		p.Y.Min = 0 // or a small difference would look large
	}
	p.Add(grid())
	if panel.Limit != 0 {
		line, err := acrossAt(panel.Limit, x)
		if err != nil {
			return nil, err
		}
		p.Add(line)
	}
	for i := range panel.Series {
		if err := addSeries(p, i, &panel.Series[i]); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// labelOf says of a logarithmic axis that it is one.
func labelOf(label string, axis *plot.Axis) string {
	if _, log := axis.Scale.(plot.LogScale); !log {
		return label
	}
	if inner, unit := strings.CutSuffix(label, ")"); unit {
		return inner + ", log)"
	}
	return label + " (log)"
}

// limits are the least and the greatest value.
type limits struct{ low, high float64 }

func limitsOf(panel *Panel) (x, y limits) {
	x = limits{math.Inf(1), math.Inf(-1)}
	y = x
	if panel.Limit != 0 {
		y.include(panel.Limit)
	}
	for _, s := range panel.Series {
		for _, p := range s.Points {
			x.include(p.X)
			y.include(p.Y)
			y.include(p.Y + p.Half)
			if end := p.Y - p.Half; end > 0 { // or a logarithmic axis could not show it
				y.include(end)
			}
		}
	}
	return x, y
}

func (l *limits) include(v float64) {
	l.low, l.high = min(l.low, v), max(l.high, v)
}

// apply sets an axis up; wide is the factor above which it is logarithmic.
func (l limits) apply(axis *plot.Axis, wide float64, mostTicks int) {
	axis.Min, axis.Max = l.low, l.high
	switch {
	case math.IsInf(l.low, 0):
		axis.Min, axis.Max = 0, 1 // nothing was measured
	case l.low > 0 && l.high/l.low > wide:
		axis.Scale, axis.Tick.Marker = plot.LogScale{}, logTicks{}
		axis.Min, axis.Max = l.low/1.15, l.high*1.15
		return
	case l.low == l.high:
		axis.Min, axis.Max = l.low-1, l.high+1
	}
	if l.low >= 0 && l.low < l.high/3 {
		axis.Min = 0
	}
	axis.Tick.Marker = plainTicks{mostTicks}
}

// style of a text, from its left end or around its middle.
func style(size float64, left bool) draw.TextStyle {
	s := draw.TextStyle{Font: sans(size), Handler: plot.DefaultTextHandler, XAlign: text.XCenter, YAlign: text.YCenter}
	if left {
		s.XAlign = text.XLeft
	}
	s.Color = ink
	return s
}

func sans(size float64) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Length(size)}
}

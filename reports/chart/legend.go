package chart

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// legend stands above the panels, in rows, because names are long and lines fill
// the panels.
type legend struct {
	names   []string
	columns int
	cell    vg.Length // its width
}

const (
	legendSize = 10.5
	sampleSize = 1 * vg.Centimeter // of line
	sampleGap  = 0.15 * vg.Centimeter
)

func newLegend(names []string) legend {
	if len(names) == 1 {
		return legend{} // nothing to tell apart
	}
	widest := vg.Length(0)
	for _, name := range names {
		widest = max(widest, style(legendSize, true).Width(name))
	}
	// Readers may have a wider font than the one that is measured with.
	const wider = 1.15
	l := legend{names: names, cell: sampleSize + sampleGap + wider*widest + 0.6*vg.Centimeter}
	room := width - 4*margin
	l.columns = min(max(int(room/l.cell), 1), len(names))
	// Fill the rows evenly: 4 and 4, not 7 and 1.
	rows := (len(names) + l.columns - 1) / l.columns
	l.columns = (len(names) + rows - 1) / rows
	return l
}

func (l legend) rows() int {
	if len(l.names) == 0 {
		return 0
	}
	return (len(l.names) + l.columns - 1) / l.columns
}

func (l legend) height() vg.Length { return lineHeight*vg.Length(l.rows()) + margin }

// draw draws the legend below a height, in the middle.
func (l legend) draw(c draw.Canvas, top vg.Length) {
	left := max((width-l.cell*vg.Length(l.columns))/2, 2*margin)
	for i, name := range l.names {
		at := vg.Point{
			X: left + l.cell*vg.Length(i%l.columns),
			Y: top - lineHeight*(vg.Length(i/l.columns)+0.5),
		}
		end := vg.Point{X: at.X + sampleSize, Y: at.Y}
		c.StrokeLines(lineOf(i), []vg.Point{at, end})
		c.DrawGlyph(markOf(i), vg.Point{X: (at.X + end.X) / 2, Y: at.Y})
		c.FillText(style(legendSize, true), vg.Point{X: end.X + sampleGap, Y: at.Y}, name)
	}
}

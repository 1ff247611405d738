package chart

import (
	"fmt"
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

var (
	ink  = color.Gray{Y: 0x20}
	pale = color.Gray{Y: 0xdd}
	// palette is Okabe and Ito's, without the yellow that white paper swallows.
	palette = []color.NRGBA{
		{0x00, 0x72, 0xb2, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x9e, 0x73, 0xff}, {0xcc, 0x79, 0xa7, 0xff},
		{0x00, 0x00, 0x00, 0xff}, {0xe6, 0x9f, 0x00, 0xff}, {0x56, 0xb4, 0xe9, 0xff},
	}
	dashes = [][]vg.Length{nil, {6, 3}, {2, 2}, {8, 3, 2, 3}}
	shapes = []draw.GlyphDrawer{
		draw.CircleGlyph{}, draw.SquareGlyph{}, draw.TriangleGlyph{}, draw.RingGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.CrossGlyph{},
	}
)

// The numbers of colors and shapes are the same, that of dashes has no factor in
// common with it: no two of 28 lines are alike.
func lineOf(i int) draw.LineStyle {
	return draw.LineStyle{Color: palette[i%len(palette)], Width: vg.Points(1.4), Dashes: dashes[i%len(dashes)]}
}

func markOf(i int) draw.GlyphStyle {
	return draw.GlyphStyle{Color: palette[i%len(palette)], Radius: vg.Points(2.6), Shape: shapes[i%len(shapes)]}
}

// visible is the share of a panel's height below which an interval is thinner than a
// marker, so that nobody would see it.
const visible = 0.012

// addSeries adds a line, and the band of its confidence intervals if it can be seen.
func addSeries(p *plot.Plot, i int, s *Series) error {
	if len(s.Points) == 0 {
		return nil
	}
	line := make(plotter.XYs, len(s.Points))
	upper, lower := make(plotter.XYs, len(s.Points)), make(plotter.XYs, len(s.Points))
	widest := 0.0
	for k, point := range s.Points {
		line[k] = plotter.XY{X: point.X, Y: point.Y}
		upper[k] = plotter.XY{X: point.X, Y: min(point.Y+point.Half, p.Y.Max)}
		lower[k] = plotter.XY{X: point.X, Y: max(point.Y-point.Half, p.Y.Min)}
		if _, log := p.Y.Scale.(plot.LogScale); log {
			widest = max(widest, math.Log(upper[k].Y/lower[k].Y)/math.Log(p.Y.Max/p.Y.Min))
		} else {
			widest = max(widest, 2*point.Half/(p.Y.Max-p.Y.Min))
		}
	}
	if widest > visible && len(line) > 1 {
		band := upper
		for k := len(lower) - 1; k >= 0; k-- {
			band = append(band, lower[k])
		}
		polygon, err := plotter.NewPolygon(band)
		if err != nil {
			return err
		}
		fill := palette[i%len(palette)]
		fill.A = 0x38
		polygon.Color, polygon.Width = fill, 0
		p.Add(polygon)
	}
	lines, marks, err := plotter.NewLinePoints(line)
	if err != nil {
		return err
	}
	lines.LineStyle, marks.GlyphStyle = lineOf(i), markOf(i)
	p.Add(lines, marks)
	return nil
}

// acrossAt is a dashed line at a value.
func acrossAt(y float64, x limits) (*plotter.Line, error) {
	line, err := plotter.NewLine(plotter.XYs{{X: x.low, Y: y}, {X: x.high, Y: y}})
	if err != nil {
		return nil, fmt.Errorf("draw the limit: %w", err)
	}
	line.Color, line.Dashes = ink, []vg.Length{4, 3}
	return line, nil
}

// grid has a pale line at each tick that has a label.
func grid() *plotter.Grid {
	g := plotter.NewGrid()
	g.Vertical.Color, g.Horizontal.Color = pale, pale
	g.Vertical.Width, g.Horizontal.Width = vg.Points(0.5), vg.Points(0.5)
	return g
}

// plainTicks are at round numbers: multiples of 1, 2 or 5 times a power of ten.
type plainTicks struct{ most int }

// Ticks implements [plot.Ticker].
func (p plainTicks) Ticks(low, high float64) []plot.Tick {
	step := math.Pow(10, math.Floor(math.Log10((high-low)/float64(p.most))))
	for _, factor := range []float64{1, 2, 5, 10} {
		if (high-low)/(factor*step) <= float64(p.most) {
			step *= factor
			break
		}
	}
	var ticks []plot.Tick
	const slack = 1e-9
	for n := math.Ceil(low/step - slack); n*step <= high+slack*step; n++ {
		v := n*step + 0 // -0 becomes 0
		ticks = append(ticks, plot.Tick{Value: v, Label: number(v)})
	}
	return ticks
}

// logTicks are at 1, 2 and 5 of each decade if there are few decades, else at 1.
type logTicks struct{}

// Ticks implements [plot.Ticker].
func (logTicks) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	const fewDecades = 3.5
	few := math.Log10(high/low) < fewDecades
	for exponent := math.Floor(math.Log10(low)); exponent <= math.Ceil(math.Log10(high)); exponent++ {
		for digit := 1; digit <= 9; digit++ {
			v := float64(digit) * math.Pow(10, exponent)
			if v < low || v > high {
				continue
			}
			t := plot.Tick{Value: v}
			if digit == 1 || few && (digit == 2 || digit == 5) {
				t.Label = number(v)
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}

// number is a round number as people write it; large ones are 1e+07, small ones 1e-5.
func number(v float64) string {
	const large, small, digits = 1e7, 1e-3, 6
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', digits, 64), 64) // 0.30000000000000004
	if size := math.Abs(v); size >= large || 0 < size && size < small {
		return strings.Replace(strconv.FormatFloat(v, 'e', -1, 64), "e-0", "e-", 1)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

package tuning

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

const (
	chartWidth  = 16 * vg.Centimeter
	chartHeight = 10 * vg.Centimeter
)

// floor is where shares end that a logarithmic axis can't show.
const floor = 1e-9

// WriteSVG draws the curves of all policies, with the objective's limit.
func (c *Capacity) WriteSVG(w io.Writer) error {
	p := plot.New()
	p.Title.Text = "What each policy bears"
	p.X.Label.Text = "writers of one object at once"
	p.Y.Label.Text = c.Metric + " (95 % limit)"
	p.Title.Padding = vg.Points(8)
	p.Legend.Top, p.Legend.Left = true, true
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, powers(2)
	low, high, last := math.Inf(1), math.Inf(-1), 1.0
	var lines []plotter.XYs
	for _, curve := range c.Curves {
		line := make(plotter.XYs, len(curve.Points))
		for i, point := range curve.Points {
			line[i].X, line[i].Y = float64(point.Clients), max(c.judged(point), floor)
			low, high, last = min(low, line[i].Y), max(high, line[i].Y), max(last, line[i].X)
		}
		lines = append(lines, line)
	}
	if c.Limit > 0 {
		low, high = min(low, c.Limit), max(high, c.Limit)
	}
	if low > 0 && high/low > 30 {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, powers(10)
		low, high = low/2, high*30 // room for the legend
	} else {
		high *= 1.4
	}
	for i, line := range lines {
		if err := c.draw(p, i, line); err != nil {
			return err
		}
	}
	if c.Limit > 0 {
		limit, err := plotter.NewLine(plotter.XYs{{X: 1, Y: c.Limit}, {X: last, Y: c.Limit}})
		if err != nil {
			return err
		}
		limit.Color, limit.Dashes = color.Gray{96}, []vg.Length{vg.Points(4), vg.Points(3)}
		p.Add(limit)
		p.Legend.Add(fmt.Sprintf("limit %g", c.Limit), limit)
	}
	p.Y.Min, p.Y.Max, p.X.Min, p.X.Max = low, high, 1, max(last, 2)
	canvas := vgsvg.New(chartWidth, chartHeight)
	p.Draw(draw.New(canvas))
	_, err := canvas.WriteTo(w)
	return err
}

// draw adds a curve; its name in the legend says what the policy bears.
func (c *Capacity) draw(p *plot.Plot, i int, points plotter.XYs) error {
	line, dots, err := plotter.NewLinePoints(points)
	if err != nil {
		return err
	}
	line.Color, line.Width = plotutil.Color(i), vg.Points(1.5)
	dots.Color, dots.Shape, dots.Radius = plotutil.Color(i), plotutil.Shape(i), vg.Points(2.5)
	p.Add(line, dots)
	p.Legend.Add(fmt.Sprintf("%s: %s", c.Curves[i].Name, c.Curves[i].bears()), line, dots)
	return nil
}

// bears says how many writers stay within the objective.
func (c *Curve) bears() string {
	switch {
	case c.Broken == 0:
		return fmt.Sprintf("%d writers and more", c.Writers)
	case c.Writers == 1:
		return "1 writer"
	}
	return fmt.Sprintf("%d writers", c.Writers)
}

// judged is the end of a point's interval that is held against the limit.
func (c *Capacity) judged(p Point) float64 {
	if c.Lower {
		return p.Value.Low
	}
	return p.Value.High
}

// powers of a number mark a logarithmic axis.
type powers float64

// Ticks implements [plot.Ticker].
func (base powers) Ticks(low, high float64) []plot.Tick {
	var all []plot.Tick
	for n := math.Ceil(math.Log(low)/math.Log(float64(base)) - 1e-9); ; n++ {
		v := math.Pow(float64(base), n)
		if v > high*(1+1e-9) {
			return all
		}
		label := fmt.Sprintf("%.0f", v)
		if v < 1 {
			label = strings.Replace(fmt.Sprintf("%.0e", v), "e-0", "e-", 1)
		}
		all = append(all, plot.Tick{Value: v, Label: label})
	}
}

package tuning

import (
	"fmt"
	"io"

	"holdfast/reports/chart"
)

// floor is where shares end that a logarithmic axis can't show.
const floor = 1e-9

// WriteSVG draws the curves of all policies, with the objective's limit, and beside
// them what the slowest wait.
func (c *Capacity) WriteSVG(w io.Writer) error {
	judged := chart.Panel{Y: c.Metric + " (95 % limit)", Limit: c.Limit}
	if c.Limit > 0 {
		judged.Y += ", dashed: the objective's"
	}
	waits := chart.Panel{Y: "latency_ms.p99"}
	for i := range c.Curves {
		curve := &c.Curves[i]
		name := fmt.Sprintf("%s: %s", curve.Name, curve.bears())
		a, b := chart.Series{Name: name}, chart.Series{Name: name}
		for _, p := range curve.Points {
			x := float64(p.Clients)
			a.Points = append(a.Points, chart.Point{X: x, Y: max(c.judged(p), floor)})
			b.Points = append(b.Points, chart.Point{X: x, Y: max(p.P99, 0)})
		}
		judged.Series, waits.Series = append(judged.Series, a), append(waits.Series, b)
	}
	all := chart.Chart{Title: "What each policy bears", X: "writers of one object at once", Panels: []chart.Panel{judged}}
	if c.Metric != waits.Y {
		all.Panels = append(all.Panels, waits)
	}
	return all.WriteSVG(w)
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

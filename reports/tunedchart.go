package reports

import (
	"fmt"
	"io"
	"slices"

	"holdfast/reports/chart"
	"holdfast/scenarios/tuning"
)

// floor is where shares end that a logarithmic axis can't show.
const floor = 1e-9

// Chart draws, as SVG, p99 and price of architectures if no capacity was measured, and else what each policy does for different numbers of writers: a panel for each
// limit of the objective, at the end of the interval that is judged, and one for what is
// minimized.
func (r Tuned) Chart(w io.Writer) error {
	if r.Capacity == nil {
		return r.architecturesChart().WriteSVG(w)
	}
	c, err := r.capacityChart()
	if err != nil {
		return err
	}
	return c.WriteSVG(w)
}

func (r Tuned) capacityChart() (*chart.Chart, error) {
	c := r.Capacity
	o, err := tuning.ParseObjective(c.Objective)
	if err != nil {
		return nil, err
	}
	all := &chart.Chart{Title: "What each policy bears", X: "clients, as --clients counts them"}
	limited := false
	for _, l := range o.Constraints {
		judged := func(i tuning.Interval) float64 { return i.High }
		if !l.Upper() {
			judged = func(i tuning.Interval) float64 { return i.Low }
		}
		limited = limited || l.Metric == o.Minimize
		panel := capacityPanel(c, l.Metric, judged)
		panel.Y, panel.Limit = l.Metric+" (95 % limit; dashed: the objective's)", l.Limit
		all.Panels = append(all.Panels, panel)
	}
	if !limited {
		all.Panels = append(all.Panels, capacityPanel(c, o.Minimize, func(i tuning.Interval) float64 { return i.Value }))
	}
	return all, nil
}

// capacityPanel has a curve of each policy.
func capacityPanel(c *tuning.Capacity, metric string, of func(tuning.Interval) float64) chart.Panel {
	panel := chart.Panel{Y: metric}
	for i := range c.Curves {
		curve := &c.Curves[i]
		s := chart.Series{Name: fmt.Sprintf("%s: %s", curve.Name, bears(curve))}
		for _, p := range curve.Points {
			s.Points = append(s.Points, chart.Point{X: float64(p.Clients), Y: max(of(p.Metrics[metric]), floor)})
		}
		panel.Series = append(panel.Series, s)
	}
	return panel
}

// bearMore names an incumbent that bears more writers than what is recommended, and may
// be recommended.
func bearMore(c *tuning.Capacity, incumbents []tuning.Policy) string {
	last := len(c.Curves) - 1
	for i := range c.Curves[:max(last, 0)] {
		if slices.ContainsFunc(incumbents, func(p tuning.Policy) bool { return p.Name == c.Curves[i].Name && p.Unfit != "" }) {
			continue
		}
		if c.Curves[i].Writers > c.Curves[last].Writers && c.Curves[last].Name == tuning.Recommended {
			return c.Curves[i].Name
		}
	}
	return ""
}

// bears says how many writers stay within the objective.
func bears(c *tuning.Curve) string {
	switch {
	case c.Broken == 0:
		return fmt.Sprintf("%d clients and more", c.Writers)
	case c.Writers == 1:
		return "1 client"
	}
	return fmt.Sprintf("%d clients", c.Writers)
}

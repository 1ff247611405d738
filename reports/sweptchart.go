package reports

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"holdfast/reports/chart"
	"holdfast/scenarios/check"
	"holdfast/scenarios/sweep"
)

// Chart draws, as SVG, puts and makespan over the first parameter with numbers, a line for
// each combination of the others, and the share that gave up if somebody did.
func (s Swept) Chart(w io.Writer) error {
	c, err := s.chart()
	if err != nil {
		return err
	}
	return c.WriteSVG(w)
}

func (s Swept) chart() (*chart.Chart, error) {
	axis := slices.IndexFunc(s.Vary, sweep.Varied.Numeric)
	if axis < 0 {
		return nil, errors.New("no parameter has numbers for an axis")
	}
	c := &chart.Chart{
		Title: title(s), Notes: notes(s), X: s.Vary[axis].Name,
	}
	if _, unit, _ := s.Vary[axis].Numbers(); unit != "" {
		c.X += " (" + unit + ")"
	}
	c.Panels = []chart.Panel{
		panel(s, axis, "write attempts of a run", func(p *sweep.Measured) (*float64, *float64) { return &p.PutsMean, p.PutsCI95 }),
		panel(s, axis, "makespan (s)", func(p *sweep.Measured) (*float64, *float64) {
			return inSeconds(p.MakespanMean), inSeconds(p.MakespanCI95)
		}),
	}
	if slices.ContainsFunc(s.Points, func(p sweep.Measured) bool { return p.ExhaustedRate > 0 }) {
		shares := panel(s, axis, "gave up (%)", func(p *sweep.Measured) (*float64, *float64) {
			percent := 100 * p.ExhaustedRate
			return &percent, nil
		})
		shares.Linear = true
		c.Panels = append(c.Panels, shares)
	}
	return c, nil
}

// title says what was played.
func title(s Swept) string {
	latency := ""
	if s.Latency != "" {
		latency = "latency " + s.Latency + ", "
	}
	return fmt.Sprintf("%s: %s of each point, %sseed %d", s.Scenario, Plural(s.Runs, "run"), latency, s.Seed)
}

// notes say what all points have in common, and why not to trust the chart.
func notes(s Swept) []string {
	var notes, doubts []string
	if policy := commonPolicy(s); policy != "" {
		notes = append(notes, "policy "+policy)
	}
	if len(s.Points) < s.Planned {
		doubts = append(doubts, fmt.Sprintf("partial: %d of %d points", len(s.Points), s.Planned))
	}
	violated := 0
	for i := range s.Points {
		if s.Points[i].Verdict == check.Violated {
			violated++
		}
	}
	if violated > 0 {
		doubts = append(doubts, fmt.Sprintf("%d of %s violate an invariant", violated, Plural(len(s.Points), "point")))
	}
	if len(doubts) > 0 {
		notes = append(notes, strings.Join(doubts, "; "))
	}
	return notes
}

func inSeconds(ms *float64) *float64 {
	if ms == nil {
		return nil
	}
	s := *ms / 1000
	return &s
}

// mostMarkers of a line can be told apart.
const mostMarkers = 200

// panel collects the lines of one quantity.
func panel(s Swept, axis int, name string, of func(*sweep.Measured) (value, half *float64)) chart.Panel {
	panel := chart.Panel{Y: name}
	xs := map[string]float64{}
	numbers, _, _ := s.Vary[axis].Numbers()
	for i, value := range s.Vary[axis].Values {
		xs[value] = numbers[i]
	}
	panel.Close = len(xs) > mostMarkers
	labels, index := labellings(s.Vary), map[string]int{}
	for i := range s.Points {
		p := &s.Points[i]
		line := lineName(s, labels, axis, p.Params)
		n, ok := index[line]
		if !ok {
			n = len(panel.Series)
			index[line] = n
			panel.Series = append(panel.Series, chart.Series{Name: line})
		}
		y, half := of(p)
		if y == nil {
			continue
		}
		point := chart.Point{X: xs[p.Params[axis].Value], Y: *y}
		if half != nil {
			point.Half = *half
		}
		panel.Series[n].Points = append(panel.Series[n].Points, point)
	}
	for _, series := range panel.Series { // values may have been given in any order
		slices.SortFunc(series.Points, func(a, b chart.Point) int { return cmp.Compare(a.X, b.X) })
	}
	return panel
}

// lineName is what tells a line from the others.
func lineName(s Swept, labels []map[string]string, axis int, params sweep.Params) string {
	var parts []string
	for i, v := range s.Vary {
		if i == axis {
			continue
		}
		label := labels[i][params[i].Value]
		if v.Numeric() {
			label = v.Name + " " + label
		}
		parts = append(parts, label)
	}
	if len(parts) == 0 {
		return s.Scenario
	}
	return strings.Join(parts, ", ")
}

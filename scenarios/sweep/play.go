package sweep

import (
	"context"
	"errors"
	"fmt"

	"holdfast/scenarios/measure"
)

// Point is a combination of parameters with what it stands for.
type Point struct {
	Params Params
	measure.Point
}

// Config is what to play.
type Config struct {
	Points  []Point
	Workers int // see [measure.Config]
	// Have are points that were measured before, by their number.
	Have map[int]Measured
	// Save, which may be nil, is told of each point as soon as it is measured, one at
	// a time, in no certain order. Its error ends the sweep: it is not called again.
	Save func(number int, p Measured) error
	// Progress, which may be nil, is told how far the sweep is, one at a time.
	Progress func(measure.Progress)
}

// Play measures all points and returns them in their order. After an interrupt these
// are the points that were measured, and those that violate an invariant by what they have
// shown until then; an interrupt is no error.
func Play(ctx context.Context, c Config) ([]Measured, error) {
	inner, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var plan measure.Plan
	points := map[int]Measured{}
	row := func(i int, m *measure.Measured) Measured {
		return Row(c.Points[i].Params, &m.Measurement)
	}
	for i := range c.Points {
		plan.Points = append(plan.Points, c.Points[i].Point)
		if p, ok := c.Have[i]; ok {
			points[i] = p
		}
	}
	all, err := measure.Play(inner, plan, measure.Config{
		Workers: c.Workers, Progress: c.Progress,
		Skip: func(i int) bool { _, ok := c.Have[i]; return ok },
		Done: func(i int, m *measure.Measured) error {
			if err := context.Cause(inner); err != nil {
				return err
			}
			p := row(i, m)
			if c.Save != nil {
				if err := c.Save(i, p); err != nil {
					stop(err) // the others could not be saved either
					return err
				}
			}
			points[i] = p
			return nil
		},
	})
	rows := []Measured{} // in JSON a list, also if it is empty
	for i := range c.Points {
		if p, complete := points[i]; complete {
			rows = append(rows, p)
		} else if i < len(all) && all[i].Verdict.Final() { // which more repetitions would not undo
			rows = append(rows, row(i, all[i]))
		}
	}
	var failed *measure.PointError
	if errors.As(err, &failed) {
		point := &c.Points[failed.Point]
		err = fmt.Errorf("play %s with %s: %w", point.Run.Scenario.Name, point.Params, err)
	}
	return rows, err
}

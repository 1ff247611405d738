package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holdfast/reports"
	"holdfast/scenarios"
	"holdfast/scenarios/campaign"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/sandbox"
	"holdfast/scenarios/sweep"
)

// sweepJob is a sweep whose points many machines play.
type sweepJob struct {
	campaign.Points
	Params []sweep.Params `json:"params"` // of each point
	Sweep  sweep.Result   `json:"sweep"`  // without points
	Base   string         `json:"base"`   // the scenario before its parameters are varied, as YAML
}

func sweepKind() *campaignKind {
	return &campaignKind{
		name: "sweep",
		command: func(give func(planned)) *cobra.Command {
			return sweepCommand(func(_ context.Context, o sweepOptions, flags *pflag.FlagSet, name string) error {
				p, err := o.planned(flags, name)
				if err == nil {
					give(p)
				}
				return err
			})
		},
		refused: map[string]string{"resume": "simulate campaign work plays what is missing of a campaign"},
		outputs: []string{"csv", "chart"},
		work:    workPoints,
		merge:   mergeSweep,
	}
}

// planned are the points of the product.
func (o sweepOptions) planned(flags *pflag.FlagSet, name string) (planned, error) {
	c, err := o.prepare(name, flags.Changed)
	if err != nil {
		return planned{}, err
	}
	base, err := c.base.Encode()
	if err != nil {
		return planned{}, couldNotRun("write the scenario of the sweep: %w", err)
	}
	job := &sweepJob{Sweep: c.swept, Base: string(base)}
	var points []measure.Point
	for i := range c.points {
		points, job.Params = append(points, c.points[i].Point), append(job.Params, c.points[i].Params)
	}
	cut, err := campaign.NewPoints(points)
	if err != nil {
		return planned{}, usage("%w", err)
	}
	job.Points = *cut
	about := fmt.Sprintf("%s of %s", reports.Plural(len(points), "point"), reports.Plural(o.run.runs, "repetition"))
	return plannedPoints(cut, about, job), nil
}

// mergeSweep tells what the points have shown as sweep does, and keeps it so. Of points that are
// not complete it has those that violate an invariant.
func mergeSweep(ctx context.Context, a *app, m *merging) error {
	var job sweepJob
	if err := m.campaign.Job(&job); err != nil {
		return err
	}
	base, err := scenarios.Parse("the scenario of the plan", []byte(job.Base))
	if err != nil {
		return err
	}
	c := &sweeping{swept: job.Sweep, base: base}
	s := &c.swept
	o := sweepOptions{run: runOptions{out: m.out, output: m.output}, csv: m.csv, chart: m.chart}
	if err := o.checkChart(s.Vary, s.Planned); err != nil {
		return err
	}
	s.Points = []sweep.Measured{} // in JSON a list, also if it is empty
	gaps, err := job.Merge(ctx, m.campaign, func(i int, p *measure.Measurement, unplayed int) error {
		if unplayed == 0 || p.Verdict.Final() {
			s.Points = append(s.Points, sweep.Row(job.Params[i], p))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if s.Complete() < s.Planned {
		s.Unplayed, s.Resume = m.unplayed(gaps), m.replay(gaps)
	}
	s.TookMS = milliseconds(time.Since(m.begin))
	s.Conclude()
	var failure error
	if s.Directory, err = reports.NewDirectory(m.out, "sweep-"+s.Scenario, sandbox.NewID(), time.Now()); err == nil {
		err = errors.Join(o.save(s.Directory, c), m.keepBeside(s.Directory))
	}
	if err != nil {
		failure = couldNotRun("save the sweep: %w", err)
	}
	return a.tell(m.output, reports.Swept{Result: s}, failure, ctx.Err() != nil)
}

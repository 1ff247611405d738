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
)

// runKind are runs in virtual worlds. Their job is [campaign.Points], a point for each scenario.
func runKind() *campaignKind {
	return &campaignKind{
		name: "run",
		command: func(give func(planned)) *cobra.Command {
			return runCommand(func(_ context.Context, o runOptions, flags *pflag.FlagSet, names []string) error {
				p, err := o.planned(flags, names)
				if err == nil {
					give(p)
				}
				return err
			})
		},
		refused: map[string]string{
			"baseline":       "compare what campaign merge gives: simulate compare FILE simulate-out/latest",
			"renew-baseline": "compare what campaign merge gives: simulate compare FILE simulate-out/latest",
			"max-requests":   "a campaign of runs plays in virtual worlds, which send no requests",
			"skip-check":     "a campaign of runs plays in virtual worlds, whose store needs no check",
		},
		work:  workPoints,
		merge: mergeRuns,
	}
}

// planned are the scenarios that are named, with the flags applied.
func (o runOptions) planned(flags *pflag.FlagSet, names []string) (planned, error) {
	if o.world == real && len(names) == 1 {
		p, err := o.prepare(names[0], flags.Changed)
		if err != nil {
			return planned{}, err
		}
		return o.plannedLoad(p)
	} else if o.world == real {
		return planned{}, usage("a campaign plays runs in virtual worlds (add --world virtual), or one scenario in the real one as a load (name it)")
	}
	if len(names) == 0 {
		names = scenarios.Names()
	}
	var points []measure.Point
	for _, name := range names {
		p, err := o.prepare(name, flags.Changed)
		if err != nil {
			return planned{}, err
		}
		if len(p.schedule) > 0 {
			return planned{}, usage("%s replays a schedule, which is played once: simulate run does so", name)
		}
		points = append(points, p.point)
	}
	about := fmt.Sprintf("%s of %s", reports.Plural(len(points), "scenario"), reports.Plural(o.runs, "repetition"))
	if o.repetition > 0 {
		about = fmt.Sprintf("repetition %d of %s", o.repetition, reports.Plural(len(points), "scenario"))
	}
	job, err := campaign.NewPoints(points)
	if err != nil {
		return planned{}, usage("%w", err)
	}
	return plannedPoints(job, about, job), nil
}

// plannedPoints are points that are to be played, as the job of their kind.
func plannedPoints(p *campaign.Points, about string, job any) planned {
	units := p.Units()
	return planned{job: job, units: units, about: about + ", " + reports.Plural(units, "unit"), estimate: p.Estimate}
}

func workPoints(ctx context.Context, c *campaign.Campaign, s *campaign.Shard) error {
	var job campaign.Points
	if err := c.Job(&job); err != nil {
		return err
	}
	return job.Play(ctx, s)
}

// mergeRuns tells what runs have shown together as run does, and keeps it so.
func mergeRuns(ctx context.Context, a *app, m *merging) error {
	var job campaign.Points
	if err := m.campaign.Job(&job); err != nil {
		return err
	}
	var runs []measure.Measurement
	var unplayed []int
	gaps, err := job.Merge(ctx, m.campaign, func(i int, run *measure.Measurement, n int) error {
		run.Shows = job.Points[i].Run.Scenario.Shows
		runs, unplayed = append(runs, *run), append(unplayed, n)
		return nil
	})
	if err != nil {
		return err
	}
	var failure error
	for i := range runs {
		m.lacks(&runs[i], unplayed[i], gaps)
		p := &play{point: job.Points[i], load: m.load}
		dir, err := reports.NewDirectory(m.out, runs[i].Scenario, sandbox.NewID(), time.Now())
		if err == nil {
			runs[i].Directory = dir
			err = errors.Join(save(m.out, dir, p, &runs[i]), m.keepBeside(dir))
		}
		if err != nil && failure == nil {
			failure = couldNotRun("save the result of %s: %w", runs[i].Scenario, err)
		}
	}
	result := reports.NewResult(reports.NewEnvironment(settings(runs)), runs...)
	result.TookMS, result.Environment.Load = milliseconds(time.Since(m.begin)), m.load.Ended()
	return a.tellAll(ctx, m.out, m.output, result, failure)
}

// lacks says of a run which of its repetitions nobody has published.
func (m *merging) lacks(run *measure.Measurement, unplayed int, gaps []campaign.Gap) {
	run.Interrupted = false
	if unplayed == 0 {
		return
	}
	why := fmt.Sprintf("%d of %s were not played: %s; %s", unplayed, reports.Plural(run.Repetitions, "repetition"), m.unplayed(gaps), m.replay(gaps))
	run.Lacks(why)
}

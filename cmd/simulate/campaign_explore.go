package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"holdfast/reports"
	"holdfast/scenarios/campaign"
	"holdfast/scenarios/explore"
)

// exploreKind are explorations.
func exploreKind() *campaignKind {
	return &campaignKind{
		name: "explore",
		command: func(give func(planned)) *cobra.Command {
			return exploreCommand(func(ctx context.Context, o exploreOptions, changed func(string) bool, name string) error {
				p, err := o.planned(ctx, changed, name)
				if err == nil {
					give(p)
				}
				return err
			})
		},
		refused: map[string]string{
			"budget": "many machines have no time in common: --schedules says how many are drawn, and an exhaustive search ends with its last schedule, or by simulate campaign stop",
			"save":   "campaign merge tells the command that plays a violation again: keep that",
		},
		work: func(ctx context.Context, c *campaign.Campaign, s *campaign.Shard) error {
			var job campaign.Exploration
			if err := c.Job(&job); err != nil {
				return err
			}
			return job.Play(ctx, s)
		},
		merge: mergeExploration,
	}
}

// planned is a search in parts, without a budget of time.
func (o exploreOptions) planned(ctx context.Context, changed func(string) bool, name string) (planned, error) {
	drawn := o.strategy != string(explore.Exhaustive)
	switch {
	case drawn && o.schedules == 0:
		return planned{}, usage("--strategy %s never ends by itself, and many machines have no --budget of time: give it a number of --schedules", o.strategy)
	case !drawn && o.schedules > 0:
		return planned{}, usage("--schedules %d bounds an exhaustive search of one machine only: leave it out, or draw so many by --strategy pct", o.schedules)
	}
	o.budget = 0
	c, err := o.config(name, changed)
	if err != nil {
		return planned{}, err
	}
	c.Workers = 1
	job, err := campaign.NewExploration(ctx, c)
	if err != nil {
		return planned{}, couldNotRun("explore %s: %w", name, err)
	}
	said := func(flag string) bool { return flag == "budget" || changed(flag) }
	job.Replay, job.Witness = o.replay(name, said), o.replayWitness(name, changed)
	about := fmt.Sprintf("all schedules, in %s", reports.Plural(len(job.Parts), "unit"))
	if drawn {
		about = fmt.Sprintf("%s, in %s", reports.Plural(o.schedules, "schedule"), reports.Plural(len(job.Parts), "unit"))
	}
	return planned{job: job, units: len(job.Parts), about: about, estimate: job.Estimate}, nil
}

// mergeExploration tells what the parts have shown as explore does, but for the time it took,
// which nobody has measured.
func mergeExploration(ctx context.Context, a *app, m *merging) error {
	var job campaign.Exploration
	if err := m.campaign.Job(&job); err != nil {
		return err
	}
	workers := runtime.GOMAXPROCS(0)
	found, gaps, err := job.Merge(ctx, m.campaign, workers)
	if err != nil {
		return err
	}
	if found.Stopped == explore.Missing {
		found.Stopped = fmt.Sprintf("%s: %s; %s", explore.Missing, m.unplayed(gaps), m.replay(gaps))
	}
	replay := job.Replay
	if found.Witness != nil {
		replay = withSchedule(job.Witness, found.Witness)
	}
	e := reports.NewExplored(job.Config(workers), found, replay)
	kept, err := keep(m.out, "explore-"+e.Scenario, e)
	if e, ok := kept.(reports.Explored); ok && e.Directory != "" {
		err = errors.Join(err, m.keepBeside(e.Directory))
	}
	return a.tell(m.output, kept, err, ctx.Err() != nil)
}

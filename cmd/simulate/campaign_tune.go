package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holdfast/scenarios/campaign"
	"holdfast/scenarios/tuning"
)

// tuneKind are searches for a policy, which go by stages.
func tuneKind() *campaignKind {
	const oneMachine = "a campaign searches in virtual time only: search there by simulate tune, on one machine"
	return &campaignKind{
		name: "tune",
		command: func(give func(planned)) *cobra.Command {
			return tuneCommand(func(ctx context.Context, o tuneOptions, flags *pflag.FlagSet, name string) error {
				p, err := o.planned(ctx, flags, name)
				if err == nil {
					give(p)
				}
				return err
			})
		},
		refused: map[string]string{
			"budget":       "many machines have no time in common: give the plan a number of --evaluations, as simulate tune says them",
			"confirm":      "the real world is one machine's: simulate tune --confirm holds the model against it",
			"confirm-runs": "the real world is one machine's: simulate tune --confirm holds the model against it",
			"store":        oneMachine, "endpoint": oneMachine, "path-style": oneMachine, "max-requests": oneMachine,
		},
		outputs: []string{"chart"},
		work: func(ctx context.Context, c *campaign.Campaign, s *campaign.Shard) error {
			var job campaign.Tuning
			if err := c.Job(&job); err != nil {
				return err
			}
			return job.Play(ctx, s)
		},
		merge: mergeTuning,
	}
}

// planned is the search, whose units follow from what it finds.
func (o tuneOptions) planned(ctx context.Context, flags *pflag.FlagSet, name string) (planned, error) {
	if o.evaluations == 0 {
		return planned{}, usage("a campaign needs a number of --evaluations: a budget of time would be one machine's (simulate tune says which number it has chosen)")
	}
	if err := o.validate(flags.Changed); err != nil {
		return planned{}, err
	}
	c, p, err := o.config(name, flags.Changed)
	if err != nil {
		return planned{}, err
	}
	c.Run = p.point.Run
	if err := tuning.Enough(ctx, c); err != nil {
		return planned{}, notTuned(err)
	}
	job := &campaign.Tuning{
		Run: c.Run, Objective: o.objective, Incumbents: o.incumbents, Evaluations: o.evaluations, Capacity: o.capacity, Architectures: o.architectures,
		Flags: o.scenario("", name, flags.Changed).String(), Replay: o.replay(name, flags, o.evaluations),
	}
	return planned{job: job, about: fmt.Sprintf("about %d repetitions, round by round", o.evaluations)}, nil
}

// mergeTuning tells what the rounds have shown as tune does.
func mergeTuning(ctx context.Context, a *app, m *merging) error {
	var job campaign.Tuning
	if err := m.campaign.Job(&job); err != nil {
		return err
	}
	if m.chart != "" && job.Capacity == job.Architectures {
		return usage("--chart draws what --capacity or --architectures finds, and the plan has not one of them")
	}
	found, missing, err := job.Merge(ctx, m.campaign)
	if err != nil {
		return err
	}
	if missing != nil && len(found.Reasons) > 0 {
		found.Reasons = []string{fmt.Sprintf("%s: %s; %s", strings.Trim(string(missing.Stage), "/"), m.unplayed(missing.Gaps), m.replay(missing.Gaps))}
	}
	evaluations := func(n int) string { return "--evaluations " + strconv.Itoa(n) }
	n := cmp.Or(found.Plan.Evaluations, job.Evaluations) // 0: it has not come so far
	found.Replay = strings.Replace(job.Replay, evaluations(job.Evaluations), evaluations(n), 1)
	o := tuneOptions{out: m.out, chart: m.chart, capacity: job.Capacity, architectures: job.Architectures}
	o.run.output = m.output
	dir, failure := o.directory(found.Scenario)
	if failure == nil {
		failure = m.keepBeside(dir)
	}
	return a.tellTuned(ctx, &o, found, failure)
}

// notTuned is why a search was not begun, or could not go on.
func notTuned(err error) error {
	if _, few := errors.AsType[*tuning.TooFewError](err); few {
		return usage("--evaluations: %w", err)
	}
	return couldNotRun("tune: %w", err)
}

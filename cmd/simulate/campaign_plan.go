package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"holdfast/reports"
	"holdfast/scenarios/campaign"
)

// planOptions are the flags of campaign plan.
type planOptions struct {
	prefixOptions
	shards int
	quiet  bool
}

func (a *app) campaignPlanCommand() *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:   "plan PREFIX --shards N -- run|sweep|tune|explore …",
		Short: "Write what is to be played under PREFIX, once",
		Long: `plan writes what a command is to play under PREFIX: scenarios, documents and seeds as
values, so that workers need no other file, and how many shards there are. A plan is never
changed: the same command again finds it there, another one is refused.

What stands after -- is the command as it is on one machine, but for the flags about its
result (--json, --out, --csv, …), which merge has. It is played in virtual
time: run wants --world virtual, tune a number of --evaluations, and explore
has no --budget. Only this build of the program may play and merge it.

One scenario with --world real and a --store is a load: its shards play at the same time on
the same objects, each its share of the clients, and are judged as one run.

More shards than there are units to be played are no error: the rest has nothing to do.

Exit codes: 0 the plan is there; 1 it could not be written; 2 bad flags, or there is
another plan.`,
		Example: `  simulate campaign plan out/c1 --shards 8 -- sweep burst --vary clients=10:50:10
  simulate campaign plan s3://bucket/c2 --shards 200 -- run storm --world virtual --runs 1000000
  simulate campaign plan out/c3 --shards 4 -- explore two-users --faults 1
  simulate campaign plan out/c4 --shards 4 -- tune burst --evaluations 4000
  simulate campaign plan s3://bucket/l1 --shards 4 -- run sustained-contention --world real --store s3://bucket/data --duration 30s`,
		RunE: func(cmd *cobra.Command, args []string) error {
			at := cmd.ArgsLenAtDash()
			switch {
			case at < 0 && len(args) > 1:
				return usage("what is to be played stands after --, as in: simulate campaign plan %s --shards 8 -- %s", reports.ShellWord(args[0]), reports.ShellWord(args[1]))
			case at != 1 && len(args) > 0 && at >= 0, len(args) == 0:
				return usage("campaign plan wants one PREFIX before --: a directory or s3://bucket/prefix")
			case len(args) < 2:
				return usage("what is to be played? Add, for example: -- sweep burst --vary clients=10:50:10")
			}
			return a.campaignPlan(cmd.Context(), o, args[0], args[1:])
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.shards, "shards", 0, "`N` shards: how many tasks the engine is to start")
	o.register(f)
	f.BoolVar(&o.quiet, "quiet", false, "write nothing unless it fails")
	return cmd
}

// campaignPlan plans what a command is to play.
func (a *app) campaignPlan(ctx context.Context, o planOptions, prefix string, args []string) error {
	if o.shards < 1 || o.shards > campaign.MostShards {
		return usage("--shards must be 1 to %d, not %d", campaign.MostShards, o.shards)
	}
	k, p, err := a.understand(ctx, args)
	if err != nil || p == nil {
		return err
	}
	if p.unitsOf != nil {
		if p.units, err = p.unitsOf(o.shards); err != nil {
			return err
		}
	}
	program, err := reports.Program()
	if err != nil {
		return couldNotRun("%w", err)
	}
	job, err := json.Marshal(p.job)
	if err != nil {
		return couldNotRun("write the plan: %w", err)
	}
	at, err := o.open(ctx, prefix)
	if err != nil {
		return err
	}
	defer func() { _ = at.Close() }()
	c, again, err := campaign.Write(ctx, at, campaign.Plan{
		Program: program, Version: reports.Version(), Kind: k.name, Command: p.command, Shards: o.shards, Units: p.units, Job: job,
	})
	if err != nil {
		return beginError(ctx, err)
	}
	if o.quiet {
		return nil
	}
	return a.tellPlan(ctx, o, c, p, again)
}

// mostEstimating is for how long a part is played to say how long all takes.
const mostEstimating = 5 * time.Second

// tellPlan says what was planned, and the commands to go on with.
func (a *app) tellPlan(ctx context.Context, o planOptions, c *campaign.Campaign, p *planned, again bool) error {
	var b strings.Builder
	row := func(name, value string) {
		for i, line := range reports.Wrap(value, reports.Width-12) {
			fmt.Fprintf(&b, "%-12s%s\n", []string{name, ""}[min(i, 1)], line)
		}
	}
	head := "PLANNED"
	if again {
		head = "PLANNED ALREADY"
	}
	shards := reports.Plural(o.shards, "shard")
	if p.units > 0 && p.units < o.shards {
		have := map[bool]string{true: "has", false: "have"}[o.shards-p.units == 1]
		shards += fmt.Sprintf(", of which %d %s nothing to do", o.shards-p.units, have)
	}
	fmt.Fprintf(&b, "%s  %s\n", head, c.Name())
	row("plays", reports.CommandOf(&c.Plan))
	row("that is", fmt.Sprintf("%s, in %s", p.about, shards))
	if took, err := p.takes(ctx); err != nil {
		return couldNotRun("play a part, to say how long all takes: %w", err)
	} else if took > 0 {
		each := took / time.Duration(max(min(o.shards, p.units), 1))
		row("takes", fmt.Sprintf("about %v on one core like this one's, %v for each shard", roughly(took), roughly(each)))
	}
	first := fmt.Sprintf("--index 0-%d", o.shards-1)
	if o.shards == 1 {
		first = "--index 0"
	}
	fmt.Fprintf(&b, "%-12s%s %s\n", "go on", o.again("work", c), first)
	fmt.Fprintf(&b, "%-12sor as an array of %d tasks that an engine numbers from 0:\n", "", o.shards)
	fmt.Fprintf(&b, "%-12s%s\n", "", o.again("work", c))
	fmt.Fprintf(&b, "%-12s%s\n", "watch it", o.again("status", c)+" --watch")
	fmt.Fprintf(&b, "%-12s%s\n", "verdict", o.again("merge", c)+" --wait 1h")
	if _, err := fmt.Fprint(a.stdout, b.String()); err != nil {
		return couldNotRun("write what was planned: %w", err)
	}
	return nil
}

// takes is how long all takes on one core; 0: that can't be told.
func (p *planned) takes(ctx context.Context) (time.Duration, error) {
	if p.estimate == nil {
		return 0, nil
	}
	ctx, stop := context.WithTimeout(ctx, mostEstimating)
	defer stop()
	return p.estimate(ctx)
}

// roughly rounds a duration to what an estimate is worth.
func roughly(d time.Duration) time.Duration {
	switch {
	case d >= 10*time.Minute:
		return d.Round(time.Minute)
	case d >= 10*time.Second:
		return d.Round(time.Second)
	case d >= time.Second:
		return d.Round(100 * time.Millisecond)
	}
	return max(d.Round(time.Millisecond), time.Millisecond)
}

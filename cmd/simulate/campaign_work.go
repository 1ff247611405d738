package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"holdfast/reports"
	"holdfast/scenarios/campaign"
	"holdfast/scenarios/campaign/load"
)

// workOptions are the flags of campaign work.
type workOptions struct {
	prefixOptions
	indexOptions
	barrier time.Duration
	output  outputOptions
}

func (a *app) campaignWorkCommand() *cobra.Command {
	var o workOptions
	cmd := &cobra.Command{
		Use:   "work PREFIX",
		Short: "Play a shard, and publish what it has shown",
		Long: `work plays what is not published of a shard, on all cores, and publishes it: when the
shard is complete, every few minutes, and on SIGTERM or SIGINT what is complete by then.
So the same index may be started as often as one likes, also at the same time. Several
shards are played one after the other; those of a load at the same time, once all are there.

The shard is that of --index, from 0, else the one that the engine's environment says:
  JOB_COMPLETION_INDEX       Kubernetes   from 0
  AWS_BATCH_JOB_ARRAY_INDEX  AWS Batch    from 0
  SLURM_ARRAY_TASK_ID        Slurm        from 0, as with --array=0-199
  PARALLEL_SEQ               GNU parallel from 1
--index-base N says that the engine's first task is numbered N (Slurm's --array=1-200:
1). If several are set and do not agree, nothing is played.

Exit codes, made for engines: 0 all units of the shard are published, also if they
violate an invariant or miss a threshold (merge says so), or the campaign was stopped,
so that there is no use in starting it again; 1 could not run, or determinism is lost: to
be started again, a few times; 2 there is no such plan, it is another program's, or bad
flags: starting it again is no use; 130 interrupted, with what was complete published.`,
		Example: `  simulate campaign work s3://bucket/c2
  simulate campaign work out/c1 --index 3
  simulate campaign work out/c1 --index 0-3,7
  simulate campaign work out/c1 --index missing`,
		Args: exactly(1, "a PREFIX"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.campaignWork(cmd.Context(), o, args[0])
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.index, "index", "", "`SHARDS` to play: a number from 0, several such as 0-3,7, all, or missing: those that nobody is at work on")
	f.IntVar(&o.base, "index-base", noBase, "the engine's first task is number `N` (-1: as the engine is used by default)")
	f.IntVar(&o.attempt, "attempt", 0, "this is attempt `N`, from 1, for status (0: as AWS_BATCH_JOB_ATTEMPT or SLURM_RESTART_COUNT say)")
	f.DurationVar(&o.barrier, "barrier-timeout", load.DefaultBarrier, "of a load, the `TIME` to wait until all shards are there")
	o.register(f)
	f.BoolVar(&o.output.quiet, "quiet", false, "write no progress, and nothing unless it fails")
	f.StringVar(&o.output.progress, "progress", "auto", "`KIND` of progress on stderr: auto, bar, plain or none")
	return cmd
}

// campaignWork plays shards, one after the other.
func (a *app) campaignWork(ctx context.Context, o workOptions, prefix string) error {
	if err := o.output.validate(); err != nil {
		return err
	}
	attempt, err := o.attemptOf(os.LookupEnv)
	if err != nil {
		return err
	}
	c, k, err := o.own(ctx, prefix)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	var shards []int
	if o.index == missingIndex {
		shards, err = missingOf(ctx, c)
	} else {
		shards, err = o.shards(c.Plan.Shards, os.LookupEnv)
	}
	if err != nil {
		return beginError(ctx, err)
	}
	if k.together != nil && len(shards) > 0 {
		return campaignError(k.together(ctx, a, &o, c, shards, attempt))
	}
	units, err := a.playShards(ctx, &o, c, k, shards, attempt)
	switch {
	case errors.Is(err, campaign.ErrStopped):
		a.say(o.output, "the campaign is stopped; what was complete is published. %s lets it go on", o.again("stop", c)+" --resume")
		return nil
	case err != nil:
		return err
	case len(shards) == 0:
		a.say(o.output, "no shard is missing: all are done, or somebody is at work on them")
		return nil
	}
	if c.Plan.Units == 0 {
		a.say(o.output, "there is nothing left to play: all stages are published")
		return nil
	}
	of := "shard " + reports.Few(shards)
	if len(shards) > 1 {
		of = "shards " + reports.Few(shards)
	}
	a.say(o.output, "%s of %d: %s published", of, c.Plan.Shards, allOf(units))
	return nil
}

func allOf(units int) string {
	if units == 1 {
		return "its unit is"
	}
	return fmt.Sprintf("all %d units are", units)
}

// say writes a line to stdout, unless nobody wants any.
func (a *app) say(o outputOptions, format string, args ...any) {
	if !o.quiet {
		fmt.Fprintf(a.stdout, format+"\n", args...)
	}
}

// playShards plays shards, and returns how many units they have.
func (a *app) playShards(ctx context.Context, o *workOptions, c *campaign.Campaign, k *campaignKind, shards []int, attempt int) (units int, err error) {
	progress := a.startProgress(o.output, "campaign")
	defer progress.stop()
	for i, index := range shards {
		s, err := c.Shard(index, attempt)
		if err != nil {
			return units, campaignError(err)
		}
		of := 0
		s.Progress = func(complete, all int) {
			of = all
			share := (float64(i) + float64(complete)/float64(max(all, 1))) / float64(len(shards))
			progress.update(share, fmt.Sprintf("shard %d, %d of %d units", index, complete, all))
		}
		end := s.Begin(ctx)
		err = k.work(ctx, c, s)
		end()
		units += of
		if err != nil {
			return units, workError(ctx, s, err)
		}
	}
	return units, nil
}

// workError says why a shard is not complete, with the exit code that tells an engine whether to
// start it again.
func workError(ctx context.Context, s *campaign.Shard, err error) error {
	var lost *campaign.LostError
	switch {
	case errors.Is(err, campaign.ErrStopped):
		return err
	case ctx.Err() != nil && !errors.As(err, &lost):
		return &exitError{exitInterrupted, fmt.Errorf("interrupted: what was complete of shard %d is published; the same command goes on after it", s.Index)}
	}
	return campaignError(err)
}

// missingIndex is the --index of the shards that nobody is at work on and that are not done.
const missingIndex = "missing"

func missingOf(ctx context.Context, c *campaign.Campaign) ([]int, error) {
	s, err := c.Status(ctx)
	if err != nil {
		return nil, err
	}
	return idleShards(s), nil
}

// idleShards are the shards that are not done, and that nobody is at work on.
func idleShards(s *campaign.Status) (all []int) {
	for _, shard := range s.Shards {
		if shard.State == campaign.Missing || shard.State == campaign.Silent {
			all = append(all, shard.Shard)
		}
	}
	return all
}

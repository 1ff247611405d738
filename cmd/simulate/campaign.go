package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holdfast/archive/s3store"
	"holdfast/reports"
	"holdfast/scenarios/campaign"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/units"
)

func (a *app) campaignCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "campaign",
		Short: "Play a run, sweep, tune or explore on many machines, started by an engine that you have",
		Long: `campaign cuts what a command plays into shards, which any number of machines
play, and puts the results together: the document is that of one machine, byte for
byte, however many shards there were and whoever has played them.

  plan    writes what is to be played under PREFIX, once: a directory that all
          machines share, or s3://bucket/prefix
  work    plays one shard, and publishes what it has shown under PREFIX
  status  says which shards are done, running, silent or missing
  stop    asks all workers to publish what they have and to end
  merge   puts together what is published, and tells it as the command itself does

There is no server: an engine starts work once for each shard. Kubernetes (Indexed
Job), AWS Batch and Slurm arrays and GNU parallel give it its index, others by
--index. Any of it may die or be started twice: each result counts once.

On one machine, to try it out:`,
		Example: `  simulate campaign plan out/c1 --shards 8 -- sweep burst --vary clients=10:50:10
  simulate campaign work out/c1 --index 0-5
  simulate campaign status out/c1
  simulate campaign work out/c1 --index missing
  simulate campaign merge out/c1 --csv burst.csv`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.campaignPlanCommand(), a.campaignWorkCommand(), a.campaignStatusCommand(), a.campaignStopCommand(), a.campaignMergeCommand())
	return cmd
}

// prefixOptions say where a campaign is.
type prefixOptions struct {
	endpoint  string
	pathStyle s3store.PathStyle
}

func (o *prefixOptions) register(f *pflag.FlagSet) {
	f.StringVar(&o.endpoint, "endpoint", "", "`URL` of an S3 server other than AWS, or of an account of Azure Blob Storage, for PREFIX")
	f.TextVar(&o.pathStyle, "path-style", s3store.PathStyleAuto, "`WHEN` the bucket of PREFIX goes into the path: auto, on or off")
}

func (o *prefixOptions) open(ctx context.Context, prefix string) (*campaign.Prefix, error) {
	t := measure.Target{Store: prefix, Endpoint: o.endpoint, PathStyle: o.pathStyle, Program: reports.Version()}
	switch {
	case prefix == "":
		return nil, usage("PREFIX wants a directory or s3://bucket/prefix, not an empty name")
	case !strings.Contains(prefix, "://"):
		if o.endpoint != "" {
			return nil, usage("--endpoint needs a PREFIX such as s3://bucket/prefix: %s is a directory", prefix)
		}
	default:
		if err := t.Validate(); err != nil {
			return nil, usage("%w", err)
		}
	}
	p, err := campaign.Open(ctx, t)
	if err != nil {
		return nil, beginError(ctx, err)
	}
	return p, nil
}

// load reads the plan of a prefix, and the kind of its command.
func (o *prefixOptions) load(ctx context.Context, prefix string) (*campaign.Campaign, error) {
	p, err := o.open(ctx, prefix)
	if err != nil {
		return nil, err
	}
	c, err := campaign.Load(ctx, p)
	if err != nil {
		_ = p.Close()
	}
	return c, beginError(ctx, err)
}

// own is load for who plays or merges, which only the program can that has planned it.
func (o *prefixOptions) own(ctx context.Context, prefix string) (*campaign.Campaign, *campaignKind, error) {
	c, err := o.load(ctx, prefix)
	if err != nil {
		return nil, nil, err
	}
	program, err := reports.Program()
	if err != nil {
		return nil, nil, errors.Join(couldNotRun("%w", err), c.Close())
	}
	var k *campaignKind
	if err = c.Check(program); err == nil {
		k, err = kindOf(c.Plan.Kind)
	}
	if err != nil {
		_ = c.Close()
	}
	return c, k, campaignError(err)
}

// campaignError is an error with its exit code: that of bad flags if trying again is no use, so
// that engines don't.
func campaignError(err error) error {
	var exit *exitError
	var program *campaign.ProgramError
	switch {
	case err == nil || errors.As(err, &exit):
		return err
	case errors.Is(err, campaign.ErrNoPlan), errors.Is(err, campaign.ErrOtherPlan), errors.As(err, &program):
		return usage("%w", err)
	}
	return couldNotRun("%w", err)
}

// beginError is [campaignError] of what comes before anything is played: whoever is told to end then
// fails by that alone.
func beginError(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return &exitError{exitInterrupted, errors.New("interrupted before it began")}
	}
	return campaignError(err)
}

// again is a command of a campaign.
func (o *prefixOptions) again(command string, of *campaign.Campaign) string {
	c := commandLine{args: []string{"simulate campaign", command, reports.ShellWord(of.Name())}}
	if o.endpoint != "" {
		c.all("endpoint", []string{o.endpoint})
	}
	if o.pathStyle != s3store.PathStyleAuto {
		text, _ := o.pathStyle.MarshalText() // it came from a text
		c.all("path-style", []string{string(text)})
	}
	return c.String()
}

// mostRanges of shards stand in a command; of more, --index missing finds them.
const mostRanges = 8

// indexOf is the --index of shards.
func indexOf(shards []int) string {
	if ranges := units.Ranges(shards); len(ranges) <= mostRanges {
		return strings.Join(ranges, ",")
	}
	return missingIndex
}

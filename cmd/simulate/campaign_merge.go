package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holdfast/reports"
	"holdfast/scenarios/campaign"
	"holdfast/scenarios/campaign/load"
)

// mergeOptions are the flags of campaign merge.
type mergeOptions struct {
	prefixOptions
	wait   time.Duration
	out    string
	csv    string
	chart  string
	output outputOptions
}

// merging is a merge of a campaign.
type merging struct {
	mergeOptions
	campaign *campaign.Campaign
	status   *campaign.Status // before it was merged; nil: the store can't tell
	begin    time.Time
	load     reports.Load
}

func (a *app) campaignMergeCommand() *cobra.Command {
	var o mergeOptions
	cmd := &cobra.Command{
		Use:   "merge PREFIX",
		Short: "Put together what is published, and tell it as the command itself does",
		Long: `merge tells what all shards have shown as the command of the plan does on one machine:
the same report, document, files and directory below --out, and the same exit code,
whatever the number of shards and whoever has played them. (A run's directory has no
history: the seed makes each repetition again.)

What nobody has published is named, with the command that plays it, and proves
nothing (5); a violation counts all the same (3). --wait waits for it.`,
		Example: `  simulate campaign merge out/c1
  simulate campaign merge s3://bucket/c2 --wait 2h --json`,
		Args: exactly(1, "a PREFIX"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.campaignMerge(cmd.Context(), o, cmd.Flags(), args[0])
		},
	}
	f := cmd.Flags()
	o.register(f)
	f.DurationVar(&o.wait, "wait", 0, "`TIME` to wait at most until all shards are done (0: merge what is there)")
	f.StringVar(&o.out, "out", "simulate-out", "`DIR` for the result")
	f.StringVar(&o.csv, "csv", "", "of a sweep, `FILE` for the points, as CSV")
	f.StringVar(&o.chart, "chart", "", "of a sweep or a tune, `FILE` for a chart, as SVG: its name ends in .svg")
	o.output.register(cmd)
	return cmd
}

func (o *mergeOptions) validate(k *campaignKind, changed func(string) bool) error {
	for _, flag := range []string{"csv", "chart"} {
		if changed(flag) && !slices.Contains(k.outputs, flag) {
			return usage("--%s: the plan is of simulate %s, which has no such file", flag, k.name)
		}
	}
	if o.wait < 0 {
		return usage("--wait must be 0 or more, not %v", o.wait)
	}
	if o.out == "" {
		return notEmpty(o.out)
	}
	return o.output.validate()
}

// campaignMerge tells what all shards have shown.
func (a *app) campaignMerge(ctx context.Context, o mergeOptions, flags *pflag.FlagSet, prefix string) error {
	outputs := sweepOptions{csv: o.csv, chart: o.chart}
	if err := outputs.validate(); err != nil { // before anything is waited for
		return err
	}
	c, k, err := o.own(ctx, prefix)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if err := o.validate(k, flags.Changed); err != nil {
		return err
	}
	if err := reports.Writable(o.out); err != nil {
		return couldNotRun("--out: %w", err)
	}
	m := &merging{mergeOptions: o, campaign: c, begin: time.Now(), load: reports.BeginLoad()}
	if o.wait > 0 && k.together == nil {
		m.status, err = a.watch(ctx, o.output, c, o.wait)
	} else if m.status, err = c.Status(ctx); errors.Is(err, campaign.ErrNoListing) {
		m.status, err = nil, nil // nobody can tell who has played it
	}
	if err == nil {
		err = k.merge(ctx, a, m)
	}
	var exit *exitError
	if ctx.Err() != nil && !errors.As(err, &exit) {
		return &exitError{exitInterrupted, errors.New("interrupted: nothing was merged")}
	}
	return campaignError(err)
}

// keepBeside writes who has played a result into its directory: the result itself is that of one
// machine.
func (m *merging) keepBeside(dir string) error {
	if m.status == nil {
		return nil
	}
	return reports.WriteFile(filepath.Join(dir, reports.CampaignFile), func(w io.Writer) error {
		return reports.WriteJSON(w, m.campaigned(m.campaign, m.status, m.campaign.Plan.Kind == load.Kind))
	})
}

// unplayed says what is missing of a campaign.
func (m *merging) unplayed(gaps []campaign.Gap) string {
	units := 0
	for _, g := range gaps {
		units += g.Last - g.First + 1
	}
	shards := shardsOf(gaps)
	text := fmt.Sprintf("%s of %s %s", reports.Plural(units, "unit"), map[bool]string{true: "shard", false: "shards"}[len(shards) == 1], reports.Few(shards))
	for _, g := range gaps {
		if g.Garbled != nil {
			text += "; " + g.Garbled.Error()
			break // each has the same remedy, and the next merge names the next one
		}
	}
	return text
}

// replay is the command that plays what is missing.
func (m *merging) replay(gaps []campaign.Gap) string {
	return m.again("work", m.campaign) + " --index " + indexOf(shardsOf(gaps))
}

func shardsOf(gaps []campaign.Gap) []int {
	var all []int
	for _, g := range gaps {
		all = append(all, g.Shard)
	}
	return all
}

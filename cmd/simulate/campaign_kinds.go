package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holdfast/scenarios/campaign"
)

// campaignKind is a command that many machines can play: what one machine does at once is taken
// apart into planning, which makes values of the command line, working, which plays a shard of
// them, and merging, which tells what all have shown as the command itself would.
type campaignKind struct {
	name string
	// command, which is nil if another kind plans it too, is the command with the flags that it has on one machine; planned is given what
	// they say is to be played, in the place of playing it.
	command func(planned func(planned)) *cobra.Command
	// refused are flags of its own that a campaign does not know, each with why.
	refused map[string]string
	// outputs are those of its flags that merge has for it, beside the ones of every command.
	outputs []string
	// work plays the shard's units.
	work func(ctx context.Context, c *campaign.Campaign, s *campaign.Shard) error
	// together plays several shards at the same time, which must be; nil: work plays one after
	// the other.
	together func(ctx context.Context, a *app, o *workOptions, c *campaign.Campaign, shards []int, attempt int) error
	// merge tells what the shards have shown, and returns the error that decides the exit code.
	merge func(ctx context.Context, a *app, m *merging) error
}

// planned is what a command is to play, as values.
type planned struct {
	// job is what workers and merge need, and nothing else: as JSON it stands in the plan.
	job any
	// kind is that of the plan; empty: that of the command.
	kind string
	// unitsOf, if it is not nil, says how many units there are for so many shards, or why these
	// can't play it.
	unitsOf func(shards int) (int, error)
	// units it is cut into, by what it is alone: not by the number of shards.
	units int
	// command is the command line for people, what the environment has set included.
	command []string
	// about says how much it is, such as "361 points of 20 runs".
	about string
	// estimate is how long all of it takes on one core; nil, or 0: that can't be told.
	estimate func(ctx context.Context) (time.Duration, error)
}

// campaignKinds are the commands that many machines can play.
func campaignKinds() []*campaignKind {
	return []*campaignKind{runKind(), loadKind(), sweepKind(), tuneKind(), exploreKind()}
}

// kindOf is the kind of a plan.
func kindOf(name string) (*campaignKind, error) {
	all := campaignKinds()
	i := slices.IndexFunc(all, func(k *campaignKind) bool { return k.name == name })
	if i < 0 {
		return nil, usage("the plan is of simulate %s, which this version can't play: use the version that has planned it", name)
	}
	return all[i], nil
}

// ofMerge are the flags of commands that say what becomes of a result.
var ofMerge = []string{"json", "quiet", "verbose", "no-color", "progress", "out", "csv", "chart"}

// neverPlanned are flags of more than one command that a campaign has no use for.
var neverPlanned = map[string]string{
	"metrics": "workers publish what repetitions have shown, and no metrics",
	"dry-run": "planning plays nothing",
}

// refuse says why a flag that was given can't be planned.
func (k *campaignKind) refuse(f *pflag.Flag) error {
	if why, refused := k.refused[f.Name]; refused {
		return usage("--%s: %s", f.Name, why)
	}
	if why, refused := neverPlanned[f.Name]; refused {
		return usage("--%s: %s", f.Name, why)
	}
	if slices.Contains(ofMerge, f.Name) {
		return usage("--%s is about the result, so simulate campaign merge has it: leave it out of the plan", f.Name)
	}
	return nil
}

// understand parses a command line by the flags of its command, which says what it is to play.
// Nil: it was only asked for help.
func (a *app) understand(ctx context.Context, args []string) (*campaignKind, *planned, error) {
	var names []string
	root := &cobra.Command{Use: "simulate", SilenceErrors: true, SilenceUsage: true}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(wrongFlag)
	root.CompletionOptions.DisableDefaultCmd = true
	var found *planned
	var of *campaignKind
	for _, k := range campaignKinds() {
		if k.command == nil {
			continue
		}
		names = append(names, k.name)
		var flags *pflag.FlagSet
		cmd := k.command(func(p planned) {
			p.command = slices.Concat(args, fromEnvironmentOf(flags))
			of, found = k, &p
		})
		cmd.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
			var refused error
			cmd.Flags().Visit(func(f *pflag.Flag) { // before the environment sets any: merge may have it
				if refused == nil {
					refused = k.refuse(f)
				}
			})
			if refused != nil {
				return refused
			}
			flags = cmd.Flags()
			return fromEnvironment(flags)
		}
		root.AddCommand(cmd)
	}
	if !slices.Contains(names, args[0]) {
		return nil, nil, usage("many machines can play %s, not %s", listOf(names), args[0])
	}
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil && found != nil && found.kind != "" {
		of, err = kindOf(found.kind)
	}
	return of, found, err
}

// fromEnvironmentOf are the flags that the environment has set, as a command line has them.
func fromEnvironmentOf(flags *pflag.FlagSet) []string {
	c := commandLine{changed: flags.Changed}
	flags.VisitAll(func(f *pflag.Flag) {
		if len(f.Annotations[fromVariable]) > 0 {
			c.args = append(c.args, "--"+f.Name+"="+f.Value.String())
		}
	})
	return c.args
}

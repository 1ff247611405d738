package main

import (
	"cmp"
	"errors"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"holdfast/reports"
)

// trendOptions are the flags of trend.
type trendOptions struct {
	output  outputOptions
	inOrder bool
	html    string
	rules   reports.TrendRules
}

func (a *app) trendCommand() *cobra.Command {
	o := trendOptions{rules: reports.NewTrendRules()}
	cmd := &cobra.Command{
		Use:   "trend RUN…",
		Short: "Find where the figures of many runs changed, and what changed there",
		Long: `trend reads the results of many runs and says where attempts, writes, conflicts,
latency, makespan or cost changed, and what else did there: version, policy, clients. A RUN
is a run's directory, the file of its document, or a directory of runs such as
simulate-out/burst; they are put in the order of their time.

Runs of the same scenario, world and settings are a series. A setting that was changed
once is a part of the story; one that goes to and fro tells series apart. Virtual runs of
one seed are compared exactly: any difference is real. Of others a change is told if hardly
any permutation of the runs has one as great (E-divisive); that takes 10 runs, and some
more for a change in the last few. docs/trend.md says what is found how soon.

Exit codes: 0 told, whatever it says; 4 with --fail-on-change, if a figure has become worse
in the last 10 runs; 5 there are too few runs to tell anything; 3, 6 or 5 if the latest run
of a series is violated, its store at fault, or it is inconclusive.`,
		Example: `  simulate trend simulate-out/burst
  simulate trend simulate-out --html trend.html
  simulate trend simulate-out --fail-on-change --min-effect 5%
  simulate trend --in-order monday.json tuesday.json wednesday.json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("trend wants the directories of runs, or the files of their documents")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return unlessInterrupted(cmd.Context(), func() error { return a.trend(o, args) })
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.inOrder, "in-order", false, "the runs come in the order in which they are named, not in that of their time")
	f.Var((*share)(&o.rules.MinEffect), "min-effect", "a figure is better or worse if it changes by this `SHARE` at least")
	f.BoolVar(&o.rules.FailOnChange, "fail-on-change", false, "exit 4 if a figure has become worse in the last 10 runs; of real runs with --wall-clock only")
	f.BoolVar(&o.rules.WallClock, "wall-clock", false, "with --fail-on-change, real runs count too, though other work on the machine decides of them")
	f.StringVar(&o.html, "html", "", "`FILE` for the page, with charts")
	o.output.register(cmd)
	return cmd
}

// trend reads runs and tells their trend.
func (a *app) trend(o trendOptions, paths []string) error {
	if err := o.validate(); err != nil {
		return err
	}
	runs, left, err := reports.ReadRuns(paths)
	var unreadable *reports.UnreadableError
	switch {
	case errors.As(err, &unreadable), errors.Is(err, fs.ErrNotExist):
		return usage("trend: %w", err)
	case err != nil:
		return couldNotRun("read runs: %w", err)
	}
	if !o.inOrder {
		if err := reports.InTime(runs); err != nil {
			return usage("trend: %w", err)
		}
	}
	t := reports.NewTrended(runs, left, o.rules)
	return a.tell(o.output, t, o.writePage(t), false)
}

func (o *trendOptions) validate() error {
	return cmp.Or((output{"html", o.html}).check(), o.output.validate())
}

// writePage writes it, if it was asked for.
func (o *trendOptions) writePage(t reports.Trended) error {
	if o.html == "" {
		return nil
	}
	if err := reports.WriteFile(o.html, func(w io.Writer) error { return reports.Formats["html"](w, t, false) }); err != nil {
		return couldNotRun("--html: %w", err)
	}
	return nil
}

package main

import (
	"errors"
	"io/fs"

	"github.com/spf13/cobra"

	"holdfast/reports"
	"holdfast/scenarios"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

func (a *app) checkCommand() *cobra.Command {
	var o outputOptions
	var conditions []string
	cmd := &cobra.Command{
		Use:   "check HISTORY|RUN",
		Short: "Judge a saved history again",
		Long: `check judges the history of a run again, given as its file or as the run's directory,
and exits as the run did: the history carries what the run expected, with the
thresholds of its scenario and of its command line. --threshold adds others.

The history of many repetitions in a virtual world may hold only the first of them,
and those that showed anything but that all went well. The verdict and the run's own
thresholds are then still those of all, as the run found them; the numbers are of the
repetitions that are there, and a threshold that is met by these proves nothing (5).

A history that contradicts itself was damaged: it is refused (2), with the line. It may
be compressed or not; zstdcat shows the lines of one that is.`,
		Example: `  simulate check simulate-out/latest
  simulate check simulate-out/latest/history.ndjson.zst --threshold 'attempts.p99<6'`,
		Args: exactly(1, "the file of a history, or the directory of a run"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.validate(); err != nil {
				return err
			}
			more, err := scenarios.ParseThresholds(conditions)
			if err != nil {
				return usage("%w", err)
			}
			run, err := checked(args[0])
			if err != nil {
				return err
			}
			run.Demand(more)
			return a.tellRuns(cmd.Context(), o, reports.NewResult(reports.NewEnvironment(nil), run.Measurement), nil)
		},
	}
	cmd.Flags().StringArrayVar(&conditions, "threshold", nil, "fail unless `METRIC<LIMIT` holds, too; repeatable")
	o.register(cmd)
	return cmd
}

// checked judges the history in a file, or of the run in a directory.
func checked(path string) (*measure.Measured, error) {
	run, err := measure.FromFile(path)
	var line *history.LineError
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.As(err, &line):
		return run, usage("check: %w", err)
	case err != nil:
		return run, couldNotRun("check: %w", err)
	}
	return run, nil
}

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

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
		Use:   "check HISTORY|RUN …",
		Short: "Judge a saved history again, or several as one",
		Long: `check judges the history of a run again, given as its file or as the run's directory,
and exits as the run did: the history carries what the run expected, with the
thresholds of its scenario and of its command line. --threshold adds others.

The directory of a command that played several scenarios holds no history: it judges
that of each. A scenario that has none, though it was to be played, proves nothing (5).

The history of many repetitions in a virtual world may hold only the first of them,
and those that showed anything but that all went well. The verdict and the run's own
thresholds are then still those of all, as the run found them; the numbers are of the
repetitions that are there, and a threshold that is met by these proves nothing (5).

Given several histories, of the shards of one load, it judges them as one, in whatever
order they are given. Each may have a clock of its own: how far the clocks are apart is
bounded by who read what others wrote. What is wrong however far that is counts; what
depends on it is undetermined, and told with how exactly it is known. A history whose
recorder died is read as far as it goes. Histories of different runs are refused (2).

A history that contradicts itself was damaged: it is refused (2), with the line. It may
be compressed or not; zstdcat shows the lines of one that is.`,
		Example: `  simulate check simulate-out/latest
  simulate check simulate-out/latest/history.ndjson.zst --threshold 'attempts.p99<6'
  simulate check shard-0.ndjson.zst shard-1.ndjson.zst shard-2.ndjson.zst`,
		Args: atLeast(1, "the file of a history, or the directory of a run"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.validate(); err != nil {
				return err
			}
			more, err := scenarios.ParseThresholds(conditions)
			if err != nil {
				return usage("%w", err)
			}
			runs, without, err := checkAll(args)
			if err != nil {
				return err
			}
			for i := range runs {
				runs[i].Demand(more)
			}
			result := reports.NewResult(reports.NewEnvironment(nil), runs...)
			result.Lacks(without)
			return a.tellRuns(cmd.Context(), o, result, nil)
		},
	}
	cmd.Flags().StringArrayVar(&conditions, "threshold", nil, "fail unless `METRIC<LIMIT` holds, too; repeatable")
	o.register(cmd)
	return cmd
}

// histories are those to judge: what is given, or, of a directory in which several runs are
// kept together, that of each; and the scenarios that were asked for and have none.
func histories(path string) (all, without []string, err error) {
	if _, err := os.Stat(filepath.Join(path, reports.HistoryFile)); !errors.Is(err, fs.ErrNotExist) {
		return []string{path}, nil, nil
	}
	d, _ := readDocument(path)
	if d == nil { // why, who opens the history says
		return []string{path}, nil, nil
	}
	if together, ok := d.(reports.Result); ok {
		without = together.NotReached
		for i := range together.Runs {
			if dir := together.RunDirectory(i); dir == "" || dir == path {
				without = append(without, together.Runs[i].Scenario)
			} else {
				all = append(all, dir)
			}
		}
	}
	if len(all) == 0 {
		return nil, nil, usage("check: %s keeps no history; simulate report %[1]s tells what it shows", path)
	}
	return all, without, nil
}

// checkAll judges what is given: several histories as one, or each of those in a directory.
func checkAll(args []string) (runs []measure.Measurement, without []string, err error) {
	if len(args) > 1 {
		run, err := checked(args...)
		if err != nil {
			return nil, nil, err
		}
		return []measure.Measurement{run.Measurement}, nil, nil
	}
	paths, without, err := histories(args[0])
	if err != nil {
		return nil, nil, err
	}
	for _, path := range paths {
		run, err := checked(path)
		if err != nil {
			return nil, nil, err
		}
		runs = append(runs, run.Measurement)
	}
	return runs, without, nil
}

// checked judges the history in a file, or of the run in a directory, or several as one.
func checked(paths ...string) (*measure.Measured, error) {
	run, err := measure.FromFiles(paths...)
	var line *history.LineError
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.As(err, &line):
		return run, usage("check: %w", err)
	case err != nil:
		return run, couldNotRun("check: %w", err)
	}
	return run, nil
}

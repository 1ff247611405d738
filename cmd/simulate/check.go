package main

import (
	"errors"
	"io/fs"

	"github.com/spf13/cobra"

	"holdfast/reports"
	"holdfast/scenarios/history"
)

func (a *app) checkCommand() *cobra.Command {
	var o outputOptions
	cmd := &cobra.Command{
		Use:     "check HISTORY",
		Short:   "Judge a saved history again",
		Example: `  simulate check simulate-out/latest/history.ndjson`,
		Args:    exactly(1, "the file of a history"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := fromEnvironment(cmd.Flags()); err != nil {
				return err
			}
			if err := o.validate(); err != nil {
				return err
			}
			run, err := reports.FromFile(args[0])
			var line *history.LineError
			switch {
			case errors.Is(err, fs.ErrNotExist), errors.As(err, &line):
				return usage("check: %w", err)
			case err != nil:
				return couldNotRun("check: %w", err)
			}
			if err = a.write(o, reports.NewResult(reports.NewEnvironment(nil), run)); err != nil {
				err = couldNotRun("write the report: %w", err)
			}
			return worst([]reports.Run{run}, err, false)
		},
	}
	o.register(cmd)
	return cmd
}

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"holdfast/reports"
	"holdfast/scenarios"
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

func (a *app) listCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the built-in scenarios",
		Args:  exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			var all []*scenarios.Scenario
			for _, name := range scenarios.Names() {
				s, err := scenarios.Open(name)
				if err != nil {
					return couldNotRun("%w", err)
				}
				all = append(all, s)
			}
			w := bufio.NewWriter(a.stdout)
			reports.Text{W: w}.Library(all)
			if err := w.Flush(); err != nil {
				return couldNotRun("write the list: %w", err)
			}
			return nil
		},
	}
}

func (a *app) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "validate FILE…",
		Short: "Check scenario files without running them",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("validate wants the files of scenarios")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, files []string) error {
			failed := 0
			for _, file := range files {
				s, err := scenarios.Open(file)
				if err == nil {
					_, err = openDocument(s, file, "")
				}
				if err != nil {
					failed++
					fmt.Fprintf(a.stderr, "simulate: %s\n", oneLine(err.Error()))
					continue
				}
				fmt.Fprintf(a.stdout, "%s: ok, scenario %s (%s)\n", file, s.Name, reports.Plural(s.Clients(), "client"))
			}
			if failed > 0 {
				return &exitError{code: exitUsage}
			}
			return nil
		},
	}
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program and of what it is built with",
		Args:  exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			env := reports.NewEnvironment(nil)
			_, err := fmt.Fprintf(a.stdout, "simulate %s, %s %s/%s\n", env.Version, env.Go, env.OS, env.Arch)
			return err
		},
	}
}

// exactly is cobra.ExactArgs with a message that says what is wanted.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usage("%s wants %s, not %d arguments", cmd.Name(), what, len(args))
		}
		return nil
	}
}

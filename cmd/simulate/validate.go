package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"holdfast/reports"
	"holdfast/scenarios"
)

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
					if _, _, err = s.Open(); err != nil {
						err = fmt.Errorf("%s: %w", file, err)
					}
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

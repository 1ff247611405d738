package main

import (
	"bufio"

	"github.com/spf13/cobra"

	"holdfast/reports"
	"holdfast/scenarios"
)

func (a *app) listCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
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
			library := reports.NewLibrary(all)
			if asJSON {
				return library.WriteJSON(a.stdout)
			}
			w := bufio.NewWriter(a.stdout)
			reports.Text{W: w}.Library(library)
			if err := w.Flush(); err != nil {
				return couldNotRun("write the list: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document (simulate.list/v1)")
	return cmd
}

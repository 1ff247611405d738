package main

import (
	"github.com/spf13/cobra"

	"holdfast/reports"
	"holdfast/scenarios"
)

func (a *app) listCommand() *cobra.Command {
	var o outputOptions
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
			return a.tell(o, reports.NewLibrary(all), nil, false)
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "write one JSON document to stdout")
	return cmd
}

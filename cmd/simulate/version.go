package main

import (
	"github.com/spf13/cobra"

	"holdfast/reports"
)

func (a *app) versionCommand() *cobra.Command {
	var o outputOptions
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program and of what it is built with",
		Args:  exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			return a.tell(o, reports.NewBuilt(), nil, false)
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "write one JSON document to stdout")
	return cmd
}

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"holdfast/reports"
)

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of the program and of what it is built with",
		Args:  exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			built := reports.NewBuilt()
			if asJSON {
				return built.WriteJSON(a.stdout)
			}
			_, err := fmt.Fprintln(a.stdout, built)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document (simulate.version/v1)")
	return cmd
}

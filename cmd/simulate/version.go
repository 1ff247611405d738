package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"holdfast/reports"
)

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

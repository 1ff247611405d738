package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"holdfast/reports"
	"holdfast/scenarios"
)

func (a *app) validateCommand() *cobra.Command {
	var schema string
	cmd := &cobra.Command{
		Use:   "validate FILE…",
		Short: "Check scenario files without running them",
		Long: `validate checks scenario files without running them, and names every mistake
with its file, line and column.

With --schema it prints the JSON Schema of such files, or of layout files, for
editors: docs/scenarios.md says how they find it.`,
		Example: `  simulate validate two-users
  simulate validate --schema >scenario.schema.json
  simulate validate --schema=layout >layout.schema.json`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case schema == "" && len(args) == 0:
				return usage("validate wants the files of scenarios")
			case schema != "" && len(args) > 0:
				return usage("--schema prints a schema and checks no files; did you mean --schema=%s?", args[0])
			}
			return nil
		},
		RunE: func(_ *cobra.Command, files []string) error {
			if schema != "" {
				return a.printSchema(schema)
			}
			return a.validate(files)
		},
	}
	cmd.Flags().StringVar(&schema, "schema", "", "print the JSON Schema of `KIND` of file: scenario or layout")
	cmd.Flags().Lookup("schema").NoOptDefVal = "scenario"
	return cmd
}

func (a *app) printSchema(of string) error {
	text, known := map[string][]byte{"scenario": scenarios.Schema, "layout": scenarios.LayoutSchema}[of]
	if !known {
		return usage("--schema %s: there is one of scenario and of layout", of)
	}
	if _, err := a.stdout.Write(text); err != nil {
		return couldNotRun("write the schema: %w", err)
	}
	return nil
}

func (a *app) validate(files []string) error {
	failed := false
	for _, file := range files {
		s, err := scenarios.Open(file)
		if err == nil {
			if _, _, err = s.Open(); err != nil {
				err = fmt.Errorf("%s: %w", file, err)
			}
		}
		if err != nil {
			failed = true
			a.complain(err)
			continue
		}
		fmt.Fprintf(a.stdout, "%s: ok, scenario %s (%s)\n", file, s.Name, reports.Plural(s.Clients(), "client"))
	}
	if failed {
		return &exitError{code: exitUsage}
	}
	return nil
}

package main

import (
	"fmt"
	"os"

	"holdfast/reports"
)

func onGitHub() bool { return os.Getenv("GITHUB_ACTIONS") == "true" }

// tellServer tells a document to GitHub, where it runs this: a summary of the step, and what is
// red as annotations. They go to stderr, of which it reads commands, too, as stdout may be one
// document. What fails is said and changes no verdict.
func (a *app) tellServer(o outputOptions, d reports.Document) {
	if path := os.Getenv("GITHUB_STEP_SUMMARY"); path != "" {
		if err := reports.AppendSummary(path, d, o.quiet); err != nil {
			a.complain(fmt.Errorf("GITHUB_STEP_SUMMARY is left as it is: %w", err))
		}
	}
	if onGitHub() {
		if err := reports.Annotate(a.stderr, d); err != nil {
			a.complain(fmt.Errorf("no annotations: %w", err))
		}
	}
}

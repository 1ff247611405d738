package main

import (
	"bufio"
	"cmp"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"holdfast/reports"
	"holdfast/scenarios/check"
)

// outputOptions are the flags that say what is written.
type outputOptions struct {
	json     bool
	quiet    bool
	noColor  bool
	progress string
}

func (o *outputOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.json, "json", false, "write one JSON document to stdout")
	f.BoolVar(&o.quiet, "quiet", false, "write the verdict only, and no progress")
	f.BoolVar(&o.noColor, "no-color", false, "no colors")
	f.StringVar(&o.progress, "progress", "auto", "`KIND` of progress on stderr: auto, bar, plain or none")
}

func (o outputOptions) validate() error {
	switch o.progress {
	case "auto", "bar", "plain", "none":
		return nil
	}
	return usage("--progress is auto, bar, plain or none, not %q", o.progress)
}

// write writes a result to stdout as it was asked for.
func (a *app) write(o outputOptions, result reports.Result) error {
	if o.json {
		return withoutDirectories(result).WriteJSON(a.stdout)
	}
	w := bufio.NewWriter(a.stdout)
	if o.quiet {
		for i := range result.Runs {
			fmt.Fprintf(w, "%s  %s\n", result.Runs[i].Word(), result.Runs[i].Scenario)
		}
		for _, name := range result.NotReached {
			fmt.Fprintf(w, "%s  %s\n", reports.NotRun, name)
		}
	} else {
		reports.Text{W: w, Color: colored(a.stdout, o.noColor)}.Result(result)
	}
	return w.Flush()
}

// withoutDirectories leaves out where virtual runs are saved, which is the only
// thing that differs when the same seed is run again.
func withoutDirectories(r reports.Result) reports.Result {
	r.Runs = slices.Clone(r.Runs)
	for i := range r.Runs {
		if r.Runs[i].World == virtual {
			r.Runs[i].Directory = ""
		}
	}
	return r
}

// worst is the error that decides the exit code of several runs. Interrupted is
// what the user did now; a history that was cut short says so by itself, and says
// which failure was the reason, if one was.
func worst(runs []reports.Run, failure error, interrupted bool) error {
	cut, broken := false, ""
	inconclusive, missed := false, false
	for i := range runs {
		r := &runs[i]
		if r.Verdict == check.Violated {
			return &exitError{code: exitViolated, err: failure}
		}
		inconclusive = inconclusive || r.Verdict == check.Inconclusive
		missed = missed || len(r.Missed()) > 0
		cut, broken = cut || r.Interrupted, cmp.Or(broken, r.Failure)
	}
	switch {
	case interrupted:
		return &exitError{code: exitInterrupted, err: failure}
	case failure != nil:
		return failure
	case broken != "":
		return couldNotRun("the run could not go on: %s", broken)
	case cut:
		return &exitError{code: exitInterrupted}
	case inconclusive:
		return &exitError{code: exitInconclusive}
	case missed:
		return &exitError{code: exitThreshold}
	}
	return nil
}

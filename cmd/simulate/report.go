package main

import (
	"bufio"
	"fmt"

	"holdfast/reports"
	"holdfast/scenarios/check"
)

// write writes a result to stdout as it was asked for.
func (a *app) write(o outputOptions, result reports.Result) error {
	if o.json {
		return result.WriteJSON(a.stdout)
	}
	w := bufio.NewWriter(a.stdout)
	if o.quiet {
		for i := range result.Runs {
			fmt.Fprintf(w, "%s  %s\n", result.Runs[i].Word(), result.Runs[i].Scenario)
		}
	} else {
		reports.Text{W: w, Color: colored(a.stdout, o.noColor)}.Result(result)
	}
	return w.Flush()
}

// worst is the error that decides the exit code of several runs. Interrupted is
// what the user did now; a history that was cut short says so by itself, also
// when a failure was the reason.
func worst(runs []reports.Run, failure error, interrupted bool) error {
	cut := false
	inconclusive, missed := false, false
	for i := range runs {
		r := &runs[i]
		if r.Verdict == check.Violated {
			return &exitError{code: exitViolated, err: failure}
		}
		inconclusive = inconclusive || r.Verdict == check.Inconclusive
		missed = missed || len(r.Missed()) > 0
		cut = cut || r.Interrupted
	}
	switch {
	case interrupted:
		return &exitError{code: exitInterrupted, err: failure}
	case failure != nil:
		return failure
	case cut:
		return &exitError{code: exitInterrupted}
	case inconclusive:
		return &exitError{code: exitInconclusive}
	case missed:
		return &exitError{code: exitThreshold}
	}
	return nil
}

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"holdfast/reports"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

// traceFormat is the one format that needs the history.
const traceFormat = "trace"

// trace writes the histories of runs as trace events.
func (a *app) trace(o reportOptions, paths []string) error {
	var all toTrace
	for _, path := range paths {
		if err := all.add(path); err != nil {
			return err
		}
	}
	if len(all.runs) == 0 {
		return usage("report: a trace is made of histories, and there is none of %s", strings.Join(all.lacking, ", "))
	}
	var left []string
	err := a.writeReport(o, func(w io.Writer) (err error) {
		left, err = reports.WriteTrace(w, all.runs, all.lacking, reports.TraceOptions{Repetition: o.repetition})
		return err
	})
	var line *history.LineError
	var missing *reports.NoRepetitionError
	switch {
	case errors.As(err, &line), errors.As(err, &missing):
		return usage("report: %w", err)
	case err != nil:
		return couldNotRun("write the trace: %w", err)
	}
	for _, what := range left {
		fmt.Fprintf(a.stderr, "simulate: of the trace: %s\n", oneLine(what))
	}
	return nil
}

// toTrace are the runs that a trace is to be made of.
type toTrace struct {
	runs    []reports.Traceable
	lacking []string // scenarios whose runs have no history
}

// add adds the run of a directory, a history alone, or all runs of a document.
func (t *toTrace) add(path string) error {
	if filepath.Base(path) == reports.ResultFile {
		path = filepath.Dir(path)
	}
	err := readableHistory(path)
	if err == nil {
		run, err := onlyRun(path)
		t.runs = append(t.runs, reports.Traceable{History: path, Run: run})
		return err
	}
	if line := (*history.LineError)(nil); !errors.As(err, &line) && !errors.Is(err, fs.ErrNotExist) {
		return couldNotRun("read the history: %w", err)
	}
	d, unread := reports.Read(path)
	r, isResult := d.(reports.Result)
	if unread != nil || !isResult {
		return usage("report: a trace is made of the history in a run's directory: %w", err)
	}
	for i := range r.Runs {
		if err := t.addRun(r.RunDirectory(i), &r.Runs[i]); err != nil {
			return err
		}
	}
	return nil
}

// addRun adds a run of a document, or notes that its history is not there.
func (t *toTrace) addRun(dir string, run *measure.Measurement) error {
	err := fs.ErrNotExist
	if dir != "" {
		err = readableHistory(dir)
	}
	line := (*history.LineError)(nil)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.lacking = append(t.lacking, run.Scenario)
	case errors.As(err, &line):
		return usage("report: %w", err)
	case err != nil:
		return couldNotRun("read the history: %w", err)
	default:
		t.runs = append(t.runs, reports.Traceable{History: dir, Run: run})
	}
	return nil
}

// readableHistory reports why there is no history in a file or directory.
func readableHistory(path string) error {
	rd, err := history.Open(path)
	if err != nil {
		return err
	}
	return rd.Close()
}

// onlyRun is the run of a directory; nil: it was killed before it was judged, or path is the
// file of a history.
func onlyRun(path string) (*measure.Measurement, error) {
	if _, err := os.Stat(filepath.Join(path, reports.ResultFile)); err != nil {
		return nil, nil //nolint:nilerr // without a result it is traced all the same
	}
	d, err := readDocument(path)
	if err != nil {
		return nil, err
	}
	if r, isResult := d.(reports.Result); isResult && len(r.Runs) == 1 {
		return &r.Runs[0], nil
	}
	return nil, nil
}

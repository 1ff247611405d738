package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"holdfast/reports"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
)

// traceFormat is the one format that needs the history.
const traceFormat = "trace"

// trace writes the history of a run as trace events.
func (a *app) trace(o reportOptions, paths []string) error {
	if len(paths) != 1 {
		return usage("report --format %s wants one run, not %d", traceFormat, len(paths))
	}
	rd, run, err := traceable(paths[0])
	if err != nil {
		return err
	}
	defer rd.Close()
	var left []string
	write := func(w io.Writer) (err error) {
		left, err = reports.WriteTrace(w, rd, run, reports.TraceOptions{Repetition: o.repetition})
		return err
	}
	err = a.writeReport(o, write)
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

// traceable opens the history of a run, and reads its result if there is one: a history alone
// can be traced, too.
func traceable(path string) (*history.Reader, *measure.Measurement, error) {
	if filepath.Base(path) == reports.ResultFile {
		path = filepath.Dir(path)
	}
	rd, err := history.Open(path)
	var line *history.LineError
	switch {
	case errors.Is(err, fs.ErrNotExist) && together(path) != "":
		return nil, nil, usage("report: a trace is of one run, and %s holds several; such as %s", path, together(path))
	case errors.As(err, &line), errors.Is(err, fs.ErrNotExist):
		return nil, nil, usage("report: a trace is made of the history in a run's directory: %w", err)
	case err != nil:
		return nil, nil, couldNotRun("read the history: %w", err)
	}
	run, err := onlyRun(path)
	if err != nil {
		return nil, nil, errors.Join(err, rd.Close())
	}
	return rd, run, nil
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

// together is the directory of one of the runs that are kept together in another; empty: none are.
func together(dir string) string {
	d, err := reports.Read(dir)
	if r, ok := d.(reports.Result); err == nil && ok && len(r.Runs) > 0 {
		return r.RunDirectory(0)
	}
	return ""
}

package main

import (
	"context"
	"errors"
	"fmt"

	"holdfast/reports"
)

// The exit codes. Where several hold, the first of this order counts.
const (
	exitPassed       = 0
	exitViolated     = 3
	exitInterrupted  = 130
	exitStoreAtFault = 6
	exitCouldNotRun  = 1
	exitInconclusive = 5
	exitThreshold    = 99
	exitRegressed    = 4
	exitUsage        = 2 // bad flags or scenario: nothing was run
)

// exitError ends the program with a code. Without err the report has said it all.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// said reports whether nothing is left to say.
func (e *exitError) said() bool {
	inner, ok := errors.AsType[*exitError](e.err)
	return e.err == nil || ok && inner.said()
}

func usage(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

func couldNotRun(format string, args ...any) error {
	return &exitError{exitCouldNotRun, fmt.Errorf(format, args...)}
}

// unlessInterrupted does what only reads and tells, and may wait for others for ever, as for who
// writes into a pipe: it is left alone by an interrupt.
func unlessInterrupted(ctx context.Context, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return &exitError{exitInterrupted, errors.New("interrupted")}
	}
}

// ending is the error that decides the exit code of a document. Interrupted is what the
// user did now; failure, why not all could be played or kept.
func ending(d reports.Document, failure error, interrupted bool) error {
	switch class := d.Class(); {
	case class == reports.Violated:
		return &exitError{exitViolated, failure}
	case interrupted:
		return &exitError{exitInterrupted, failure}
	case class == reports.StoreAtFault:
		return &exitError{exitStoreAtFault, failure}
	case failure != nil:
		return failure
	case class == reports.Broken:
		return &exitError{code: exitCouldNotRun}
	case class == reports.Cut:
		return &exitError{code: exitInterrupted}
	case class == reports.Inconclusive:
		return &exitError{code: exitInconclusive}
	case class == reports.Missed:
		return &exitError{code: exitThreshold}
	case class == reports.Regressed:
		return &exitError{code: exitRegressed}
	}
	return nil
}

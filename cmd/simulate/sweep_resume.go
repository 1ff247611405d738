package main

import (
	"errors"
	"io/fs"

	"holdfast/scenarios/sweep"
)

// cannotResume tells a directory that is not of this sweep, which is the caller's
// mistake, from one that can't be read or written now.
func cannotResume(dir string, err error) error {
	var unfit *sweep.UnfitError
	switch {
	case errors.Is(err, sweep.ErrBusy):
		return couldNotRun("another sweep is writing %s: wait for it, or stop it", dir)
	case errors.As(err, &unfit), errors.Is(err, fs.ErrNotExist):
		return usage("--resume %s: %w", dir, err)
	}
	return couldNotRun("--resume %s: %w", dir, err)
}

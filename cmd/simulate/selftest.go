package main

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"holdfast/reports"
	"holdfast/scenarios/explore"
)

// The thoroughness of a self-test by default.
const (
	selfTestSchedules = 20_000
	selfTestSeeds     = 10_000
)

func (a *app) selftestCommand() *cobra.Command {
	var o outputOptions
	var out string
	t := explore.SelfTest{Workers: runtime.GOMAXPROCS(0)}
	cmd := &cobra.Command{
		Use:   "selftest",
		Short: "Show that the checks can fail: every planted bug is caught, no sound core accused",
		Long: `selftest looks for each planted bug under every schedule of a small scenario, until
the invariant that the bug breaks catches it. The production core goes through the
same schedules and through many seeds of storm, and must never be accused; nor may
the plainly written loop that many bugs are planted in, nor others that keep their
promises in another way: they look by HEAD first, try only once, begin with what they
know, read twice, or read what they have written. These go through a part of it.

The production core also works with stores that break a promise each. What they do must be
found to be the store's, and not be held against the core; nor may a planted bug be taken
for a fault of the store.

Exit codes: 0 all caught, none accused; 3 a bug or a store got away, or somebody was wrongly accused.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.selftest(cmd.Context(), o, out, t)
		},
	}
	f := cmd.Flags()
	f.IntVar(&t.Schedules, "schedules", selfTestSchedules, "number of schedules to look for a bug in, at most")
	f.IntVar(&t.Seeds, "seeds", selfTestSeeds, "number of storms that the production core must weather")
	registerOut(f, &out)
	o.register(cmd)
	return cmd
}

func (a *app) selftest(ctx context.Context, o outputOptions, out string, t explore.SelfTest) error {
	if t.Schedules < 1 || t.Seeds < 1 {
		return usage("--schedules and --seeds must be 1 or more")
	}
	if err := cmp.Or(notEmpty(out), o.validate()); err != nil {
		return err
	}
	progress := a.startProgress(o, "selftest")
	t.Progress = func(what string) { progress.update(0, what) }
	start := time.Now()
	tested, err := t.Run(ctx)
	progress.stop()
	switch {
	case errors.Is(err, context.Canceled):
		return &exitError{code: exitInterrupted, err: errors.New("selftest: interrupted before its end, so it shows nothing")}
	case err != nil:
		return couldNotRun("selftest: %w", err)
	}
	kept, err := keep(out, "selftest", reports.NewSelfTested(tested, milliseconds(time.Since(start))))
	return a.tell(o, kept, err, false)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holdfast/reports"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/sandbox"
	"holdfast/scenarios/sweep"
)

// sweepOptions are the flags of sweep.
type sweepOptions struct {
	run    runOptions
	vary   []string
	csv    string
	chart  string
	resume string
}

// defaultSweepRuns are enough for confidence intervals that mean something.
const defaultSweepRuns = 20

// sweepCommand is sweep with its flags, which do with them what do says.
func sweepCommand(do func(ctx context.Context, o sweepOptions, flags *pflag.FlagSet, name string) error) *cobra.Command {
	o := sweepOptions{run: virtualDefaults(defaultSweepRuns)}
	cmd := &cobra.Command{
		Use:   "sweep SCENARIO|FILE --vary NAME=A,B,C | NAME=FROM:TO:STEP …",
		Short: "Play a scenario at every combination of some parameters' values, and compare",
		Long: `sweep plays a scenario in virtual time at every combination of the values of
what --vary names, on all cores, judges every repetition, and writes a table,
and with --csv, --json and --chart the same for programs and for eyes.

NAME is clients, operations, duration, policy, latency, fault, core, codec, via,
document or layout, as the flags of "simulate run", or any other key of the scenario's
file by its path: objects.count, queue.visibility, request_timeout,
actors.NAME.load.rate. policy.kind, policy.base, policy.cap, policy.retries and
policy.deadline change one part of the policy in force: of --policy or --vary
policy, else the scenario's, else the core's.

FROM:TO:STEP ends with the last value that is not above TO: 10:50:15 is 10, 25,
40. Commas within parentheses, brackets and quotes belong to a value. The policy
oracle(retries=9) is that of clients who know how many others are writing, for
comparison: how much is left to be gained.

All points play the same seed: repetition K of each meets the same random draws,
as far as the same clients are in both (a client is known by its name,
writer-07). A point depends on its parameters and the seed only, not on the
number of cores.

Each point is saved as soon as it is measured; --resume DIR goes on after an
interrupt.

Exit codes: 0 every invariant held; 3 a point violates one; 5 no point proves
anything; 130 interrupted, with what was measured.`,
		Example: `  simulate sweep backend-fan-in --vary clients=10:50:10 --vary policy=documented,default
  simulate sweep burst --latency 'normal(10ms,2ms)' --vary clients=10:190:10 --vary 'policy=none(retries=unlimited),full(base=5ms,cap=2s,retries=unlimited)' --chart burst.svg
  simulate sweep burst --policy default --vary policy.base=25ms:400ms:25ms --chart base.svg
  simulate sweep queue-redelivers --vary queue.visibility=100ms,1s,10s --csv visibility.csv
  simulate sweep sustained-contention --vary actors.user.load.think=5ms,50ms,500ms --runs 5`,
		Args: exactly(1, "a scenario"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return do(cmd.Context(), o, cmd.Flags(), args[0])
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.vary, "vary", nil, "`NAME=VALUES` to play, A,B,C or FROM:TO:STEP; several make the product, the last varies fastest")
	f.StringVar(&o.csv, "csv", "", "`FILE` for the points, as CSV")
	f.StringVar(&o.chart, "chart", "", "`FILE` for a chart of puts and makespan, as SVG: its name ends in .svg")
	f.StringVar(&o.resume, "resume", "", "`DIR` of a sweep to go on with; all else must be as it was")
	f.StringVar(&o.run.out, "out", "simulate-out", "`DIR` for the points and the result")
	o.run.register(f, "core", "policy", "document", "layout", "clients", "operations", "duration", "seed", "runs", "latency", "fault", "codec", "via", "set")
	f.Lookup("runs").Usage = "repetitions of each point"
	o.run.output.register(cmd)
	return cmd
}

// sweep plays all points and writes the report.
func (a *app) sweep(ctx context.Context, o sweepOptions, flags *pflag.FlagSet, name string) error {
	c, err := o.prepare(name, flags.Changed)
	if err != nil {
		return err
	}
	dir, journal, have, err := o.openJournal(c, flags.Changed)
	if err != nil {
		return err
	}
	start := time.Now()
	progress := a.startProgress(o.run.output, c.swept.Scenario)
	points, failure := sweep.Play(ctx, sweep.Config{
		Points: c.points, Workers: runtime.GOMAXPROCS(0), Have: have, Save: journal.Add,
		Progress: func(p measure.Progress) {
			progress.update(p.Share, fmt.Sprintf("%d of %d points", p.Points, p.OfPoints))
		},
	})
	progress.stop()
	if failure != nil {
		failure = couldNotRun("sweep: %w", failure)
	}
	s := &c.swept
	s.Points, s.Directory, s.TookMS = points, dir, milliseconds(time.Since(start))
	if s.Complete() < s.Planned {
		s.Interrupted = ctx.Err() != nil
		s.Resume = resumeCommand(name, flags, dir)
	}
	s.Conclude()
	if err := errors.Join(o.save(dir, c), journal.Close()); err != nil && failure == nil {
		failure = couldNotRun("save the sweep: %w", err)
	}
	if s.Resume != "" && (o.run.output.json || o.run.output.quiet) { // where the report does not say it
		fmt.Fprintf(a.stderr, "simulate: points are missing; go on with: %s\n", s.Resume)
	}
	return a.tell(o.run.output, reports.Swept{Result: s}, failure, s.Interrupted)
}

// openJournal makes the sweep's directory, or goes on with one.
func (o *sweepOptions) openJournal(c *sweeping, changed func(string) bool) (string, *sweep.Journal, map[int]sweep.Measured, error) {
	if o.resume != "" {
		if changed("out") {
			return "", nil, nil, usage("--resume goes on in the directory that is there: leave out --out")
		}
		journal, have, err := sweep.OpenJournal(filepath.Join(o.resume, reports.PointsFile), c.plan(), c.points)
		if err != nil {
			return "", nil, nil, cannotResume(o.resume, err)
		}
		return o.resume, journal, have, nil
	}
	dir, err := reports.NewDirectory(o.run.out, "sweep-"+c.swept.Scenario, sandbox.NewID(), time.Now())
	if err != nil {
		return "", nil, nil, couldNotRun("--out: %w", err)
	}
	journal, err := sweep.NewJournal(filepath.Join(dir, reports.PointsFile), c.plan())
	if err != nil {
		return "", nil, nil, couldNotRun("--out: %w", err)
	}
	return dir, journal, nil, nil
}

// resumeCommand goes on with a sweep.
func resumeCommand(name string, flags *pflag.FlagSet, dir string) string {
	c := commandLine{[]string{"simulate sweep", reports.ShellWord(name)}, flags.Changed}
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Name != "out" && f.Name != "resume" {
			c.flag(f)
		}
	})
	c.all("resume", []string{dir})
	return c.String()
}

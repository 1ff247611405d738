package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"holdfast/archive"
	"holdfast/reports"
	"holdfast/scenarios"
	"holdfast/scenarios/explore"
)

// exploreOptions are the flags of explore.
type exploreOptions struct {
	run       runOptions
	faults    int
	strategy  string
	schedules int
	budget    time.Duration
	save      string
	out       string
}

// defaultBudget is long enough for the small scenarios of the library and short
// enough to wait for.
const defaultBudget = time.Minute

// exploreCommand is explore with its flags, which do with them what do says.
func exploreCommand(do func(ctx context.Context, o exploreOptions, changed func(string) bool, name string) error) *cobra.Command {
	o := exploreOptions{run: virtualDefaults(1)}
	cmd := &cobra.Command{
		Use:   "explore SCENARIO|FILE",
		Short: "Run a scenario under every schedule of its store calls, and faults at any place",
		Long: `explore runs the core under every order in which the actors' store calls can take
effect, depth first; orders that differ only in calls that do not affect each
other count as one. With --faults K every call can also go wrong, up to K in one
schedule: request-lost, reply-lost, slow (the write arrives after its client gave
up), 503, 409, crash and crash-after (a back end's message then comes again), and
sent-twice-412, -409 and -503: a write that takes effect and comes once more, from a
layer below the client, which is told what became of the repetition.

A violation is made as short as possible, told, and printed as a schedule that
"simulate run --schedule" plays again.

--strategy random and pct choose schedules instead of seeing all; they go on until
--budget or --schedules is reached and never claim to be complete.`,
		Example: `  simulate explore two-users
  simulate explore two-users --faults 1
  simulate explore two-users --core documented --save witness.yaml
  simulate explore backend-fan-in --strategy pct --budget 20s`,
		Args: exactly(1, "a scenario"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return do(cmd.Context(), o, cmd.Flags().Changed, args[0])
		},
	}
	f := cmd.Flags()
	o.run.register(f, "core", "policy", "document", "layout", "clients", "operations", "via", "seed")
	f.Lookup("policy").Usage = "retry `POLICY`; only its number of retries matters here"
	f.Lookup("via").Usage = "`WAY` to the archive: core, or api: users through the HTTP handler"
	f.IntVar(&o.faults, "faults", 0, "number of faults in a schedule, at most")
	f.StringVar(&o.strategy, "strategy", string(explore.Exhaustive), "`STRATEGY` of the search: exhaustive, random or pct")
	f.IntVar(&o.schedules, "schedules", 0, "number of schedules, at most (0: no bound)")
	f.DurationVar(&o.budget, "budget", defaultBudget, "time, at most (0: no bound)")
	f.StringVar(&o.save, "save", "", "`FILE` to write a scenario to that replays a violation")
	registerOut(f, &o.out)
	o.run.output.register(cmd)
	return cmd
}

func (o *exploreOptions) validate() error {
	switch {
	case o.faults < 0:
		return usage("--faults must be 0 or more, not %d", o.faults)
	case o.schedules < 0:
		return usage("--schedules must be 0 or more, not %d", o.schedules)
	case o.budget < 0:
		return usage("--budget must be 0 or more, not %v", o.budget)
	case o.strategy != string(explore.Exhaustive) && o.strategy != string(explore.Random) && o.strategy != string(explore.PCT):
		return usage("--strategy is exhaustive, random or pct, not %q", o.strategy)
	case o.strategy != string(explore.Exhaustive) && o.budget == 0 && o.schedules == 0:
		return usage("--strategy %s never ends by itself: give it a --budget or a number of --schedules", o.strategy)
	}
	return cmp.Or(notEmpty(o.out), o.run.output.validate())
}

func (a *app) explore(ctx context.Context, o exploreOptions, changed func(string) bool, name string) error {
	c, err := o.config(name, changed)
	if err != nil {
		return err
	}
	progress := a.startProgress(o.run.output, name)
	c.Workers, c.Clock = runtime.GOMAXPROCS(0), archive.WallClock{}
	c.Progress = func(schedules int) { progress.update(0, fmt.Sprintf("%d schedules", schedules)) }
	found, err := explore.Explore(ctx, c)
	progress.stop()
	if err != nil {
		return couldNotRun("explore %s: %w", name, err)
	}
	replay := o.replay(name, changed)
	if found.Witness != nil {
		replay = withSchedule(o.replayWitness(name, changed), found.Witness)
	}
	e := reports.NewExplored(c, found, replay)
	var failure error
	if found.Witness != nil && o.save != "" {
		if failure = saveWitness(o.save, c.Run, found.Witness); failure == nil {
			e.Saved = "simulate run " + reports.ShellWord(o.save)
			if c.Run.Seed != 1 { // which no file holds
				e.Saved += " --seed " + strconv.FormatUint(c.Run.Seed, 10)
			}
		}
	}
	kept, err := keep(o.out, "explore-"+e.Scenario, e)
	if failure == nil {
		failure = err
	}
	return a.tell(o.run.output, kept, failure, ctx.Err() != nil)
}

// config is the search that the flags ask for.
func (o *exploreOptions) config(name string, changed func(string) bool) (explore.Config, error) {
	if err := o.validate(); err != nil {
		return explore.Config{}, err
	}
	p, err := o.run.prepare(name, changed)
	if err != nil {
		return explore.Config{}, err
	}
	run := &p.point.Run
	if run.Scenario.Duration > 0 {
		return explore.Config{}, usage("scenario %s ends by the clock, which a schedule does not have: bound it with --operations", name)
	}
	if run.Scenario.TakesMessages() {
		return explore.Config{}, usage("back ends of %s take messages from a queue, whose order and timeouts no schedule has: use simulate run --world virtual", name)
	}
	if limit := run.Scenario.Throttle(); limit.Kind != "" {
		return explore.Config{}, usage("scenario %s has fault %s, which counts requests in a second, and a schedule has no time: leave it out; --faults K answers 503 to any call", name, limit)
	}
	return explore.Config{
		Run: run, Strategy: explore.Strategy(o.strategy), Faults: o.faults, Schedules: o.schedules, Budget: o.budget,
		Continuations: explore.DefaultContinuations,
	}, nil
}

// replay is the command that explores again.
func (o *exploreOptions) replay(name string, changed func(string) bool) string {
	c := o.again("simulate explore", name, changed)
	c.add("faults", strconv.Itoa(o.faults))
	c.add("strategy", o.strategy)
	c.add("schedules", strconv.Itoa(o.schedules))
	c.add("budget", o.budget.String())
	c.all("seed", []string{strconv.FormatUint(o.run.seed, 10)})
	return c.String()
}

// replayWitness is the command that plays a witness, if the schedule is added to it.
func (o *exploreOptions) replayWitness(name string, changed func(string) bool) string {
	c := o.again("simulate run", name, changed)
	c.all("seed", []string{strconv.FormatUint(o.run.seed, 10)})
	return c.String()
}

// again is a command with the flags that say what is played.
func (o *exploreOptions) again(command, name string, changed func(string) bool) *commandLine {
	return o.run.again(command, name, changed, "core", "policy", "document", "layout", "clients", "operations", "via")
}

// withSchedule is a command that plays a witness.
func withSchedule(command string, w *explore.Witness) string {
	return command + " --schedule " + reports.ShellWord(w.Schedule.String())
}

// saveWitness writes the scenario with the schedule that violates it. Nothing that
// is there is replaced.
func saveWitness(path string, run *scenarios.Run, w *explore.Witness) error {
	s := *run.Scenario
	s.Core, s.Schedule = run.Core.Name, w.Schedule.String()
	s.Policy = &scenarios.Policy{Policy: run.Policy}
	source, err := s.Encode()
	if err != nil {
		return couldNotRun("--save: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return couldNotRun("--save: %w", err)
	}
	_, err = f.Write(source)
	if err := errors.Join(err, f.Close()); err != nil {
		return couldNotRun("--save: %w", err)
	}
	return nil
}

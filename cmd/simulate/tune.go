package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holdfast/archive"
	"holdfast/reports"
	"holdfast/scenarios"
	"holdfast/scenarios/sandbox"
	"holdfast/scenarios/tuning"
)

// tuneOptions are the flags of tune.
type tuneOptions struct {
	run           runOptions
	objective     string
	budget        time.Duration
	evaluations   int
	incumbents    []string
	capacity      bool
	architectures bool
	chart         string
	confirm       bool
	confirmRuns   int
	out           string
	dir           string             // for what is found, below out; empty: there is none yet
	allowance     *sandbox.Allowance // of --max-requests; nil: there may be any number
}

// tuneCommand is tune with its flags, which do with them what do says.
func tuneCommand(do func(ctx context.Context, o tuneOptions, flags *pflag.FlagSet, name string) error) *cobra.Command {
	o := tuneOptions{run: virtualDefaults(1)}
	cmd := &cobra.Command{
		Use:   "tune SCENARIO|FILE",
		Short: "Search the retry policy that meets an objective, and say what is wrong with the ones in use",
		Long: `tune plays a scenario in virtual time with hundreds of retry policies, drops those
that can't win, and recommends the one that is best by the objective, validated on
seeds that the search never saw, beside the documented and the default policy. It plays
that with more writers, a slower store and 503s too, and says what a queue with batches
or a split object would do. A load with a rate that no policy
can carry is told first, and then nothing is searched.

The objective is any number of METRIC<LIMIT, and one "min METRIC"; latencies are in
milliseconds. Without a limit of exhausted.rate it is 1e-6. --budget chooses a number of
repetitions by this machine's speed; the report states it as --evaluations N, which
repeats the search exactly, on any machine. Parts of a small plan have a smallest size,
so that more than N may be played.

--architectures compares all that can be done about a hot object, each with its best
settings: p99 until stored, writes, dollars, the largest load, and what must be changed.
--store measures another store than the embedded one, with a few hundred requests, searches on
its profile, which it saves, and confirms what it found on that store. With --latency
FILE the profile of an earlier measurement is taken.
--capacity says how many writers each policy bears. --confirm plays the recommended
and the incumbent policies in the real world too, over HTTP, and compares.

Exit codes: 0 the recommendation meets the objective; 99 it does not, no policy
can carry the load, or the model differs from the real world where --confirm asks; 3 an invariant is violated, so nothing
is recommended; 5 nothing can be judged: no operation needs a second attempt, or none is
acknowledged; 130 interrupted, with what was found.`,
		Example: `  simulate tune backend-fan-in --latency s3-standard
  simulate tune backend-fan-in --clients 100 --objective 'exhausted.rate<1e-4, puts.per_commit<5, min latency_ms.p99'
  simulate tune backend-fan-in --incumbent 'users=full(base=25ms,cap=1s,retries=8)' --incumbent 'jobs=equal(base=100ms,cap=5s,retries=20)'
  simulate tune backend-fan-in --capacity --chart capacity.svg
  simulate tune backend-fan-in --latency s3-standard --architectures --chart architectures.svg
  simulate tune burst --latency 'normal(10ms,2ms)' --confirm
  simulate tune backend-fan-in --clients 50 --store s3://bucket/prefix --endpoint http://127.0.0.1:9000`,
		Args: exactly(1, "a scenario"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return do(cmd.Context(), o, cmd.Flags(), args[0])
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.objective, "objective", tuning.DefaultObjective, "`OBJECTIVE`: constraints METRIC<LIMIT and one min METRIC")
	f.DurationVar(&o.budget, "budget", defaultBudget, "time for the search, about")
	f.IntVar(&o.evaluations, "evaluations", 0, "`N` repetitions to play, about, instead of a budget")
	f.StringArrayVar(&o.incumbents, "incumbent", nil, "`POLICY` in use, or NAME=POLICY, instead of the documented and the default one, or one that others use, such as client-go-retry, beside these; repeatable")
	f.BoolVar(&o.capacity, "capacity", false, "find how many writers each policy bears")
	f.BoolVar(&o.architectures, "architectures", false, "compare what can be done about a hot object beside its retries: queues, batches, parts, group commit")
	f.StringVar(&o.chart, "chart", "", "`FILE` for the chart of --capacity or --architectures, as SVG")
	f.BoolVar(&o.confirm, "confirm", false, "hold the model against the real world")
	registerOut(f, &o.out)
	f.IntVar(&o.confirmRuns, "confirm-runs", defaultConfirmRuns, "repetitions of each policy in the real world")
	f.IntVar(&o.run.maxRequests, "max-requests", 0, "`N` requests to a real store at most, cleaning up left out; what they do not suffice for is inconclusive (0: any number)")
	f.BoolVar(&o.run.dryRun, "dry-run", false, "say what would be done to a real store, and send it nothing")
	o.run.register(f, "store", "endpoint", "path-style", "core", "document", "layout", "clients", "operations", "duration", "latency", "fault", "codec", "via", "set", "seed")
	f.Lookup("codec").Usage = "`CODEC` of documents: json, or compact, the default where it is possible"
	f.Lookup("set").Usage = "`KEY=VALUE` of the scenario's file in place of its own, such as objects.count=4; repeatable"
	o.run.output.register(cmd)
	return cmd
}

func (o *tuneOptions) validate(changed func(string) bool) error {
	switch {
	case o.budget <= 0:
		return usage("--budget must be positive, not %v", o.budget)
	case changed("evaluations") && o.evaluations < 1:
		return usage("--evaluations must be 1 or more, not %d", o.evaluations)
	case changed("evaluations") && changed("budget"):
		return usage("--budget chooses the number of --evaluations: give one of the two")
	case o.chart != "" && o.capacity == o.architectures:
		return usage("--chart draws what --capacity or --architectures finds: give one of the two with it")
	case o.run.endpoint != "" && !o.asksStore():
		return usage("--endpoint needs --store s3://bucket/prefix")
	case o.run.maxRequests < 0:
		return usage("--max-requests must be 0 (any number) or more, not %d", o.run.maxRequests)
	case !o.asksStore() && (o.run.maxRequests > 0 || o.run.dryRun):
		return usage("--max-requests and --dry-run are for real stores: --store s3://bucket/prefix")
	case o.out == "":
		return notEmpty(o.out)
	case o.confirmRuns < 1:
		return usage("--confirm-runs must be 1 or more, not %d", o.confirmRuns)
	}
	if i := slices.IndexFunc(o.run.sets, func(s string) bool { return strings.HasPrefix(s, scenarios.PolicyPrefix) }); i >= 0 {
		return usage("--set %s: tune searches the policy; --incumbent states one to compare with", o.run.sets[i])
	}
	if err := o.run.target().Validate(); err != nil {
		return usage("%w", err)
	}
	if err := (output{"chart", o.chart}).checkSVG(); err != nil {
		return err
	}
	return o.run.output.validate()
}

func (a *app) tune(ctx context.Context, o tuneOptions, flags *pflag.FlagSet, name string) error {
	if err := o.validate(flags.Changed); err != nil {
		return err
	}
	c, p, err := o.config(name, flags.Changed)
	if err != nil {
		return err
	}
	p.point.Replay = o.replay(name, flags, o.evaluations)
	intent, err := o.intent(ctx, p, flags)
	if err != nil {
		return err
	}
	if o.run.dryRun {
		return a.tell(o.run.output, *intent, nil, false)
	}
	o.allowance = o.run.allowance()
	if err := a.approach(ctx, o.run.output, intent, o.allowance, o.run.target()); err != nil {
		return err
	}
	measured, err := a.profileStore(ctx, &o, p, flags)
	if err != nil {
		return err
	}
	c.Run, c.Flags = p.point.Run, o.scenario("", name, flags.Changed).String()
	result, err := a.search(ctx, o, c)
	if err != nil {
		return err
	}
	result.Profile = measured
	result.Replay = o.replay(name, flags, result.Plan.Evaluations)
	p.point.Replay = result.Replay
	var failure error
	if (o.confirm || o.asksStore()) && result.Recommendation != nil && ctx.Err() == nil {
		failure = a.confirm(ctx, o, c, p, result)
		result.Interrupted = ctx.Err() != nil
		result.NotConfirmed()
	}
	return a.tellTuned(ctx, &o, result, failure)
}

// tellTuned tells what was found, draws and keeps it.
func (a *app) tellTuned(ctx context.Context, o *tuneOptions, result *tuning.Result, failure error) error {
	if o.chart != "" && (o.capacity && result.Capacity != nil || o.architectures && result.Architectures != nil) {
		if err := reports.WriteFile(o.chart, reports.Tuned{Result: result}.Chart); err != nil {
			failure = errors.Join(failure, couldNotRun("--chart: %w", err))
		}
	}
	kept, err := o.keep(reports.Tuned{Result: result})
	return a.tell(o.run.output, kept, errors.Join(failure, err), result.Interrupted || ctx.Err() != nil)
}

// directory is the one for what is found in a scenario.
func (o *tuneOptions) directory(scenario string) (string, error) {
	var err error
	if o.dir == "" {
		if o.dir, err = reports.NewDirectory(o.out, "tune-"+scenario, sandbox.NewID(), time.Now()); err != nil {
			err = couldNotRun("--out: %w", err)
		}
	}
	return o.dir, err
}

// keep saves what was found.
func (o *tuneOptions) keep(r reports.Tuned) (reports.Document, error) {
	dir, err := o.directory(r.Scenario)
	if err != nil {
		return r, err
	}
	return keepIn(o.out, dir, r)
}

// search plays, and shows how far it is.
func (a *app) search(ctx context.Context, o tuneOptions, c tuning.Config) (*tuning.Result, error) {
	progress := a.startProgress(o.run.output, c.Run.Scenario.Name)
	defer progress.stop()
	c.Progress = func(p tuning.Progress) {
		progress.update(p.Share, fmt.Sprintf("%s, %d repetitions", p.Stage, p.Played))
	}
	result, err := tuning.Tune(ctx, c)
	if err != nil {
		return nil, notTuned(err)
	}
	return result, nil
}

// config applies the flags.
func (o *tuneOptions) config(name string, changed func(string) bool) (tuning.Config, *play, error) {
	c := tuning.Config{
		Workers: runtime.GOMAXPROCS(0), Incumbents: tuning.DefaultIncumbents(), Capacity: o.capacity, Architectures: o.architectures,
		Evaluations: o.evaluations, Budget: o.budget, Clock: archive.WallClock{},
	}
	var err error
	if c.Objective, err = tuning.ParseObjective(o.objective); err != nil {
		return c, nil, usage("--objective: %w", err)
	}
	if len(o.incumbents) > 0 {
		inUse, others, err := tuning.ParseIncumbents(o.incumbents)
		if err != nil {
			return c, nil, usage("--incumbent: %w", err)
		}
		if c.Comparators = others; len(inUse) > 0 {
			c.Incumbents = inUse
		}
	}
	run := o.run
	run.storeOptions = runDefaults().storeOptions // the search plays in a virtual world
	run.maxRequests, run.dryRun = 0, false
	p, err := run.prepare(name, changed)
	if err != nil {
		return c, nil, err
	}
	switch s := p.point.Run.Scenario; {
	case p.point.Run.Core.OwnWaits:
		return c, nil, usage("the %s core waits as it sees fit, so there is no policy to tune", p.point.Run.Core.Name)
	case len(p.schedule) > 0:
		return c, nil, usage("scenario %s replays a schedule, which has no times to tune", name)
	case o.capacity && s.Scalable() == 0:
		return c, nil, usage("--capacity: scenario %s has no single actor with a load whose number could be varied", name)
	case s.Codec == "" && o.run.codec == "" && s.Via != scenarios.ViaAPI:
		s.Codec = scenarios.Compact // the same in every number, several times faster
	}
	return c, p, nil
}

// scenario is what is tuned, with the flags that "simulate run" has too.
func (o *tuneOptions) scenario(command, name string, changed func(string) bool) *commandLine {
	c := o.run.again(command, name, changed, "core", "document", "layout", "clients", "operations", "duration", "latency", "via", "fault", "set")
	if o.run.latency != "" && !changed("latency") { // the profile of the store
		c.all("latency", []string{o.run.latency})
	}
	return c
}

// replay is the command that searches the same again.
func (o *tuneOptions) replay(name string, flags *pflag.FlagSet, evaluations int) string {
	c := o.scenario("simulate tune", name, flags.Changed)
	for _, flag := range []string{"store", "endpoint", "path-style", "codec", "objective", "incumbent", "capacity", "architectures", "confirm", "confirm-runs"} {
		c.flag(flags.Lookup(flag))
	}
	if evaluations > 0 {
		c.all("evaluations", []string{strconv.Itoa(evaluations)})
	}
	c.all("seed", []string{strconv.FormatUint(o.run.seed, 10)})
	return c.String()
}

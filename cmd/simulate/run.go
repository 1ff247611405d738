package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holdfast/reports"
	"holdfast/scenarios"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/explore"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/network"
	"holdfast/scenarios/sandbox"
)

// runCommand is run with its flags, which do with them what do says.
func runCommand(do func(ctx context.Context, o runOptions, flags *pflag.FlagSet, names []string) error) *cobra.Command {
	o := runDefaults()
	cmd := &cobra.Command{
		Use:   "run [SCENARIO|FILE…]",
		Short: "Play scenarios, judge what happened, report it (all scenarios if none is named)",
		Long: `Play scenarios, judge what happened, report it (all scenarios if none is named).

A --fault befalls the calls of a kind, a share of them (rate=0.1) or a certain
one of each actor (nth=2), or is what the store is like (throttle). The kinds,
with the parameters of their own, which docs/scenarios.md explains:
` + listed(network.FaultForms()) + `
answer(as=NAME) is what S3 or a proxy answers:
` + listed(network.AnswerNames()) + `
With actor=, call= (get, head, put, delete, any), from= and to= it is narrowed
down. A run in which a fault with nth= struck nobody is inconclusive.

A --store other than the embedded one is tried first, for a few seconds, as simulate
doctor --quick does: one that ignores conditions is refused (6).

With --metrics, what the core counts in production goes to a file, for each run a
line of CloudWatch's embedded metric format for the front end and one for the back
end, or more. With OTEL_METRICS_EXPORTER=otlp (or prometheus, or console, which is
stderr) it goes there, as OpenTelemetry's other variables say. With
OTEL_TRACES_EXPORTER=otlp (or console) the production core's calls in the real world
go there as spans, with their attempts and waits; the history of any run can be had
as a trace from simulate report.

Operations that a rate asked for within the duration, or a number of operations, and
that nobody began (counts.never_begun; k6 says dropped_iterations) were intended all
the same: acknowledged.rate is of what was intended. A load without either intends
what it begins. Before anything is written to a real store, once it has answered a first request, stderr
says where, on whose behalf, how many requests that may be, and what they cost; --dry-run says it and stops. A run writes below
simulate-ID/ alone, and removes that when it ends; simulate clean finds what it could not.
A --threshold can name these metrics:
` + listed(scenarios.Metrics),
		Example: `  simulate run two-users
  simulate run two-users --core unlocked
  simulate run backend-fan-in --policy documented --runs 20
  simulate run sustained-contention --clients 32 --duration 10s --threshold 'attempts.p99<6'
  simulate run sustained-contention --world virtual --clients 30 --duration 1h --latency s3-standard
  simulate run storm --world virtual --runs 1000 --fault 'reply-lost(rate=0.2)'
  simulate run backend-fan-in --world virtual --runs 100 --metrics metrics.emf
  simulate run --store s3://bucket/prefix --endpoint http://127.0.0.1:9000
  simulate run burst --store s3://bucket/prefix --endpoint http://127.0.0.1:9000 --dry-run
  simulate run burst --store s3://bucket/prefix --max-requests 5000`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return do(cmd.Context(), o, cmd.Flags(), args)
		},
	}
	f := cmd.Flags()
	o.register(f, "world", "store", "endpoint", "path-style", "core", "policy", "document", "layout", "clients", "operations", "duration",
		"seed", "runs", "repetition", "latency", "fault", "codec", "via", "schedule", "set", "threshold", "skip-check")
	f.StringVar(&o.out, "out", "simulate-out", "`DIR` for histories and results")
	f.IntVar(&o.maxRequests, "max-requests", 0, "`N` requests to a real store at most, cleaning up left out; a run that needs more is inconclusive (0: any number)")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be done to a real store, and send it nothing")
	f.StringVar(&o.baseline, "baseline", "", "compare with the runs of this `FILE`: a baseline, a result, or a run's directory; worse is exit code 4")
	f.BoolVar(&o.renew, "renew-baseline", false, "make these runs the --baseline, if they pass by themselves, and say what changes")
	f.StringVar(&o.metrics, "metrics", "", "`FILE` for the metrics of the runs, in CloudWatch's embedded metric format")
	o.output.register(cmd)
	return cmd
}

// listed writes names in lines that fit a terminal.
func listed(names []string) string {
	return "  " + strings.Join(reports.Wrap(strings.Join(names, " "), reports.Width-2), "\n  ")
}

// The worlds.
const (
	real    = scenarios.RealWorld
	virtual = scenarios.VirtualWorld
)

// target is the store of the real world.
func (o *storeOptions) target() measure.Target {
	return measure.Target{Store: o.store, Endpoint: o.endpoint, PathStyle: o.pathStyle, Program: reports.Version()}
}

func coreNames() string {
	var names []string
	for _, c := range cores.All() {
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

// run plays all scenarios that are named and writes the report.
func (a *app) run(ctx context.Context, o runOptions, flags *pflag.FlagSet, names []string) error {
	if len(names) == 0 {
		names = scenarios.Names()
	}
	var plays []*play
	allowance := o.allowance()
	for _, name := range names { // all mistakes are found before anything runs
		p, err := o.prepare(name, flags.Changed)
		if err != nil {
			return err
		}
		p.allowance = allowance
		plays = append(plays, p)
	}
	baseline, err := o.readBaseline()
	if err != nil {
		return err
	}
	if intent, err := o.intent(ctx, flags, plays); err != nil {
		return err
	} else if o.dryRun {
		return a.tell(o.output, *intent, nil, false)
	} else if err := a.approach(ctx, o.output, intent, allowance, o.target()); err != nil {
		return err
	}
	if o.world == real && !o.skipCheck {
		if err := a.trust(ctx, o.storeOptions, allowance); err != nil {
			return err
		}
	}
	metrics, err := a.openMetrics(ctx, o.metrics)
	if err != nil {
		return err
	}
	var runs []measure.Measurement
	var settled []map[string]string
	var notReached []string
	var failure error
	if err := reports.Writable(o.out); err != nil { // whoever waits for the verdict gets it
		a.complain(fmt.Errorf("--out: nothing of this will be kept: %w", err))
		o.out, failure = "", &exitError{code: exitCouldNotRun}
	}
	start, load := time.Now(), reports.BeginLoad()
	for _, p := range plays { // those after one that could not be played too
		if ctx.Err() != nil && (len(runs) > 0 || failure != nil) {
			notReached = append(notReached, p.point.Run.Scenario.Name)
			continue
		}
		r, err := metrics.of(p, func() (*measure.Measurement, error) { return a.play(ctx, o, p) })
		if r != nil {
			runs, settled = append(runs, *r), append(settled, p.settings())
		} else {
			notReached = append(notReached, p.point.Run.Scenario.Name)
		}
		if err != nil {
			a.complain(err)
			failure = &exitError{code: exitCouldNotRun}
		}
	}
	if err := metrics.close(ctx); err != nil && failure == nil {
		failure = err
	}
	if len(runs) == 0 {
		return ending(reports.Result{}, failure, ctx.Err() != nil)
	}
	result := reports.NewResult(reports.NewEnvironment(settings(runs)), runs...)
	result.TookMS, result.Environment.Load = milliseconds(time.Since(start)), load.Ended()
	result.Lacks(notReached)
	if o.baseline != "" {
		if err := o.against(baseline, &result, settled); err != nil && failure == nil {
			failure = err
		}
	}
	return a.tellAll(ctx, o.out, o.output, result, failure)
}

// tellAll tells what the runs of a command have shown, and keeps them below out, if there is more
// than one: together, beside the directory of each.
func (a *app) tellAll(ctx context.Context, out string, o outputOptions, result reports.Result, failure error) error {
	if len(result.Runs)+len(result.NotReached) > 1 && out != "" {
		kept, err := keep(out, reports.WholeName, result)
		if err != nil {
			a.complain(err)
			failure = &exitError{code: exitCouldNotRun}
		}
		result = kept.(reports.Result)
	}
	return a.tellRuns(ctx, o, result, failure)
}

// tellRuns tells what runs have shown.
func (a *app) tellRuns(ctx context.Context, o outputOptions, result reports.Result, failure error) error {
	if failure == nil && result.Class() == reports.Broken {
		failure = couldNotRun("the run could not go on: %s", result.Failure())
	}
	return a.tell(o, result, failure, ctx.Err() != nil)
}

// play is one scenario with all flags applied.
type play struct {
	name     string // as it was asked for
	point    measure.Point
	schedule explore.Schedule // to replay; empty: none
	// allowance bounds the requests of all plays of a command; nil: nothing does.
	allowance *sandbox.Allowance
	scratch   string       // where its history is until it is judged, if nothing can be kept; empty: nowhere
	load      reports.Load // when it began
	cleaning  func(point int, where string, objects int, within time.Duration)
}

// prepare reads a scenario and applies the flags to it.
func (o runOptions) prepare(name string, changed func(string) bool) (*play, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	p := &play{name: name, point: measure.Point{World: o.world, Target: o.target(), Replay: o.replay(name, changed)}}
	choice, err := o.choice(changed)
	if err != nil {
		return nil, err
	}
	run, err := scenarios.Prepare(name, choice)
	if err != nil {
		return nil, usage("%w", err)
	}
	p.point.Run = *run
	if p.schedule, err = explore.ScheduleOf(context.Background(), run); err != nil {
		return nil, usage("%s: %w", name, err)
	}
	if len(p.schedule) > 0 {
		if o.repetition > 0 {
			return nil, usage("--repetition %d: a schedule is replayed once, and is no repetition", o.repetition)
		}
		if changed("world") && o.world == real {
			return nil, usage("--world real: the schedule of %s can be replayed in a virtual world only", name)
		}
		p.point.World = virtual
	}
	if run.Core.VirtualOnly && p.point.World == real {
		return nil, usage("--core %s knows the latencies of a virtual world only; add --world virtual", run.Core.Name)
	}
	if err := o.checkMetrics(run.Core.Name); err != nil {
		return nil, err
	}
	return p, nil
}

func (o runOptions) validate() error {
	switch {
	case o.world != real && o.world != virtual:
		return usage("--world is real or virtual, not %q", o.world)
	case o.world == virtual && o.store != "fake":
		return usage("--store %s: a virtual world has a store of its own", o.store)
	case o.world == real && o.codec == string(scenarios.Compact):
		return usage("--codec compact is for --world virtual: a real store holds real documents")
	case o.runs < 1:
		return usage("--runs must be 1 or more, not %d", o.runs)
	case o.repetition < 0:
		return usage("--repetition must be 1 or more, or 0 for all, not %d", o.repetition)
	case o.repetition > 0 && o.world == real:
		return usage("--repetition %d is for --world virtual: in the real world no number decides what happens", o.repetition)
	case o.out == "":
		return notEmpty(o.out)
	case o.endpoint != "" && o.store == "fake":
		return usage("--endpoint needs --store s3://bucket/prefix or azblob://container/prefix")
	case o.maxRequests < 0:
		return usage("--max-requests must be 0 (any number) or more, not %d", o.maxRequests)
	case o.store == "fake" && (o.maxRequests > 0 || o.dryRun):
		return usage("--max-requests and --dry-run are for real stores: --store s3://bucket/prefix")
	}
	if err := o.target().Validate(); err != nil {
		return usage("%w", err)
	}
	return o.output.validate()
}

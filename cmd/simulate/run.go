package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/reports"
	"holdfast/scenarios"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/explore"
	"holdfast/scenarios/history"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/network"
)

// storeOptions say where a run plays.
type storeOptions struct {
	store     string
	endpoint  string
	pathStyle s3store.PathStyle
}

// runOptions are the flags of run.
type runOptions struct {
	storeOptions
	world      string
	core       string
	policy     string
	document   string
	layout     string
	clients    int
	operations int
	duration   time.Duration
	seed       uint64
	runs       int
	latency    string
	faults     []string
	codec      string
	via        string
	schedule   string
	sets       []string
	thresholds []string
	out        string
	metrics    string
	output     outputOptions
}

func (a *app) runCommand() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run [SCENARIO|FILE…]",
		Short: "Play scenarios, judge what happened, report it (all scenarios if none is named)",
		Long: `Play scenarios, judge what happened, report it (all scenarios if none is named).

A --fault befalls the calls of a kind, a share of them (rate=0.1) or a certain one of
each actor (nth=2): request-lost, reply-lost, no-answer, no-connection, 500, 409, 403,
503(retry-after=3s), sent-twice(answer=409), slow(by=3s), crash(when=after,restart=2s),
delete, duplicate(after=1s), or answer(as=NAME), where NAME is what S3 or a proxy answers:
` + listed(network.AnswerNames()) + `
With actor=, call= (get, head, put, delete, any), from= and to= it is narrowed down. A run
in which a fault with nth= struck nobody is inconclusive.

With --metrics, what the core counts in production goes to a file, for each run a
line of CloudWatch's embedded metric format for the front end and one for the back
end, or more. With OTEL_METRICS_EXPORTER=otlp (or prometheus, or console, which is
stderr) it goes there, as OpenTelemetry's other variables say.

Operations that a rate asked for within the duration, or a number of operations, and
that nobody began (counts.never_begun; k6 says dropped_iterations) were intended all
the same: acknowledged.rate is of what was intended. A load without either intends
what it begins. A --threshold can name these metrics:
` + listed(scenarios.Metrics),
		Example: `  simulate run two-users
  simulate run two-users --core unlocked
  simulate run backend-fan-in --policy documented --runs 20
  simulate run sustained-contention --clients 32 --duration 10s --threshold 'attempts.p99<6'
  simulate run sustained-contention --world virtual --clients 30 --duration 1h --latency s3-standard
  simulate run storm --world virtual --runs 1000 --fault 'reply-lost(rate=0.2)'
  simulate run backend-fan-in --world virtual --runs 100 --metrics metrics.emf
  simulate run --store s3://bucket/prefix --endpoint http://127.0.0.1:9000`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := fromEnvironment(cmd.Flags()); err != nil {
				return err
			}
			return a.run(cmd.Context(), o, cmd.Flags().Changed, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.world, "world", "real", "`WORLD` to play in: real (goroutines, wall clock, HTTP) or virtual (a seed decides everything)")
	f.StringVar(&o.store, "store", "fake", "`STORE` to play on: fake (embedded S3) or s3://bucket/prefix")
	f.StringVar(&o.endpoint, "endpoint", "", "`URL` of an S3 server other than AWS")
	f.TextVar(&o.pathStyle, "path-style", s3store.PathStyleAuto, "`WHEN` the bucket goes into the path: auto, on or off")
	f.StringVar(&o.core, "core", "production", "core under test: "+coreNames())
	f.StringVar(&o.policy, "policy", "", "retry `POLICY`, such as full(base=100ms,cap=5s,retries=8), adaptive(cap=2s), default or documented")
	f.StringVar(&o.document, "document", "", "`FILE` with your own document: a change or an announcement, unless --layout says otherwise")
	f.StringVar(&o.layout, "layout", "", "`FILE` that says what your documents are like, or order, the built-in example")
	f.IntVar(&o.clients, "clients", 0, "number of concurrent clients")
	f.IntVar(&o.operations, "operations", 0, "operations of each actor with a load, at most")
	f.DurationVar(&o.duration, "duration", 0, "how long to keep the load up")
	f.Uint64Var(&o.seed, "seed", 1, "seed of all random choices")
	f.IntVar(&o.runs, "runs", 1, "repetitions of each scenario")
	f.StringVar(&o.latency, "latency", "", "`LATENCY` of a store call's legs, such as normal(10ms,2ms), or s3-standard, s3-express")
	f.StringArrayVar(&o.faults, "fault", nil, "`FAULT` in place of the scenario's, such as reply-lost(rate=0.1), throttle(writes=100,reads=200), or none; repeatable")
	f.StringVar(&o.codec, "codec", "", "`CODEC` of the virtual world's documents: json, or compact for large loads")
	f.StringVar(&o.via, "via", "", "`WAY` to the archive: core, or api: users over HTTP, back ends over the queue")
	f.StringVar(&o.schedule, "schedule", "", "`SCHEDULE` of calls to replay, as explore prints it")
	f.StringArrayVar(&o.sets, "set", nil, "`KEY=VALUE` of the scenario's file in place of its own, such as objects.count=4, or of the policy in force, such as policy.base=25ms; repeatable")
	f.StringArrayVar(&o.thresholds, "threshold", nil, "fail unless `METRIC<LIMIT` holds; repeatable")
	f.StringVar(&o.out, "out", "simulate-out", "`DIR` for histories and results")
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
	return measure.Target{Store: o.store, Endpoint: o.endpoint, PathStyle: o.pathStyle}
}

func coreNames() string {
	var names []string
	for _, c := range cores.All() {
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

// run plays all scenarios that are named and writes the report.
func (a *app) run(ctx context.Context, o runOptions, changed func(string) bool, names []string) error {
	if len(names) == 0 {
		names = scenarios.Names()
	}
	var plays []*play
	for _, name := range names { // all mistakes are found before anything runs
		p, err := o.prepare(name, changed)
		if err != nil {
			return err
		}
		plays = append(plays, p)
	}
	metrics, err := a.openMetrics(ctx, o.metrics)
	if err != nil {
		return err
	}
	var runs []measure.Measurement
	var notReached []string
	var failure error
	start := time.Now()
	for _, p := range plays {
		if failure != nil || ctx.Err() != nil && len(runs) > 0 {
			notReached = append(notReached, p.point.Run.Scenario.Name)
			continue
		}
		r, err := metrics.of(p, func() (*measure.Measurement, error) { return a.play(ctx, o, p) })
		if r != nil {
			runs = append(runs, *r)
		} else {
			notReached = append(notReached, p.point.Run.Scenario.Name)
		}
		failure = err
	}
	if err := metrics.close(ctx); err != nil && failure == nil {
		failure = err
	}
	if len(runs) == 0 {
		return ending(reports.Result{}, failure, ctx.Err() != nil)
	}
	result := reports.NewResult(reports.NewEnvironment(settings(runs)), runs...)
	result.Took = time.Since(start)
	result.Lacks(notReached)
	return a.tellRuns(ctx, o.output, result, failure)
}

// tellRuns tells what runs have shown.
func (a *app) tellRuns(ctx context.Context, o outputOptions, result reports.Result, failure error) error {
	if failure == nil && result.Class() == reports.Broken {
		failure = couldNotRun("the run could not go on: %s", result.Failure())
	}
	if o.json {
		result = result.WithoutDirectories()
	}
	return a.tell(o, result, failure, ctx.Err() != nil)
}

// play is one scenario with all flags applied.
type play struct {
	name     string // as it was asked for
	point    measure.Point
	schedule explore.Schedule // to replay; empty: none
}

// prepare reads a scenario and applies the flags to it.
func (o runOptions) prepare(name string, changed func(string) bool) (*play, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	keys, parts, err := splitSettings(o.sets)
	if err != nil {
		return nil, err
	}
	s, err := openScenario(name, keys)
	if err != nil {
		return nil, err
	}
	if changed("clients") {
		if err := s.Scale(o.clients); err != nil {
			return nil, usage("--clients: %w", err)
		}
	}
	if changed("operations") {
		if err := s.Bound(o.operations); err != nil {
			return nil, usage("--operations: %w", err)
		}
	}
	if changed("duration") {
		if err := s.Limit(o.duration); err != nil {
			return nil, usage("--duration: %w", err)
		}
	}
	if err := o.condition(s); err != nil {
		return nil, err
	}
	p := &play{name: name, point: measure.Point{World: o.world, Target: o.target(), Replay: o.replay(name, changed)}}
	if s.Schedule != "" {
		if changed("world") && o.world == real {
			return nil, usage("--world real: the schedule of %s can be replayed in a virtual world only", name)
		}
		p.point.World = virtual
		if p.schedule, err = explore.ParseSchedule(s.Schedule); err != nil {
			return nil, usage("%s: %w", name, err)
		}
	}
	if p.point.Run, err = o.cast(s, name, parts, changed); err != nil {
		return nil, err
	}
	if p.point.Run.Core.VirtualOnly && p.point.World == real {
		return nil, usage("--core %s knows the latencies of a virtual world only; add --world virtual", p.point.Run.Core.Name)
	}
	if err := o.checkMetrics(p.point.Run.Core.Name); err != nil {
		return nil, err
	}
	if len(p.schedule) > 0 {
		if _, err := explore.Replay(context.Background(), &p.point.Run, p.schedule, nowhere{}); err != nil {
			return nil, usage("%s: %w", name, err)
		}
	}
	return p, nil
}

// nowhere is where the history of a rehearsal goes.
type nowhere struct{}

func (nowhere) Add(*history.Event) {}

// condition applies the flags that say what the store and its network are like.
func (o runOptions) condition(s *scenarios.Scenario) error {
	if o.layout != "" {
		s.Layout, s.Document = o.layout, ""
	}
	if o.document != "" {
		s.Document = o.document
	}
	if o.schedule != "" {
		s.Schedule = o.schedule
	}
	if o.codec != "" {
		s.Codec = scenarios.Codec(o.codec)
	}
	if o.via != "" {
		s.Via = scenarios.Via(o.via)
	}
	if s.Via == scenarios.ViaAPI && o.codec == "" {
		s.Codec = scenarios.JSON // whatever suits the scenario without the API
	}
	if o.latency != "" {
		l, err := network.ParseLatency(o.latency)
		if err != nil {
			return usage("--latency: %w", err)
		}
		s.Latency = (*scenarios.Latency)(&l)
	}
	if len(o.faults) > 0 {
		s.Faults = nil
	}
	for _, text := range o.faults {
		if text == "none" && len(o.faults) == 1 {
			break
		}
		f, err := network.ParseFault(text)
		if err != nil {
			return usage("--fault: %w", err)
		}
		s.Faults = append(s.Faults, scenarios.Fault(f))
	}
	if err := s.Validate(); err != nil {
		return usage("%w", err)
	}
	return nil
}

// cast chooses document, core, policy and thresholds.
func (o runOptions) cast(s *scenarios.Scenario, name string, parts []scenarios.Setting, changed func(string) bool) (scenarios.Run, error) {
	r := scenarios.Run{Scenario: s, Seed: o.seed, Repetitions: o.runs}
	layout, doc, err := openDocument(s, name, o)
	if err != nil {
		return r, usage("%w", err)
	}
	core := o.core
	if s.Core != "" && !changed("core") {
		core = s.Core
	}
	bounds, oracle := oraclePolicy(o.policy)
	if oracle {
		if changed("core") && core != oracleCore {
			return r, usage("--policy oracle is a core of its own; leave --core %s out", core)
		}
		core, o.policy = oracleCore, "none"+bounds
	}
	if r.Core, err = cores.Find(core); err != nil {
		return r, usage("--core: %w", err)
	}
	if changed("core") || oracle {
		s.Core = core // so that the scenario that is saved has it
	}
	if r.Policy, err = o.resolvePolicy(s, r.Core); err != nil {
		return r, err
	}
	if r.Policy, err = changePolicy(r.Policy, parts); err != nil {
		return r, settingFailed(err)
	}
	if o.policy != "" || len(parts) > 0 {
		s.Policy = (*scenarios.Policy)(&r.Policy)
	}
	more, err := parseThresholds(o.thresholds)
	if err != nil {
		return r, err
	}
	s.Expect.Thresholds = append(s.Expect.Thresholds, more...)
	r.Document, r.Layout = doc, layout
	return r, nil
}

const oracleCore = "oracle"

// oraclePolicy reports whether a policy is short for the oracle core: "oracle(retries=9)"
// for --core oracle --policy 'none(retries=9)'. So it stands beside the policies that a
// sweep holds against it.
func oraclePolicy(text string) (bounds string, is bool) {
	bounds, is = strings.CutPrefix(strings.TrimSpace(text), oracleCore)
	return bounds, is && (bounds == "" || bounds[0] == '(')
}

// openDocument opens the document of a scenario with its layout, and says where a bad one
// was named.
func openDocument(s *scenarios.Scenario, scenario string, o runOptions) (*scenarios.Layout, *archive.Change, error) {
	where := scenario
	switch {
	case o.document != "":
		where = "--document"
	case o.layout != "":
		where = "--layout"
	}
	layout, doc, err := s.Open()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", where, err)
	}
	return layout, doc, nil
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
	case o.out == "":
		return usage("--out wants a directory, not an empty name")
	case o.endpoint != "" && o.store == "fake":
		return usage("--endpoint needs --store s3://bucket/prefix")
	}
	if err := o.target().Validate(); err != nil {
		return usage("%w", err)
	}
	return o.output.validate()
}

// resolvePolicy takes the flag's policy, else the scenario's, else the core's.
func (o runOptions) resolvePolicy(s *scenarios.Scenario, core cores.Spec) (archive.Policy, error) {
	if o.policy != "" {
		p, err := archive.ParsePolicy(o.policy)
		if err != nil {
			return p, usage("--policy: %w", err)
		}
		if core.OwnPolicy {
			return p, usage("--policy: the %s core has a policy of its own, %s", core.Name, core.Policy)
		}
		return p, nil
	}
	return core.PolicyFor((*archive.Policy)(s.Policy)), nil
}

package main

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"holdfast/archive/s3store"
	"holdfast/reports"
	"holdfast/scenarios"
	"holdfast/scenarios/cores"
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
	repetition int
	latency    string
	faults     []string
	codec      string
	via        string
	schedule   string
	sets       []string
	thresholds []string
	out        string
	baseline   string
	renew      bool
	skipCheck  bool
	metrics    string
	// maxRequests to a real store, cleaning up left out; 0: any number.
	maxRequests int
	dryRun      bool
	output      outputOptions
}

// runDefaults are the options of who gives none.
func runDefaults() runOptions {
	return runOptions{
		storeOptions: storeOptions{store: "fake", pathStyle: s3store.PathStyleAuto},
		world:        real, core: cores.Production, seed: 1, runs: 1,
	}
}

// virtualDefaults are those of commands that play in virtual worlds only.
func virtualDefaults(runs int) runOptions {
	o := runDefaults()
	o.world, o.runs, o.out = virtual, runs, "-"
	return o
}

// register adds flags of run, by their names, to a command. What o holds are the defaults.
func (o *runOptions) register(f *pflag.FlagSet, names ...string) {
	o.flags().VisitAll(func(flag *pflag.Flag) {
		if slices.Contains(names, flag.Name) {
			f.AddFlag(flag)
		}
	})
}

// flags are all that say what is played, bound to o.
func (o *runOptions) flags() *pflag.FlagSet {
	f := pflag.NewFlagSet("run", pflag.ContinueOnError)
	f.StringVar(&o.world, "world", o.world, "`WORLD` to play in: real (goroutines, wall clock, HTTP) or virtual (a seed decides everything)")
	f.StringVar(&o.store, "store", o.store, "`STORE` to play on: fake (embedded S3), s3://bucket/prefix, azblob://container/prefix or https://host/path/")
	f.StringVar(&o.endpoint, "endpoint", o.endpoint, "`URL` of an S3 server other than AWS, or of an account of Azure Blob Storage")
	f.TextVar(&o.pathStyle, "path-style", o.pathStyle, "`WHEN` the bucket goes into the path: auto, on or off")
	f.BoolVar(&o.skipCheck, "skip-check", o.skipCheck, "play also on a store that breaks its promises, to see what comes of it")
	f.StringVar(&o.core, "core", o.core, "core under test: "+coreNames())
	f.StringVar(&o.policy, "policy", o.policy, "retry `POLICY`, such as full(base=100ms,cap=5s,retries=8), adaptive(cap=2s), default or documented, or one that others use, such as client-go-retry")
	f.StringVar(&o.document, "document", o.document, "`FILE` with your own document: a change or an announcement, unless --layout says otherwise")
	f.StringVar(&o.layout, "layout", o.layout, "`FILE` that says what your documents are like, or order, the built-in example")
	f.IntVar(&o.clients, "clients", o.clients, "number of concurrent clients")
	f.IntVar(&o.operations, "operations", o.operations, "operations of each actor with a load, at most")
	f.DurationVar(&o.duration, "duration", o.duration, "how long to keep the load up")
	f.Uint64Var(&o.seed, "seed", o.seed, "seed of all random choices")
	f.IntVar(&o.runs, "runs", o.runs, "repetitions of each scenario")
	f.IntVar(&o.repetition, "repetition", o.repetition, "`N`: play the repetition of that number alone, as it goes among --runs in a virtual world (0: all)")
	f.StringVar(&o.latency, "latency", o.latency, "`LATENCY` of a store call's legs, such as normal(10ms,2ms), or of a store: "+strings.Join(network.Profiles(), ", ")+", or the file of a measured profile")
	f.StringArrayVar(&o.faults, "fault", o.faults, "`FAULT` in place of the scenario's, such as reply-lost(rate=0.1), throttle(writes=100,reads=200), or none; repeatable")
	f.StringVar(&o.codec, "codec", o.codec, "`CODEC` of the virtual world's documents: json, or compact for large loads")
	f.StringVar(&o.via, "via", o.via, "`WAY` to the archive: core, or api: users over HTTP, back ends over the queue")
	f.StringVar(&o.schedule, "schedule", o.schedule, "`SCHEDULE` of calls to replay, as explore prints it")
	f.StringArrayVar(&o.sets, "set", o.sets, "`KEY=VALUE` of the scenario's file in place of its own, such as objects.count=4, or of the policy in force, such as policy.base=25ms; repeatable")
	f.StringArrayVar(&o.thresholds, "threshold", o.thresholds, "fail unless `METRIC<LIMIT` holds; repeatable")
	return f
}

// again is the command that plays the same: those of the flags that were given, in the
// order of their names, with what o holds.
func (o runOptions) again(command, scenario string, changed func(string) bool, names ...string) *commandLine {
	c := &commandLine{changed: changed}
	if command != "" {
		c.args = append(c.args, command)
	}
	c.args = append(c.args, reports.ShellWord(scenario))
	flags := o.flags()
	for _, name := range names {
		c.flag(flags.Lookup(name))
	}
	return c
}

// choice is what the flags choose over a scenario's file.
func (o runOptions) choice(changed func(string) bool) (scenarios.Choice, error) {
	c := scenarios.Choice{
		Document: o.document, Layout: o.layout, Schedule: o.schedule, Codec: scenarios.Codec(o.codec), Via: scenarios.Via(o.via),
		Latency: o.latency, Faults: o.faults, Policy: o.policy, Thresholds: o.thresholds, Seed: o.seed, Repetitions: o.runs, Repetition: o.repetition,
	}
	for _, text := range o.sets {
		key, value, ok := strings.Cut(text, "=")
		if !ok {
			return c, usage("--set wants KEY=VALUE, such as objects.count=4, not %q", text)
		}
		c.Settings = append(c.Settings, scenarios.Setting{Key: key, Value: value})
	}
	if changed("core") {
		c.Core = o.core
	}
	if changed("clients") {
		c.Clients = &o.clients
	}
	if changed("operations") {
		c.Operations = &o.operations
	}
	if changed("duration") {
		c.Duration = &o.duration
	}
	return c, nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holdfast/archive/s3store"
	"holdfast/reports"
	"holdfast/scenarios/doctor"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/profile"
	"holdfast/scenarios/sandbox"
)

// doctorOptions are the flags of doctor.
type doctorOptions struct {
	store     string
	endpoints []string
	pathStyle s3store.PathStyle
	budget    time.Duration
	quick     bool
	processes int
	server    string
	most      int
	dryRun    bool
	measure   string
	format    string
	out       string
	output    outputOptions
}

func (a *app) doctorCommand() *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find out whether a store can be trusted, and with what",
		Long: `doctor tries each promise that optimistic locking builds on against a store: alone,
then in races of 2 and 8 writers, small bodies and large ones. A kind of race ends when
enough were played to say how rare a fault must be ("0 of 600: below 0.5 % a race"; half
of them are enough when the time is up), or 30 races, or two seconds, after the first
proof that a change can be lost.

The verdict is on writes, reads and conditional deletes, and on this core: safe; safe
with limits, which it names; unsafe: what was acknowledged can be lost. What differs
from S3 is told with the HTTP that shows it, in issue.md of the directory that is
saved, for the server's authors.

With --measure FILE a store that is not unsafe is measured afterwards, with a few
hundred requests more: how fast it is, and whether a model of it does the same.

All keys are below a prefix that nobody else uses, and are deleted in the end, which may
take a minute; what could not be deleted is said. docs/stores.md says what is known of some servers.

Exit codes: 0 safe, or safe with limits; 1 could not run; 5 inconclusive; 6 unsafe;
130 interrupted.`,
		Example: `  simulate doctor
  simulate doctor --store s3://bucket/prefix
  simulate doctor --store s3://bucket/prefix --endpoint http://127.0.0.1:9000 --quick
  simulate doctor --store s3://bucket/prefix --endpoint http://10.0.0.1:9000 --endpoint http://10.0.0.2:9000 --processes 4
  simulate doctor --store s3://bucket/prefix --quick --measure store.yaml
  simulate doctor --store s3://bucket/prefix --endpoint http://127.0.0.1:9000 --format markdown > issue.md`,
		Args: exactly(0, "flags only"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.doctor(cmd.Context(), o, cmd)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.store, "store", measure.Embedded, "`STORE` to examine: fake (embedded S3), s3://bucket/prefix, azblob://container/prefix or https://host/path/")
	f.StringArrayVar(&o.endpoints, "endpoint", nil, "`URL` of an S3 server other than AWS; repeatable, for several front ends of one bucket")
	f.TextVar(&o.pathStyle, "path-style", s3store.PathStyleAuto, "`WHEN` the bucket goes into the path: auto, on or off")
	f.DurationVar(&o.budget, "budget", 0, fmt.Sprintf("time to look (default %v, quick %v), without opening, --measure and cleaning up; what it cuts short is inconclusive", doctor.DefaultBudget, doctor.QuickBudget))
	f.BoolVar(&o.quick, "quick", false, "only what matters for writes, in a few seconds")
	f.IntVar(&o.processes, "processes", 1, "number of processes that races come from")
	f.IntVar(&o.most, "max-requests", 0, "`N` requests to a real store at most, cleaning up left out; what they do not suffice for is inconclusive (0: any number)")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be done to a real store, and send it nothing")
	f.StringVar(&o.server, "server", "", "`NAME` and version of the server, for the report and the issue: few servers say theirs")
	f.StringVar(&o.measure, "measure", "", "`FILE` for a profile of how fast the store is, which --latency takes everywhere (YAML)")
	f.StringVar(&o.format, "format", "text", "`FORMAT` on stdout: text, json or markdown")
	f.StringVar(&o.out, "out", "simulate-out", "`DIR` for the result, the report and the issue")
	o.output.register(cmd)
	return cmd
}

// workerCommand is what doctor starts other processes of itself with.
const workerCommand = "doctor-worker"

func (a *app) workerCommand() *cobra.Command {
	return &cobra.Command{
		Use:    workerCommand,
		Short:  "Be a process that races for doctor, which speaks to it over stdin and stdout",
		Hidden: true,
		Args:   exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			// An interrupt of the terminal is for doctor, which ends it.
			if err := measure.ServeFront(context.WithoutCancel(cmd.Context()), cmd.InOrStdin(), a.stdout); err != nil {
				return couldNotRun("%w", err)
			}
			return nil
		},
	}
}

// mostProcesses is far above what tells more than few do.
const mostProcesses = 64

func (o *doctorOptions) validate(changed func(string) bool) error {
	switch {
	case o.budget < 0 || changed("budget") && o.budget == 0:
		return usage("--budget must be more than 0, not %v", o.budget)
	case o.processes < 1 || o.processes > mostProcesses:
		return usage("--processes must be 1 to %d, not %d", mostProcesses, o.processes)
	case o.format != "text" && o.format != "json" && o.format != "markdown":
		return usage("--format is text, json or markdown, not %q", o.format)
	case o.output.json && changed("format") && o.format != "json":
		return usage("--json and --format %s: want one of them", o.format)
	case o.most < 0:
		return usage("--max-requests must be 0 (any number) or more, not %d", o.most)
	case (o.most > 0 || o.dryRun) && o.store == measure.Embedded:
		return usage("--max-requests and --dry-run are for a real store: give --store s3://bucket/prefix")
	case o.out == "":
		return notEmpty(o.out)
	case len(o.endpoints) > 0 && o.store == measure.Embedded:
		return usage("--endpoint needs --store s3://bucket/prefix or azblob://container/prefix")
	}
	for _, t := range o.targets() {
		if err := t.Validate(); err != nil {
			return usage("%w", err)
		}
	}
	return o.output.validate()
}

// targets are the store as each endpoint has it.
func (o *doctorOptions) targets() []measure.Target {
	t := measure.Target{Store: o.store, PathStyle: o.pathStyle}
	if len(o.endpoints) == 0 {
		return []measure.Target{t}
	}
	var all []measure.Target
	for _, endpoint := range o.endpoints {
		t.Endpoint = endpoint
		all = append(all, t)
	}
	return all
}

func (a *app) doctor(ctx context.Context, o doctorOptions, cmd *cobra.Command) error {
	if err := o.validate(cmd.Flags().Changed); err != nil {
		return err
	}
	began := time.Now()
	c := doctor.Config{Store: o.store, Quick: o.quick, Budget: o.budget}
	var allowance *sandbox.Allowance
	if o.most > 0 {
		allowance = sandbox.NewAllowance(o.most)
	}
	if intent, err := o.intent(ctx, cmd.Flags(), c); err != nil {
		return err
	} else if o.dryRun {
		return a.tell(o.output, *intent, nil, false)
	} else if err := a.approach(ctx, o.output, intent, allowance, o.targets()...); err != nil {
		return err
	}
	e, err := a.examine(ctx, o, c, o.replay(cmd), allowance)
	if e == nil {
		return err
	}
	d := reports.NewDiagnosed(reports.Diagnosed{
		Server: o.server, Began: began, Diagnosis: e.found, Environment: reports.NewEnvironment(&e.settings), Processes: o.processes, Replay: o.replay(cmd), Profile: e.profile,
	})
	if saveErr := o.save(&d); saveErr != nil && err == nil {
		err = saveErr
	}
	if tellErr := reports.Formats[o.shown()](a.stdout, d, colored(a.stdout, o.output.noColor)); tellErr != nil && err == nil {
		err = couldNotRun("write the report: %w", tellErr)
	}
	return ending(d, err, ctx.Err() != nil)
}

// at is the store by its first endpoint, through which all is removed.
func (o *doctorOptions) at() storeOptions {
	at := storeOptions{store: o.store, pathStyle: o.pathStyle}
	if len(o.endpoints) > 0 {
		at.endpoint = o.endpoints[0]
	}
	return at
}

// intent is what is about to be done to a real store; nil: it is the embedded one.
func (o *doctorOptions) intent(ctx context.Context, flags *pflag.FlagSet, c doctor.Config) (*reports.Intended, error) {
	if o.store == measure.Embedded {
		return nil, nil
	}
	at := o.at()
	writes := c.Requests() / 2
	d, err := at.intended(ctx, flags, measure.Estimate{Puts: writes, Gets: writes, Deletes: keysRemoved})
	if err != nil {
		return nil, err
	}
	d.Runs, d.MaxRequests = 1, o.most
	for _, endpoint := range o.endpoints[min(1, len(o.endpoints)):] {
		d.Endpoint.Value += " and " + endpoint
	}
	return d, nil
}

// keysRemoved is about how many keys an examination leaves to be removed: one or more of each
// row and kind of race, and the manifest.
const keysRemoved = 60

// shown is the format of stdout.
func (o *doctorOptions) shown() string {
	if o.output.json || o.output.quiet && o.format == "text" {
		return o.output.format()
	}
	return o.format
}

// replay is the command that examines the same again.
func (o *doctorOptions) replay(cmd *cobra.Command) string {
	c := commandLine{args: []string{"simulate doctor"}, changed: cmd.Flags().Changed}
	for _, name := range []string{"store", "endpoint", "path-style", "budget", "quick", "processes", "server", "measure"} {
		c.flag(cmd.Flags().Lookup(name))
	}
	return c.String()
}

// save writes the document, the report and the issue into a directory of their own.
func (o *doctorOptions) save(d *reports.Diagnosed) error {
	kept, err := keep(o.out, "doctor", *d)
	*d = kept.(reports.Diagnosed)
	if err != nil {
		return err
	}
	issue := func(w io.Writer) error { return reports.Formats["markdown"](w, *d, false) }
	if err := reports.WriteFile(filepath.Join(d.Directory, reports.IssueFile), issue); err != nil {
		return couldNotRun("--out: %w", err)
	}
	return nil
}

// examined is what an examination has shown, and how requests were sent.
type examined struct {
	found    doctor.Diagnosis
	settings measure.Settings
	profile  *profile.Saved // nil: none was asked for, or the store is not worth one
}

// examine opens a store, examines it, measures it if that is asked for, and leaves it as it
// was. What was found is returned also
// if the store could not be left so; else an error is all there is.
func (a *app) examine(ctx context.Context, o doctorOptions, c doctor.Config, command string, allowance *sandbox.Allowance) (e *examined, err error) {
	examining, end := context.WithCancelCause(ctx)
	defer end(nil)
	fronts, err := measure.OpenFronts(ctx, measure.Target{Store: o.store, PathStyle: o.pathStyle, Program: reports.Version()}, measure.FrontsConfig{
		Endpoints: o.endpoints, Command: command, Allowance: allowance, Ended: func(why error) { end(&doctor.Ended{Why: why}) },
	})
	at := o.at()
	if err != nil {
		return nil, o.notBegun(at.later(err))
	}
	defer func() { err = errors.Join(err, at.ended(ctx, fronts.Close(ctx))) }()
	if o.processes > 1 {
		program, err := os.Executable()
		if err == nil {
			err = fronts.Start(ctx, program, []string{workerCommand}, o.processes-1)
		}
		if err != nil {
			return nil, couldNotRun("--processes %d: %w", o.processes, err)
		}
	}
	progress := a.startProgress(o.output, "doctor")
	c.Fronts = fronts.All()
	c.Progress = func(p doctor.Progress) {
		progress.update(float64(p.Done)/float64(max(p.Total, 1)), fmt.Sprintf("%d of %d, %s", p.Done, p.Total, p.Doing))
	}
	found, err := doctor.Examine(examining, c)
	progress.stop()
	if err != nil {
		return nil, o.notBegun(err)
	}
	e = &examined{found: found, settings: fronts.Settings()}
	if o.measure != "" && found.Verdict != doctor.Unsafe && ctx.Err() == nil {
		e.profile, err = a.measureFront(examining, fronts, o)
	}
	return e, err
}

// notBegun is why there is no examination at all.
func (o *doctorOptions) notBegun(err error) error {
	if errors.Is(err, sandbox.ErrSpent) {
		return &exitError{exitInconclusive, fmt.Errorf("--max-requests %d do not suffice to begin: %w", o.most, err)}
	}
	return couldNotRun("%w", err)
}

// measureFront measures a store that was examined.
func (a *app) measureFront(ctx context.Context, fronts *measure.Fronts, o doctorOptions) (*profile.Saved, error) {
	progress := a.startProgress(o.output, "measure")
	m, err := fronts.Profile(ctx, "simulate doctor", profile.Config{Progress: progress.update})
	progress.stop()
	ended, spent := errors.AsType[*doctor.Ended](context.Cause(ctx))
	interrupted := ctx.Err() != nil && !spent
	switch {
	case spent && m == nil:
		return nil, notMeasured(ended)
	case m == nil && !interrupted:
		return nil, notMeasured(err)
	case m == nil: // the report says that it was interrupted
		return nil, nil
	}
	return saveProfile(o.measure, o.store, m)
}

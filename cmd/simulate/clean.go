package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"holdfast/archive/s3store"
	"holdfast/reports"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/sandbox"
)

// cleanOptions are the flags of clean.
type cleanOptions struct {
	storeOptions
	runs   []string
	yes    bool
	force  bool
	output outputOptions
}

func (a *app) cleanCommand() *cobra.Command {
	var o cleanOptions
	cmd := &cobra.Command{
		Use:   "clean --store s3://bucket/prefix",
		Short: "Find what killed runs have left in a bucket, and remove it",
		Long: `clean finds the runs that did not clean up below the prefix, because they were killed
or lost the store, and shows what each has left: objects, of a bucket with versions all
of these and the delete markers. With --yes it removes that.

What is a run's, its manifest says: simulate-ID/manifest.json names every key before it
is written. Nothing else is removed, not even if it stands beside it, and nothing that
is not below simulate-ID/ is listed, read or written. A run whose manifest is younger
than a minute may be running: it is left, unless --force is given.

Exit codes: 0 nothing is left, or it was shown or removed; 1 not all could be looked at
or removed.`,
		Example: `  simulate clean --store s3://bucket/prefix --endpoint http://127.0.0.1:9000
  simulate clean --store s3://bucket/prefix --endpoint http://127.0.0.1:9000 --yes`,
		Args: exactly(0, "flags only"),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.clean(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.store, "store", "", "`STORE` to look in, such as s3://bucket/prefix: the same as that of the runs")
	f.StringVar(&o.endpoint, "endpoint", "", "`URL` of an S3 server other than AWS")
	f.TextVar(&o.pathStyle, "path-style", s3store.PathStyleAuto, "`WHEN` the bucket goes into the path: auto, on or off")
	f.StringArrayVar(&o.runs, "run", nil, "`ID` of a run to look for, as simulate-ID/ has it; repeatable (all, if none is given)")
	f.BoolVar(&o.yes, "yes", false, "remove what is found")
	f.BoolVar(&o.force, "force", false, "with --yes: also what is left by runs that may be running")
	f.BoolVar(&o.output.json, "json", false, "write one JSON document to stdout")
	f.BoolVar(&o.output.quiet, "quiet", false, "write the verdict only")
	return cmd
}

// clean shows or removes what runs have left.
func (a *app) clean(ctx context.Context, o cleanOptions) error {
	target := o.target()
	switch {
	case o.store == "" || target.Name() == measure.Embedded:
		return usage("clean wants --store s3://bucket/prefix: the embedded S3 ends with its run")
	case o.force && !o.yes:
		return usage("--force says what --yes removes: give both")
	}
	if err := target.Validate(); err != nil {
		return usage("%w", err)
	}
	store, closed, err := target.Open(ctx)
	if err != nil {
		return couldNotRun("%w", err)
	}
	defer func() { _ = closed() }()
	found, err := sandbox.Find(ctx, store, target.Name(), o.runs...)
	switch {
	case errors.Is(err, sandbox.ErrNoInventory):
		return usage("%w: --run ID, as simulate-ID/ in the run's last words has it", err)
	case err != nil:
		return couldNotRun("look for runs below %s: %w", target.Name(), err)
	}
	d := reports.Cleaned{Schema: reports.CleanSchema, Passed: true, Store: target.Name(), Asked: o.yes, Runs: []reports.Left{}}
	for i := range found {
		l := reports.NewLeft(&found[i])
		if found[i].Err != nil {
			d.Passed = false
		}
		if o.yes && found[i].Manifest != nil && (o.force || !found[i].Running()) && ctx.Err() == nil {
			done, err := found[i].Remove(ctx, store, target.Name(), a.cleaning(o.output))
			l.Removed = done.Objects
			if err != nil {
				l.Fail(o.later(err))
				d.Passed = false
			}
		}
		d.Runs = append(d.Runs, l)
	}
	return a.tell(o.output, d, nil, ctx.Err() != nil)
}

// cleaning says what is about to be removed, which can take long.
func (a *app) cleaning(o outputOptions) func(string, int, time.Duration) {
	return func(where string, objects int, within time.Duration) {
		if !o.quiet {
			fmt.Fprintf(a.stderr, "removing %s from %s, within %v\n", reports.Plural(objects, "object"), where, within.Round(time.Second))
		}
	}
}

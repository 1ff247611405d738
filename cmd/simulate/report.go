package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"holdfast/reports"
)

// reportOptions are the flags of report.
type reportOptions struct {
	format  string
	output  string
	keep    string
	verbose bool
	noColor bool
	// Of a trace.
	repetition int
}

func (a *app) reportCommand() *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "report RUN…",
		Short: "Tell again what a run, sweep, search or examination has shown",
		Long: `report reads a document again and tells it in any format. A RUN is a run's directory,
simulate-out/latest, the file of a document that --json has printed, or -, the standard
input. All formats but trace need no history, so the document is enough, also on another
machine. Several RUNs are told as one, if they are runs of scenarios; --keep saves that
as if one command had played them.

A trace is the one format that is made of the history: trace events, which
https://ui.perfetto.dev and chrome://tracing show. Each repetition is a process there, each
actor a thread, with its operations and in them their calls and waits; arrows lead from a
write to those who read its version. Several runs share the 400,000 events of a trace; those
without a history are left out, and named.

Telling is not judging: the exit code is 0 if it could be told, whatever it says.
simulate check judges a run again and exits as the run did.

Exit codes: 0 told; 1 it could not be read or written; 2 it is no document, is cut, or
was written by a newer simulate.`,
		Example: `  simulate report simulate-out/latest
  simulate report simulate-out/latest --format html -o report.html
  simulate report before.json after.json --format json -o both.json
  simulate report before.json after.json --keep simulate-out
  simulate report docs/stores/minio.json --format markdown`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("report wants the directory of a run, or the file of a document")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return unlessInterrupted(cmd.Context(), func() error { return a.report(o, args) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "text", "`FORMAT`: "+strings.Join(formatNames(), ", "))
	f.StringVarP(&o.output, "output", "o", "-", "`FILE` to write; - is stdout")
	f.StringVar(&o.keep, "keep", "", "`DIR` to keep the document in as well, in a directory of its own to which DIR/latest then points")
	f.IntVar(&o.repetition, "repetition", 0, "`N`: trace this repetition alone, from 1 (0: all, up to 400,000 events)")
	f.BoolVar(&o.verbose, "verbose", false, "with --format text: all there is to tell, not what fits a screen")
	f.BoolVar(&o.noColor, "no-color", false, "no colors")
	return cmd
}

// formatNames are those of documents, and that of their history.
func formatNames() []string { return append(reports.FormatNames(), traceFormat) }

func (o *reportOptions) validate() error {
	switch {
	case !slices.Contains(formatNames(), o.format):
		return usage("--format is one of %s, not %q", strings.Join(formatNames(), ", "), o.format)
	case o.repetition < 0:
		return usage("--repetition is the number of one, from 1, or 0 for all, not %d", o.repetition)
	case o.repetition > 0 && o.format != traceFormat:
		return usage("--repetition is for --format %s", traceFormat)
	case o.keep != "" && o.format == traceFormat:
		return usage("--keep keeps documents, and a trace is none")
	case o.toStdout():
		return nil
	}
	return (output{"output", o.output}).check()
}

func (o *reportOptions) toStdout() bool { return o.output == "-" }

// writeReport writes what was asked for to where it was asked for.
func (a *app) writeReport(o reportOptions, write func(io.Writer) error) error {
	if o.toStdout() {
		return write(a.stdout)
	}
	return reports.WriteFile(o.output, write)
}

// report reads documents and tells them as one.
func (a *app) report(o reportOptions, paths []string) error {
	if err := o.validate(); err != nil {
		return err
	}
	if o.format == traceFormat {
		return a.trace(o, paths)
	}
	var all []reports.Document
	for _, path := range paths {
		d, err := readDocument(path)
		if err != nil {
			return err
		}
		all = append(all, d)
	}
	d, err := reports.Pool(all)
	if err != nil {
		return usage("report: %w", err)
	}
	if o.keep != "" {
		if d, err = keep(o.keep, "report", d); err != nil {
			return err
		}
	}
	// All of it before a file is touched: one that can't be told replaces nothing.
	var told bytes.Buffer
	if err := o.tell(a, &told, d); err != nil {
		if _, untold := errors.AsType[*reports.UntoldError](err); untold {
			return usage("report: %w", err)
		}
		return couldNotRun("report %s: %w", strings.Join(paths, " "), err)
	}
	if err := a.writeReport(o, func(w io.Writer) error { _, err := w.Write(told.Bytes()); return err }); err != nil {
		return couldNotRun("write the report: %w", err)
	}
	return nil
}

// tell writes a document as it was asked for.
func (o *reportOptions) tell(a *app, to io.Writer, d reports.Document) error {
	if o.format != "text" {
		return reports.Formats[o.format](to, d, o.toStdout() && colored(a.stdout, o.noColor))
	}
	how := reports.Look{Verbose: o.verbose}
	if o.toStdout() {
		how = look(a.stdout, o.noColor, o.verbose)
	}
	return reports.WriteReport(to, d, how)
}

// readDocument reads one, and tells what is the caller's mistake from what is not.
func readDocument(path string) (reports.Document, error) {
	d, err := reports.Read(path)
	var unreadable *reports.UnreadableError
	switch {
	case errors.As(err, &unreadable), errors.Is(err, fs.ErrNotExist):
		return nil, usage("%w", err)
	case err != nil:
		return nil, couldNotRun("read a document: %w", err)
	}
	return d, nil
}

package main

import (
	"cmp"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holdfast/reports"
	"holdfast/scenarios/sandbox"
)

// outputOptions are the flags that say what is written.
type outputOptions struct {
	json     bool
	quiet    bool
	verbose  bool
	noColor  bool
	progress string
}

func (o *outputOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.json, "json", false, "write one JSON document to stdout")
	f.BoolVar(&o.quiet, "quiet", false, "write the verdict only, and no progress")
	f.BoolVar(&o.verbose, "verbose", false, "write all there is to tell, not what fits a screen")
	f.BoolVar(&o.noColor, "no-color", false, "no colors")
	f.StringVar(&o.progress, "progress", "auto", "`KIND` of progress on stderr: auto, bar, plain or none")
}

func (o outputOptions) validate() error {
	switch o.progress {
	case "auto", "bar", "plain", "none":
		return nil
	}
	return usage("--progress is auto, bar, plain or none, not %q", o.progress)
}

// keep saves a document in a directory of its own below out; the one that it returns says where.
func keep(out, name string, d reports.Document) (reports.Document, error) {
	dir, err := reports.NewDirectory(out, name, sandbox.NewID(), time.Now())
	if err != nil {
		return d, couldNotRun("%w", err)
	}
	return keepIn(out, dir, d)
}

// keepIn is [keep] in a directory that there is.
func keepIn(out, dir string, d reports.Document) (reports.Document, error) {
	kept, err := reports.Keep(out, dir, d)
	if err != nil {
		err = couldNotRun("--out: save what was found: %w", reports.First(err))
	}
	return kept, err
}

// registerOut adds the flag that says where what was found is kept.
func registerOut(f *pflag.FlagSet, out *string) {
	f.StringVar(out, "out", "simulate-out", "`DIR` for what was found, in a directory of its own")
}

// notEmpty refuses an --out that names no directory.
func notEmpty(out string) error {
	if out == "" {
		return usage("--out wants a directory, not an empty name")
	}
	return nil
}

// tell writes a document to stdout as it was asked for, and returns the error that decides
// the exit code, see [ending].
func (a *app) tell(o outputOptions, d reports.Document, failure error, interrupted bool) error {
	if err := a.write(o, d); err != nil && failure == nil {
		failure = couldNotRun("write the report: %w", err)
	}
	a.tellServer(o, d)
	return ending(d, failure, interrupted)
}

func (a *app) write(o outputOptions, d reports.Document) error {
	if r, ok := d.(reproducible); ok && o.json {
		d = r.Reproducible()
	}
	if format := o.format(); format != "text" {
		return reports.Formats[format](a.stdout, d, colored(a.stdout, o.noColor))
	}
	return reports.WriteReport(a.stdout, d, look(a.stdout, o.noColor, o.verbose))
}

// look is how a text is to look on a stream.
func look(stream any, noColor, verbose bool) reports.Look {
	return reports.Look{Color: colored(stream, noColor), Verbose: verbose, NoBlocks: isTerminal(stream) && !hasBlocks()}
}

// hasBlocks reports whether the user's terminal is said to have more than ASCII: nobody says
// that it has not.
func hasBlocks() bool {
	locale := cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_CTYPE"), os.Getenv("LANG"))
	coded := strings.ToUpper(strings.ReplaceAll(locale, "-", ""))
	return os.Getenv("TERM") != "linux" && (locale == "" || strings.Contains(coded, "UTF8"))
}

// reproducible is a document with parts that the seed does not decide. Those are kept in a
// run's directory; what goes to stdout can be compared.
type reproducible interface{ Reproducible() reports.Document }

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }

// format is the name of the one that was asked for.
func (o outputOptions) format() string {
	switch {
	case o.json:
		return "json"
	case o.quiet:
		return "brief"
	}
	return "text"
}

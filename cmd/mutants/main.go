// Command mutants shows what the release gate would let through. It makes small faults
// in copies of production files, builds the program with each, runs the gate's parts
// over it, and shows the faults that no part saw.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

// Exit codes, as those of simulate.
const (
	exitPassed      = 0
	exitFailed      = 1
	exitUsage       = 2
	exitThreshold   = 99
	exitInterrupted = 130
)

// options are the flags.
type options struct {
	n        int
	seed     uint64
	tests    bool
	only     int
	jobs     int
	atLeast  float64
	json     string
	out      string
	fresh    bool
	memory   int
	root     string
	goTool   string
	packages string
	except   []string
	program  string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the run in good order; a second one ends the program.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitPassed
	}
	if err != nil {
		fmt.Fprintln(stderr, "mutants:", err)
		return exitUsage
	}
	r := &runner{options: o, stderr: stderr}
	err = r.run(ctx)
	if r.drawn != nil {
		r.report(stdout)
		if failed := r.writeJSON(); err == nil {
			err = failed
		}
	}
	switch {
	case ctx.Err() != nil:
		fmt.Fprintf(stderr, "mutants: interrupted; run it again to go on: what is done is kept in %s\n", r.out)
		return exitInterrupted
	case err != nil:
		fmt.Fprintln(stderr, "mutants:", err)
		return exitFailed
	}
	if s := r.summary(); s.GateShare < o.atLeast {
		fmt.Fprintf(stderr, "mutants: the gate caught %.1f %%, which is less than %g %%\n", s.GateShare, o.atLeast)
		return exitThreshold
	}
	return exitPassed
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	var except string
	f := flag.NewFlagSet("mutants", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.n, "n", 40, "how many mutants to draw")
	f.Uint64Var(&o.seed, "seed", 1, "decides which")
	f.BoolVar(&o.tests, "tests", false, "run the tests over those that pass the gate")
	f.IntVar(&o.only, "only", 0, "run the mutant of this `number` alone, anew, and show what the gate said")
	f.IntVar(&o.jobs, "jobs", 1, "how many at once; parts that play in real time want a machine that is not too busy")
	f.Float64Var(&o.atLeast, "at-least", 0, "exit 99 if the gate catches a smaller `percentage` of those not shown equivalent")
	f.StringVar(&o.json, "json", "", "write the result to this `file` too; it is always written to a file in the directory of -out")
	f.StringVar(&o.out, "out", "mutants-out", "`directory` of results, so that a run can go on after an interrupt, and of what failed parts said")
	f.BoolVar(&o.fresh, "fresh", false, "run all anew, although results of the same tree are there")
	f.IntVar(&o.memory, "memory", 4096, "most `MiB` that a process of a mutant may take")
	f.StringVar(&o.root, "root", ".", "`directory` of the module")
	f.StringVar(&o.goTool, "go", "go", "the go `command`")
	f.StringVar(&o.packages, "packages", "./archive/...", "which packages to mutate")
	f.StringVar(&except, "except", "archive/internal/testclock,archive/storetest,archive/s3store/fakes3", "`directories` to leave alone: apparatus of tests")
	f.StringVar(&o.program, "program", "./cmd/simulate", "`package` of the program that the gate takes")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, fmt.Errorf("see mutants -help")
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("there is no argument %q, only flags; see mutants -help", f.Arg(0))
	}
	for _, least := range []struct {
		name          string
		value, atMost int
	}{{"n", o.n, 1 << 20}, {"jobs", o.jobs, 64}, {"memory", o.memory, 1 << 20}} {
		if least.value < 1 || least.value > least.atMost {
			return o, fmt.Errorf("-%s %d: give a number from 1 to %d", least.name, least.value, least.atMost)
		}
	}
	if o.only < 0 || o.only > o.n {
		return o, fmt.Errorf("-only %d: give the number of one of the %d mutants, or a greater -n", o.only, o.n)
	}
	if o.atLeast < 0 || o.atLeast > 100 {
		return o, fmt.Errorf("-at-least %g: give a percentage from 0 to 100", o.atLeast)
	}
	for e := range strings.SplitSeq(except, ",") {
		if e != "" {
			o.except = append(o.except, e)
		}
	}
	var err error
	if o.root, err = filepath.Abs(o.root); err != nil {
		return o, err
	}
	if o.out, err = filepath.Abs(o.out); err != nil {
		return o, err
	}
	if _, err := os.Stat(filepath.Join(o.root, gateFile)); err != nil {
		return o, fmt.Errorf("-root %s: there is no %s: run it in the module's directory", o.root, gateFile)
	}
	return o, nil
}

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/reports"
)

// asProgram names the variable with the arguments, one a line, of a test binary that is
// to be the program itself.
const asProgram = "HOLDFAST_TEST_AS_PROGRAM"

// asSilently, set, has it say nothing before.
const asSilently = "HOLDFAST_TEST_AS_SILENTLY"

// ready is what it says when it is about to be the program.
const ready = "about to begin"

// TestAsProgram is no test: it is what [interrupted] starts.
func TestAsProgram(t *testing.T) {
	args, asked := os.LookupEnv(asProgram)
	if !asked {
		t.Skip("only with " + asProgram)
	}
	if os.Getenv(asSilently) == "" {
		fmt.Println(ready)
	}
	os.Args = append([]string{"simulate"}, strings.Split(args, "\n")...)
	main()
}

// interrupted runs the program and sends it SIGINT after a while.
func interrupted(t *testing.T, after time.Duration, args ...string) (code int, output string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestAsProgram$")
	cmd.Env = append(os.Environ(), asProgram+"="+strings.Join(args, "\n"))
	var out, errs bytes.Buffer // the second is written to by another goroutine
	cmd.Stderr = &errs
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && lines.Text() != ready { // a signal before that ends any program
	}
	time.AfterFunc(after, func() { _ = cmd.Process.Signal(syscall.SIGINT) })
	for lines.Scan() {
		fmt.Fprintln(&out, lines.Text())
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String() + errs.String()
}

// TestInterruptOfTheProgram: of case "interrupt", with the signal itself. A run that
// would take minutes exits 130, and so does the check of its history.
func TestInterruptOfTheProgram(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 0))
	for _, args := range []string{
		"run redelivery --world virtual --runs 100000 --quiet",
		"run create-race --world virtual --runs 1000000 --via api --quiet",
		"run storm --world virtual --runs 1000000",
		"run sustained-contention --world virtual --duration 1000h --via api",
		"run sustained-contention --duration 10m",
		"run sustained-contention --duration 10m --via api",
		"run redelivery --runs 1000",
		"run --runs 1000",
	} {
		for range 2 {
			out := t.TempDir()
			after := 50*time.Millisecond + time.Duration(rng.IntN(400))*time.Millisecond
			code, output := interrupted(t, after, append(strings.Fields(args), "--out", out)...)
			if code != exitInterrupted {
				t.Errorf("%s, interrupted after %v: exit %d, want %d\n%s", args, after, code, exitInterrupted, output)
			}
			last := filepath.Join(out, "latest", reports.HistoryFile)
			if _, err := os.Stat(last); err != nil {
				continue // it was stopped before it began to write one
			}
			if code, stdout, stderr := simulate(t, "check", last); code != exitInterrupted {
				t.Errorf("%s, interrupted after %v: check exits %d, want %d\n%s%s", args, after, code, exitInterrupted, stdout, stderr)
			}
		}
	}
}

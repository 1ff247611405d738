package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/reports"
)

// TestNobodyReadsOn: a pipe that is closed, as by head, is an error like any other; the run is
// kept, and a violation still decides the exit code.
func TestNobodyReadsOn(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"run", "two-users", "--world", "virtual"}, exitCouldNotRun},
		{[]string{"run", "two-users", "--world", "virtual", "--core", "unlocked", "--schedule", "bob alice alice bob"}, exitViolated},
		{[]string{"explore", "two-users"}, exitCouldNotRun},
	} {
		out := t.TempDir()
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Close()
		cmd := exec.Command(os.Args[0], "-test.run=^TestAsProgram$")
		cmd.Env = append(os.Environ(), asSilently+"=yes", asProgram+"="+strings.Join(append(c.args, "--out", out, "--progress", "none"), "\n"))
		var stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = w, &stderr
		_ = cmd.Run()
		_ = w.Close()
		if code := cmd.ProcessState.ExitCode(); code != c.code || !strings.HasPrefix(stderr.String(), "simulate: write the report: ") || strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("%v: %v\n%s", c.args, cmd.ProcessState, &stderr)
		}
		if code, stdout, stderr := simulate(t, "report", filepath.Join(out, "latest")); code != exitPassed || stdout == "" {
			t.Errorf("exit %d %s", code, stderr)
		}
	}
}

// TestWhereNothingCanBeKept: the verdict is on stdout all the same.
func TestWhereNothingCanBeKept(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "file")
	write(t, plain, "")
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"explore", "two-users"}, exitCouldNotRun, "PASS  two-users"},
		{[]string{"explore", "two-users", "--core", "unlocked"}, exitViolated, "FAIL  two-users"},
		{[]string{"doctor", "--quick"}, exitCouldNotRun, "SAFE  "},
	} {
		code, stdout, stderr := simulate(t, append(c.args, "--out", plain, "--progress", "none", "--quiet")...)
		if code != c.code || !strings.HasPrefix(stdout, c.says) || !strings.HasPrefix(stderr, "simulate: make the run's directory: ") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: exit %d\n%s%s", c.args, code, stdout, stderr)
		}
	}
	// A file of the directory that can't be written keeps the others from nothing.
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, reports.ReportFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := reports.Save(dir, reports.NewBuilt()); err == nil || !strings.Contains(err.Error(), reports.ReportFile) {
		t.Error(err)
	}
	if d, err := reports.Read(dir); err != nil || d.Class() != reports.Passed {
		t.Error(d, err)
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/reports"
	"holdfast/reports/schema"
	"holdfast/scenarios/measure"
)

// within runs the program where no file may have more than so many blocks, of 512 bytes or of
// 1024: to a program that is a disk without space.
func within(t *testing.T, blocks string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "ulimit -f "+blocks+` && exec "$0" -test.run='^TestAsProgram$'`, self)
	cmd.Env = append(os.Environ(), asProgram+"="+strings.Join(args, "\n"))
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Skipf("no shell that can bound the size of files: %v", err)
	} else if ok && exit.ExitCode() < 0 {
		t.Fatalf("%v: %v\n%s", args, err, &complaint)
	}
	_, told, _ := strings.Cut(out.String(), ready+"\n")
	return cmd.ProcessState.ExitCode(), told, complaint.String()
}

// TestFullDisk: the verdict is told all the same, stderr says in a line what could not be
// written, the exit code is 1 unless something worse was found, and no file is half a file.
func TestFullDisk(t *testing.T) {
	for _, c := range []struct {
		blocks, args string
		code         int
		verdict      string
		says         string
	}{
		{"4", "two-users --world virtual", exitCouldNotRun, "PASS", "save the result of two-users: write "},
		{"4", "two-users --world virtual --core unlocked", exitViolated, "FAIL", "save the result of two-users: write "},
		{"4", "two-users", exitCouldNotRun, "PASS", "save the result of two-users: write "},
		{"8", "burst --clients 100 --runs 3 --world virtual", exitCouldNotRun, "PASS", "play burst: write the history: "},
		{"8", "burst --clients 100 --runs 3 --world virtual --core unlocked", exitViolated, "FAIL", "play burst: write the history: "},
		{"300", "sustained-contention --clients 20 --duration 20s", exitCouldNotRun, "STOPPED", "play sustained-contention: write the history: "},
	} {
		out := filepath.Join(t.TempDir(), "out")
		code, stdout, stderr := within(t, c.blocks, append([]string{"run", "--out", out}, strings.Fields(c.args)...)...)
		if code != c.code || !strings.HasPrefix(stdout, c.verdict) || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit %d, want %d, %s and %q\n%.300s\n%s", c.args, code, c.code, c.verdict, c.says, stdout, stderr)
		}
		if lines := complaints(stderr); len(lines) != 1 {
			t.Errorf("%s: %d complaints: %q", c.args, len(lines), lines)
		}
		err := filepath.WalkDir(out, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || entry.Type()&fs.ModeSymlink != 0 {
				return err
			}
			if !whole(t, path) {
				t.Errorf("%s: %s is not whole", c.args, entry.Name())
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// complaints are the lines of stderr that are no progress.
func complaints(stderr string) (all []string) {
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "simulate: ") {
			all = append(all, line)
		}
	}
	return all
}

// whole reports whether a file of a run's directory is. That of a history says by itself that
// it is cut, and is worth having.
func whole(t *testing.T, path string) bool {
	switch name := filepath.Base(path); name {
	case reports.HistoryFile:
		return true
	case reports.ResultFile:
		return json.Valid(read(t, path))
	case reports.RepetitionsFile:
		_, err := measure.OpenRepetitions(path)
		return err == nil
	case reports.ReportFile, reports.SummaryFile, reports.CasesFile, reports.PageFile, reports.DistributionFile, reports.ScenarioFile:
		return strings.HasSuffix(string(read(t, path)), "\n")
	}
	return false // such as one that was to become another
}

// TestOutThatCantBeWritten: as with a full disk, and it is said before anything is played.
func TestOutThatCantBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "")
	for _, c := range []struct {
		args    string
		code    int
		verdict string
	}{
		{"two-users", exitCouldNotRun, "PASS"},
		{"two-users single-conflict --world virtual", exitCouldNotRun, "PASS"},
		{"two-users --core unlocked", exitViolated, "FAIL"},
		{"no-conflict --world virtual --threshold counts.puts<1", exitCouldNotRun, "FAIL"},
	} {
		code, stdout, stderr := simulate(t, append([]string{"run", "--out", filepath.Join(file, "out")}, strings.Fields(c.args)...)...)
		if code != c.code || !strings.HasPrefix(stdout, c.verdict) {
			t.Errorf("%s: exit %d, want %d and %s\n%s%s", c.args, code, c.code, c.verdict, stdout, stderr)
		}
		if lines := complaints(stderr); len(lines) != 1 || !strings.Contains(lines[0], "--out: nothing of this will be kept: ") {
			t.Errorf("%s: %q", c.args, lines)
		}
	}
	code, stdout, _ := simulate(t, "run", "two-users", "--core", "unlocked", "--json", "--out", filepath.Join(file, "out"))
	if validate(t, schema.Result, stdout); code != exitViolated || !strings.Contains(stdout, `"windows"`) || strings.Contains(stdout, `"directory"`) {
		t.Errorf("exit %d:\n%.300s", code, stdout)
	}
}

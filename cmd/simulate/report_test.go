package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/reports"
	"holdfast/reports/schema"
	"holdfast/scenarios/sweep"
	"holdfast/scenarios/tuning"
)

// schemaOf is the committed schema of a document.
func schemaOf(t *testing.T, document string) []byte {
	t.Helper()
	var head struct{ Schema string }
	if err := json.Unmarshal([]byte(document), &head); err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		reports.Schema: schema.Result, reports.ExploreSchema: schema.Explore, reports.SelfTestSchema: schema.SelfTest,
		sweep.Schema: schema.Sweep, tuning.Schema: schema.Tune, reports.DoctorSchema: schema.Doctor,
	}[head.Schema]
}

// TestReportTellsAgain what a command has told, from its directory and from its JSON, byte
// for byte.
func TestReportTellsAgain(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"run", "two-users"}, exitPassed},
		{[]string{"run", "two-users", "--core", "unlocked", "--schedule", "bob alice alice bob"}, exitViolated},
		{[]string{"run", "burst", "--world", "virtual", "--runs", "3", "--clients", "1"}, exitInconclusive},
		{[]string{"run", "burst", "--world", "virtual", "--threshold", "attempts.p99<1"}, exitThreshold},
		{[]string{"sweep", "burst", "--vary", "clients=1:3:1", "--vary", "policy.base=5ms,9ms", "--runs", "2"}, exitPassed},
		{[]string{"sweep", "two-users", "--vary", "core=production,unlocked", "--runs", "2"}, exitViolated},
		{[]string{"doctor", "--quick"}, exitPassed},
		{[]string{"explore", "two-users", "--faults", "1"}, exitPassed},
		{[]string{"explore", "two-users", "--core", "unlocked", "--save", filepath.Join(t.TempDir(), "witness.yaml")}, exitViolated},
		{[]string{"tune", "burst", "--clients", "5", "--core", "unlocked"}, exitViolated},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			out := t.TempDir()
			code, told, stderr := simulate(t, append(c.args, "--out", out)...)
			dirs, err := filepath.Glob(filepath.Join(out, "*", "2*"))
			if code != c.code || err != nil || len(dirs) != 1 {
				t.Fatalf("exit %d, directories %q, %v\n%s%s", code, dirs, err, told, stderr)
			}
			saved := string(read(t, filepath.Join(dirs[0], reports.ResultFile)))
			validate(t, schemaOf(t, saved), saved)
			for _, file := range []string{reports.ReportFile, reports.PageFile, reports.SummaryFile} {
				if text := read(t, filepath.Join(dirs[0], file)); len(text) == 0 {
					t.Errorf("%s is empty", file)
				}
			}
			code, again, stderr := simulate(t, "report", dirs[0])
			if code != exitPassed || stderr != "" || again != told {
				t.Errorf("exit %d\n%s%s, was\n%s", code, again, stderr, told)
			}
			file := filepath.Join(t.TempDir(), "again.json")
			code, stdout, stderr := simulate(t, "report", dirs[0], "--format", "json", "-o", file)
			if code != exitPassed || stdout+stderr != "" || string(read(t, file)) != saved {
				t.Errorf("exit %d, %s%s\n%s", code, stdout, stderr, read(t, file))
			}
		})
	}
}

// TestReportOfSeveralRuns is one document with all of them, which can be read as one again.
func TestReportOfSeveralRuns(t *testing.T) {
	out := t.TempDir()
	play := func(code int, args ...string) string {
		t.Helper()
		if got, stdout, stderr := simulate(t, append(args, "--out", out)...); got != code {
			t.Fatalf("%v: exit %d\n%s%s", args, got, stdout, stderr)
		}
		latest, err := filepath.EvalSymlinks(filepath.Join(out, "latest"))
		if err != nil {
			t.Fatal(err)
		}
		return latest
	}
	good := play(exitPassed, "run", "two-users", "--world", "virtual")
	bad := play(exitViolated, "run", "two-users", "--world", "virtual", "--core", "unlocked", "--schedule", "bob alice alice bob")
	code, both, stderr := simulate(t, "report", good, bad, "--format", "json")
	if code != exitPassed || stderr != "" {
		t.Fatalf("exit %d %s", code, stderr)
	}
	validate(t, schema.Result, both)
	file := filepath.Join(t.TempDir(), "both.json")
	write(t, file, both)
	_, told, _ := simulate(t, "report", good, bad)
	_, again, _ := simulate(t, "report", file)
	if again != told || !strings.HasPrefix(told, "FAIL  1 of 2 runs passed, ") || !strings.Contains(told, "violates I1 nothing lost") {
		t.Errorf("%s, and read again\n%s", told, again)
	}
	_, brief, _ := simulate(t, "report", good, bad, "--format", "brief")
	if brief != "PASS  two-users\nFAIL  two-users\n" {
		t.Error(brief)
	}
}

// TestReportKeeps what was told together as if one command had played it: it can be told and
// checked again, and it says where its runs come from.
func TestReportKeeps(t *testing.T) {
	out := t.TempDir()
	var files []string
	for i, version := range []string{"v1", "v2"} {
		code, _, stderr := simulate(t, "run", "two-users", "--world", "virtual", "--seed", strconv.Itoa(i), "--out", out)
		if code != exitPassed {
			t.Fatal(stderr)
		}
		d, err := reports.Read(filepath.Join(out, "latest"))
		if err != nil {
			t.Fatal(err)
		}
		r := d.(reports.Result)
		r.Environment.Version = version
		dir, err := filepath.EvalSymlinks(filepath.Join(out, "latest"))
		if err != nil || reports.Save(dir, r) != nil {
			t.Fatal(err)
		}
		files = append(files, dir)
	}
	code, told, stderr := simulate(t, "report", files[0], files[0], files[1], "--keep", out)
	if code != exitPassed || stderr != "" || !strings.Contains(told, "made by     2 different programs or machines, of version v1, v2;") {
		t.Errorf("exit %d\n%s%s", code, told, stderr)
	}
	kept := string(read(t, filepath.Join(out, "latest", reports.ResultFile)))
	validate(t, schema.Result, kept)
	if !strings.Contains(kept, `"from_run": 2,`) {
		t.Error(kept)
	}
	if code, stdout, stderr := simulate(t, "check", filepath.Join(out, "latest")); code != exitPassed || !strings.HasPrefix(stdout, "PASS  3 of 3 runs passed") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

// TestReportRefuses what is no document with one line, and writes nothing over what is there.
func TestReportRefuses(t *testing.T) {
	dir := t.TempDir()
	at := func(name, text string) string {
		write(t, filepath.Join(dir, name), text)
		return filepath.Join(dir, name)
	}
	newer, cut := at("newer.json", `{"schema": "simulate.result/v2"}`), at("cut.json", `{"schema": "simulate.result/v1", "ru`)
	kept, baseline := at("kept", "kept"), at("baseline.json", `{"schema": "simulate.baseline/v1"}`)
	pipe := filepath.Join(t.TempDir(), reports.ResultFile)
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	version := filepath.Join(dir, "version.json")
	lacking := at("lacking.json", `{"schema": "simulate.tune/v1", "verdict": "ok", "architectures": {"rows": [{"name": "FIFO with batches", "latency_p99_ms": {"value": 1}}]}}`)
	_, stdout, _ := simulate(t, "version", "--json")
	write(t, version, stdout)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{nil, exitUsage, "report wants the directory of a run, or the file of a document"},
		{[]string{filepath.Join(dir, "none")}, exitUsage, "no such file or directory"},
		{[]string{newer}, exitUsage, "newer.json was written by a newer simulate: simulate.result/v2; this one reads v1"},
		{[]string{cut, "-o", kept}, exitUsage, "cut.json is cut off after 36 bytes"},
		{[]string{dir}, exitUsage, "has no result.json: it is no run's directory"},
		{[]string{version, "--format", "yaml"}, exitUsage, `--format is one of brief, `},
		{[]string{baseline, "--format", "html", "-o", kept}, exitUsage, "a baseline can't be told as HTML"},
		{[]string{version, "--format", "trace", "--keep", dir}, exitUsage, "--keep keeps documents, and a trace is none"},
		{[]string{version, "--format", "trace", "-o", kept}, exitUsage, "a trace is made of the history in a run's directory"},
		{[]string{filepath.Dir(pipe)}, exitUsage, "result.json is no file"},
		{[]string{version, version}, exitUsage, "only runs of scenarios are told together, and a version is none"},
		{[]string{lacking}, exitCouldNotRun, "lacking.json: the document lacks something or contradicts itself: runtime error: "},
		{[]string{version, "-o", "/dev/full"}, exitCouldNotRun, "write the report: write /dev/full: no space left on device"},
		{[]string{version, "-o", filepath.Join(dir, "nowhere", "x")}, exitUsage, "--output " + filepath.Join(dir, "nowhere", "x") + ": there is no directory"},
	} {
		code, stdout, stderr := simulate(t, append([]string{"report"}, c.args...)...)
		if code != c.code || stdout != "" || !strings.Contains(stderr, c.says) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: exit %d\n%s%s", c.args, code, stdout, stderr)
		}
	}
	if got := string(read(t, kept)); got != "kept" {
		t.Errorf("a file was replaced by %q", got)
	}
}

// TestReportIsInterrupted: it does not wait for who never writes into a pipe.
func TestReportIsInterrupted(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // lets the reader go
		if f, err := os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
			f.Close()
		}
	})
	for _, args := range [][]string{{"report", pipe}, {"compare", pipe, pipe}, {"trend", pipe, pipe}} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		var stdout, stderr bytes.Buffer
		code := run(ctx, args, &stdout, &stderr)
		cancel()
		if code != exitInterrupted || stdout.Len() > 0 || stderr.String() != "simulate: interrupted\n" {
			t.Errorf("%q: exit %d\n%s%s", args, code, &stdout, &stderr)
		}
	}
}

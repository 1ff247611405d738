package main

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
)

// TestWorkflowsAreThoseOfGitHub: known keys, expressions, inputs of actions, schedules.
func TestWorkflowsAreThoseOfGitHub(t *testing.T) {
	files, err := filepath.Glob("../../docs/ci/*.yml")
	if err != nil || len(files) != 3 {
		t.Fatal(files, err)
	}
	lint, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if filepath.Base(file) == "gitlab-ci.yml" {
			continue
		}
		problems, err := lint.Lint(file, read(t, file), nil)
		if err != nil {
			t.Error(err)
		}
		for _, p := range problems {
			t.Errorf("%s:%d:%d: %s", filepath.Base(file), p.Line, p.Column, p.Message)
		}
	}
	broken := strings.Replace(string(read(t, "../../docs/ci/github.yml")), "runs-on:", "run-on:", 1)
	if problems, err := lint.Lint("github.yml", []byte(broken), nil); err != nil || len(problems) == 0 {
		t.Errorf("a key that there is not: %v, %v", problems, err)
	}
}

// results are the numbers of cases, and of those that are red, in reports for CI servers.
func results(t *testing.T, pattern string) (cases, red int) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v", pattern, err)
	}
	for _, file := range files {
		n, k := casesIn(t, file)
		cases, red = cases+n, red+k
	}
	return cases, red
}

func casesIn(t *testing.T, path string) (cases, red int) {
	t.Helper()
	var all struct {
		Suites []struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Errors   int `xml:"errors,attr"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(read(t, path), &all); err != nil {
		t.Fatal(err)
	}
	for _, s := range all.Suites {
		cases, red = cases+s.Tests, red+s.Failures+s.Errors
	}
	return cases, red
}

// TestWorkflowsRun executes the ready files for CI servers, with less to do, in a clean copy of
// this repository: they are green here, and red where a core loses a modification.
func TestWorkflowsRun(t *testing.T) {
	if raceDetector || testing.Short() {
		t.Skip("it builds the program, and plays a part of the gate")
	}
	dir := cleanCopy(t)
	// What one job leaves the next does not find, but the program, which each makes sure of: to
	// link it takes longer than what is played.
	fresh := func(t *testing.T) {
		t.Helper()
		if err := os.RemoveAll(filepath.Join(dir, "simulate-out")); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("github.yml", func(t *testing.T) {
		fresh(t)
		r, steps := githubJob(t, dir, "github.yml", map[string]string{"PARTS": "contract", "SIMULATE_RUNS": "3"})
		r.execute(steps)
		if r.failed {
			t.Fatal(r.failures())
		}
		if s := r.ran["Seeds of this run"].summary; !strings.HasPrefix(s, "## ✓ PASS: ") || strings.Contains(r.ran["Seeds of this run"].output, "::error") {
			t.Errorf("the summary is\n%s", s)
		}
		if cases, red := results(t, filepath.Join(dir, "simulate-out/run/*/junit.xml")); cases < 12*40 || red > 0 {
			t.Errorf("%d cases, %d red", cases, red)
		}
		if !r.ran["Keep the evidence"].skipped {
			t.Error("evidence of nothing is kept")
		}
		// A core that loses what it has acknowledged, after the gate.
		r.env["SIMULATE_CORE"] = "unlocked"
		r.execute(steps[4:])
		seeds := r.ran["Seeds of this run"]
		if !r.failed || seeds.code != exitViolated || !strings.Contains(seeds.summary, "✕ FAIL") {
			t.Errorf("a core without locks: exit %d\n%s", seeds.code, seeds.summary)
		}
		if n := strings.Count(seeds.output, "::error title="); n == 0 || n > 3 {
			t.Errorf("%d annotations\n%s", n, seeds.output)
		}
		if _, red := results(t, filepath.Join(dir, "simulate-out/run/*/junit.xml")); red == 0 {
			t.Error("test results are green where the core is not")
		}
		if missing := r.missing([]string{"simulate-out/*/*/history.ndjson.zst"}); len(missing) > 0 {
			t.Errorf("there is no evidence: %v", missing)
		}
	})
	t.Run("nightly.yml", func(t *testing.T) {
		fresh(t)
		r, steps := githubJob(t, dir, "nightly.yml", map[string]string{"SIMULATE_RUNS": "3", "SIMULATE_BUDGET": "1s", "SIMULATE_SEEDS": "20", "SIMULATE_SCHEDULES": "3000"})
		r.execute(steps)
		if r.failed {
			t.Fatal(r.failures())
		}
		for _, of := range []string{"run", "explore-backend-fan-in", "selftest"} {
			if cases, red := results(t, filepath.Join(dir, "simulate-out", of, "*/junit.xml")); cases < 12 || red > 0 {
				t.Errorf("%s: %d cases, %d red", of, cases, red)
			}
		}
		if s := r.ran["The judge itself"].summary; !strings.Contains(s, "✓ PASS: selftest") {
			t.Errorf("the summary is\n%s", s)
		}
	})
	t.Run("gitlab-ci.yml", func(t *testing.T) {
		fresh(t)
		r, steps, p := gitlabJob(t, dir, "gitlab-ci.yml", map[string]string{"PARTS": "contract", "SIMULATE_RUNS": "3"})
		r.execute(steps)
		if r.failed {
			t.Fatal(r.failures())
		}
		if missing := r.missing(append(p.Simulate.Artifacts.Paths, p.Simulate.Artifacts.Reports["junit"])); len(missing) > 0 || p.Simulate.Artifacts.When != "always" {
			t.Errorf("there is no %v", missing)
		}
	})
}

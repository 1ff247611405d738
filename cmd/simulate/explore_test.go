package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/reports"
	"holdfast/reports/schema"
)

// explored runs explore with --json and decodes what it prints.
func explored(t *testing.T, wantCode int, args ...string) reports.Explored {
	t.Helper()
	code, stdout, stderr := simulate(t, append([]string{"explore", "--json", "--out", t.TempDir()}, args...)...)
	if code != wantCode {
		t.Fatalf("%v: exit %d, want %d\n%s%s", args, code, wantCode, stdout, stderr)
	}
	validate(t, schema.Explore, stdout)
	var e reports.Explored
	if err := json.Unmarshal([]byte(stdout), &e); err != nil {
		t.Fatal(err)
	}
	if e.Passed != (wantCode == exitPassed) {
		t.Errorf("%v: passed is %v with exit %d", args, e.Passed, code)
	}
	return e
}

func TestExplore(t *testing.T) {
	for _, c := range []struct {
		args     string
		code     int
		complete bool
		contains string // of the line
	}{
		{"two-users", exitPassed, true, "schedules (complete), 0 violations"},
		{"user-vs-backend", exitPassed, true, "schedules (complete), 0 violations"},
		{"two-users --faults 1", exitPassed, true, "schedules (complete), 0 violations"},
		{"two-users --core documented", exitViolated, false, "until one violated I2"},
		{"user-vs-backend --core unlocked", exitViolated, false, "until one violated I"},
		{"three-writers --schedules 100", exitInconclusive, false, "exhaustive, not complete"},
		{"three-writers --strategy random --schedules 100", exitPassed, false, "100 schedules (random, not complete), 0 violations"},
		{"burst --clients 5 --strategy pct --schedules 100", exitPassed, false, "pct, not complete"},
		{"no-conflict", exitInconclusive, true, "0 violations"},
		{"sustained-contention --operations 1 --clients 2 --schedules 50", exitInconclusive, false, "not complete"},
	} {
		t.Run(c.args, func(t *testing.T) {
			e := explored(t, c.code, strings.Fields(c.args)...)
			if e.Complete != c.complete || !strings.Contains(e.Line(), c.contains) || e.Schedules == 0 {
				t.Errorf("%+v\n%s", e, e.Line())
			}
			if c.code == exitViolated && (len(strings.Fields(e.Schedule)) > 8 || len(e.Violations) == 0) {
				t.Errorf("the witness is %s", e.Schedule)
			}
			if (c.code == exitViolated) != (len(e.Inevitable) == len(strings.Fields(e.Schedule))+1) {
				t.Errorf("shares of %d beginnings of %q", len(e.Inevitable), e.Schedule)
			}
		})
	}
}

// TestWitnessesCanBeReplayed: by the line that is printed, and from the file that
// is saved.
func TestWitnessesCanBeReplayed(t *testing.T) {
	for _, args := range []string{"two-users --core documented", "lost-reply --operations 1 --clients 2 --faults 1 --core settled-by-etag"} {
		file := filepath.Join(t.TempDir(), "witness.yaml")
		e := explored(t, exitViolated, append(strings.Fields(args), "--save", file)...)
		invariant := string(e.Violations[0].Invariant)
		for _, again := range [][]string{words(e.Replay)[1:], {"run", file}} {
			if r := result(t, exitViolated, again...); r.Runs[0].Violated[invariant] == 0 || r.Runs[0].World != "virtual" {
				t.Errorf("%v violates %v in the %s world, not %s", again, r.Runs[0].Violated, r.Runs[0].World, invariant)
			}
		}
		code, _, stderr := simulate(t, append([]string{"explore", "--quiet", "--out", t.TempDir(), "--save", file}, strings.Fields(args)...)...)
		if code != exitViolated || !strings.Contains(stderr, "--save") {
			t.Errorf("a file that is there: exit %d, %s", code, stderr)
		}
	}
}

// TestExploreIsInterrupted: and says so, also where not one schedule of thirty
// writers was played by then, as on a slow machine.
func TestExploreIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	code, stdout, stderr := simulateIn(ctx, "explore", "backend-fan-in", "--budget", "0s", "--out", t.TempDir())
	if code != exitInterrupted || !strings.Contains(oneLine(stdout), "not complete") || !strings.Contains(oneLine(stdout), "it was interrupted before") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

func TestSelfTestDocument(t *testing.T) {
	code, stdout, stderr := simulate(t, "selftest", "--json", "--seeds", "20", "--schedules", "3000", "--out", t.TempDir())
	if code != exitPassed {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	validate(t, schema.SelfTest, stdout)
	var s reports.SelfTested
	if err := json.Unmarshal([]byte(stdout), &s); err != nil || !s.Passed || len(s.Bugs) < 32 {
		t.Fatalf("%v: %+v", err, s)
	}
	for _, b := range s.Bugs { // the command that is given shows it
		if r := result(t, exitViolated, words(b.CaughtBy)[1:]...); r.Runs[0].Violated[b.Invariant] == 0 {
			t.Errorf("%s violates %v", b.CaughtBy, r.Runs[0].Violated)
		}
	}
	if len(s.Stores) < 10 {
		t.Errorf("%d planted stores", len(s.Stores))
	}
	// A bound that is too tight lets bugs get away, and that is a failure.
	out := t.TempDir()
	code, stdout, _ = simulate(t, "selftest", "--seeds", "2", "--schedules", "1", "--out", out)
	if code != exitViolated || !strings.HasPrefix(stdout, "FAIL") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
	validate(t, schema.SelfTest, string(read(t, filepath.Join(out, "latest", reports.ResultFile))))
	_, page, _ := strings.Cut(stdout, "page        ")
	page, _, _ = strings.Cut(page, "\n")
	if _, again, _ := simulate(t, "report", filepath.Dir(page)); again != stdout {
		t.Errorf("%s\nwas told as\n%s", stdout, again)
	}
}

func TestVirtualRunsRepeatThemselves(t *testing.T) {
	var first string
	for range 2 {
		code, stdout, stderr := simulate(t, "run", "sustained-contention", "--world", "virtual", "--seed", "7", "--json", "--out", t.TempDir())
		if code != exitPassed {
			t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
		}
		if first == "" {
			first = stdout
		}
		if stdout != first {
			t.Error("the same seed, another document")
		}
	}
}

// TestVirtualRunsCanBeJudgedAgain: the history that is saved gives the same result.
func TestVirtualRunsCanBeJudgedAgain(t *testing.T) {
	out := t.TempDir()
	if code, stdout, stderr := simulate(t, "run", "storm", "--world", "virtual", "--runs", "20", "--out", out); code != exitPassed {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	var saved reports.Result
	if err := json.Unmarshal(read(t, filepath.Join(out, "latest", reports.ResultFile)), &saved); err != nil {
		t.Fatal(err)
	}
	code, stdout, _ := simulate(t, "check", filepath.Join(out, "latest", reports.HistoryFile), "--json")
	var again reports.Result
	if err := json.Unmarshal([]byte(stdout), &again); err != nil || code != exitPassed {
		t.Fatalf("exit %d: %v", code, err)
	}
	if again.Runs[0].Counts != saved.Runs[0].Counts || again.Runs[0].Verdict != saved.Runs[0].Verdict {
		t.Errorf("%+v\n%+v", again.Runs[0].Counts, saved.Runs[0].Counts)
	}
	if code, _, stderr := simulate(t, "validate", filepath.Join(out, "latest", reports.ScenarioFile)); code != exitPassed {
		t.Error(stderr)
	}
}

// TestFaultsInTheRealWorld: they happen over HTTP, below the SDK.
func TestFaultsInTheRealWorld(t *testing.T) {
	r := result(t, exitPassed, "run", "lost-reply")
	if c := r.Runs[0].Counts; c.UnknownOutcomes == 0 || c.Lost+c.Duplicated+c.Failed > 0 || r.Runs[0].World != "real" {
		t.Errorf("%+v", c)
	}
	if l := r.Runs[0].LatencyMS; l.P50 < 30 { // a read and a write of two legs of 10 ms each
		t.Errorf("p50 is %v ms", l.P50)
	}
}

func TestExploreRefuses(t *testing.T) {
	for want, args := range map[string][]string{
		"--operations":        {"sustained-contention"},
		"--strategy":          {"two-users", "--strategy", "guess"},
		"never ends":          {"two-users", "--strategy", "pct", "--budget", "0s"},
		"--faults":            {"two-users", "--faults", "-1"},
		"wants a scenario":    {},
		"there is no core":    {"two-users", "--core", "nobody"},
		"no single actor":     {"two-users", "--clients", "5"},
		"number of operation": {"three-writers", "--operations", "0"},
	} {
		if code, stdout, stderr := simulate(t, append([]string{"explore"}, args...)...); code != exitUsage ||
			!strings.Contains(stderr, want) || stdout != "" {
			t.Errorf("%v: exit %d, want %d and %q\n%s%s", args, code, exitUsage, want, stdout, stderr)
		}
	}
}

// TestSchemasShareTheirDefinitions: what two documents hold alike is described alike.
func TestSchemasShareTheirDefinitions(t *testing.T) {
	var result, explore struct {
		Defs map[string]any `json:"$defs"`
	}
	for source, into := range map[*[]byte]any{&schema.Result: &result, &schema.Explore: &explore} {
		if err := json.Unmarshal(*source, into); err != nil {
			t.Fatal(err)
		}
	}
	shared := 0
	for name, d := range explore.Defs {
		if result.Defs[name] == nil {
			continue
		}
		shared++
		a, errA := json.Marshal(d)
		b, errB := json.Marshal(result.Defs[name])
		if errA != nil || errB != nil || string(a) != string(b) {
			t.Errorf("%s is described in two ways", name)
		}
	}
	if shared < 3 {
		t.Error("nothing was compared")
	}
}

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"holdfast/scenarios"
	"holdfast/scenarios/cores"
)

// gateExplores are the scenarios that the release gate explores, with the faults.
func gateExplores(t *testing.T) map[string]int {
	t.Helper()
	script, err := os.ReadFile("../../.ci/gate")
	if err != nil {
		t.Fatal(err)
	}
	_, list, found := strings.Cut(string(script), "<<'END'\n")
	list, _, ended := strings.Cut(list, "\nEND\n")
	if !found || !ended {
		t.Fatal("the list of what the gate explores is not where it was")
	}
	explores := map[string]int{}
	faults := regexp.MustCompile(`--faults (\d+)`)
	for line := range strings.SplitSeq(list, "\n") {
		name, flags, _ := strings.Cut(line, " ")
		most := 0
		if m := faults.FindStringSubmatch(flags); m != nil {
			most, _ = strconv.Atoi(m[1])
		}
		explores[name] = most
	}
	return explores
}

// TestTheGateMeetsEachBug: what a planted bug needs to show, a core of somebody else's
// with the same bug meets in the gate, which runs it as it runs production's: every
// schedule of the bug's scenario, with as many faults, or the scenario in virtual time.
func TestTheGateMeetsEachBug(t *testing.T) {
	explores := gateExplores(t)
	for _, b := range cores.Bugs() {
		most, explored := explores[b.Scenario]
		if !b.InTime && (!explored || most < b.Faults) {
			t.Errorf("%s needs %s with %d faults, which the gate does not explore", b.Name, b.Scenario, b.Faults)
		}
		if !slices.Contains(scenarios.Names(), b.Scenario) {
			t.Errorf("%s needs %s, which is not in the library", b.Name, b.Scenario)
		}
	}
}

// TestCasesThatPassedTheGate: cores that once passed all of the gate are caught by I12,
// both by exploring and in virtual time, in scenarios and with numbers of seeds that the
// gate has.
func TestCasesThatPassedTheGate(t *testing.T) {
	for _, c := range []struct{ name, core, explore, virtual string }{
		{"edit dropped after a 412", "edit-dropped-on-retry", "two-users --faults 2", "storm"},
		{"entry replaced", "entry-of-another", "user-vs-backend --faults 1", "storm"},
		{"rival's ETag", "rivals-etag", "three-writers", "storm"},
		{"the first of two fields", "one-field-stored", "save-again --faults 1", "save-again"},
		{"a value cut", "value-cut", "two-users --faults 2", "two-users"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, args := range [][]string{
				append([]string{"explore", "--out", t.TempDir()}, strings.Fields(c.explore)...),
				{"run", c.virtual, "--world", "virtual", "--runs", "100", "--out", t.TempDir()},
			} {
				code, stdout, stderr := simulate(t, append(args, "--core", c.core)...)
				if code != 3 || !strings.Contains(stdout, "I12") {
					t.Errorf("%s: exit %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
				}
			}
		})
	}
	t.Run("cut emoji", func(t *testing.T) {
		t.Chdir("testdata")
		for core, want := range map[string]int{"production": 0, "compared-decoded": 3} {
			code, stdout, stderr := simulate(t, "run", "surrogate.yaml", "--world", "virtual", "--core", core, "--out", t.TempDir())
			if code != want {
				t.Errorf("%s: exit %d\n%s%s", core, code, stdout, stderr)
			}
		}
	})
	t.Run("history cut off", func(t *testing.T) {
		code, stdout, stderr := simulate(t, "run", "large-document", "--world", "virtual", "--core", "history-cut-off", "--out", t.TempDir())
		if code != 3 || !strings.Contains(stdout, "I5") {
			t.Errorf("exit %d\n%s%s", code, stdout, stderr)
		}
	})
}

// TestBaselinesAreRenewedTogether: a run that fails leaves those of the others as they were, too.
func TestBaselinesAreRenewedTogether(t *testing.T) {
	const program = `#!/usr/bin/env bash
while [ "$1" != --baseline ]; do shift; done
case $2:$FAIL in *core.json:core | *api.json:api) exit 3 ;; esac
echo new >"$2"
`
	for fail, want := range map[string]string{"": "new\n", "core": "old\n", "api": "old\n"} {
		dir := t.TempDir()
		gate, played := filepath.Join(dir, "gate"), filepath.Join(dir, "simulate")
		write(t, gate, string(read(t, "../../.ci/gate")))
		write(t, played, program)
		if err := os.Chmod(played, 0o755); err != nil {
			t.Fatal(err)
		}
		files := []string{filepath.Join(dir, "baseline", "core.json"), filepath.Join(dir, "baseline", "api.json")}
		if err := os.Mkdir(filepath.Dir(files[0]), 0o755); err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			write(t, file, "old\n")
		}
		cmd := exec.Command("bash", gate, played, "--renew-baseline")
		cmd.Env = append(os.Environ(), "FAIL="+fail)
		said, err := cmd.CombinedOutput()
		if (err == nil) != (fail == "") {
			t.Errorf("%q fails: %v\n%s", fail, err, said)
		}
		for _, file := range files {
			if got := string(read(t, file)); got != want {
				t.Errorf("%q fails: %s holds %q", fail, filepath.Base(file), got)
			}
		}
	}
}

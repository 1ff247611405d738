package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/reports"
	"holdfast/reports/compare"
	"holdfast/reports/schema"
)

// runOf plays a scenario and returns the run's directory.
func runOf(t *testing.T, want int, args ...string) string {
	t.Helper()
	out := t.TempDir()
	if code, stdout, stderr := simulate(t, append([]string{"run", "--out", out}, args...)...); code != want {
		t.Fatalf("%v: exit %d\n%s%s", args, code, stdout, stderr)
	}
	dir, err := filepath.EvalSymlinks(filepath.Join(out, "latest"))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// compareRuns compares, and holds the document against its schema.
func compareRuns(t *testing.T, args ...string) (code int, c reports.Compared) {
	t.Helper()
	code, stdout, stderr := simulate(t, append([]string{"compare", "--json"}, args...)...)
	validate(t, schema.Compare, stdout)
	if err := json.Unmarshal([]byte(stdout), &c); err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	return code, c
}

func TestCompareRuns(t *testing.T) {
	virtualRun := func(want int, args ...string) string {
		return runOf(t, want, append([]string{"--world", "virtual", "--runs", "60"}, args...)...)
	}
	old := virtualRun(exitPassed, "burst")
	for name, c := range map[string]struct {
		new, says string
		want      int
	}{
		"the same again":               {virtualRun(exitPassed, "burst"), "PASS  NEW does just what OLD does", exitPassed},
		"a core that violates":         {virtualRun(exitViolated, "burst", "--core", "unlocked"), "I1 nothing lost", exitViolated},
		"a policy with more conflicts": {virtualRun(exitPassed, "burst", "--policy", "constant(base=5ms,retries=unlimited)"), "puts.per_update", exitRegressed},
		"another seed":                 {virtualRun(exitPassed, "burst", "--seed", "2"), "PASS  ", exitPassed},
		"one repetition":               {runOf(t, exitPassed, "burst", "--world", "virtual", "--latency", "s3-express"), "INCONCLUSIVE", exitInconclusive},
		"another scenario":             {virtualRun(exitPassed, "two-users"), "there is nothing in both", exitInconclusive},
		"the real world":               {runOf(t, exitPassed, "burst"), "numbers of different worlds can't be compared", exitInconclusive},
	} {
		code, stdout, stderr := simulate(t, "compare", old, c.new)
		if code != c.want || !strings.Contains(stdout, c.says) {
			t.Errorf("%s: exit %d, want %d and %q\n%s%s", name, code, c.want, c.says, stdout, stderr)
		}
		if lines := strings.Count(stdout, "\n"); lines > 30 {
			t.Errorf("%s: %d lines", name, lines)
		}
		if again, _ := compareRuns(t, old, c.new); again != c.want {
			t.Errorf("%s: exit %d with --json", name, again)
		}
		if brief, stdout, _ := simulate(t, "compare", old, c.new, "--quiet"); brief != c.want || strings.Count(stdout, "\n") != 1 {
			t.Errorf("%s: exit %d, %q", name, brief, stdout)
		}
	}
}

// TestCompareSaysWhichRepetition went otherwise, and the commands play it alone.
func TestCompareSaysWhichRepetition(t *testing.T) {
	old := runOf(t, exitPassed, "two-users", "--world", "virtual", "--runs", "20")
	new := runOf(t, exitViolated, "two-users", "--world", "virtual", "--runs", "20", "--core", "unlocked")
	code, c := compareRuns(t, old, new)
	p := c.Runs[0]
	if code != exitViolated || p.Differing == 0 || p.First == 0 || p.Method != compare.Paired {
		t.Fatalf("exit %d, %+v", code, p)
	}
	for command, want := range map[string]int{p.ReplayOld: exitPassed, p.ReplayNew: exitViolated} {
		code, stdout, stderr := simulate(t, append(words(command)[1:], "--out", t.TempDir())...)
		if code != want || !strings.Contains(command, "--repetition") {
			t.Errorf("%s: exit %d, want %d\n%s%s", command, code, want, stdout, stderr)
		}
	}
}

// TestCompareFiles: results without their directory, and what can't be compared.
func TestCompareFiles(t *testing.T) {
	dir := runOf(t, exitPassed, "burst", "--world", "virtual", "--runs", "10")
	alone := filepath.Join(t.TempDir(), "alone.json")
	write(t, alone, string(read(t, filepath.Join(dir, "result.json"))))
	if code, c := compareRuns(t, alone, dir); code != exitPassed || c.Runs[0].Method != compare.Paired {
		t.Errorf("a result that says where its run is kept: exit %d, %s", code, c.Runs[0].Method)
	}
	if err := os.Rename(dir, dir+"-moved"); err != nil {
		t.Fatal(err)
	}
	if code, c := compareRuns(t, alone, dir+"-moved"); code != exitPassed || c.Runs[0].Method != compare.Totals {
		t.Errorf("a result alone: exit %d, %s", code, c.Runs[0].Method)
	}
	if code, c := compareRuns(t, dir+"-moved", filepath.Join(dir+"-moved", "result.json")); code != exitPassed || c.Runs[0].Method != compare.Paired {
		t.Errorf("a directory that was moved: exit %d, %s", code, c.Runs[0].Method)
	}
	newer, cut := filepath.Join(t.TempDir(), "newer.json"), dir+"-moved"
	write(t, newer, `{"schema":"simulate.result/v9"}`)
	write(t, filepath.Join(cut, "repetitions.ndjson.zst"), string(read(t, filepath.Join(cut, "repetitions.ndjson.zst"))[:200]))
	version := filepath.Join(t.TempDir(), "version.json")
	_, stdout, _ := simulate(t, "version", "--json")
	write(t, version, stdout)
	for path, says := range map[string]string{
		filepath.Join(dir, "nothing"): "no such file", newer: "newer simulate", cut: "repetitions.ndjson.zst", version: "is a version",
	} {
		code, stdout, stderr := simulate(t, "compare", alone, path)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, says) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d\n%s%s", path, code, stdout, stderr)
		}
	}
	for _, args := range [][]string{{"compare", alone}, {"compare", alone, alone, "--alpha", "2"}, {"compare", alone, alone, "--min-effect", "much"}} {
		if code, _, stderr := simulate(t, args...); code != exitUsage || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: exit %d: %s", args, code, stderr)
		}
	}
}

func TestShares(t *testing.T) {
	for text, want := range map[string]float64{"2%": 0.02, "0.02": 0.02, "0.5 %": 0.005, "0": 0} {
		var s share
		if err := s.Set(text); err != nil || float64(s) != want {
			t.Errorf("%s is %v, %v", text, float64(s), err)
		}
	}
	s := share(0.02)
	if s.String() != "2%" {
		t.Error(s.String())
	}
}

// TestBaseline is made, held, and renewed when what differs is meant.
func TestBaseline(t *testing.T) {
	file := filepath.Join(t.TempDir(), "below", "baseline.json")
	play := func(args ...string) (int, string, string) {
		return simulate(t, append([]string{"run", "burst", "two-users", "--world", "virtual", "--runs", "40", "--out", t.TempDir(), "--baseline", file}, args...)...)
	}
	if code, stdout, stderr := play(); code != exitUsage || stdout != "" || !strings.Contains(stderr, "no such file") {
		t.Errorf("without a baseline: exit %d\n%s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := play("--renew-baseline"); code != exitPassed {
		t.Fatalf("made: exit %d\n%s%s", code, stdout, stderr)
	}
	validate(t, schema.Baseline, string(read(t, file)))
	made := string(read(t, file))
	if code, stdout, _ := play(); code != exitPassed || !strings.Contains(stdout, "NEW does just what OLD does") || !strings.Contains(stdout, "all 80 repetitions went alike") {
		t.Errorf("held: exit %d\n%s", code, stdout)
	}
	if code, stdout, _ := play("--quiet"); code != exitPassed || !strings.HasSuffix(stdout, "PASS  NEW does just what OLD does\n") {
		t.Errorf("held quietly: exit %d\n%s", code, stdout)
	}
	worse := []string{"--policy", "constant(base=5ms,retries=unlimited)"}
	code, stdout, _ := play(worse...)
	if code != exitRegressed || !strings.Contains(stdout, "make baseline") || string(read(t, file)) != made {
		t.Errorf("worse: exit %d\n%s", code, stdout)
	}
	code, stdout, _ = play(append(worse, "--json")...)
	validate(t, schema.Result, stdout)
	var result struct {
		Passed     bool            `json:"passed"`
		Comparison json.RawMessage `json:"comparison"`
	}
	if err := json.Unmarshal([]byte(stdout), &result); err != nil || code != exitRegressed || result.Passed {
		t.Errorf("worse, as JSON: exit %d, %v, passed %v", code, err, result.Passed)
	}
	validate(t, schema.Compare, string(result.Comparison))
	if code, stdout, _ := play("--core", "unlocked", "--renew-baseline"); code != exitViolated || string(read(t, file)) != made {
		t.Errorf("what is violated becomes the baseline: exit %d\n%s", code, stdout)
	}
	if code, stdout, _ := play(append(worse, "--renew-baseline")...); code != exitPassed || !strings.Contains(stdout, "worse") || !strings.Contains(stdout, "renewed") {
		t.Errorf("renewed: exit %d\n%s", code, stdout)
	}
	if code, stdout, _ := play(worse...); code != exitPassed || !strings.Contains(stdout, "NEW does just what OLD does") {
		t.Errorf("held after that: exit %d\n%s", code, stdout)
	}
	alone := append([]string{"run", "two-users", "--world", "virtual", "--runs", "10", "--out", t.TempDir(), "--baseline", file}, worse...)
	if code, stdout, _ := simulate(t, alone...); code != exitPassed || strings.Contains(stdout, "lacks") || !strings.Contains(stdout, "all 10 repetitions") {
		t.Errorf("a scenario alone: exit %d\n%s", code, stdout)
	}
	for _, args := range [][]string{{"--renew-baseline", "--baseline", ""}, {"--renew-baseline", "--world", "real"}} {
		if code, _, stderr := play(args...); code != exitUsage || !strings.Contains(stderr, "--renew-baseline") {
			t.Errorf("%v: exit %d: %s", args, code, stderr)
		}
	}
	t.Setenv("SIMULATE_BASELINE", file)
	if code, stdout, _ := simulate(t, append([]string{"run", "burst", "--world", "virtual", "--runs", "40", "--out", t.TempDir()}, worse...)...); code != exitPassed || !strings.Contains(stdout, "== compared with "+file) {
		t.Errorf("by the environment: exit %d\n%s", code, stdout)
	}
}

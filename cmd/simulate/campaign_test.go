package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/reports"
	"holdfast/reports/schema"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/sweep"
)

// campaigned plans a campaign, has its shards played in an order, and returns its prefix.
func campaigned(t *testing.T, shards int, command ...string) string {
	t.Helper()
	prefix := filepath.Join(t.TempDir(), "campaign")
	must(t, append([]string{"campaign", "plan", prefix, "--shards", fmt.Sprint(shards), "--quiet", "--"}, command...)...)
	return prefix
}

// must runs the program, which is to end with 0, and returns what it prints.
func must(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := simulate(t, args...)
	if code != exitPassed {
		t.Fatalf("%v: exit %d\n%s%s", args, code, stdout, stderr)
	}
	return stdout
}

// targetOf is a directory as the prefix of a campaign.
func targetOf(dir string) measure.Target { return measure.Target{Store: dir} }

// mergedSweep merges a campaign of a sweep, see [swept].
func mergedSweep(t *testing.T, wantCode int, prefix string) (sweep.Result, string) {
	t.Helper()
	code, stdout, stderr := simulate(t, "campaign", "merge", prefix, "--json", "--out", t.TempDir())
	if code != wantCode {
		t.Fatalf("exit %d, want %d\n%s%s", code, wantCode, stdout, stderr)
	}
	validate(t, schema.Sweep, stdout)
	var s sweep.Result
	if err := json.Unmarshal([]byte(stdout), &s); err != nil {
		t.Fatal(err)
	}
	return s, stdout
}

// manyShards are one, few, and more than there are units of the last.
func manyShards(withMost bool) []int {
	if withMost {
		return []int{1, 3, 7, 200}
	}
	return []int{1, 3, 7}
}

// TestSweepOfManyIsThatOfOne: document, CSV and chart, byte for byte.
func TestSweepOfManyIsThatOfOne(t *testing.T) {
	for name, c := range map[string]struct {
		code int
		args []string
	}{
		"held":     {exitPassed, smallSweep},
		"violated": {exitViolated, []string{"two-users", "--runs", "3", "--vary", "core=production,unlocked,documented"}},
		"nothing":  {exitInconclusive, []string{"burst", "--clients", "1", "--runs", "2", "--vary", "latency=constant(1ms),constant(2ms)"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			in := func(file string) string { return filepath.Join(dir, file) }
			_, want := swept(t, c.code, append([]string{"--out", dir, "--csv", in("one.csv")}, c.args...)...)
			for _, shards := range manyShards(name == "held") {
				prefix := campaigned(t, shards, append([]string{"sweep"}, c.args...)...)
				for _, shard := range rand.New(rand.NewPCG(1, uint64(shards))).Perm(shards) {
					must(t, "campaign", "work", prefix, "--index", fmt.Sprint(shard), "--quiet")
				}
				code, got, stderr := simulate(t, "campaign", "merge", prefix, "--json", "--out", dir, "--csv", in("many.csv"))
				if code != c.code || got != want {
					t.Errorf("%d shards: exit %d, want %d: %s\n%s\nwant\n%s", shards, code, c.code, stderr, got, want)
				}
				if string(read(t, in("many.csv"))) != string(read(t, in("one.csv"))) {
					t.Errorf("%d shards: the CSV differs", shards)
				}
			}
		})
	}
}

// withoutMachine is a result without what is of machine and clock.
func withoutMachine(t *testing.T, document string) string {
	t.Helper()
	var d map[string]any
	if err := json.Unmarshal([]byte(document), &d); err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	delete(d, "environment")
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRunOfManyIsThatOfOne: document and repetitions, also of several scenarios and of one
// repetition, whatever they come to.
func TestRunOfManyIsThatOfOne(t *testing.T) {
	for _, c := range []struct {
		code int
		args string
	}{
		{exitPassed, "storm --runs 20"},
		{exitViolated, "storm two-users --runs 5 --core unlocked"},
		{exitThreshold, "burst --runs 7 --threshold attempts.p99<1 --threshold counts.puts<1000000"},
		{exitPassed, "redelivery outbox --runs 4"},
		{exitPassed, "storm --runs 9 --repetition 7"},
		{exitInconclusive, "burst --clients 1 --runs 3"},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			command := append([]string{"run", "--world", "virtual"}, strings.Fields(c.args)...)
			one := t.TempDir()
			code, want, stderr := simulate(t, append(command, "--json", "--out", one)...)
			if code != c.code {
				t.Fatalf("exit %d: %s%s", code, want, stderr)
			}
			for _, shards := range manyShards(c.code == exitThreshold) {
				prefix, many := campaigned(t, shards, command...), t.TempDir()
				must(t, "campaign", "work", prefix, "--index", "all", "--quiet")
				code, got, stderr := simulate(t, "campaign", "merge", prefix, "--json", "--out", many)
				if code != c.code || withoutMachine(t, got) != withoutMachine(t, want) {
					t.Errorf("%d shards: exit %d, want %d: %s\n%s\nwant\n%s", shards, code, c.code, stderr, got, want)
				}
				validate(t, schema.Result, got)
				file := filepath.Join("*", "*", reports.RepetitionsFile)
				ours, _ := filepath.Glob(filepath.Join(many, file))
				theirs, _ := filepath.Glob(filepath.Join(one, file))
				if len(ours) == 0 || len(ours) != len(theirs) {
					t.Fatalf("%v, want those of %v", ours, theirs)
				}
				for i := range ours {
					if string(read(t, ours[i])) != string(read(t, theirs[i])) {
						t.Errorf("%d shards: the repetitions of %s differ", shards, ours[i])
					}
				}
				for _, name := range []string{reports.PageFile, reports.ReportFile, reports.CasesFile, reports.ScenarioFile, reports.CampaignFile} {
					if _, err := os.Stat(filepath.Join(filepath.Dir(ours[0]), name)); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
}

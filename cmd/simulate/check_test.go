package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/reports"
	"holdfast/reports/schema"
	"holdfast/scenarios"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/measure"
	"holdfast/scenarios/stores"
)

// TestCheckForgets: of case "check forgets". The history carries what was expected.
func TestCheckForgets(t *testing.T) {
	out := t.TempDir()
	if code, stdout, _ := simulate(t, "run", "two-users", "--threshold", "attempts.max<1", "--out", out); code != exitThreshold {
		t.Fatalf("run: exit %d\n%s", code, stdout)
	}
	code, stdout, _ := simulate(t, "check", filepath.Join(out, "latest", reports.HistoryFile))
	if code != exitThreshold || !strings.Contains(stdout, "threshold attempts.max<1 missed: it is 2") {
		t.Errorf("check: exit %d, want %d\n%s", code, exitThreshold, stdout)
	}
}

// TestCheckOfAStoreAtFault: a history says by itself whose fault it is, and holds the
// repetitions that prove it.
func TestCheckOfAStoreAtFault(t *testing.T) {
	file := filepath.Join(t.TempDir(), reports.HistoryFile)
	for core, want := range map[string]int{"production": exitStoreAtFault, "documented": exitViolated} {
		s, err := scenarios.Open("sustained-contention")
		if err != nil {
			t.Fatal(err)
		}
		spec, err := cores.Find(core)
		if err != nil {
			t.Fatal(err)
		}
		run, err := scenarios.NewRun(s, spec)
		if err != nil {
			t.Fatal(err)
		}
		run.Repetitions = 2
		for _, p := range stores.All() {
			if p.Name == "stale-read" {
				run.Between = p.Around
			}
		}
		played, err := measure.Play(t.Context(), measure.Plan{Points: []measure.Point{{Run: *run}}},
			measure.Config{History: func(int) (string, error) { return file, nil }, Keep: 1})
		if err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := simulate(t, "check", file, "--json")
		if code != want {
			t.Fatalf("%s: exit %d, want %d\n%s%s", core, code, want, stdout, stderr)
		}
		validate(t, schema.Result, stdout)
		var r reports.Result
		if err := json.Unmarshal([]byte(stdout), &r); err != nil {
			t.Fatal(err)
		}
		found := r.Runs[0].StoreFindings
		if len(found) == 0 || len(found) != len(played[0].StoreFindings) || found[0].Count != played[0].StoreFindings[0].Count || r.Passed {
			t.Errorf("%s: %+v, played %+v", core, found, played[0].StoreFindings)
		}
		if code, stdout, _ := simulate(t, "check", file); want == exitStoreAtFault && (code != want || !strings.HasPrefix(stdout, "STORE AT FAULT  sustained-contention: stale read (")) {
			t.Errorf("exit %d\n%s", code, stdout)
		}
	}
}

// missed is a timeline whose steps do not end as they should.
const missed = `name: missed
shows: X.
actors: [{name: ann, kind: user}, {name: bob, kind: user}]
timeline:
  - {at: T1, actor: ann, do: load}
  - {at: T2, actor: bob, do: load}
  - {at: T3, actor: ann, do: save, set: {changeTitle: A}, expect: committed}
  - {at: T4, actor: bob, do: save, set: {testPlan: B}, expect: conflict}
`

// idle needs more conflicts than it can have.
const idle = `name: idle
shows: X.
actors: [{name: ann, kind: backend, load: {operations: 2}}]
expect: {min_conflicts: 3}
`

// TestCheckExitsAsTheRunDid, whatever the run came to, and of its directory as well as of
// its history.
func TestCheckExitsAsTheRunDid(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "missed.yaml"), missed)
	write(t, filepath.Join(dir, "idle.yaml"), idle)
	for _, c := range []struct {
		args string
		code int
	}{
		{"two-users", exitPassed},
		{"two-users --core unlocked", exitViolated},
		{"two-users --core unlocked --threshold attempts.max<1", exitViolated},
		{"two-users --threshold attempts.max<1", exitThreshold},
		{"burst --world virtual --runs 3 --threshold attempts.max<2", exitThreshold},
		{"burst --world virtual --threshold attempts.max<1000 --threshold counts.operations==0", exitThreshold},
		{dir + "/missed.yaml", exitThreshold},
		{dir + "/missed.yaml --world virtual --runs 2", exitThreshold},
		{dir + "/idle.yaml", exitInconclusive},
		{dir + "/idle.yaml --threshold attempts.max<1", exitInconclusive},
		{"redelivery --world virtual --runs 4", exitPassed},
		{"single-try --world virtual", exitPassed},
		{"burst --world virtual --runs 500 --clients 2 --latency lognormal(10ms,5s) --core unlocked", exitViolated}, // though some final reads may fail
	} {
		out := t.TempDir()
		code, stdout, stderr := simulate(t, append(append([]string{"run"}, strings.Fields(c.args)...), "--out", out)...)
		if code != c.code {
			t.Errorf("run %s: exit %d, want %d\n%s%s", c.args, code, c.code, stdout, stderr)
		}
		for _, path := range []string{filepath.Join(out, "latest"), filepath.Join(out, "latest", reports.HistoryFile)} {
			if code, stdout, stderr := simulate(t, "check", path); code != c.code {
				t.Errorf("check %s of run %s: exit %d, want %d\n%s%s", path, c.args, code, c.code, stdout, stderr)
			}
		}
	}
}

// TestCheckWithThresholds of its own.
func TestCheckWithThresholds(t *testing.T) {
	out := t.TempDir()
	if code, stdout, _ := simulate(t, "run", "two-users", "--out", out); code != exitPassed {
		t.Fatalf("exit %d\n%s", code, stdout)
	}
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"--threshold attempts.max<=2", exitPassed, "PASS"},
		{"--threshold attempts.max<1", exitThreshold, "threshold attempts.max<1 missed"},
		{"--threshold attempts.max", exitUsage, "want METRIC"},
		{"--threshold attempt.max<1", exitUsage, "did you mean attempts.max?"},
	} {
		args := append([]string{"check", filepath.Join(out, "latest")}, strings.Fields(c.args)...)
		if code, stdout, stderr := simulate(t, args...); code != c.code || !strings.Contains(stdout+stderr, c.says) {
			t.Errorf("%s: exit %d, want %d and %q\n%s%s", c.args, code, c.code, c.says, stdout, stderr)
		}
	}
	if code, _, stderr := simulate(t, "check", t.TempDir()); code != exitUsage || !strings.Contains(stderr, reports.HistoryFile) {
		t.Errorf("a directory without a history: exit %d: %s", code, stderr)
	}
}

// TestCheckOfAnOlderHistory, whose header says nothing of thresholds.
func TestCheckOfAnOlderHistory(t *testing.T) {
	old := filepath.Join(t.TempDir(), "old.ndjson")
	write(t, old, `{"schema":"simulate.history/v1","scenario":"two-users","core":"production","world":"real","store":"fake","policy":"none","codec":"json","seed":1,"clients":1,"repetitions":1,"started":"2026-01-01T00:00:00Z","replay":""}
{"e":"put","at_ns":1,"actor":"harness/setup","key":"archive/C.json","if":"absent","answer":"ok","etag":"v0","doc":{"n":0,"sum":"0000000000000000","fields":"0000000000000001"}}
{"e":"begin","at_ns":1,"repetition":1}
{"e":"invoke","at_ns":2,"actor":"ann","op":1,"key":"archive/C.json","do":"append","ids":["m1"]}
{"e":"get","start_ns":3,"at_ns":4,"actor":"ann","op":1,"key":"archive/C.json","answer":"ok","etag":"v0","doc":{"n":0,"sum":"0000000000000000","fields":"0000000000000001"}}
{"e":"put","start_ns":5,"at_ns":6,"actor":"ann","op":1,"key":"archive/C.json","if":"match","if_etag":"v0","answer":"ok","etag":"v1","doc":{"n":1,"sum":"0000000000000002","fields":"0000000000000001","of":"v0","add":["m1"]}}
{"e":"return","at_ns":7,"actor":"ann","op":1,"key":"archive/C.json","etag":"v1","outcome":"committed"}
{"e":"get","start_ns":8,"at_ns":9,"actor":"harness/final","key":"archive/C.json","answer":"ok","etag":"v1","doc":{"n":1,"sum":"0000000000000002","fields":"0000000000000001"}}
{"e":"end","at_ns":10}
`)
	if code, stdout, stderr := simulate(t, "check", old); code != exitPassed {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/reports"
	"holdfast/reports/schema"
	"holdfast/scenarios"
	"holdfast/scenarios/history"
)

// shardFiles are the histories that three recorders have of a run, each by a clock of its own.
func shardFiles(t *testing.T, core string, seconds ...int64) (files []string) {
	t.Helper()
	run, err := scenarios.Prepare("sustained-contention", scenarios.Choice{Core: core, Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	h := run.Header(scenarios.VirtualWorld, "model")
	h.World, h.Recorders = "real", len(seconds)
	var writers []*history.Writer
	dir := t.TempDir()
	for n := range seconds {
		own := h
		own.Shards = []history.Shard{{Number: n, Attempt: 1}}
		files = append(files, filepath.Join(dir, fmt.Sprintf("shard-%d.ndjson.zst", n)))
		f, err := history.Create(files[n])
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		w, err := history.NewWriter(f, own)
		if err != nil {
			t.Fatal(err)
		}
		writers = append(writers, w)
	}
	of := map[string]int{}
	err = run.PlayAgain(t.Context(), 1, sink(func(e *history.Event) {
		for n := range seconds {
			mine := n == 0
			switch {
			case e.Kind == history.Begin || e.Kind == history.End:
				mine = true
			case e.Actor != "" && !strings.HasPrefix(e.Actor, "harness/"):
				if _, known := of[e.Actor]; !known {
					of[e.Actor] = len(of) % len(seconds)
				}
				mine = of[e.Actor] == n
			}
			if !mine {
				continue
			}
			own := e.Clone()
			for _, at := range []*int64{&own.Start, &own.At, &own.Due, &own.Asked} {
				if *at != 0 || at == &own.At || at == &own.Start {
					*at += seconds[n] * 1e9
				}
			}
			if own.Actor != "" && !strings.HasPrefix(own.Actor, "harness/") {
				own.Actor = fmt.Sprintf("%d/1/%s", n, own.Actor)
			}
			writers[n].Add(own)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range writers {
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

type sink func(*history.Event)

func (s sink) Add(e *history.Event) { s(e) }

// TestCheckOfSeveral: the histories of several shards get one verdict, in whatever order they
// are given and however far their clocks are apart.
func TestCheckOfSeveral(t *testing.T) {
	for core, want := range map[string]int{"production": exitPassed, "unlocked": exitViolated} {
		files := shardFiles(t, core, 3, 0, 6)
		verdicts := map[string]bool{}
		for _, order := range [][]int{{0, 1, 2}, {2, 0, 1}, {1, 2, 0}} {
			args := []string{"check", "--json"}
			for _, n := range order {
				args = append(args, files[n])
			}
			code, stdout, stderr := simulate(t, args...)
			if code != want {
				t.Fatalf("%s: exit %d, want %d\n%s%s", core, code, want, stdout, stderr)
			}
			validate(t, schema.Result, stdout)
			var result reports.Result
			if err := json.Unmarshal([]byte(stdout), &result); err != nil {
				t.Fatal(err)
			}
			run := &result.Runs[0]
			verdicts[fmt.Sprint(run.Verdict, run.Violated, run.Undetermined, run.Counts)] = true
			if core == "unlocked" && (run.Violated["I1"] == 0 || run.Violated["I4"] == 0) {
				t.Errorf("of a lost update it says %v", run.Violated)
			}
		}
		if len(verdicts) != 1 {
			t.Errorf("%s: the order matters: %v", core, verdicts)
		}
	}
	files := shardFiles(t, "production", 0, 0)
	other := shardFiles(t, "unlocked", 0, 0)
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{files[0], files[0]}, "attempt 1 of shard 0 is in"},
		{[]string{files[0], other[1]}, "core is production there, and unlocked here"},
		{[]string{files[0], filepath.Join(t.TempDir(), "none")}, "no such file"},
		{nil, "check wants the file of a history"},
	} {
		code, _, stderr := simulate(t, append([]string{"check"}, c.args...)...)
		if code != exitUsage || !strings.Contains(stderr, c.says) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("exit %d, it says %q, want %q", code, stderr, c.says)
		}
	}
}

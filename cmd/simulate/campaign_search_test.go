package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/reports"
	"holdfast/reports/schema"
)

// withoutTime is the document of an exploration without what depends on the clock.
func withoutTime(t *testing.T, document string) string {
	t.Helper()
	var d map[string]any
	if err := json.Unmarshal([]byte(document), &d); err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	delete(d, "elapsed_ms")
	delete(d, "schedules_per_second")
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestExplorationOfManyIsThatOfOne: complete, violated, drawn, and without any conflict.
func TestExplorationOfManyIsThatOfOne(t *testing.T) {
	for _, c := range []struct {
		code int
		args string
	}{
		{exitPassed, "two-users --faults 1"},
		{exitViolated, "user-vs-backend --core unlocked --faults 1 --seed 3"},
		{exitPassed, "three-writers --strategy pct --schedules 50"},
		{exitViolated, "three-writers --strategy random --schedules 50 --core unlocked"},
		{exitInconclusive, "no-conflict"},
	} {
		t.Run(c.args, func(t *testing.T) {
			args := strings.Fields(c.args)
			one := append([]string{"explore", "--json", "--budget", "0s", "--out", t.TempDir()}, args...)
			code, want, stderr := simulate(t, one...)
			if code != c.code {
				t.Fatalf("exit %d: %s", code, stderr)
			}
			for _, shards := range []int{1, 3, 7} {
				prefix := campaigned(t, shards, append([]string{"explore"}, args...)...)
				for _, shard := range rand.New(rand.NewPCG(2, uint64(shards))).Perm(shards) {
					must(t, "campaign", "work", prefix, "--index", fmt.Sprint(shard), "--quiet")
				}
				out := t.TempDir()
				code, got, stderr := simulate(t, "campaign", "merge", prefix, "--json", "--out", out)
				if code != c.code || withoutTime(t, got) != withoutTime(t, want) {
					t.Errorf("%d shards: exit %d, want %d: %s\n%s\nwant\n%s", shards, code, c.code, stderr, got, want)
				}
				validate(t, schema.Explore, got)
				if kept, _ := filepath.Glob(filepath.Join(out, "*", "*", reports.CampaignFile)); len(kept) != 1 {
					t.Errorf("%d shards: who has played it is in %v", shards, kept)
				}
			}
		})
	}
}

// TestTuningOfManyIsThatOfOne, by one worker of three, and told as far as it goes.
func TestTuningOfManyIsThatOfOne(t *testing.T) {
	args := []string{"tune", "no-conflict", "--evaluations", "90000"}
	code, want, stderr := simulate(t, append(args, "--json", "--out", t.TempDir())...)
	if code != exitInconclusive {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	prefix := campaigned(t, 3, args...)
	code, partly, stderr := simulate(t, "campaign", "merge", prefix, "--json", "--out", t.TempDir())
	if code != exitInconclusive || !strings.Contains(partly, "stages/0000") || !strings.Contains(partly, "campaign work "+prefix+" --index 1-2") || !strings.Contains(partly, "--evaluations 90000") {
		t.Errorf("of nothing: exit %d: %s\n%s", code, stderr, partly)
	}
	validate(t, schema.Tune, partly)
	if code, told, _ := simulate(t, "campaign", "status", prefix, "--json"); code != exitPassed || strings.Contains(told, `"passed": true`) {
		t.Errorf("exit %d: %s", code, told)
	}
	must(t, "campaign", "work", prefix, "--index", "1", "--quiet")
	code, got, stderr := simulate(t, "campaign", "merge", prefix, "--wait", "1m", "--json", "--out", t.TempDir())
	if code != exitInconclusive || got != want {
		t.Errorf("exit %d: %s\n%s\nwant\n%s", code, stderr, got, want)
	}
	if code, told, _ := simulate(t, "campaign", "status", prefix, "--json"); code != exitPassed || !strings.Contains(told, `"passed": true`) {
		t.Errorf("exit %d: %s", code, told)
	}
}

// TestSearchesThatCantBePlanned: what has no meaning on many machines is refused, and why.
func TestSearchesThatCantBePlanned(t *testing.T) {
	for args, want := range map[string]string{
		"explore two-users --budget 5s":                          "--schedules says how many",
		"explore two-users --strategy pct":                       "give it a number of --schedules",
		"explore two-users --schedules 5":                        "leave it out",
		"explore two-users --save x.yaml":                        "--save",
		"explore sustained-contention":                           "bound it with --operations",
		"tune burst":                                             "needs a number of --evaluations",
		"tune burst --budget 5s":                                 "--budget",
		"tune burst --evaluations 5":                             "too few",
		"tune burst --evaluations 5000 --confirm":                "one machine's",
		"tune burst --evaluations 5000 --store s3://bucket/x":    "virtual time only",
		"tune burst --evaluations 5000 --capacity --chart x.svg": "campaign merge has it",
	} {
		prefix := filepath.Join(t.TempDir(), "c")
		code, _, stderr := simulate(t, append([]string{"campaign", "plan", prefix, "--shards", "2", "--"}, strings.Fields(args)...)...)
		if code != exitUsage || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d\n%s", args, code, stderr)
		}
	}
}

// TestExplorationLacks what nobody has published, and says which command plays it.
func TestExplorationLacks(t *testing.T) {
	prefix := campaigned(t, 3, "explore", "two-users", "--faults", "1")
	must(t, "campaign", "work", prefix, "--index", "0,2", "--quiet")
	code, text, stderr := simulate(t, "campaign", "merge", prefix, "--out", t.TempDir())
	if code != exitInconclusive || !strings.Contains(oneLine(text), "of shard 1; simulate campaign work "+prefix+" --index 1") || strings.Contains(text, "schedules/s") {
		t.Errorf("exit %d: %s\n%s", code, stderr, text)
	}
}

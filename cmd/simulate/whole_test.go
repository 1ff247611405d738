package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/reports"
	"holdfast/reports/schema"
	"holdfast/scenarios/check"
)

// TestSeveralScenariosAreKeptTogether: latest is the whole of what a command has played, which
// is told and checked as a whole, also after it was moved.
func TestSeveralScenariosAreKeptTogether(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	code, told, stderr := simulate(t, "run", "two-users", "user-vs-backend", "--world", "virtual", "--core", "unlocked", "--runs", "20", "--out", out)
	if code != exitViolated {
		t.Fatalf("exit %d\n%s%s", code, told, stderr)
	}
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(out, moved); err != nil {
		t.Fatal(err)
	}
	latest := filepath.Join(moved, "latest")
	if target, err := os.Readlink(latest); err != nil || filepath.Dir(target) != reports.WholeName {
		t.Errorf("latest is %s, %v", target, err)
	}
	document := string(read(t, filepath.Join(latest, reports.ResultFile)))
	validate(t, schema.Result, document)
	code, again, stderr := simulate(t, "report", latest)
	where := func(text string) string { _, after, _ := strings.Cut(text, "\npage "); return after }
	if code != exitPassed || strings.TrimSuffix(again, where(again)) != strings.TrimSuffix(told, where(told)) {
		t.Errorf("exit %d\n%s%s, was\n%s", code, again, stderr, told)
	}
	code, checked, stderr := simulate(t, "check", latest, "--json")
	var before, after reports.Result
	if err := json.Unmarshal([]byte(document), &before); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(checked), &after); code != exitViolated || err != nil || len(after.Runs) != 2 {
		t.Fatalf("exit %d, %v\n%s%s", code, err, checked, stderr)
	}
	for i := range after.Runs {
		if b, a := before.Runs[i], after.Runs[i]; a.Scenario != b.Scenario || a.Verdict != b.Verdict || a.Counts != b.Counts {
			t.Errorf("%s was %s, is %s %s", b.Scenario, b.Verdict, a.Scenario, a.Verdict)
		}
	}
	if code, _, _ := simulate(t, "check", filepath.Join(moved, "user-vs-backend", filepath.Base(before.Runs[1].Directory))); code != exitViolated {
		t.Errorf("the one run's directory: exit %d", code)
	}
}

// TestAWholeThatLacksARun has not passed when it is checked, whatever its other runs show.
func TestAWholeThatLacksARun(t *testing.T) {
	out := t.TempDir()
	code, stdout, stderr := simulate(t, "run", "two-users", "user-vs-backend", "--world", "virtual", "--out", out)
	if code != exitPassed {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	latest := filepath.Join(out, "latest")
	d, err := reports.Read(latest)
	if err != nil {
		t.Fatal(err)
	}
	r := d.(reports.Result)
	r.Runs = r.Runs[:1]
	r.Lacks([]string{"user-vs-backend"})
	if err := reports.Save(latest, r); err != nil {
		t.Fatal(err)
	}
	code, stdout, _ = simulate(t, "check", latest)
	if code != exitInconclusive || !strings.Contains(stdout, "NOT RUN") || r.Runs[0].Verdict != check.OK {
		t.Errorf("exit %d\n%s", code, stdout)
	}
	r.Runs[0].Directory = ""
	if err := reports.Save(latest, r); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := simulate(t, "check", latest); code != exitUsage || !strings.Contains(stderr, "keeps no history; simulate report ") {
		t.Errorf("exit %d %s", code, stderr)
	}
}

package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"holdfast/scenarios/check"
	"holdfast/scenarios/cores"
	"holdfast/scenarios/tuning"
)

// TestConfirmInterruptedAfterAViolation: an interrupt is 3 if a violation was complete before it, in the real half of --confirm
// too; and whatever becomes of it, no folder is left that nobody is told of.
func TestConfirmInterruptedAfterAViolation(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var stdout, stderr bytes.Buffer
	a := &app{stdout: &stdout, stderr: &stderr}
	o := tuneOptions{confirmRuns: 5000}
	o.run = runDefaults()
	o.run.world, o.run.core, o.run.output.progress, o.run.out = virtual, "unlocked", "none", "-"
	p, err := o.run.prepare("burst", func(f string) bool { return f == "core" })
	if err != nil {
		t.Fatal(err)
	}
	spec, err := cores.Find("unlocked")
	if err != nil {
		t.Fatal(err)
	}
	r := &tuning.Result{Recommendation: &tuning.Recommendation{Promised: tuning.Policy{Policy: spec.Policy}}}
	c := tuning.Config{Run: p.point.Run, Incumbents: tuning.DefaultIncumbents()}
	if err := a.confirm(ctx, o, c, p, r); err != nil {
		t.Fatal(err)
	}
	if r.Verdict != check.Violated {
		t.Errorf("the verdict is %q: the violations before the interrupt are lost", r.Verdict)
	}
	_ = filepath.WalkDir(tmp, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && r.Verdict != check.Violated {
			info, _ := os.Stat(path)
			t.Errorf("left behind: %s, %d bytes", path, info.Size())
		}
		return nil
	})
}

// TestAnUnreachableStoreLeavesNothing behind.
func TestAnUnreachableStoreLeavesNothing(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "y")
	out := filepath.Join(t.TempDir(), "out")
	code, _, stderr := simulate(t, "run", "two-users", "--store", "s3://b/p", "--endpoint", "http://127.0.0.1:1", "--out", out)
	if code != exitCouldNotRun {
		t.Errorf("exit %d: %s", code, stderr)
	}
	if left, _ := filepath.Glob(filepath.Join(out, "*", "*")); len(left) > 0 {
		t.Errorf("left behind, empty: %v", left)
	}
}

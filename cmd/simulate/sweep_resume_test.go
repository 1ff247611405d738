package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"holdfast/reports"
)

// TestSweepSaysWhyItCannotGoOn, and whether that is the caller's mistake.
func TestSweepSaysWhyItCannotGoOn(t *testing.T) {
	out := t.TempDir()
	swept(t, exitPassed, append([]string{"--out", out}, smallSweep...)...)
	dir := sweepDirectory(t, out)
	points := filepath.Join(dir, reports.PointsFile)
	resume := func(wantCode int, want string) {
		t.Helper()
		code, stdout, stderr := simulate(t, append([]string{"sweep", "--resume", dir}, smallSweep...)...)
		if code != wantCode || stdout != "" || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("exit %d, want %d and %q in one line\n%s%s", code, wantCode, want, stdout, stderr)
		}
	}

	f, err := os.Open(points) // as another process has
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	resume(exitCouldNotRun, "another sweep is writing "+dir)
	f.Close()

	if err := os.Remove(points); err != nil {
		t.Fatal(err)
	}
	resume(exitUsage, "no such file")
	if err := os.Mkdir(points, 0o700); err != nil {
		t.Fatal(err)
	}
	resume(exitCouldNotRun, "is a directory")
}

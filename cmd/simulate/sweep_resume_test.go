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

// TestSweepGoesOnWithItsOwnInputsOnly, though their names are the same.
func TestSweepGoesOnWithItsOwnInputsOnly(t *testing.T) {
	out := t.TempDir()
	samples := filepath.Join(t.TempDir(), "latencies.txt")
	args := []string{"burst", "--latency", "empirical(" + samples + ")", "--runs", "2", "--vary", "clients=2,3"}
	write(t, samples, "5\n6\n")
	swept(t, exitPassed, append([]string{"--out", out}, args...)...)
	resume := append([]string{"--resume", sweepDirectory(t, out)}, args...)
	swept(t, exitPassed, resume...)
	write(t, samples, "5\n60\n")
	code, _, stderr := simulate(t, append([]string{"sweep"}, resume...)...)
	if code != exitUsage || !strings.Contains(stderr, "it holds another sweep: ") || !strings.Contains(stderr, "files") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// TestSweepKnowsDefaults: a value that is the default is not another point.
func TestSweepKnowsDefaults(t *testing.T) {
	for _, args := range []string{
		"burst --vary objects.count=0,1",
		"burst --vary actors.writer.count=0,1",
		"burst --vary shows=this,that",
		"burst --core documented --vary codec=json,compact",
		"redelivery --vary queue.receives=0,5",
		"backend-fan-in --via api --vary operations=1,2",
	} {
		code, _, stderr := simulate(t, append([]string{"sweep", "--out", t.TempDir(), "--runs", "1"}, strings.Fields(args)...)...)
		if code != exitUsage || !strings.Contains(stderr, "are the same: each value must make a difference") {
			t.Errorf("%s: exit %d, %s", args, code, stderr)
		}
	}
}

// TestClientsCountThroughTheAPI: each of them has something to do.
func TestClientsCountThroughTheAPI(t *testing.T) {
	s, _ := swept(t, exitPassed, "backend-fan-in", "--vary", "clients=30,100", "--vary", "via=api", "--runs", "2", "--out", t.TempDir())
	for _, p := range s.Points {
		if p.PutsMean < float64(p.Clients) {
			t.Errorf("%s: %d clients made %.1f writes a run", p.Params, p.Clients, p.PutsMean)
		}
		r := result(t, exitPassed, words(p.Replay)[1:]...).Runs[0]
		if r.Counts.Operations < r.Repetitions*p.Clients {
			t.Errorf("%s: %d operations in %d runs", p.Params, r.Counts.Operations, r.Repetitions)
		}
	}
}

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"holdfast/reports"
	"holdfast/scenarios/measure"
)

// theRun plays one scenario and holds its counts against their equations.
func theRun(t *testing.T, wantCode int, args ...string) measure.Measurement {
	t.Helper()
	r := result(t, wantCode, append([]string{"run"}, args...)...)
	if len(r.Runs) != 1 {
		t.Fatalf("%d runs", len(r.Runs))
	}
	if err := r.Runs[0].Counts.Balance(); err != nil {
		t.Errorf("%v: %v", args, err)
	}
	return r.Runs[0]
}

// TestOfferedLoadVanishes: what a rate intends and nobody begins is counted, told with
// its reason, and can fail a gate.
func TestOfferedLoadVanishes(t *testing.T) {
	for _, c := range []struct {
		args            []string
		intended, about int
	}{
		{[]string{"testdata/overload.yaml", "--world", "virtual"}, 400, 60},
		{[]string{"testdata/stall.yaml", "--world", "virtual"}, 100, 30},
		{[]string{"testdata/overload.yaml", "--duration", "2s"}, 80, 30}, // in the real world
	} {
		r := theRun(t, exitPassed, c.args...)
		n := r.Counts
		if n.Intended < c.intended-c.about || n.Intended > c.intended+c.about {
			t.Errorf("%v: %d operations were intended, want about %d", c.args, n.Intended, c.intended)
		}
		if n.NeverBegun < n.Intended/4 || n.Operations == 0 || n.Operations != n.Acknowledged {
			t.Errorf("%v: %+v", c.args, n)
		}
		if rate, want := r.Rates["acknowledged.rate"], float64(n.Acknowledged)/float64(n.Intended); rate != want {
			t.Errorf("%v: acknowledged.rate is %v, want %v of what was intended", c.args, rate, want)
		}
		if len(r.NeverBegun) != 1 || !strings.Contains(r.NeverBegun[0].Why, "still busy") {
			t.Errorf("%v: %v", c.args, r.NeverBegun)
		}
		if c.args[1] != "--world" {
			continue
		}
		code, stdout, _ := simulate(t, append([]string{"run", "--out", t.TempDir(), "--threshold", "counts.never_begun==0"}, c.args...)...)
		if code != exitThreshold || !strings.Contains(stdout, "threshold counts.never_begun==0 missed: it is ") ||
			!strings.Contains(stdout, "intended: their clients were still busy") {
			t.Errorf("%v: exit %d\n%s", c.args, code, stdout)
		}
	}
}

// TestDeadLettersPass: they are a metric, and the report says which were processed
// anyway and that the timeout is too short.
func TestDeadLettersPass(t *testing.T) {
	args := []string{"testdata/visibility.yaml", "--world", "virtual"}
	n := theRun(t, exitPassed, args...).Counts
	if n.DeadLettered == 0 || n.DeadLetteredProcessed == 0 || n.AcknowledgedLate == 0 {
		t.Errorf("%+v", n)
	}
	for _, metric := range []string{"counts.dead_lettered", "counts.dead_lettered_processed", "counts.acknowledged_late"} {
		code, stdout, stderr := simulate(t, append([]string{"run", "--out", t.TempDir(), "--threshold", metric + "==0"}, args...)...)
		if code != exitThreshold || !strings.Contains(stdout, "threshold "+metric+"==0 missed") {
			t.Errorf("%s: exit %d\n%s%s", metric, code, stdout, stderr)
		}
		text := strings.Join(strings.Fields(stdout), " ")
		if !strings.Contains(text, "processed anyway)") || !strings.Contains(text, "the visibility timeout is too short") {
			t.Errorf("the report does not say so:\n%s", stdout)
		}
	}
	// With time enough there are none, and nothing is said of it.
	code, stdout, _ := simulate(t, append([]string{"run", "--out", t.TempDir(), "--set", "queue.visibility=60s", "--threshold", "counts.dead_lettered==0"}, args...)...)
	if code != exitPassed || strings.Contains(stdout, "too short") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
}

// TestCustomersUntold by an upload that is stored and that nobody repeats.
func TestCustomersUntold(t *testing.T) {
	args := []string{"testdata/outbox.yaml", "--world", "virtual"}
	if n := theRun(t, exitPassed, args...).Counts; n.Untold != 30 || n.Crashed != 1 {
		t.Errorf("%+v", n)
	}
	code, stdout, _ := simulate(t, append([]string{"run", "--out", t.TempDir(), "--threshold", "counts.untold==0"}, args...)...)
	if code != exitThreshold || !strings.Contains(stdout, "untold      30 customers") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
	if n := theRun(t, exitPassed, append(args, "--fault", "none")...).Counts; n.Untold != 0 {
		t.Errorf("without the crash: %+v", n)
	}
	if n := theRun(t, exitPassed, append(args, "--set", "queue.reconcile=1s")...).Counts; n.Untold != 0 || n.Crashed != 1 {
		t.Errorf("with a reconciler: %+v", n)
	}
	// Before the archive object is stored there is nothing to tell of.
	if n := theRun(t, exitPassed, append(args, "--fault", "crash(nth=1,actor=user,when=before)")...).Counts; n.Untold != 0 {
		t.Errorf("dead before the write: %+v", n)
	}
	// A saved history tells the same.
	out := t.TempDir()
	simulate(t, append([]string{"run", "--out", out}, args...)...)
	_, stdout, _ = simulate(t, "check", filepath.Join(out, "latest", reports.HistoryFile))
	if !strings.Contains(stdout, "untold      30 customers") {
		t.Errorf("check does not tell of them:\n%s", stdout)
	}
}

// TestCountsAddUp in both worlds, through the core and through the API.
func TestCountsAddUp(t *testing.T) {
	for _, args := range [][]string{
		{"sustained-contention", "--world", "virtual"},
		{"sustained-contention", "--world", "virtual", "--via", "api"},
		{"sustained-contention", "--duration", "1s"},
		{"storm", "--world", "virtual", "--runs", "20"},
		{"storm", "--world", "virtual", "--runs", "20", "--via", "api"},
		{"burst", "--world", "virtual", "--policy", "none(retries=1)", "--clients", "20"},
	} {
		if n := theRun(t, exitPassed, args...).Counts; n.Operations == 0 || n.Puts == 0 || n.Intended < n.Operations {
			t.Errorf("%v: %+v", args, n)
		}
	}
}

package main

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestHangingCommandAndItsChildrenEnd(t *testing.T) {
	start := time.Now()
	e, err := command{args: []string{"bash", "-c", "sleep 987.65 & echo child; wait"}, limit: 300 * time.Millisecond}.run(t.Context())
	if err != nil || !e.timedOut || verdict(e) != "timeout" || e.output != "child\n" {
		t.Errorf("%+v, %v", e, err)
	}
	if time.Since(start) > 4*time.Second {
		t.Errorf("took %v", time.Since(start))
	}
	if out, _ := exec.Command("pgrep", "-f", "sleep 987.65").Output(); len(out) > 0 {
		t.Errorf("left behind: %s", out)
	}
}

func TestGreedyCommandFails(t *testing.T) {
	// Twice the limit, in one variable.
	e, err := command{args: []string{"bash", "-c", `printf -v all '%0209715200d' 1; echo survived`}, memory: 100}.run(t.Context())
	if err != nil || e.code == 0 || strings.Contains(e.output, "survived") {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestOutputIsKeptFromItsEnd(t *testing.T) {
	e, err := command{args: []string{"bash", "-c", "yes line | head -n 100000; echo end; exit 7"}}.run(t.Context())
	if err != nil || e.code != 7 || len(e.output) > mostOutput || !strings.HasSuffix(e.output, "line\nend\n") {
		t.Errorf("code %d, %d bytes, %v", e.code, len(e.output), err)
	}
}

func TestWatchEndsACommand(t *testing.T) {
	e, err := command{
		args:  []string{"bash", "-c", "echo ok; echo FAIL; sleep 60"},
		watch: func(l string) bool { return l == "FAIL" },
	}.run(t.Context())
	if err != nil || !e.stopped || e.took > 30*time.Second {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestCrashIsTold(t *testing.T) {
	for output, want := range map[string]string{
		"panic: runtime error: index out of range\n\ngoroutine 1 [running]:\n":    "panic",
		"fatal error: all goroutines are asleep\n\ngoroutine 1 [chan receive]:\n": "panic",
		"a scenario with a panic: in its text\n":                                  "exit 2",
	} {
		if got := verdict(ended{code: 2, output: output}); got != want {
			t.Errorf("%q: %s, want %s", output, got, want)
		}
	}
	if got := verdict(ended{code: 3}); got != "violated" {
		t.Error(got)
	}
}

func TestFailedTestIsNamed(t *testing.T) {
	for output, want := range map[string]string{
		"ok  \tm/b\t1s\n--- FAIL: TestA (0.00s)\n    a_test.go:1: wrong\nFAIL\nFAIL\tm/a\t0.1s\nFAIL\n": "m/a TestA",
		"panic: boom\nFAIL\tm/a\t0.1s\n":                       "m/a crashed",
		"panic: test timed out after 15m0s\nFAIL\tm/a\t900s\n": "m/a timed out after 15m0s",
	} {
		if got := failedTest(output); got != want {
			t.Errorf("%q: %q, want %q", output, got, want)
		}
	}
}

// TestGateTakesParts holds the gate itself to what this tool asks of it.
func TestGateTakesParts(t *testing.T) {
	const gate = "../../.ci/gate"
	listed, err := exec.Command(gate, "--list").Output()
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Split(strings.TrimSpace(string(listed)), "\n")
	if len(names) < 2 {
		t.Fatalf("%q", listed)
	}
	for _, l := range names {
		name := strings.Fields(l)[0]
		out, err := exec.Command(gate, "/bin/false", name).CombinedOutput()
		if err == nil {
			t.Errorf("%s passes a program that fails at once", name)
		}
		_, summary, _ := strings.Cut(string(out), "== summary\n")
		if got := strings.Count(summary, "\n"); got != 1 || !strings.HasPrefix(summary, name+" ") {
			t.Errorf("%s alone was asked for: %s", name, summary)
		}
	}
	if out, err := exec.Command(gate, "/bin/true", "nonsense").CombinedOutput(); err == nil || !strings.Contains(string(out), "there is no part nonsense") {
		t.Errorf("%v: %s", err, out)
	}
}

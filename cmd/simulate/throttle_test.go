package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// limited is a scenario whose store bears twenty writes a second.
const limited = `
name: limited
shows: A store that throttles.
latency: constant(5ms)
faults: ['throttle(writes=20,burst=5)']
actors: [{name: backend, kind: backend, count: 8, load: {operations: 2}}]
`

// TestThrottlingByLoad works in both worlds; what has no time says that it can't.
func TestThrottlingByLoad(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "limited.yaml")
	if err := os.WriteFile(file, []byte(limited), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, world := range []string{real, virtual} {
		if c := result(t, exitPassed, "run", file, "--world", world).Runs[0].Counts; c.Throttled == 0 || c.Acknowledged != 16 {
			t.Errorf("%s world: %+v", world, c)
		}
		if c := result(t, exitPassed, "run", file, "--world", world, "--fault", "throttle(writes=5000)").Runs[0].Counts; c.Throttled != 0 {
			t.Errorf("%s world, below the limit: %+v", world, c)
		}
	}
	for want, args := range map[string][]string{
		"a schedule has no time: leave it out":                                     {"explore", file},
		"throttle counts requests in a second, and":                                {"run", "two-users", "--schedule", "bob alice", "--fault", "throttle(writes=3)"},
		`--fault: fault "throttle(writes=0)": writes must be a number of requests`: {"run", "burst", "--fault", "throttle(writes=0)"},
	} {
		code, stdout, stderr := simulate(t, args...)
		if code != exitUsage || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit %d, %q; want %q in a line", args, code, stderr, want)
		}
	}
	if _, help, _ := simulate(t, "run", "--help"); !strings.Contains(help, "throttle(writes=100,reads=200)") {
		t.Error("run --help does not show throttle")
	}
}

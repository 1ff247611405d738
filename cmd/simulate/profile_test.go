package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/reports"
	"holdfast/scenarios/network"
)

// TestRunKeepsAProfile of the store, if it had calls enough to know it and nothing else decided
// how long they took.
func TestRunKeepsAProfile(t *testing.T) {
	for _, test := range []struct {
		args []string
		kept bool
	}{
		{[]string{"sustained-contention", "--clients", "3", "--duration", "1s"}, true},
		{[]string{"sustained-contention", "--clients", "3", "--duration", "1s", "--latency", "constant(1ms)"}, false},
		{[]string{"two-users"}, false},
	} {
		on := meddled(t, func(http.ResponseWriter, *http.Request, string, int, func()) bool { return false })
		out := on[len(on)-1]
		code, stdout, stderr := simulate(t, append(append([]string{"run", "--progress", "none"}, test.args...), on...)...)
		if code != exitPassed && code != exitThreshold {
			t.Fatalf("exit %d: %s%s", code, stdout, stderr)
		}
		file := filepath.Join(out, "latest", reports.ProfileFile)
		l, err := network.ParseLatency(file)
		if kept := err == nil; kept != test.kept || !kept && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v: %v", test.args, err)
		}
		if !test.kept {
			continue
		}
		source := l.Measured().Source
		if source.Store != on[1] || !strings.HasPrefix(source.By, "simulate run, calls ") || l.Write.Mean() <= 0 {
			t.Errorf("%+v, %+v", source, l)
		}
	}
}

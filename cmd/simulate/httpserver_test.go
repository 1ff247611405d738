package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"holdfast/scenarios"
)

// listing are the scenarios that a store which can't be listed can't play.
var listing = []string{"outbox"}

// TestHTTPOnServer plays every scenario on a server that .ci/with-server has started.
func TestHTTPOnServer(t *testing.T) {
	want, on := expected(t)
	if os.Getenv("HOLDFAST_TEST_BUCKET") != "" {
		t.Skip("it is an S3 server")
	}
	if want.refused {
		return // and nothing can be stored under a condition
	}
	for _, scenario := range scenarios.Names() {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel() // most of them wait most of the time
			if slices.Contains(listing, scenario) {
				code, stdout, stderr := simulate(t, append([]string{"run", scenario, "--out", t.TempDir()}, on...)...)
				if code != exitCouldNotRun || !strings.Contains(stderr, "can't be listed") {
					t.Errorf("exit %d, want %d\n%s%s", code, exitCouldNotRun, stdout, stderr)
				}
				return
			}
			playedOn(t, scenario, on, want)
		})
	}
}

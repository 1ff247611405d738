package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"holdfast/scenarios"
)

// onHTTPServers are those of .ci/with-server that are no S3 servers.
var onHTTPServers = map[string]onServer{
	"lighttpd": {exits: []int{exitPassed}, sound: true},
	"azurite":  {exits: []int{exitPassed}, sound: true},
	"nginx":    {exits: []int{exitStoreAtFault}}, // it ignores conditions, and is refused
}

// listing are the scenarios that a store which can't be listed can't play.
var listing = []string{"outbox"}

// TestHTTPOnServer plays every scenario on a server that .ci/with-server has started.
func TestHTTPOnServer(t *testing.T) {
	want, ok := onHTTPServers[os.Getenv("HOLDFAST_TEST_SERVER")]
	if !ok {
		t.Skip("HOLDFAST_TEST_SERVER names no HTTP server: run make test-servers")
	}
	on := []string{"--store", os.Getenv("HOLDFAST_TEST_STORE")}
	if endpoint := os.Getenv("HOLDFAST_TEST_ENDPOINT"); endpoint != "" {
		on = append(on, "--endpoint", endpoint)
	}
	if !want.sound {
		code, stdout, stderr := simulate(t, append([]string{"run", "two-users", "--out", t.TempDir()}, on...)...)
		if !slices.Contains(want.exits, code) || !strings.Contains(stderr, "can't be trusted") {
			t.Errorf("exit %d, want %d\n%s%s", code, want.exits, stdout, stderr)
		}
		return
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

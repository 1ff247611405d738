package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"

	"holdfast/archive/s3store"
	"holdfast/archive/s3store/breaker"
	"holdfast/archive/storefault"
)

// TestBreakerOnServer: whatever promise the store breaks, nothing of it is held against the
// core. It takes half a minute: make test-servers.
func TestBreakerOnServer(t *testing.T) {
	if os.Getenv("HOLDFAST_TEST_SERVER") != "gofakes3-memory" {
		t.Skip("HOLDFAST_TEST_SERVER is not gofakes3-memory")
	}
	for _, f := range breaker.Faults() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			own := &http.Transport{MaxIdleConnsPerHost: s3store.IdleConnsPerHost}
			proxy, err := breaker.New(breaker.Config{Upstream: os.Getenv("HOLDFAST_TEST_ENDPOINT"), Fault: f.Name, Every: every(f), Transport: own})
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(proxy)
			t.Cleanup(func() { server.Close(); own.CloseIdleConnections() })
			played := []string{"two-users", "three-writers", "create-race", "delete-race", "burst", "storm", "sustained-contention"}
			if f.Kind == storefault.NoETag {
				played = played[:1] // nothing can be prepared, which is tried for some time
			}
			for _, scenario := range played {
				args := []string{
					"run", scenario, "--skip-check", "--store", os.Getenv("HOLDFAST_TEST_STORE") + "/" + f.Name, "--endpoint", server.URL,
					"--json", "--out", t.TempDir(),
				}
				if scenario == "sustained-contention" {
					args = append(args, "--duration", "2s")
				}
				code, stdout, stderr := simulate(t, args...)
				t.Logf("%s: exit %d", scenario, code)
				// What could not be prepared or read again can't be run.
				if !slices.Contains([]int{exitPassed, exitStoreAtFault, exitInconclusive, exitThreshold, exitCouldNotRun}, code) {
					t.Errorf("%s: exit %d\n%s%s", scenario, code, stdout, stderr)
				}
			}
			// The core makes no conditional deletes.
			if proxy.Broken() == 0 && storefault.Of(f.Kind).Subject != storefault.Deletes {
				t.Error("nothing was broken")
			}
		})
	}
}

// every is how often a promise is broken: more often than by default, and not always where
// that leaves nothing to be seen.
func every(f breaker.Fault) int {
	const often = 4
	if f.Kind == storefault.NoETag {
		return 0
	}
	return often
}

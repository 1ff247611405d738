package main

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// undeletable is an endpoint that refuses to delete, and may ignore the conditions of writes.
func undeletable(t *testing.T, deaf bool) (flags []string) {
	t.Helper()
	return meddled(t, func(w http.ResponseWriter, r *http.Request, _ string, _ int, _ func()) bool {
		if deaf && r.Method == http.MethodPut {
			r.Header.Del("If-Match")
			r.Header.Del("If-None-Match")
		}
		return r.Method == http.MethodDelete && answerError(w, 403, "AccessDenied")
	})
}

// TestWhatIsLeftIsSaid whatever else went wrong, with the command that removes it, and the exit
// code is that of what came first.
func TestWhatIsLeftIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		deaf bool
		args string
		code int
	}{
		"run":                        {false, "run two-users --skip-check", exitCouldNotRun},
		"check before a run":         {false, "run two-users", exitCouldNotRun},
		"check of a store that lies": {true, "run two-users", exitStoreAtFault},
		"tune":                       {false, "tune burst --progress none --budget 1ms", exitCouldNotRun},
		"doctor":                     {false, "doctor --quick", exitCouldNotRun},
		"doctor of one that lies":    {true, "doctor --quick", exitStoreAtFault},
	} {
		t.Run(name, func(t *testing.T) {
			flags := undeletable(t, c.deaf)
			code, stdout, stderr := simulate(t, append(strings.Fields(c.args), flags...)...)
			if code != c.code {
				t.Errorf("exit %d, want %d\n%s%s", code, c.code, stdout, stderr)
			}
			later := "later, simulate clean --store " + flags[1] + " --endpoint " + flags[3] + " --path-style on --run "
			if strings.Count(stderr, later) != 1 || !strings.Contains(stderr, "could not be deleted") || c.deaf && c.args == "run two-users" && !strings.Contains(stderr, "ignored-condition") {
				t.Errorf("want %q once:\n%s", later, stderr)
			}
		})
	}
}

// TestRequestsAreCounted: none is sent beyond those that are allowed, but to clean up.
func TestRequestsAreCounted(t *testing.T) {
	for most := 1; most <= 7; most += 2 {
		for _, command := range []string{"run two-users --skip-check", "run two-users", "doctor --quick", "tune burst --progress none --budget 1ms"} {
			var sent atomic.Int64
			var cleaning atomic.Bool
			flags := meddled(t, func(_ http.ResponseWriter, r *http.Request, _ string, _ int, _ func()) bool {
				if _, asks := r.URL.Query()["versioning"]; asks && sent.Load() > 3 || r.Method == http.MethodDelete {
					cleaning.Store(true) // which begins by asking again
				}
				if !cleaning.Load() {
					sent.Add(1)
				}
				return false
			})
			args := slices.Concat(strings.Fields(command), []string{"--max-requests", strconv.Itoa(most)}, flags)
			code, stdout, stderr := simulate(t, args...)
			if code != exitInconclusive || sent.Load() > int64(most) {
				t.Errorf("%s, of %d requests: exit %d after %d\n%s%s", command, most, code, sent.Load(), stdout, stderr)
			}
		}
	}
}

// TestTuneEndsWhenAllIsSent, in the measurement or in the confirmation, and leaves nothing.
func TestTuneEndsWhenAllIsSent(t *testing.T) {
	if raceDetector {
		t.Skip("not under the race detector: a search takes too long there")
	}
	for _, most := range []string{"150", "900"} {
		flags := meddled(t, func(http.ResponseWriter, *http.Request, string, int, func()) bool { return false })
		code, stdout, stderr := simulate(t, slices.Concat(strings.Fields("tune backend-fan-in --progress none --evaluations 3550 --max-requests "+most), flags)...)
		if code != exitInconclusive || !strings.Contains(stderr, "all of "+most+" requests were sent: --max-requests allows more") {
			t.Errorf("%s requests: exit %d\n%s%s", most, code, stdout, stderr)
		}
		if keys := left(t, flags); len(keys) > 0 {
			t.Errorf("it left %v", keys)
		}
	}
}

// TestDryRunsSendNothing, of whatever command.
func TestDryRunsSendNothing(t *testing.T) {
	var sent atomic.Int64
	flags := meddled(t, func(http.ResponseWriter, *http.Request, string, int, func()) bool {
		sent.Add(1)
		return false
	})
	for _, command := range []string{"run two-users", "doctor", "tune burst"} {
		code, stdout, stderr := simulate(t, slices.Concat(strings.Fields(command), []string{"--dry-run"}, flags)...)
		if code != exitPassed || sent.Load() > 0 || !strings.HasPrefix(stdout, "store       "+flags[1]) {
			t.Errorf("%s: exit %d, %d requests\n%s%s", command, code, sent.Load(), stdout, stderr)
		}
	}
	for _, flag := range []string{"--dry-run", "--max-requests=5", "--max-requests=-1"} {
		if code, _, stderr := simulate(t, "tune", "burst", flag); code != exitUsage {
			t.Errorf("%s: exit %d: %s", flag, code, stderr)
		}
	}
}

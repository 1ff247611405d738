package main

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/archive/s3store"
	"holdfast/reports"
	"holdfast/scenarios/sandbox"
)

// deaf is an endpoint that ignores the conditions of writes.
func deaf(t *testing.T) (flags []string) {
	t.Helper()
	return meddled(t, func(_ http.ResponseWriter, r *http.Request, _ string, _ int, _ func()) bool {
		if r.Method == http.MethodPut {
			r.Header.Del("If-Match")
			r.Header.Del("If-None-Match")
		}
		return false
	})
}

// left are the keys in a store.
func left(t *testing.T, flags []string) (keys []string) {
	t.Helper()
	value := func(flag string) string { return flags[slices.Index(flags, flag)+1] }
	bucket, prefix, err := s3store.ParseURL(value("--store"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := s3store.Open(t.Context(), s3store.Config{Bucket: bucket, Prefix: prefix, Endpoint: value("--endpoint")})
	if err != nil {
		t.Fatal(err)
	}
	listed, err := store.List(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range listed {
		keys = append(keys, o.Key)
	}
	return keys
}

// TestUntrustworthyStoreIsRefused before anything is trusted to it: in one line, with the
// command that shows all of it, and nothing stays behind.
func TestUntrustworthyStoreIsRefused(t *testing.T) {
	flags := deaf(t)
	where := flags[:len(flags)-2] // --out is of run alone
	for _, args := range [][]string{append([]string{"run", "two-users", "--out", t.TempDir()}, where...), append([]string{"serve"}, where...)} {
		code, stdout, stderr := simulate(t, args...)
		if code != exitStoreAtFault || stdout != "" || strings.Count(stderr, "simulate: ") != 1 {
			t.Errorf("%s: exit %d, want %d\n%s%s", args[0], code, exitStoreAtFault, stdout, stderr)
		}
		for _, want := range []string{"ignored-condition", "replaces what others have saved", "simulate doctor --store " + flags[1] + " --endpoint " + flags[3] + " --path-style on"} {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s does not say %q: %s", args[0], want, stderr)
			}
		}
	}
	if keys := left(t, flags); len(keys) > 0 {
		t.Errorf("it left %v", keys)
	}
}

// TestTheCheckKeepsToAnAllowance, and does not go on when it is spent.
func TestTheCheckKeepsToAnAllowance(t *testing.T) {
	var puts atomic.Int64
	flags := meddled(t, func(_ http.ResponseWriter, r *http.Request, _ string, _ int, _ func()) bool {
		if r.Method == http.MethodPut {
			puts.Add(1)
		}
		return false
	})
	a := &app{stdout: io.Discard, stderr: io.Discard}
	began := time.Now()
	err := a.trust(t.Context(), storeOptions{store: flags[1], endpoint: flags[3]}, sandbox.NewAllowance(20))
	if took := time.Since(began); err != nil || took > 2*time.Second || puts.Load() > 20 {
		t.Errorf("%v after %v and %d writes", err, took, puts.Load())
	}
}

// TestUntrustworthyStoreCanBeAskedFor: to see what comes of it, again and again.
func TestUntrustworthyStoreCanBeAskedFor(t *testing.T) {
	code, stdout, stderr := simulate(t, append([]string{"run", "two-users", "--skip-check"}, deaf(t)...)...)
	if code == exitPassed || code == exitCouldNotRun || !strings.Contains(stdout, " --skip-check") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

// TestStoreThatCannotBeTried is let pass with a line; one that nothing can be written to is
// not.
func TestStoreThatCannotBeTried(t *testing.T) {
	for name, c := range map[string]struct {
		refuses func(key string) bool
		code    int
		says    string
	}{
		"the check's writes": {func(key string) bool { return key == "alone" }, exitPassed, "keeps its promises is not known: put alone"},
		"all writes":         {func(string) bool { return true }, exitCouldNotRun, "403 AccessDenied"},
	} {
		flags := meddled(t, func(w http.ResponseWriter, r *http.Request, key string, _ int, _ func()) bool {
			return r.Method == http.MethodPut && c.refuses(key) && answerError(w, 403, "AccessDenied")
		})
		code, stdout, stderr := simulate(t, append([]string{"run", "two-users"}, flags...)...)
		if code != c.code || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit %d, want %d\n%s%s", name, code, c.code, stdout, stderr)
		}
	}
}

// TestInterruptIsStrongerThanAFault, and a violation stronger than both.
func TestInterruptIsStrongerThanAFault(t *testing.T) {
	failure := errors.New("could not be left as it was")
	for _, c := range []struct {
		class       reports.Class
		failure     error
		interrupted bool
		code        int
	}{
		{reports.Violated, nil, true, exitViolated},
		{reports.StoreAtFault, nil, false, exitStoreAtFault},
		{reports.StoreAtFault, failure, false, exitStoreAtFault},
		{reports.StoreAtFault, nil, true, exitInterrupted},
	} {
		err := ending(classed{class: c.class}, c.failure, c.interrupted)
		if code := (&app{stderr: &strings.Builder{}}).exitCode(err); code != c.code {
			t.Errorf("%+v: exit %d", c, code)
		}
	}
}

// classed is a document of a class.
type classed struct {
	reports.Document
	class reports.Class
}

func (c classed) Class() reports.Class { return c.class }

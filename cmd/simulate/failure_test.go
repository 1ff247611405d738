package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"holdfast/archive/s3store/fakes3"
	"holdfast/reports"
	"holdfast/reports/schema"
)

// failing is an S3 endpoint that refuses everything after so many requests.
func failing(t *testing.T, after int64) (endpoint, bucket string) {
	t.Helper()
	s3, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s3.Close() })
	target, err := url.Parse(s3.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) <= after {
			proxy.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<Error><Code>AccessDenied</Code><Message>no more</Message></Error>")
	}))
	t.Cleanup(server.Close)
	return server.URL, s3.Bucket()
}

// TestStoreThatFailsMidRun: the report says what was measured, stderr why it
// ended, and nobody takes it for an interrupt.
func TestStoreThatFailsMidRun(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	t.Setenv("AWS_REGION", "us-east-1")
	endpoint, bucket := failing(t, 200)
	out := t.TempDir()
	code, stdout, stderr := simulate(t, "run", "sustained-contention", "--duration", "20s",
		"--store", "s3://"+bucket+"/p", "--endpoint", endpoint, "--path-style", "on", "--out", out)
	if code != exitCouldNotRun {
		t.Errorf("exit %d, want %d", code, exitCouldNotRun)
	}
	if !strings.Contains(stderr, "simulate: play sustained-contention: read the final state of") || !strings.Contains(stderr, "AccessDenied") {
		t.Errorf("stderr does not say why:\n%s", stderr)
	}
	if !strings.Contains(stdout, "failed") || strings.HasPrefix(stdout, "PASS") {
		t.Errorf("the report does not say what was done:\n%s", stdout)
	}
	code, _, stderr = simulate(t, "check", filepath.Join(out, "latest", reports.HistoryFile))
	if code != exitCouldNotRun || !strings.Contains(stderr, "the run could not go on: read the final state of") {
		t.Errorf("check of the history of a run that failed: exit %d, want %d: %s", code, exitCouldNotRun, stderr)
	}
}

// TestHeadlineCountsWhatWasAskedFor, and not what was reached.
func TestHeadlineCountsWhatWasAskedFor(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	t.Setenv("AWS_REGION", "us-east-1")
	for _, form := range []string{"text", "--quiet", "--json"} {
		endpoint, bucket := failing(t, 22)
		args := []string{"run", "two-users", "single-conflict", "create-race", "--store", "s3://" + bucket + "/p",
			"--endpoint", endpoint, "--path-style", "on", "--skip-check", "--out", t.TempDir()}
		says := []string{"STOPPED  1 of 3 scenarios passed", "create-race     NOT RUN"}
		switch form {
		case "--quiet":
			args, says = append(args, form), []string{"PASS  two-users\n", "NOT RUN  create-race\n"}
		case "--json":
			args, says = append(args, form), []string{`"passed": false`, `"not_reached": [`, `"create-race"`}
		}
		code, stdout, stderr := simulate(t, args...)
		for _, want := range says {
			if code != exitCouldNotRun || !strings.Contains(stdout, want) {
				t.Errorf("%s: exit %d without %q\n%s%s", form, code, want, stdout, stderr)
			}
		}
		if form == "--json" {
			validate(t, schema.Result, stdout)
		}
	}
}

// full is a stdout without space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestViolationOutranksAReportThatCantBeWritten, and so it does when checking.
func TestViolationOutranksAReportThatCantBeWritten(t *testing.T) {
	out := t.TempDir()
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"run", "two-users", "--out", out}, exitCouldNotRun},
		{[]string{"run", "two-users", "--out", out, "--core", "unlocked"}, exitViolated},
		{[]string{"check", filepath.Join(out, "latest", reports.HistoryFile)}, exitViolated},
		{[]string{"list"}, exitCouldNotRun},
	} {
		var stderr bytes.Buffer
		if code := run(t.Context(), c.args, full{}, &stderr); code != c.code {
			t.Errorf("%v: exit %d, want %d", c.args, code, c.code)
		}
		if !strings.Contains(stderr.String(), "no space left on device") {
			t.Errorf("%v: stderr does not say why: %s", c.args, &stderr)
		}
	}
}

// TestInterruptBeforeTheFirstRun is an interrupt too, and not a failure.
func TestInterruptBeforeTheFirstRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, _, stderr := simulateIn(ctx, "run", "two-users", "--out", t.TempDir())
	if code != exitInterrupted {
		t.Errorf("exit %d, want %d: %s", code, exitInterrupted, stderr)
	}
}

// TestMoreBadInput: flags whose values Go would explain in its own words.
func TestMoreBadInput(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "bare.json"), `{"changeId":"A-1"}`)
	write(t, filepath.Join(dir, "lost.yaml"), "name: lost\nshows: X.\ndocument: no/such.json\nactors: [{name: a, kind: backend, load: {operations: 1}}]\n")
	for _, c := range []struct {
		args string
		says string
	}{
		{"run burst --seed -1", `invalid argument "-1" for "--seed" flag: want a whole number, 0 or more`},
		{"run burst --seed 99999999999999999999", "the number is too large"},
		{"run burst --clients 1e3", `"--clients" flag: want a whole number`},
		{"run burst --json=maybe", `"--json" flag: want true or false`},
		{"run burst --clients 1000000000", "--clients: the number of clients must be from 1 to 100000"},
		{"run burst --out=", "--out wants a directory"},
		{"run sustained-contention --document " + dir + "/bare.json", "--document: user user has nothing to edit"},
		{"run " + dir + "/lost.yaml", "lost.yaml: read the document: open no/such.json"},
		{"validate " + dir + "/lost.yaml", "lost.yaml: read the document: open no/such.json"},
	} {
		code, stdout, stderr := simulate(t, strings.Fields(c.args)...)
		if code != exitUsage || !strings.Contains(stderr, c.says) || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, want %d and %q\n%s%s", c.args, code, exitUsage, c.says, stdout, stderr)
		}
	}
}

// TestSavedScenarioKeepsTheFlags: the run directory's scenario plays the same.
func TestSavedScenarioKeepsTheFlags(t *testing.T) {
	out := t.TempDir()
	policy := "constant(base=1ms,cap=1ms,retries=40)"
	if code, _, stderr := simulate(t, "run", "burst", "--policy", policy, "--clients", "3", "--threshold", "attempts.max<30", "--out", out); code != exitPassed && code != exitInconclusive {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	// Three clients may happen not to meet, which is inconclusive.
	code, stdout, stderr := simulate(t, "run", filepath.Join(out, "latest", reports.ScenarioFile), "--out", t.TempDir())
	if code != exitPassed && code != exitInconclusive {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if !strings.Contains(stdout, policy) || !strings.Contains(stdout, "3 clients") {
		t.Errorf("the saved scenario plays otherwise:\n%s", stdout)
	}
}

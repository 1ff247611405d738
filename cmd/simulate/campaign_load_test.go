package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/archive/s3store/fakes3"
	"holdfast/reports"
	"holdfast/reports/schema"
	"holdfast/scenarios/campaign"
)

// loaded is a load that was planned under a directory.
type loaded struct {
	prefix string
	store  []string // flags
}

// planLoad plans a load of so many shards.
func planLoad(t *testing.T, store []string, shards int, args ...string) loaded {
	t.Helper()
	l := loaded{filepath.Join(t.TempDir(), "c"), store}
	all := append([]string{"campaign", "plan", l.prefix, "--shards", fmt.Sprint(shards), "--quiet", "--", "run"}, args...)
	if code, stdout, stderr := simulate(t, append(append(all, "--world", "real"), store...)...); code != exitPassed {
		t.Fatalf("plan exits %d\n%s%s", code, stdout, stderr)
	}
	return l
}

// work plays each shard in a process of its own, which begins a moment after the one before it,
// and so has another clock. Once the load goes on, killed is called with the processes.
func (l loaded) work(t *testing.T, shards int, killed func([]*exec.Cmd)) (codes []int, output string) {
	t.Helper()
	var all []*exec.Cmd
	var out bytes.Buffer
	outs := make([]bytes.Buffer, shards)
	for k := range shards {
		cmd := exec.Command(os.Args[0], "-test.run=^TestAsProgram$")
		cmd.Env = append(os.Environ(), asSilently+"=yes", asProgram+"="+strings.Join([]string{"campaign", "work", l.prefix, "--index", fmt.Sprint(k), "--barrier-timeout", "30s"}, "\n"))
		cmd.Stdout, cmd.Stderr = &outs[k], &outs[k]
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill() })
		all = append(all, cmd)
		time.Sleep(100 * time.Millisecond)
	}
	if killed != nil {
		l.await(t, shards)
		killed(all)
	}
	for k, cmd := range all {
		_ = cmd.Wait() // its code is looked at
		codes = append(codes, cmd.ProcessState.ExitCode())
		out.WriteString(outs[k].String())
	}
	return codes, out.String()
}

// await returns when each shard has published a few segments.
func (l loaded) await(t *testing.T, shards int) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		there := 0
		for k := range shards {
			if found, _ := filepath.Glob(filepath.Join(l.prefix, "load", "history", fmt.Sprintf("%05d-*", k), "000001")); len(found) > 0 {
				there++
			}
		}
		if there == shards {
			return
		}
	}
	t.Fatal("the load has not begun")
}

// silence lets the heartbeats of a shard look old.
func (l loaded) silence(t *testing.T, shard int) {
	t.Helper()
	beats, err := filepath.Glob(filepath.Join(l.prefix, "workers", fmt.Sprintf("%05d", shard), "*"))
	if err != nil || len(beats) == 0 {
		t.Fatal(beats, err)
	}
	for _, file := range beats {
		old := time.Now().Add(-2 * campaign.Dead)
		if err := os.Chtimes(file, old, old); err != nil {
			t.Fatal(err)
		}
	}
}

// ownS3 is an S3 server of the test's own that other processes reach.
func ownS3(t *testing.T) (server *fakes3.Server, store []string) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	t.Setenv("AWS_REGION", "us-east-1")
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server, []string{"--store", "s3://" + server.Bucket() + "/p", "--endpoint", server.Endpoint(), "--path-style", "on"}
}

// TestLoadOfManyProcesses, one of which is killed: production loses nothing, and a core that
// does not lock does.
func TestLoadOfManyProcesses(t *testing.T) {
	server, store := ownS3(t)
	for core, c := range map[string]struct {
		code  int
		shows string
	}{
		"production": {exitPassed, ""}, "unlocked": {exitViolated, "I1"},
	} {
		l := planLoad(t, store, 4, "sustained-contention", "--duration", "2500ms", "--core", core)
		codes, output := l.work(t, 4, func(all []*exec.Cmd) { _ = all[2].Process.Kill() })
		for k, code := range codes {
			if want := map[bool]int{true: -1}[k == 2]; code != want {
				t.Errorf("%s: shard %d exits %d, want %d\n%s", core, k, code, want, output)
			}
		}
		// Whoever has its index next does not play it again.
		if code, stdout, stderr := simulate(t, "campaign", "work", l.prefix, "--index", "2"); code != exitPassed || !strings.Contains(stdout, "a load is not played again") {
			t.Errorf("%s: the killed one started again exits %d\n%s%s", core, code, stdout, stderr)
		}
		if s := statusOf(t, l.prefix); !s.Begun || s.Next != "" || s.Running.Index != "2" {
			t.Errorf("%s: while the killed one may be running, status is %+v", core, s)
		}
		out := t.TempDir()
		if code, stdout, stderr := simulate(t, "campaign", "merge", l.prefix, "--out", out); core == "production" && (code != exitInconclusive || !strings.Contains(stdout, "shard 2 is still playing, or died less than a minute ago")) {
			t.Errorf("while it may be running, merge exits %d\n%s%s", code, stdout, stderr)
		}
		l.silence(t, 2)
		if s := statusOf(t, l.prefix); s.Silent.Index != "2" || s.Next != "simulate campaign merge "+l.prefix {
			t.Errorf("%s: when it is lost, status is %+v", core, s)
		}
		if code, stdout, _ := simulate(t, "campaign", "status", l.prefix, "--watch"); code != exitPassed || !strings.Contains(strings.Join(strings.Fields(stdout), " "), "a load is not played again") {
			t.Errorf("%s: status exits %d\n%s", core, code, stdout)
		}
		code, stdout, stderr := simulate(t, "campaign", "merge", l.prefix, "--out", out, "--wait", "10s")
		text := strings.Join(strings.Fields(stdout), " ")
		if code != c.code || !strings.Contains(text, c.shows) || !strings.Contains(text, "shard 2 (attempt 1) died") || core == "production" && !strings.Contains(text, "4, all of them at work for") {
			t.Errorf("%s: merge exits %d, want %d\n%s%s", core, code, c.code, stdout, stderr)
		}
		if again, stdout, stderr := simulate(t, "check", filepath.Join(out, "latest")); again != c.code {
			t.Errorf("%s: check of what was merged exits %d, want %d\n%s%s", core, again, c.code, stdout, stderr)
		}
		for _, file := range []string{reports.HistoryFile, reports.ResultFile, reports.CampaignFile, reports.PageFile} {
			if _, err := os.Stat(filepath.Join(out, "latest", file)); err != nil {
				t.Error(err)
			}
		}
	}
	for e, err := range server.Store().Entries(t.Context(), "", false) {
		t.Errorf("left is %s, %v", e.Key, err)
	}
}

// TestLoadsAreRefused that can't be played by many, in one line that says why; and a barrier to
// which not all come names who is missing.
func TestLoadsAreRefused(t *testing.T) {
	_, store := ownS3(t)
	for args, want := range map[string]string{
		"two-users":                         "timeline",
		"service-faults":                    "via: api",
		"burst --runs 3":                    "leave --runs",
		"burst --clients 3":                 "--clients sets their number",
		"sustained-contention --store fake": "--store s3://bucket/prefix",
		"sustained-contention no-conflict":  "one scenario",
	} {
		all := append([]string{"campaign", "plan", filepath.Join(t.TempDir(), "c"), "--shards", "4", "--", "run", "--world", "real"}, store...)
		code, stdout, stderr := simulate(t, append(all, strings.Fields(args)...)...)
		if strings.Contains(args, "fake") {
			code, stdout, stderr = simulate(t, "campaign", "plan", filepath.Join(t.TempDir(), "c"), "--shards", "4", "--", "run", "sustained-contention")
		}
		if code != exitUsage || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, want %q\n%s%s", args, code, want, stdout, stderr)
		}
	}
	l := planLoad(t, store, 2, "burst", "--operations", "1")
	code, stdout, stderr := simulate(t, "campaign", "work", l.prefix, "--index", "1", "--barrier-timeout", "300ms")
	if code != exitCouldNotRun || !strings.Contains(stderr, "1 of 2 shards were not ready (0)") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	if s := statusOf(t, l.prefix); s.Begun || s.Running.Count > 0 || s.Missing.Index != "0-1" {
		t.Errorf("after a worker has ended with an error, status is %+v", s)
	}
	code, stdout, stderr = simulate(t, "campaign", "merge", l.prefix, "--out", t.TempDir())
	if code != exitInconclusive || !strings.Contains(stderr, "campaign work "+l.prefix+" --index 0,1") && !strings.Contains(stderr, "--index 0-1") || strings.Contains(stderr, "after 0s") {
		t.Errorf("merge exits %d\n%s%s", code, stdout, stderr)
	}
	out := t.TempDir()
	// All of them in one process, for whoever tries it out.
	if code, stdout, stderr := simulate(t, "campaign", "work", l.prefix, "--index", "all"); code != exitPassed || strings.Count(stdout, "is published") != 2 {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := simulate(t, "campaign", "merge", l.prefix, "--json", "--out", out); code != exitPassed {
		_, told, _ := simulate(t, "check", filepath.Join(out, "latest"))
		t.Errorf("merge exits %d\n%s%s", code, told, stderr)
	} else {
		validate(t, schema.Result, stdout)
	}
}

// TestLoadOnServer plays loads of four processes, one of which is killed, on a server that
// .ci/with-server has started.
func TestLoadOnServer(t *testing.T) {
	want, on := expected(t)
	if !want.sound || os.Getenv("HOLDFAST_TEST_BUCKET") == "" {
		t.Skip("it is no sound S3 server")
	}
	for core, c := range map[string]struct {
		runs, shards int
		violates     string
	}{"production": {2, 4, ""}, "unlocked": {1, 4, "I1"}, "cached-load": {1, 4, "I7"}} {
		for range c.runs {
			l := planLoad(t, on, c.shards, "sustained-contention", "--duration", "3s", "--core", core)
			_, output := l.work(t, c.shards, func(all []*exec.Cmd) {
				_ = all[2].Process.Kill()
				if core == "cached-load" { // whose users are told of a conflict for ever
					for _, cmd := range all {
						_ = cmd.Process.Signal(os.Interrupt)
					}
				}
			})
			l.silence(t, 2)
			code, stdout, stderr := simulate(t, "campaign", "merge", l.prefix, "--out", t.TempDir())
			fine := code == exitViolated && strings.Contains(stdout, c.violates)
			if c.violates == "" {
				fine = slices.Contains(want.exits, code)
			}
			if !fine {
				t.Errorf("%s: merge exits %d\n%s%s%s", core, code, stdout, stderr, output)
			}
		}
	}
}

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/archive/s3store/fakes3"
	"holdfast/reports"
	"holdfast/reports/schema"
)

// inBucketsOfOthers tests in buckets that hold things of others, of either way to keep them,
// with the flags to play there.
func inBucketsOfOthers(t *testing.T, test func(t *testing.T, s *s3store.Store, flags []string)) {
	for name, begin := range map[string]func() (*fakes3.Server, error){"plain": fakes3.Start, "versioned": fakes3.StartVersioned} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE0000SHOW")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "sekret-of-the-bucket")
			t.Setenv("AWS_REGION", "us-east-1")
			server, err := begin()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = server.Close() })
			s := server.Store()
			for _, key := range []string{"p/archive/CHG-12345.json", "p/simulate-0123456789/hers", "p/simulate-latest", "other", "other"} {
				if _, err := s.Put(t.Context(), key, []byte("not yours"), archive.Condition{}); err != nil {
					t.Fatal(err)
				}
			}
			test(t, s, []string{"--store", "s3://" + server.Bucket() + "/p", "--endpoint", server.Endpoint()})
		})
	}
}

// held is all that a bucket holds, with versions and delete markers.
func held(t *testing.T, s *s3store.Store) []string {
	t.Helper()
	versioning, err := s.Versioning(t.Context())
	if err != nil {
		t.Logf("the server keeps no versions: %v", err)
	}
	for tries := 1; ; tries++ { // a server may stumble over what is being written
		all, err := entries(t, s, versioning != "")
		if err == nil {
			slices.Sort(all)
			return all
		}
		if tries == 5 || !errors.Is(err, archive.ErrUnavailable) {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func entries(t *testing.T, s *s3store.Store, versions bool) (all []string, err error) {
	for e, err := range s.Entries(t.Context(), "", versions) {
		if err != nil {
			return nil, err
		}
		all = append(all, fmt.Sprint(e.Key, " ", e.Version, " ", e.Bytes, " ", e.Modified.UnixNano()))
	}
	return all, nil
}

func cleaned(t *testing.T, wantCode int, args ...string) reports.Cleaned {
	t.Helper()
	code, stdout, stderr := simulate(t, append([]string{"clean", "--json"}, args...)...)
	if code != wantCode {
		t.Fatalf("clean %v: exit %d, want %d\n%s%s", args, code, wantCode, stdout, stderr)
	}
	validate(t, schema.Clean, stdout)
	var c reports.Cleaned
	if err := json.Unmarshal([]byte(stdout), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestWhatAKilledRunLeaves: SIGKILL in the middle of a run, then clean: byte for byte as before.
func TestWhatAKilledRunLeaves(t *testing.T) {
	inBucketsOfOthers(t, func(t *testing.T, s *s3store.Store, flags []string) {
		before := held(t, s)
		killed(t, func() bool { return len(held(t, s)) > len(before)+1 },
			append([]string{"run", "sustained-contention", "--duration", "1m", "--skip-check", "--out", t.TempDir()}, flags...)...)
		left := held(t, s)
		if len(left) <= len(before)+1 {
			t.Fatalf("the run has left only %v", left)
		}
		c := cleaned(t, exitPassed, flags...)
		if len(c.Runs) != 2 || c.Asked {
			t.Fatalf("found %+v", c)
		}
		i := slices.IndexFunc(c.Runs, func(r reports.Left) bool { return r.ID != "0123456789" })
		run := c.Runs[i]
		if run.Objects != len(left)-len(before) || run.Bytes == 0 || !run.Running || run.Removed != 0 || !strings.HasPrefix(run.Command, "simulate run sustained-contention") {
			t.Errorf("found %+v, and there are %d objects", run, len(left)-len(before))
		}
		if hers := c.Runs[1-i]; hers.Foreign != 1 || hers.Unowned == "" || hers.Objects != 0 {
			t.Errorf("found %+v", hers)
		}
		if now := held(t, s); !slices.Equal(now, left) {
			t.Error("clean without --yes has changed the bucket")
		}
		// It was seen alive a moment ago, so it may be running.
		if c := cleaned(t, exitPassed, append(flags, "--yes")...); c.Runs[i].Removed != 0 || len(held(t, s)) != len(left) {
			t.Errorf("removed %+v", c)
		}
		c = cleaned(t, exitPassed, append(flags, "--yes", "--force")...)
		if c.Runs[i].Removed != run.Objects || !c.Passed {
			t.Errorf("removed %+v", c)
		}
		if after := held(t, s); !slices.Equal(before, after) {
			t.Errorf("the bucket has changed:\nbefore %v\nafter  %v", before, after)
		}
	})
}

// killed runs the program until it has done enough, and kills it so that it can do nothing
// about it.
func killed(t *testing.T, enough func() bool, args ...string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestAsProgram$")
	cmd.Env = append(os.Environ(), asProgram+"="+strings.Join(args, "\n"))
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(stdout); lines.Scan() && lines.Text() != ready; {
	}
	for end := time.Now().Add(20 * time.Second); !enough() && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait() // it was killed
}

// TestTheBucketOfOthersIsLeftAsItWas by runs that pass, fail, and are interrupted.
func TestTheBucketOfOthersIsLeftAsItWas(t *testing.T) {
	inBucketsOfOthers(t, func(t *testing.T, s *s3store.Store, flags []string) {
		before := held(t, s)
		for _, c := range []struct {
			code int
			args string
		}{
			{exitPassed, "two-users"},
			{exitPassed, "create-race --runs 3"},
			{exitPassed, "redelivery"},
			{exitViolated, "two-users --core unlocked"},
			{exitInconclusive, "sustained-contention --max-requests 300"},
			{exitInconclusive, "two-users --runs 3 --max-requests 1"},
		} {
			code, stdout, stderr := simulate(t, slices.Concat([]string{"run", "--out", t.TempDir()}, strings.Fields(c.args), flags)...)
			if code != c.code {
				t.Errorf("%s: exit %d, want %d\n%s%s", c.args, code, c.code, stdout, stderr)
			}
			if strings.Contains(c.args, "--max-requests") && !strings.Contains(strings.Join(strings.Fields(stdout), " "), "requests were sent: --max-requests allows more") {
				t.Errorf("%s does not say why it has ended:\n%s", c.args, stdout)
			}
			if after := held(t, s); !slices.Equal(before, after) {
				t.Fatalf("%s has changed the bucket:\nbefore %v\nafter  %v", c.args, before, after)
			}
		}
		code, output := interrupted(t, time.Second, slices.Concat([]string{"run", "sustained-contention", "--duration", "1m", "--out", t.TempDir()}, flags)...)
		if after := held(t, s); code != exitInterrupted || !slices.Equal(before, after) {
			t.Errorf("exit %d; interrupted, it has changed the bucket:\nbefore %v\nafter  %v\n%s", code, before, after, output)
		}
	})
}

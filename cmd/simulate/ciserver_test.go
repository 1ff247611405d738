package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/reports/schema"
)

// TestGitHubIsTold: of a step by a summary, and of what is red by annotations, beside a stdout
// that is one document; and whatever becomes of that, the exit code is that of the verdict.
func TestGitHubIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "summary")
	t.Setenv("GITHUB_STEP_SUMMARY", path)
	t.Setenv("GITHUB_ACTIONS", "true")
	violated := []string{"run", "two-users", "--core", "unlocked", "--world", "virtual", "--json", "--out", t.TempDir()}
	code, stdout, stderr := simulate(t, violated...)
	validate(t, schema.Result, stdout)
	if n := strings.Count(stderr, "::error title="); code != exitViolated || n == 0 || n > 3 || !strings.Contains(stderr, "::error title=two-users%2C unlocked core / I1 nothing lost::") {
		t.Errorf("exit %d, %d annotations\n%s", code, n, stderr)
	}
	if text := string(read(t, path)); !strings.HasPrefix(text, "## ✕ FAIL: two-users") || !strings.Contains(text, "\nsimulate run two-users ") {
		t.Errorf("the summary is\n%s", text)
	}
	for _, quiet := range []string{"explore two-users --quiet --out " + t.TempDir(), "check " + filepath.Join(violated[len(violated)-1], "latest") + " --quiet"} {
		_, _, stderr = simulate(t, strings.Fields(quiet)...)
		if passed := strings.HasPrefix(quiet, "explore"); passed == strings.Contains(stderr, "::error") {
			t.Errorf("%s: %s", quiet, stderr)
		}
	}
	text := string(read(t, path))
	if n := strings.Count("\n"+text, "\n## "); n != 3 || !strings.Contains(text, "✓ PASS: explore two-users, production core") {
		t.Errorf("%d documents in the summary\n%s", n, text)
	}

	for name, to := range map[string]string{"a directory": t.TempDir(), "a full disk": "/dev/full"} {
		t.Setenv("GITHUB_STEP_SUMMARY", to)
		code, stdout, stderr := simulate(t, "explore", "two-users", "--out", t.TempDir())
		if code != exitPassed || !strings.HasPrefix(stdout, "PASS") || !strings.Contains(stderr, "simulate: GITHUB_STEP_SUMMARY is left as it is: ") {
			t.Errorf("%s: exit %d\n%s%s", name, code, stdout, stderr)
		}
	}
	t.Setenv("GITHUB_STEP_SUMMARY", "")
	if code, _, stderr := simulate(t, "run", "none.yaml"); code != exitUsage || !strings.Contains(stderr, "\n::error title=simulate::") || strings.Count(stderr, "\n") != 2 {
		t.Errorf("why there is no document: exit %d\n%s", code, stderr)
	}
	t.Setenv("GITHUB_ACTIONS", "false")
	if _, _, stderr := simulate(t, violated...); strings.Contains(stderr, "::error") {
		t.Errorf("annotations where nobody asked for any:\n%s", stderr)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}

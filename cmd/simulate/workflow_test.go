package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// workflow is a file of GitHub's, as far as those here have keys: any other is an error.
type workflow struct {
	Name        string            `yaml:"name"`
	On          any               `yaml:"on"`
	Permissions map[string]string `yaml:"permissions"`
	Concurrency map[string]any    `yaml:"concurrency"`
	Env         map[string]string `yaml:"env"`
	Jobs        map[string]struct {
		RunsOn  string            `yaml:"runs-on"`
		Timeout int               `yaml:"timeout-minutes"`
		Env     map[string]string `yaml:"env"`
		Steps   []step            `yaml:"steps"`
	} `yaml:"jobs"`
}

// step is one of a job, on GitHub or made of a script of GitLab's.
type step struct {
	Name string            `yaml:"name"`
	If   string            `yaml:"if"`
	Uses string            `yaml:"uses"`
	With map[string]string `yaml:"with"`
	Env  map[string]string `yaml:"env"`
	Run  string            `yaml:"run"`
}

// pipeline is a file of GitLab's, as far as that here has keys.
type pipeline struct {
	Variables map[string]string `yaml:"variables"`
	Workflow  struct {
		Rules []map[string]string `yaml:"rules"`
	} `yaml:"workflow"`
	Simulate struct {
		Image     string            `yaml:"image"`
		Timeout   string            `yaml:"timeout"`
		Variables map[string]string `yaml:"variables"`
		Script    []string          `yaml:"script"`
		Artifacts struct {
			When    string            `yaml:"when"`
			Expire  string            `yaml:"expire_in"`
			Paths   []string          `yaml:"paths"`
			Reports map[string]string `yaml:"reports"`
		} `yaml:"artifacts"`
	} `yaml:"simulate"`
}

// readStrictly reads a file that has no other keys than those of into.
func readStrictly(t *testing.T, file string, into any) {
	t.Helper()
	if err := yaml.UnmarshalWithOptions([]byte(manual(t, "docs", "ci", file)), into, yaml.Strict()); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// runner executes the steps of a job in their order, in a clean copy of this repository.
type runner struct {
	t       *testing.T
	dir     string
	env     map[string]string
	offered map[string]string // what the file itself lets its users set
	expr    map[string]string // what is known of an expression
	failed  bool
	ran     map[string]*ran // steps by their names
}

// ran is what came of a step.
type ran struct {
	code            int
	output, summary string
	skipped         bool
}

// cleanCopy is what a checkout of the working tree has: what git knows and what is new, with a
// commit. It is at the same place for all, so that what was built is not built again.
func cleanCopy(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "checkout")
	list, err := exec.CommandContext(t.Context(), "git", "-C", "../..", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Skipf("no git repository here: %v", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		from := filepath.Join("../..", name)
		info, err := os.Stat(from)
		if errors.Is(err, os.ErrNotExist) { // removed, and not yet committed
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, read(t, from), info.Mode()); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-q", "-m", "x"}} {
		if out, err := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return dir
}

// newRunner has the environment of a runner, in which it sets what a file offers.
func newRunner(t *testing.T, dir string, offered, set map[string]string) *runner {
	t.Helper()
	r := &runner{t: t, dir: dir, env: map[string]string{}, offered: offered, expr: map[string]string{"github.run_number": "7", "github.ref": "refs/pull/1/merge"}, ran: map[string]*ran{}}
	for _, name := range []string{"PATH", "HOME", "GOCACHE", "GOMODCACHE", "GOPATH", "GOFLAGS", "GOPROXY", "GOTOOLCHAIN", "TMPDIR"} {
		if value, is := os.LookupEnv(name); is {
			r.env[name] = value
		}
	}
	r.env["CI"] = "true"
	maps.Copy(r.env, offered)
	for name, value := range set {
		if _, is := offered[name]; !is {
			t.Fatalf("the file does not let its users set %s", name)
		}
		r.env[name] = value
	}
	return r
}

var expression = regexp.MustCompile(`\$\{\{\s*(.*?)\s*\}\}`)

// filled is a text with what its expressions stand for.
func (r *runner) filled(text string) string {
	return expression.ReplaceAllStringFunc(text, func(found string) string {
		name := expression.FindStringSubmatch(found)[1]
		value, known := r.expr[name]
		if !known {
			r.t.Fatalf("nobody knows what %s is", found)
		}
		return value
	})
}

// wanted reports whether a step is to be executed, after what came before.
func (r *runner) wanted(s *step) bool {
	condition := s.If
	if m := expression.FindStringSubmatch(condition); m != nil {
		condition = m[1]
	}
	switch condition {
	case "", "success()":
		return !r.failed
	case "!cancelled()", "always()":
		return true
	case "failure()":
		return r.failed
	}
	r.t.Fatalf("step %s: nobody knows when %q is", s.Name, s.If)
	return false
}

// execute executes steps as GitHub does.
func (r *runner) execute(steps []step) {
	for i := range steps {
		s := &steps[i]
		name := s.Name
		if name == "" {
			name = s.Uses
		}
		if !r.wanted(s) {
			r.ran[name] = &ran{skipped: true}
			continue
		}
		if s.Uses != "" {
			r.use(s)
			continue
		}
		done := r.bash(s)
		r.ran[name] = done
		r.failed = r.failed || done.code != 0
	}
}

// bash executes a script as the runner does by default: it ends at the first error.
func (r *runner) bash(s *step) *ran {
	r.t.Helper()
	of := r.t.TempDir()
	env := maps.Clone(r.env)
	for name, value := range s.Env {
		env[name] = r.filled(value)
	}
	summary := filepath.Join(of, "summary")
	if env["GITHUB_ACTIONS"] == "true" {
		env["GITHUB_STEP_SUMMARY"] = summary
		for _, name := range []string{"GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH"} {
			env[name] = filepath.Join(of, name)
			write(r.t, env[name], "")
		}
	}
	script := filepath.Join(of, "script.sh")
	write(r.t, script, r.filled(s.Run))
	ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-e", script)
	cmd.Dir, cmd.WaitDelay = r.dir, 5*time.Second
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	start := time.Now()
	output, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.t.Fatalf("step %s: %v\n%s", s.Name, err, output)
	}
	done := &ran{code: cmd.ProcessState.ExitCode(), output: string(output)}
	if text, err := os.ReadFile(summary); err == nil {
		done.summary = string(text)
	}
	r.t.Logf("step %s: exit %d after %.1fs", s.Name, done.code, time.Since(start).Seconds())
	return done
}

// use does what an action does that is known here; any other fails the test.
func (r *runner) use(s *step) {
	r.t.Helper()
	action, _, versioned := strings.Cut(s.Uses, "@v")
	if !versioned {
		r.t.Errorf("%s: of no version", s.Uses)
	}
	switch action {
	case "actions/checkout": // the copy is one
	case "actions/setup-go":
		if _, err := os.Stat(filepath.Join(r.dir, s.With["go-version-file"])); err != nil {
			r.t.Errorf("%s: %v", s.Uses, err)
		}
	case "actions/upload-artifact":
		if missing := r.missing(strings.Fields(s.With["path"])); s.With["if-no-files-found"] == "error" && len(missing) > 0 {
			r.t.Errorf("%s: there is no %s", s.Uses, strings.Join(missing, ", "))
		}
	default:
		r.t.Errorf("nobody knows what %s does", s.Uses)
	}
}

// missing are the patterns of which there is no file.
func (r *runner) missing(patterns []string) []string {
	return slices.DeleteFunc(slices.Clone(patterns), func(pattern string) bool {
		found, err := filepath.Glob(filepath.Join(r.dir, pattern))
		if err != nil {
			r.t.Fatalf("%s: %v", pattern, err)
		}
		return len(found) > 0
	})
}

// githubJob makes the steps of the job of a file of GitHub's, and a runner for them.
func githubJob(t *testing.T, dir, file string, set map[string]string) (*runner, []step) {
	t.Helper()
	var w workflow
	readStrictly(t, file, &w)
	if len(w.Jobs) != 1 {
		t.Fatalf("%s has %d jobs; the runner knows of one", file, len(w.Jobs))
	}
	r := newRunner(t, dir, w.Env, set)
	maps.Copy(r.env, map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": dir, "GITHUB_RUN_NUMBER": "7", "RUNNER_TEMP": t.TempDir()})
	for _, job := range w.Jobs {
		for name, value := range job.Env {
			r.env[name] = r.filled(value)
		}
		return r, job.Steps
	}
	return nil, nil
}

// gitlabJob does so for GitLab's, whose script is executed in one shell.
func gitlabJob(t *testing.T, dir, file string, set map[string]string) (*runner, []step, pipeline) {
	t.Helper()
	var p pipeline
	readStrictly(t, file, &p)
	r := newRunner(t, dir, p.Variables, set)
	maps.Copy(r.env, p.Simulate.Variables)
	maps.Copy(r.env, map[string]string{"GITLAB_CI": "true", "CI_PIPELINE_IID": "7", "CI_PROJECT_DIR": dir, "CI_PIPELINE_SOURCE": "merge_request_event"})
	return r, []step{{Name: "script", Run: strings.Join(p.Simulate.Script, "\n")}}, p
}

// failures tells what failed, for the log of a test.
func (r *runner) failures() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(r.ran)) {
		if done := r.ran[name]; done.code != 0 {
			fmt.Fprintf(&b, "step %s: exit %d\n%s\n", name, done.code, done.output)
		}
	}
	return b.String()
}

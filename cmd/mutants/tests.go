package main

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// testGroups are the packages whose tests may see a mutant of pkg, in the order in
// which they most likely do: its own, its neighbours, all others. Without pkg they are
// all but this tool's.
func (r *runner) testGroups(ctx context.Context, pkg string) ([][]string, error) {
	near, err := r.goList(ctx, "-f", "{{.ImportPath}}", r.packages)
	if err != nil {
		return nil, err
	}
	// The program that holds a package's tests is listed as a package: its name and .test.
	lines, err := r.goList(ctx, "-test", "-f", `{{.ImportPath}},{{join .Deps ","}}`, "./...")
	if err != nil {
		return nil, err
	}
	groups := make([][]string, 3)
	for _, l := range lines {
		fields := strings.Split(l, ",")
		whose, deps := strings.TrimSuffix(fields[0], ".test"), fields[1:]
		if whose == fields[0] || strings.Contains(whose, "/cmd/mutants") {
			continue
		}
		needs := func(dep string) bool { dep, _, _ = strings.Cut(dep, " "); return dep == pkg }
		switch {
		case whose == pkg:
			groups[0] = append(groups[0], whose)
		case pkg != "" && !slices.ContainsFunc(deps, needs):
		case slices.Contains(near, whose):
			groups[1] = append(groups[1], whose)
		default:
			groups[2] = append(groups[2], whose)
		}
	}
	return groups, nil
}

func (r *runner) goList(ctx context.Context, args ...string) ([]string, error) {
	cmd := exec.CommandContext(ctx, r.goTool, append([]string{"list"}, args...)...)
	cmd.Dir = r.root
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n"), nil
}

// test runs the tests over a mutant until one fails, and notes which.
func (b bench) test(ctx context.Context, pkg string, f *Fate) (ended, error) {
	groups, err := b.testGroups(ctx, pkg)
	if err != nil {
		return ended{}, err
	}
	for _, g := range groups {
		if len(g) == 0 {
			continue
		}
		e, err := b.goTest(ctx, g)
		if err != nil {
			return e, err
		}
		if e.code != 0 || e.stopped {
			f.Test = failedTest(e.output)
			return e, nil
		}
	}
	return ended{}, nil
}

// goTest ends at the first failure. Vet is off: it judges the text, not what it does.
func (b bench) goTest(ctx context.Context, packages []string) (ended, error) {
	args := []string{b.goTool, "test", "-p", "1", "-vet=off", "-failfast", "-timeout", "15m"}
	if b.overlay != "" {
		args = append(args, "-overlay", b.overlay)
	}
	return command{
		dir: b.root, env: b.env(), memory: b.memory, echo: b.echo, args: append(args, packages...),
		// With several packages, go test goes on after one that failed.
		watch: func(line string) bool { return strings.HasPrefix(line, "FAIL\t") },
	}.run(ctx)
}

// testsPass runs the tests over the unmutated program: otherwise all would be caught.
func (r *runner) testsPass(ctx context.Context) error {
	if r.kept.testsPassed(r.tree.tests) {
		return nil
	}
	b, err := r.bench("unmutated-tests", nil)
	if err != nil {
		return err
	}
	defer b.close()
	groups, err := r.testGroups(ctx, "")
	if err != nil {
		return err
	}
	r.say("unmutated  tests …")
	e, err := b.goTest(ctx, slices.Concat(groups[1], groups[2]))
	if err != nil {
		return err
	}
	if e.code != 0 || e.stopped {
		return fmt.Errorf("the unmutated program fails its tests, so mutants would show nothing: run make test\n%s", lastLines(e.output, 20))
	}
	r.say("unmutated  tests      pass    %.1fs", e.took.Seconds())
	return r.kept.keepTests(r.tree.tests)
}

// failedTest is the name of the test that failed, or what else go test says.
func failedTest(output string) string {
	name, pkg := "", ""
	for l := range strings.Lines(output) {
		l = strings.TrimSpace(l)
		if after, ok := strings.CutPrefix(l, "--- FAIL: "); ok && name == "" {
			name, _, _ = strings.Cut(after, " ")
		}
		if after, ok := strings.CutPrefix(l, "panic: test timed out"); ok && name == "" {
			name = "timed out" + after
		}
		if after, ok := strings.CutPrefix(l, "FAIL\t"); ok && pkg == "" {
			pkg = strings.Fields(after + " ?")[0]
		}
	}
	if name == "" {
		name = "crashed"
	}
	return strings.TrimSpace(pkg + " " + name)
}

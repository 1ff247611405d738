package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// stubModule is a module with a program and a gate that takes no time. What the gate
// plays is written to the file that STUB_LOG names.
var stubModule = map[string]string{
	"go.mod": "module stub\n\ngo 1.26\n",
	"archive/archive.go": `package archive

// Grade is tested by the gate, and Spare by the tests.
func Grade(n int) string {
	if n >= 10 {
		return "high"
	}
	return "low"
}

func Spare(n int) bool { return n > 1 }

func Unused(n int) bool { return n > 1 }

//go:noinline
func Twice(n int) int { return n + n*1 }
`,
	"archive/archive_test.go": `package archive

import "testing"

func TestSpare(t *testing.T) {
	if !Spare(2) || Spare(1) || Grade(10) != "high" || Twice(3) != 6 {
		t.Fatal("wrong")
	}
}
`,
	"cmd/simulate/main.go": `package main

import (
	"os"
	"stub/archive"
)

func main() {
	if len(os.Args) > 1 && archive.Grade(10)+archive.Grade(9) != "highlow" {
		os.Exit(3)
	}
	if archive.Twice(3) != 6 {
		panic("twice")
	}
}
`,
	".ci/gate": `#!/usr/bin/env bash
if [ "$1" = --list ]; then
  printf 'dear   costs\ncheap  costs nothing\n'
  exit
fi
echo "$2" >>"$STUB_LOG"
touch "$SIMULATE_OUT/left-behind"
case $2 in
dear) sleep 0.2; "$1" grades ;;
cheap) "$1" ;;
esac
`,
}

// stub makes the module, with some files changed.
func stub(t *testing.T, changed map[string]string) (root string, played func() []string) {
	t.Helper()
	root = t.TempDir()
	for name, text := range stubModule {
		if other, ok := changed[name]; ok {
			text = other
		}
		write(t, filepath.Join(root, name), text)
	}
	log := filepath.Join(t.TempDir(), "log")
	t.Setenv("STUB_LOG", log)
	return root, func() []string {
		text, err := os.ReadFile(log)
		if err != nil {
			return nil
		}
		_ = os.Remove(log)
		return strings.Fields(string(text))
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// mutants runs the command over the stub.
func mutants(ctx context.Context, t *testing.T, root, out string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(ctx, append([]string{"-root", root, "-out", out}, args...), &o, &e)
	return code, o.String(), e.String()
}

func result(t *testing.T, name string) (doc document) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// files are all files below a directory, with what they hold.
func files(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestMutantsMeetTheGateThenTheTests(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program for each of some dozens of mutants")
	}
	root, played := stub(t, nil)
	before := files(t, root)
	out := t.TempDir()
	list := filepath.Join(root, equivalentsFile)

	// All candidates: they are fewer than 100.
	code, stdout, stderr := mutants(t.Context(), t, root, out, "-n", "100", "-tests", "-jobs", "2")
	if code != exitPassed {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	doc := result(t, filepath.Join(out, "seed-1.json"))
	for _, want := range []struct{ change, fate string }{
		{"+\tif n > 10 {", "dear violated"},
		{`+		return "highx"`, "dear violated"},
		{"+func Twice(n int) int { return n - n*1 }", "cheap panic"},
		{"+func Twice(n int) int { return n + n/1 }", "equivalent"}, // the compiler knows that much
		{"+func Spare(n int) bool { return n >= 1 }", "stub/archive TestSpare"},
		{"+func Unused(n int) bool { return n >= 1 }", "survived"},
	} {
		found := ""
		for _, m := range doc.Mutants {
			if strings.Contains(m.Diff, want.change+"\n") {
				found = fateOf(m)
			}
		}
		if found != want.fate {
			t.Errorf("%s: %q, want %q", want.change, found, want.fate)
		}
	}
	s := doc.Summary
	if s.Drawn != len(doc.Mutants) || s.Drawn != s.ByGate+s.ByTests+s.Survived+s.Equivalent || s.ByPart["cheap"] == 0 || s.Survived == 0 {
		t.Errorf("%+v", s)
	}
	if len(doc.Parts) != 2 || doc.Parts[0].Name != "cheap" {
		t.Errorf("parts should be played in order of cost: %+v", doc.Parts)
	}
	if !strings.Contains(stdout, "@@ ") || !strings.Contains(stdout, "+func Unused(n int) bool { return n >= 1 }") {
		t.Errorf("the report should show the survivor as a diff:\n%s", stdout)
	}
	if len(played()) == 0 {
		t.Error("the gate was not played")
	}
	for name, text := range files(t, root) {
		if before[name] != text {
			t.Errorf("%s was touched", name)
		}
	}

	// The same again costs nothing; an entry in the list counts at once.
	write(t, list, "## archive/archive.go\nNobody calls it.\n@@\n-func Unused(n int) bool { return n > 1 }\n+func Unused(n int) bool { return n >= 1 }\n")
	code, stdout, stderr = mutants(t.Context(), t, root, out, "-n", "100", "-tests")
	if again := played(); code != exitPassed || len(again) > 0 {
		t.Errorf("exit %d, played again: %v\n%s", code, again, stderr)
	}
	if now := result(t, filepath.Join(out, "seed-1.json")).Summary; now.Equivalent != s.Equivalent+1 || now.Survived != s.Survived-1 {
		t.Errorf("with a listed equivalent: %+v, was %+v", now, s)
	}
	if !strings.Contains(stdout, "shown equivalent") || !strings.Contains(stdout, "Nobody calls it.") {
		t.Errorf("an equivalent must not be hidden:\n%s", stdout)
	}

	// Other tests: those that the gate caught stay caught.
	write(t, filepath.Join(root, "archive/more_test.go"), "package archive\n\nimport \"testing\"\n\nfunc TestUnused(t *testing.T) {\n\tif Unused(1) {\n\t\tt.Fatal()\n\t}\n}\n")
	code, _, stderr = mutants(t.Context(), t, root, out, "-n", "100", "-tests")
	if again := played(); code != exitPassed || len(again) > 0 {
		t.Errorf("exit %d, the gate was played again: %v\n%s", code, again, stderr)
	}
	if !strings.Contains(stderr, "although cmd/mutants/equivalent.txt:1 calls it equivalent") {
		t.Errorf("a wrong entry should be told:\n%s", stderr)
	}
}

func fateOf(m line) string {
	switch {
	case m.SameObject:
		return "equivalent"
	case m.Part != "":
		return m.Part + " " + m.How
	case m.Test != "":
		return m.Test
	}
	return "survived"
}

func TestNothingRunsOverABrokenProgram(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"gate":               {"archive/archive.go", strings.Replace(stubModule["archive/archive.go"], "n >= 10", "n >= 11", 1), "the unmutated program fails part dear of the gate (exit 3)"},
		"tests":              {"archive/archive_test.go", strings.Replace(stubModule["archive/archive_test.go"], "Spare(1)", "Spare(3)", 1), "the unmutated program fails its tests"},
		"build":              {"cmd/simulate/main.go", "package main\n\nfunc main() { undefined() }\n", "the unmutated program does not build"},
		"gate without parts": {".ci/gate", "#!/bin/sh\n", "--list names no part"},
	} {
		t.Run(name, func(t *testing.T) {
			root, _ := stub(t, map[string]string{c.file: c.text})
			code, stdout, stderr := mutants(t.Context(), t, root, t.TempDir(), "-n", "2", "-tests")
			if code != exitFailed || !strings.Contains(stderr, c.want) || stdout != "" {
				t.Errorf("exit %d\n%s%s", code, stdout, stderr)
			}
		})
	}
}

func TestInterruptReportsWhatWasDone(t *testing.T) {
	root, _ := stub(t, nil)
	out := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { // as soon as something is kept
		for ctx.Err() == nil {
			text, _ := os.ReadFile(filepath.Join(out, "results.ndjson"))
			if strings.Contains(string(text), `"mutant"`) {
				cancel()
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	code, stdout, stderr := mutants(ctx, t, root, out, "-n", "30")
	doc := result(t, filepath.Join(out, "seed-1.json"))
	if code != exitInterrupted || !strings.Contains(stdout, "not run") || doc.Summary.Left == 0 {
		t.Errorf("exit %d, %+v\n%s%s", code, doc.Summary, stdout, stderr)
	}
	done := doc.Summary.Drawn - doc.Summary.Left
	_, _, stderr = mutants(t.Context(), t, root, out, "-n", fmt.Sprint(done+1))
	if got := strings.Count(stderr, ", as before"); done == 0 || got != done {
		t.Errorf("%d were done, %d taken over\n%s", done, got, stderr)
	}
}

func TestThresholdAndOnly(t *testing.T) {
	root, played := stub(t, nil)
	out := t.TempDir()
	code, _, stderr := mutants(t.Context(), t, root, out, "-n", "6", "-seed", "3", "-at-least", "100")
	if code != exitThreshold || !strings.Contains(stderr, "which is less than 100 %") {
		t.Errorf("exit %d\n%s", code, stderr)
	}
	doc := result(t, filepath.Join(out, "seed-3.json"))
	number := 0
	for _, m := range doc.Mutants {
		if m.Part != "" {
			number = m.Number
		}
	}
	if number == 0 {
		t.Fatalf("seed 3 drew none that the gate catches: %+v", doc.Summary)
	}
	played()
	_, _, stderr = mutants(t.Context(), t, root, out, "-n", "6", "-seed", "3", "-only", fmt.Sprint(number))
	if !strings.Contains(stderr, doc.Mutants[number-1].Diff) || len(played()) == 0 || strings.Count(stderr, " of 6 ") != 1 {
		t.Errorf("-only should show and play that mutant, anew:\n%s", stderr)
	}
}

func TestBadFlags(t *testing.T) {
	root, _ := stub(t, nil)
	for _, args := range [][]string{{"-n", "0"}, {"-only", "41"}, {"-jobs", "0"}, {"-at-least", "101"}, {"extra"}, {"-nonsense"}, {"-root", t.TempDir()}} {
		if code, _, stderr := mutants(t.Context(), t, root, t.TempDir(), args...); code != exitUsage || stderr == "" {
			t.Errorf("%v: exit %d, %s", args, code, stderr)
		}
	}
}

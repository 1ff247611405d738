package reports

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

// TestProgramTellsProgramsApart that have the same version.
func TestProgramTellsProgramsApart(t *testing.T) {
	const source = `package main

import "holdfast/reports"

const text = "TEXT"

func main() { p, err := reports.Program(); if err != nil { panic(err) }; print(p, " ", reports.Version(), " ", len(text)) }
`
	dir := t.TempDir()
	version := ""
	programOf := func(name, text string, more ...string) string {
		main := filepath.Join(dir, "main.go")
		if err := os.WriteFile(main, []byte(strings.Replace(source, "TEXT", text, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		exe := filepath.Join(dir, name)
		if out, err := exec.Command("go", append(append([]string{"build", "-o", exe}, more...), main)...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		out, err := exec.Command(exe).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		program, rest, _ := strings.Cut(string(out), " ")
		version, _, _ = strings.Cut(rest, " ")
		return program
	}
	first, again, other := programOf("a", "a", "-buildvcs=false"), programOf("b", "a", "-buildvcs=false"), programOf("c", "longer", "-buildvcs=false")
	if !strings.HasPrefix(first, "unknown:") || first != again || first == other {
		t.Errorf("%s, the same again %s, another %s", first, again, other)
	}
	stamped := programOf("d", "a", "-buildvcs=false", "-ldflags", "-X holdfast/reports.stamp=v9")
	if version != "v9" || !strings.HasPrefix(stamped, "unknown:") || stamped == first {
		t.Errorf("the program with the stamp v9 is %s, and of version %s", stamped, version)
	}
	if own, err := Program(); err != nil || !strings.HasPrefix(own, Version()) {
		t.Errorf("%s of version %s, %v", own, Version(), err)
	}
}

// TestRevisionIsTheWholeCommit, and null where the build knows none.
func TestRevisionIsTheWholeCommit(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	built := &debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: commit}, {Key: "vcs.modified", Value: "false"}}}
	if r := revisionIn(built); r == nil || *r != (Revision{commit, false}) {
		t.Errorf("%+v", r)
	}
	built.Settings[1].Value = "true"
	if r := revisionIn(built); r == nil || *r != (Revision{commit, true}) {
		t.Errorf("with changes %+v", r)
	}
	if r := revisionIn(&debug.BuildInfo{}); r != nil {
		t.Errorf("without any %+v", r)
	}
}

// TestMakeStampsTheVersion where this package looks for it: the linker says nothing if
// there is no such variable.
func TestMakeStampsTheVersion(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join("..", "Makefile"))
	if err != nil || !strings.Contains(string(makefile), "-X $$($(GO) list -m)/reports.stamp=$(VERSION)") {
		t.Errorf("make build does not set reports.stamp, %v", err)
	}
}

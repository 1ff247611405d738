package reports

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestProgramTellsProgramsApart that have the same version.
func TestProgramTellsProgramsApart(t *testing.T) {
	const source = `package main

import "holdfast/reports"

const text = "TEXT"

func main() { p, err := reports.Program(); if err != nil { panic(err) }; print(p, " ", len(text)) }
`
	dir := t.TempDir()
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
		program, _, _ := strings.Cut(string(out), " ")
		return program
	}
	first, again, other := programOf("a", "a", "-buildvcs=false"), programOf("b", "a", "-buildvcs=false"), programOf("c", "longer", "-buildvcs=false")
	if !strings.HasPrefix(first, "unknown:") || first != again || first == other {
		t.Errorf("%s, the same again %s, another %s", first, again, other)
	}
	if own, err := Program(); err != nil || !strings.HasPrefix(own, Version()) {
		t.Errorf("%s of version %s, %v", own, Version(), err)
	}
}

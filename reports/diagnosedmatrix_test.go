package reports

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"holdfast/reports/schema"
	"holdfast/scenarios/doctor"
)

const (
	matrixBegins = "<!-- what doctor found: go test ./reports -run Matrix -update -->\n"
	matrixEnds   = "<!-- end -->\n"
)

// TestMatrixOfTheManual: the table in docs/stores.md is what the documents in docs/stores say,
// each of which doctor wrote.
func TestMatrixOfTheManual(t *testing.T) {
	files, err := filepath.Glob("../docs/stores/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no documents in docs/stores", err)
	}
	var stores []Diagnosed
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		validate(t, schema.Doctor, text)
		var d Diagnosed
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatal(file, err)
		}
		if d.Server == "" || d.Quick || d.Interrupted || d.Processes < 1 {
			t.Errorf("%s: want a whole examination of a server with its name and version (doctor --server)", file)
		}
		stores = append(stores, d)
	}
	const path = "../docs/stores.md"
	manual, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(manual), matrixBegins)
	table, after, ended := strings.Cut(rest, matrixEnds)
	if !found || !ended {
		t.Fatalf("%s has no place for the table: %q … %q", path, matrixBegins, matrixEnds)
	}
	want := "\n" + Matrix(stores) + "\n\n"
	if *update {
		if err := os.WriteFile(path, []byte(before+matrixBegins+want+matrixEnds+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := gocmp.Diff(want, table); diff != "" {
		t.Errorf("if it is meant, run go test ./reports -run Matrix -update: %s", diff)
	}
}

// TestMatrix: what can be trusted is first, and each cell says what was seen.
func TestMatrix(t *testing.T) {
	named := func(server string, d doctor.Diagnosis) Diagnosed {
		r := diagnosed(d)
		r.Server = server
		return r
	}
	lines := strings.Split(Matrix([]Diagnosed{named("bad 1", unsafe()), named("b 2", limited()), named("a 1", limited()), named("good 3", safe())}), "\n")
	if len(lines) != 6 {
		t.Fatalf("%q", lines)
	}
	for i, want := range [][]string{
		{"good 3", "2026-11-24", "**safe**", "safe: 0 of 1200 races bad"},
		{"a 1", "**safe with limits**", "with limits: ignored-delete-condition; two-deleters in 20 of 20 races of delete"},
		{"b 2"},
		{"bad 1", "**unsafe**", "unsafe: ignored-condition; two-winners in 3 of 41 races of update", "not known: 0 of 0 races bad"},
	} {
		for _, part := range want {
			if !strings.Contains(lines[i+2], part) {
				t.Errorf("line %d: want %q in %s", i, part, lines[i+2])
			}
		}
	}
}

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

// TestTablesOfTheManual: the tables in docs/stores.md are what the program says, and what the
// documents in docs/stores say, each of which doctor wrote.
func TestTablesOfTheManual(t *testing.T) {
	const path = "../docs/stores.md"
	manual, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(manual)
	for name, table := range map[string]string{"matrix": Matrix(examinedStores(t)), "faults": Faults()} {
		begins, ends := "<!-- "+name+": go test ./reports -run TablesOfTheManual -update -->\n", "<!-- end of "+name+" -->\n"
		before, rest, found := strings.Cut(text, begins)
		stands, after, ended := strings.Cut(rest, ends)
		if !found || !ended {
			t.Fatalf("%s has no place for the %s: %q … %q", path, name, begins, ends)
		}
		want := "\n" + table + "\n\n"
		if *update {
			text = before + begins + want + ends + after
		} else if diff := gocmp.Diff(want, stands); diff != "" {
			t.Errorf("if it is meant, run go test ./reports -run TablesOfTheManual -update: %s", diff)
		}
	}
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// examinedStores are those of docs/stores.
func examinedStores(t testing.TB) []Diagnosed {
	t.Helper()
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
	return stores
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
		{"good 3", "2026-11-24", "**safe**", "safe: 0 of 1,200"},
		{"a 1", "**safe with limits**", "with limits: `ignored-delete-condition`; `two-deleters`, 20 of 20"},
		{"b 2"},
		{"bad 1", "**unsafe**", "unsafe: `two-winners`, 3 of 41; `ignored-condition`", "| not known |"},
	} {
		for _, part := range want {
			if !strings.Contains(lines[i+2], part) {
				t.Errorf("line %d: want %q in %s", i, part, lines[i+2])
			}
		}
	}
}

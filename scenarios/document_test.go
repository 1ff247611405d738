package scenarios

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"holdfast/archive"
)

func TestWithIDChangesNothingButTheID(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"compact":          {`{"changeId":"A-1","x":1.50}`, `{"changeId":"B-2","x":1.50}`},
		"announcement":     {`{"announcement_id":"A-1","title":"t"}`, `{"announcement_id":"B-2","title":"t"}`},
		"white space":      {"{\r\n\t\"changeId\" :\t\"A-1\" }\n", "{\r\n\t\"changeId\" :\t\"B-2\" }\n"},
		"elsewhere before": {`{"related":"A-1","all":["A-1"],"changeId":"A-1"}`, `{"related":"A-1","all":["A-1"],"changeId":"B-2"}`},
		"elsewhere after":  {`{"changeId":"A-1","note":"\"A-1\"","parent":"A-1"}`, `{"changeId":"B-2","note":"\"A-1\"","parent":"A-1"}`},
		"nested":           {`{"of":{"changeId":"A-1"},"changeId":"A-1"}`, `{"of":{"changeId":"A-1"},"changeId":"B-2"}`},
		"as a key":         {`{"A-1":true,"changeId":"A-1"}`, `{"A-1":true,"changeId":"B-2"}`},
		"escaped":          {`{"x":"A-1","changeId":"A\u002d1"}`, `{"x":"A-1","changeId":"B-2"}`},
		"both ids":         {`{"announcement_id":"A-1","changeId":"A-1"}`, `{"announcement_id":"A-1","changeId":"B-2"}`},
		"the same id":      {`{"changeId":"B-2"}`, `{"changeId":"B-2"}`},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := archive.ParseChange([]byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			renamed, err := withID(doc, "B-2")
			if err != nil {
				t.Fatal(err)
			}
			if got := string(renamed.Encode()); got != c.want || renamed.ID() != "B-2" {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if string(doc.Encode()) != c.body {
				t.Errorf("the original became %s", doc.Encode())
			}
		})
	}
}

func TestWithIDOfEveryBuiltInDocument(t *testing.T) {
	for _, id := range []string{"CHG-12345", "CHG-30030", "CIC-77001"} {
		doc, err := OpenDocument(id)
		if err != nil {
			t.Fatal(err)
		}
		renamed, err := withID(doc, id+"-s001")
		if err != nil {
			t.Fatal(err)
		}
		back, err := withID(renamed, id)
		if err != nil || string(back.Encode()) != string(doc.Encode()) {
			t.Errorf("%s: renamed and back it differs (%v)", id, err)
		}
	}
}

func TestOpenDocument(t *testing.T) {
	dir := t.TempDir()
	file := func(name, body string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if doc, err := OpenDocument(""); err != nil || doc.ID() != "CHG-12345" {
		t.Errorf("the default document: %v, %v", doc, err)
	}
	if doc, err := OpenDocument(file("a.json", `{"changeId":"A-1"}`)); err != nil || doc.ID() != "A-1" {
		t.Errorf("a file: %v, %v", doc, err)
	}
	for path, want := range map[string]string{
		"CHG-1":                      `there is no document "CHG-1": give a file, or one of CHG-12345`,
		"no/such.json":               "read the document: open no/such.json",
		dir:                          "read the document: read " + dir,
		file("b.json", "{\n\"a\":}"): "b.json: invalid document: line 2",
		file("c.json", "{}"):         "c.json: ",
		file("empty.json", ""):       "empty.json: ",
	} {
		if _, err := OpenDocument(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want an error with %q, got %v", path, want, err)
		}
	}
}

// TestSuits: users with a load need a field to edit; nobody else does.
func TestSuits(t *testing.T) {
	bare := must(archive.ParseChange([]byte(`{"changeId":"A-1","customers":["x"]}`)))
	for _, name := range Names() {
		s := must(Open(name))
		if _, _, err := s.Open(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		err := s.Suits(nil, bare)
		loaded := slices.ContainsFunc(s.Actors, func(a Actor) bool { return a.Kind == User && a.Load != nil })
		if loaded != (err != nil) {
			t.Errorf("%s on a document without fields: %v", name, err)
		}
		if err != nil && !strings.Contains(err.Error(), "changeTitle") {
			t.Errorf("the error does not say which fields: %v", err)
		}
	}
}

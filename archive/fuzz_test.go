package archive

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzParseChange(f *testing.F) {
	for _, id := range []string{"CHG-12345", "CHG-30030", "CIC-77001"} {
		f.Add(readTestdata(f, id))
	}
	for _, body := range []string{
		testDoc, `{"changeId":"C"}`, "{\r\n\t\"changeId\" : \"C\",\r\n\t\"modifications\" : [ { \"x\" : {} } ] }",
		`{"announcement_id":"A","modifications":null,"x":"\\\"}"}`, `{"changeId":"C","modifications":[{"modification_id":"f1"}]}`,
		`{"ch\u0061ngeId":"C","a":[[],{"modifications":[]}]}`, `{"changeId":"C","modifications":[1]}`, `[`, ``,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		original := bytes.Clone(body)
		c, err := ParseChange(body)
		if err != nil {
			if c != nil || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%v, %v", c, err)
			}
			return
		}
		if !bytes.Equal(c.Encode(), original) {
			t.Fatal("Encode changed the text")
		}
		checkAgainstEncodingJSON(t, c)
		for _, m := range []Modification{mod("f1"), mod("f2")} {
			c = applyAndCompare(t, c, Edit{Fields: fields("zz new", ` {"n": 1.50} `, "title", `"<&>"`), Modifications: []Modification{m}})
		}
	})
}

func sameBytes(a, b json.RawMessage) bool { return bytes.Equal(a, b) }

// checkAgainstEncodingJSON compares what the scanner found with what the
// standard library decodes.
func checkAgainstEncodingJSON(t *testing.T, c *Change) {
	var want map[string]json.RawMessage
	if err := json.Unmarshal(c.Encode(), &want); err != nil {
		t.Fatal(err)
	}
	if !utf8.Valid(c.Encode()) {
		return // the library replaces what is not UTF-8 in names
	}
	if len(want) != len(c.FieldNames()) {
		t.Fatalf("fields %q, want %d", c.FieldNames(), len(want))
	}
	for name, value := range want {
		if got, ok := c.Field(name); !ok || !bytes.Equal(got, value) {
			t.Fatalf("field %q is %s, want %s", name, got, value)
		}
	}
	var entries []json.RawMessage
	if err := json.Unmarshal(want[ownLayout.History], &entries); err == nil && !slices.EqualFunc(entries, c.RawModifications(), sameBytes) {
		t.Fatalf("entries %s, want %s", c.RawModifications(), entries)
	}
}

func applyAndCompare(t *testing.T, c *Change, e Edit) *Change {
	doc, err := c.Apply(e)
	if err != nil {
		t.Fatalf("%v\n%s", err, c.Encode())
	}
	if !json.Valid(doc.Encode()) {
		t.Fatalf("%s became no JSON: %s", c.Encode(), doc.Encode())
	}
	next := mustParse(t, string(doc.Encode()))
	if next.ID() != c.ID() || !next.HasModification(e.Modifications[0].ID) {
		t.Fatalf("%s became %s", c.Encode(), next.Encode())
	}
	if names := next.FieldNames(); !slices.Equal(names[:len(c.FieldNames())], c.FieldNames()) {
		t.Fatalf("fields %q became %q", c.FieldNames(), names)
	}
	for _, name := range c.FieldNames() {
		was, _ := c.Field(name)
		now, _ := next.Field(name)
		if _, set := e.Fields[name]; !set && name != ownLayout.History && !bytes.Equal(was, now) {
			t.Fatalf("field %q was %s and is %s", name, was, now)
		}
	}
	for name, value := range e.Fields {
		if now, _ := next.Field(name); !bytes.Equal(now, bytes.TrimSpace(value)) {
			t.Fatalf("field %q is %s, want %s", name, now, value)
		}
	}
	entries := next.RawModifications()
	if !slices.EqualFunc(c.RawModifications(), entries[:len(c.entries)], sameBytes) {
		t.Fatalf("history %s became %s", c.RawModifications(), entries)
	}
	return next
}

// The scanner promises to stay in bounds and to end on any text.
func FuzzParsePolicy(f *testing.F) {
	for _, text := range []string{
		"default", "documented", "full(base=100ms,cap=5s,retries=8)", "none(retries=unlimited)",
		"decorrelated(base=1ns,cap=9h,deadline=1m)", "full(", "equal(base=-1s)", "constant(cap=0s)", "(base=1s)",
		"adaptive(cap=2s,retries=unlimited,deadline=25s)", "adaptive(base=1s)",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePolicy(text)
		if err != nil {
			if p != (Policy{}) || strings.ContainsAny(err.Error(), "\n\r") {
				t.Fatalf("%#v, %q", p, err)
			}
			return
		}
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		if back, err := ParsePolicy(p.String()); err != nil || back != p {
			t.Fatalf("%#v prints as %s and reads as %#v, %v", p, p, back, err)
		}
	})
}

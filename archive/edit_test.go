package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// seen is a document that catches the edit that the update loop hands it.
type seen struct {
	Document
	edits *[]Edit
}

func (s seen) Apply(e Edit) (Document, error) {
	*s.edits = append(*s.edits, e)
	return nil, errors.New("seen")
}

// TestEditsAreValidatedOnce by the loop, not again in every attempt; by a
// document only if they come from elsewhere.
func TestEditsAreValidatedOnce(t *testing.T) {
	r := newRig(t, 3)
	var edits []Edit
	doc := seen{r.base.Document, &edits}
	a, err := New(Options{Store: r.store, Codec: func(string, []byte) (Document, error) { return doc, nil }})
	if err != nil {
		t.Fatal(err)
	}
	edit := Edit{Fields: fields("title", `"b"`), Modifications: []Modification{mod("m1")}}
	_, _ = a.Append(t.Context(), testID, edit)
	_, _ = a.Save(t.Context(), testID, Snapshot{doc, r.base.ETag}, edit)
	_, _ = a.Create(t.Context(), testID, doc, mod("m1"))
	if len(edits) != 3 || edit.valid {
		t.Fatalf("%d edits were made of %+v", len(edits), edit)
	}
	for i, e := range edits {
		if !e.valid {
			t.Errorf("edit %d is validated again", i)
		}
	}
	edit.Modifications[0].ID = ""
	if _, err := r.base.Document.Apply(edit); !errors.Is(err, ErrInvalid) || !errors.Is(edit.Validate(), ErrInvalid) {
		t.Errorf("an edit from elsewhere: %v", err)
	}
}

// TestFieldsThatGoMakeRoom for others: a field that goes in the same edit does not count.
func TestFieldsThatGoMakeRoom(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"changeId":"CHG-1","modifications":[]`)
	for n := 2; n < mostFields; n++ {
		fmt.Fprintf(&b, `,"f%d":1`, n)
	}
	c := mustParse(t, b.String()+"}")
	for _, tt := range []struct {
		name   string
		set    map[string]json.RawMessage
		remove []string
		fits   bool
	}{
		{"one comes", fields("new", "1"), nil, false},
		{"one comes and one goes", fields("new", "1"), []string{"f2"}, true},
		{"two come and one goes", fields("new", "1", "newer", "1"), []string{"f2"}, false},
		{"one comes and one goes that is not there", fields("new", "1"), []string{"g"}, false},
	} {
		_, err := c.Apply(Edit{Fields: tt.set, Remove: tt.remove, Modifications: []Modification{mod("m1")}})
		if (err == nil) != tt.fits || err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestWith: all bytes but those of the field stay, and what is no value is refused.
func TestWith(t *testing.T) {
	const doc = "{\n  \"a\": 1.50,\n  \"changeId\": \"C\", \"modifications\": [{\"modification_id\":\"m1\"}]\n}\n"
	for _, tt := range []struct{ name, value, want string }{
		{"a", " [2] ", strings.Replace(doc, "1.50", "[2]", 1)},
		{"b", `{"c":1}`, strings.Replace(doc, "}]\n", "}],\n  \"b\": {\"c\":1}\n", 1)},
		{"changeId", `"D"`, strings.Replace(doc, `"C"`, `"D"`, 1)},
		{"modifications", `[]`, strings.Replace(doc, `{"modification_id":"m1"}`, "", 1)},
		{"a", "", strings.Replace(doc, "\"a\": 1.50,\n  ", "", 1)},
		{"modifications", "", strings.Replace(doc, `, "modifications": [{"modification_id":"m1"}]`, "", 1)},
		{"b", "", doc},
	} {
		var value json.RawMessage
		if tt.value != "" {
			value = json.RawMessage(tt.value)
		}
		c, err := mustParse(t, doc).With(tt.name, value)
		if err != nil || string(c.Encode()) != tt.want {
			t.Errorf("%s=%s: %v\n%s", tt.name, tt.value, err, c.Encode())
			continue
		}
		if got, _ := c.Field(tt.name); string(got) != strings.TrimSpace(tt.value) {
			t.Errorf("%s=%s is read as %s", tt.name, tt.value, got)
		}
	}
	for _, bad := range [][2]string{{"a", `1,"b":2`}, {"a", " "}, {"changeId", ""}, {"changeId", "7"}, {"modifications", "{}"}, {"\xff", "1"}} {
		var value json.RawMessage
		if bad[1] != "" {
			value = json.RawMessage(bad[1])
		}
		if c, err := mustParse(t, doc).With(bad[0], value); !errors.Is(err, ErrInvalid) || c != nil {
			t.Errorf("%q: %v, %v", bad, c, err)
		}
	}
}

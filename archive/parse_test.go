package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseChangeRefuses(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"nothing", "", "line 1, column 1: unexpected end of JSON input"},
		{"a truncated document", "{\n  \"changeId\": \"C\",\n", "line 2, column 19: unexpected end"},
		{"a bad value", "{\n  \"changeId\": \"C\",\n  \"x\": y}", "line 3, column 8: invalid character 'y'"},
		{"a line break in a string", "{\"changeId\": \"C\n\"}", `line 1, column 16: invalid character '\n' in string literal`},
		{"text after the end", `{"changeId":"C"} x`, "line 1, column 18"},
		{"a byte order mark", "\ufeff{\"changeId\":\"C\"}", "line 1, column 1"},
		{"a single quote", `{'changeId':'C'}`, "line 1, column 2"},
		{"an array", `[]`, "no JSON object"},
		{"null", `null`, "no JSON object"},
		{"no id", `{"title":"x"}`, "neither changeId nor announcement_id"},
		{"a nested id", `{"x":{"changeId":"C"}}`, "neither changeId nor announcement_id"},
		{"a number as id", `{"changeId":7}`, "changeId is no string"},
		{"an unsafe id", `{"changeId":"../x"}`, "object id"},
		{"an empty id", `{"changeId":""}`, "it is empty"},
		{"a field twice", `{"changeId":"C","a":1,"a":2}`, `field "a" appears twice`},
		{"a field twice, once escaped", `{"changeId":"C","a":1,"\u0061":2}`, `field "a" appears twice`},
		{"history no array", `{"changeId":"C","modifications":{}}`, "modifications is no array"},
		{"an entry no object", `{"changeId":"C","modifications":[{},1]}`, "modifications[1] is no object"},
	}
	for _, tt := range tests {
		c, err := ParseChange([]byte(tt.body))
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), tt.want) || c != nil {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestParseChangeReads(t *testing.T) {
	tests := []struct {
		name, body string
		id         string
		fields     []string
		ids        []string
	}{
		{"a change", `{"changeId":"C"}`, "C", []string{"changeId"}, nil},
		{"an announcement", `{"announcement_id":"A"}`, "A", []string{"announcement_id"}, nil},
		{"white space around everything", " \t\r\n{ \"a\" :\t[ ] ,\r\n\"changeId\" : \"C\" } \n", "C", []string{"a", "changeId"}, nil},
		{"escaped keys", `{"ch\u0061ngeId":"C\u0044","a\"b\\":1,"\\":2}`, "CD", []string{"changeId", `a"b\`, `\`}, nil},
		{"braces in strings", `{"a":"}],{[\"","changeId":"C"}`, "C", []string{"a", "changeId"}, nil},
		{"no history", `{"changeId":"C","modifications":null}`, "C", []string{"changeId", "modifications"}, nil},
		{"an empty history", `{"changeId":"C","modifications":[ ]}`, "C", []string{"changeId", "modifications"}, nil},
		{"entries with and without ids", `{"changeId":"C","modifications":[{"modification_id":"m1"},{},{"x":1,"modification_id":"m2"}]}`,
			"C", []string{"changeId", "modifications"}, []string{"m1", "", "m2"}},
		{"ids that are no strings", `{"changeId":"C","modifications":[{"modification_id":7},{"modification_id":null}]}`,
			"C", []string{"changeId", "modifications"}, []string{"", ""}},
		{"escaped ids", `{"changeId":"C","modifications":[{"modification\u005fid":"m\u0031"}]}`,
			"C", []string{"changeId", "modifications"}, []string{"m1"}},
		{"nested look-alikes", `{"changeId":"C","x":{"modifications":[{"modification_id":"m1"}]},"modifications":[{"meeting_metadata":{"modification_id":"m2"}},{"modification_id":["m3"]}]}`,
			"C", []string{"changeId", "x", "modifications"}, []string{"", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := mustParse(t, tt.body)
			if c.ID() != tt.id {
				t.Errorf("id %q, want %q", c.ID(), tt.id)
			}
			if d := cmp.Diff(tt.fields, c.FieldNames()); d != "" {
				t.Errorf("fields: %s", d)
			}
			if d := cmp.Diff(tt.ids, c.ModificationIDs()); d != "" {
				t.Errorf("ids: %s", d)
			}
			for _, id := range []string{"m1", "m2", "m3", ""} {
				want := id != "" && strings.Contains(strings.Join(tt.ids, " "), id)
				if c.HasModification(id) != want {
					t.Errorf("HasModification(%q) = %v", id, !want)
				}
			}
			if string(c.Encode()) != tt.body {
				t.Error("Encode changed the text")
			}
		})
	}
}

func TestModificationsDecodesTheHistory(t *testing.T) {
	c := mustParse(t, string(readTestdata(t, "CHG-12345")))
	mods, err := c.Modifications()
	if err != nil || len(mods) != 5 || len(c.RawModifications()) != 5 {
		t.Fatalf("%d entries, %v", len(mods), err)
	}
	want := Modification{Timestamp: "2025-10-17T22:01:07Z", UserID: "backend-system", Type: Processed, CustomerCode: "hts"}
	if d := cmp.Diff(want, mods[4]); d != "" {
		t.Error(d)
	}
	odd := mustParse(t, `{"changeId":"C","modifications":[{"timestamp":7}]}`)
	if _, err := odd.Modifications(); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "modifications[0]") {
		t.Errorf("%v", err)
	}
}

// What a caller gets is a window on the document: appending to it must not
// write into the text behind it.
func TestValuesHaveNoRoomToAppend(t *testing.T) {
	c := mustParse(t, testDoc)
	value, _ := c.Field("title")
	_ = append(value, "!!!"...)
	if string(c.Encode()) != testDoc {
		t.Errorf("the document is now %s", c.Encode())
	}
}

// TestManyFields: a name that appears twice is found however many there are, and
// documents do not grow for ever.
func TestManyFields(t *testing.T) {
	document := func(n int, more string) []byte {
		var b strings.Builder
		b.WriteString(`{"changeId":"C"`)
		for i := range n {
			fmt.Fprintf(&b, `,"f%d":1`, i)
		}
		return []byte(b.String() + more + "}")
	}
	for _, n := range []int{10, fewNames - 2, fewNames - 1, fewNames, 300, 40_000} {
		if _, err := ParseChange(document(n, "")); err != nil {
			t.Errorf("%d fields: %v", n, err)
		}
		for _, again := range []int{0, n / 2, n - 1} {
			if _, err := ParseChange(document(n, fmt.Sprintf(`,"f%d":2`, again))); !errors.Is(err, ErrInvalid) {
				t.Errorf("%d fields, f%d twice: %v", n, again, err)
			}
		}
	}
	mods := []Modification{{ID: "m", Type: Updated, Timestamp: "2025-10-20T12:00:00Z"}}
	full := mustParse(t, string(document(mostFields-1, "")))
	if _, err := full.Apply(Edit{Fields: map[string]json.RawMessage{"one-more": []byte("1")}, Modifications: mods}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a field too many: %v", err)
	}
	if _, err := full.Apply(Edit{Fields: map[string]json.RawMessage{"f1": []byte("2")}, Modifications: mods}); err != nil {
		t.Errorf("a field that is there: %v", err)
	}
}

// TestEntryIsReadInOneWay: whoever looks for an entry, and whoever decodes it, take the
// same for its id: the last, as encoding/json and JavaScript do.
func TestEntryIsReadInOneWay(t *testing.T) {
	for _, entry := range []string{
		`{"modification_id":"a","modification_id":"b"}`,
		`{"modification_id":"a","modification_\u0069d":"b"}`,
		`{"modification_id":"b","Modification_ID":"a"}`,
	} {
		c := mustParse(t, `{"changeId":"C","modifications":[`+entry+`]}`)
		m, ok := c.Modification("b")
		if !c.HasModification("b") || c.HasModification("a") || !ok || m.ID != "b" {
			t.Errorf("%s: %q, %+v", entry, c.ModificationIDs(), m)
		}
	}
}

// TestVariantsOfNamesCannotBeSet: another reader would take them for the real ones.
func TestVariantsOfNamesCannotBeSet(t *testing.T) {
	for _, name := range []string{"CHANGEID", "changeid", "Announcement_ID", "Modifications", "modification\u017f"} {
		e := Edit{Fields: map[string]json.RawMessage{name: json.RawMessage("1")}, Modifications: []Modification{mod("m1")}}
		if err := e.Validate(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		r := newRig(t, 3)
		if _, err := r.Create(t.Context(), "C", mustParse(t, `{"changeId":"C","`+name+`":1}`), mod("m1")); !errors.Is(err, ErrInvalid) {
			t.Errorf("create with %s: %v", name, err)
		}
	}
}

// TestHalfPairsInNames: a name with half a surrogate pair is not the name that its spelling
// is, and no edit reaches it, sets it or adds it.
func TestHalfPairsInNames(t *testing.T) {
	c := mustParse(t, `{"changeId":"CHG-1","\ud800":1,"\\ud800":2,"modifications":[]}`)
	m := []Modification{mod("m1")}
	next, err := c.Apply(Edit{Fields: fields(`\ud800`, `3`), Modifications: m})
	if err != nil || !strings.Contains(string(next.Encode()), `"\ud800":1,"\\ud800":3`) {
		t.Errorf("set: %v %s", err, next.Encode())
	}
	next, err = c.Apply(Edit{Remove: []string{`\ud800`}, Modifications: m})
	if err != nil || !strings.HasPrefix(string(next.Encode()), `{"changeId":"CHG-1","\ud800":1,"modifications"`) {
		t.Errorf("removed: %v %s", err, next.Encode())
	}
	half := c.FieldNames()[1]
	for _, e := range []Edit{
		{Fields: fields(half, `3`), Modifications: m},
		{Remove: []string{half}, Modifications: m},
	} {
		if err := e.Validate(); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), `half of a surrogate pair`) {
			t.Errorf("%q: %v", half, err)
		}
	}
	if _, err := ParseChange([]byte(`{"changeId":"CHG-1","\ud800":1,"\ud800":2}`)); err == nil {
		t.Error("the same name twice")
	}
}

func TestEditableValues(t *testing.T) {
	c := mustParse(t, `{"changeId":"C","announcement_id":"C","a": 1.50 ,"modifications":[{}],"\u0062":{"modifications":[]},"customers":[]}`)
	want := fields("a", "1.50", "announcement_id", `"C"`, "b", `{"modifications":[]}`, "customers", "[]")
	if d := cmp.Diff(want, c.EditableFields()); d != "" {
		t.Error(d)
	}
}

func TestWithoutHistory(t *testing.T) {
	for before, after := range map[string]string{
		`{"changeId":"C"}`:                                      `{"changeId":"C"}`,
		`{"changeId":"C","modifications":null}`:                 `{"changeId":"C","modifications":null}`,
		`{"changeId":"C", "modifications" : [ ] }`:              `{"changeId":"C", "modifications" : [ ] }`,
		`{"modifications":[{"a":[{}]},{}] , "changeId":"C"}`:    `{"modifications":[] , "changeId":"C"}`,
		"{\r\n\"m\\u006fdifications\":[{}],\"changeId\":\"C\"}": "{\r\n\"m\\u006fdifications\":[],\"changeId\":\"C\"}",
	} {
		c := mustParse(t, before)
		bare := c.WithoutHistory()
		if string(bare.Encode()) != after || string(c.Encode()) != before || bare.ID() != "C" || len(bare.ModificationIDs()) > 0 {
			t.Errorf("%s became %s", before, bare.Encode())
		}
	}
	for _, id := range []string{"CHG-12345", "CHG-30030", "CIC-77001"} {
		c := mustParse(t, string(readTestdata(t, id)))
		for _, name := range c.WithoutHistory().FieldNames() {
			was, _ := c.Field(name)
			now, _ := c.WithoutHistory().Field(name)
			if name != ownLayout.History && string(was) != string(now) {
				t.Errorf("%s: %s became %s", id, was, now)
			}
		}
	}
}

// TestSurrogateName: a field whose name has half a surrogate pair is not the one
// whose name has a backslash.
func TestSurrogateName(t *testing.T) {
	c := mustParse(t, `{"changeId":"C","\ud800":"theirs"}`)
	m := mod("m1")
	m.Timestamp = "2025-10-20T12:00:00Z"
	next, err := c.Apply(Edit{Fields: map[string]json.RawMessage{`\ud800`: json.RawMessage(`"mine"`)}, Modifications: []Modification{m}})
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(next.Encode(), &got); err != nil {
		t.Fatal(err)
	}
	if got["\ufffd"] != "theirs" || got[`\ud800`] != "mine" {
		t.Errorf("another field was overwritten: %s", next.Encode())
	}
	if _, err := ParseChange([]byte(`{"changeId":"C","\ud800":1,"\\ud800":2}`)); err != nil {
		t.Errorf("two fields are taken for one: %v", err)
	}
}

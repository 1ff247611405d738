package archive

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// described is everything that a Change says of itself.
func described(c *Change) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n%q\n", c.ID(), c.Encode(), c.ModificationIDs())
	for _, name := range c.FieldNames() {
		value, _ := c.Field(name)
		fmt.Fprintf(&b, "%q = %s\n", name, value)
	}
	for _, entry := range c.RawModifications() {
		fmt.Fprintf(&b, "%s\n", entry)
	}
	return b.String()
}

// TestAppliedIsAsIfRead: what Apply returns is what ParseChange makes of its
// text, however many edits have gone before.
func TestAppliedIsAsIfRead(t *testing.T) {
	styles := []string{
		`{"a":1,"changeId":"C","title":"x","modifications":[{"modification_id":"m"}],"z":[{"b":[]}]}`,
		"{\n  \"changeId\": \"C\",\n  \"modifications\": [\n    {\n      \"user_id\": \"u\"\n    }\n  ],\n  \"title\": null\n}\n",
		"{\r\n\t\"title\": \"x\",\r\n\t\"changeId\": \"C\",\r\n\t\"modifications\": [ {}, {\"modification_id\":\"m\"} ]\r\n}",
		`{"changeId":"C","modifications":[ ]}`, `{"changeId":"C","modifications":null,"title":1}`, `{"changeId":"C"}`,
		` { "modifications" : [ {"x":[1,2]} , {} ] , "changeId" : "C" , "a" : "modifications" } `,
	}
	value := rapid.SampledFrom([]string{`"y"`, `{"n": 1.50}`, `[1, [2]]`, `null`, ` "spaced" `, `"Zürich ✓ <b>"`})
	rapid.Check(t, func(t *rapid.T) {
		c, err := ParseChange([]byte(rapid.SampledFrom(styles).Draw(t, "document")))
		if err != nil {
			t.Fatal(err)
		}
		for step := range rapid.IntRange(1, 5).Draw(t, "steps") {
			edit := Edit{Fields: map[string]json.RawMessage{}}
			for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"title", "a", "z", "new"}), rapid.ID).Draw(t, "fields") {
				edit.Fields[name] = json.RawMessage(value.Draw(t, "value"))
				if rapid.IntRange(0, 3).Draw(t, "remove") == 0 {
					delete(edit.Fields, name)
					edit.Remove = append(edit.Remove, name)
				}
			}
			for n := range rapid.IntRange(1, 3).Draw(t, "modifications") {
				m := mod(fmt.Sprintf("m%d-%d", step, n))
				if rapid.Bool().Draw(t, "with metadata") {
					m.MeetingMetadata = json.RawMessage(`{"subject": "a, b] }"}`)
				}
				edit.Modifications = append(edit.Modifications, m)
			}
			next, err := c.Apply(edit)
			if err != nil {
				t.Fatal(err)
			}
			applied := next.(*Change)
			read, err := ParseChange(applied.Encode())
			if err != nil {
				t.Fatalf("%v\n%s", err, applied.Encode())
			}
			if got, want := described(applied), described(read); got != want {
				t.Fatalf("applied:\n%s\nread:\n%s", got, want)
			}
			c = applied
		}
	})
}

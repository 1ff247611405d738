package archive

import (
	"encoding/json"
	"testing"
)

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

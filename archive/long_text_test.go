package archive

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// TestErrorsAreBounded: errors go to logs and to clients. What a document calls something,
// and what an entry holds, must not be in them at any length.
func TestErrorsAreBounded(t *testing.T) {
	long := strings.Repeat("\x7f", 100_000)
	id := strings.Repeat("m", 100_000)
	number := json.RawMessage("1" + strings.Repeat("0", 100_000))
	one := json.RawMessage("1")
	parse := func(body string) error { _, err := ParseChange([]byte(body)); return err }
	entries := func(body string) error { _, err := mustParse(t, body).Modifications(); return err }
	edit := func(e Edit) error {
		if e.Modifications == nil {
			e.Modifications = []Modification{mod("m1")}
		}
		return e.Validate()
	}
	modified := func(change func(*Modification)) error {
		m := mod(id)
		change(&m)
		return edit(Edit{Modifications: []Modification{m}})
	}
	conflict := &ETagMismatchError{Key: "k", Expected: "e", Found: "f"}
	for range 2000 {
		conflict.Fields = append(conflict.Fields, FieldConflict{Field: long, Theirs: number, Ours: number})
	}
	for name, err := range map[string]error{
		"a field twice":            parse(`{"changeId":"C","` + long + `":1,"` + long + `":2}`),
		"a text that is a number":  entries(`{"changeId":"C","modifications":[{"user_id":` + string(number) + `}]}`),
		"a mark that is a number":  entries(`{"changeId":"C","modifications":[{"notify":` + string(number) + `}]}`),
		"a name that is not UTF-8": edit(Edit{Fields: map[string]json.RawMessage{long + "\xff": one}}),
		"a value that is not JSON": edit(Edit{Fields: map[string]json.RawMessage{long: json.RawMessage(long)}}),
		"set and removed":          edit(Edit{Fields: map[string]json.RawMessage{long: one}, Remove: []string{long}}),
		"removed twice":            edit(Edit{Remove: []string{long, long}}),
		"an id twice":              edit(Edit{Modifications: []Modification{mod(id), mod(id)}}),
		"an id that can't be":      modified(func(m *Modification) { m.ID += " " }),
		"no type":                  modified(func(m *Modification) { m.Type = "" }),
		"a user not UTF-8":         modified(func(m *Modification) { m.UserID = "\xff" }),
		"a time that is none":      modified(func(m *Modification) { m.Timestamp = long }),
		"an entry's field":         modified(func(m *Modification) { m.Fields = map[string]json.RawMessage{long: json.RawMessage(long)} }),
		"a conflict":               conflict,
		"an id used before":        &ReusedIDError{Key: "k", ID: id},
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		} else if n := len(err.Error()); n > 5_000 {
			t.Errorf("%s: an error of %d bytes: %.200s", name, n, err)
		} else if name != "a conflict" && name != "an id used before" && !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

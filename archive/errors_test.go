package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// sdkError is what other SDKs' errors look like: aws-sdk-go v1's RequestFailure has this method.
type sdkError struct{ status int }

func (e sdkError) Error() string   { return fmt.Sprintf("sdk: status %d", e.status) }
func (e sdkError) StatusCode() int { return e.status }

// TestSentinelOfAnAdapterSurvives: what an adapter wraps beside a sentinel, such as an error
// with a method StatusCode() int, does not take its place.
func TestSentinelOfAnAdapterSurvives(t *testing.T) {
	gone := fmt.Errorf("get %s: %w: %w", testKey, ErrNotFound, sdkError{404})
	r := newRig(t, 3)
	r.store.onGet[1] = answer(gone)
	_, err := r.Load(t.Context(), testID)
	if !errors.Is(err, ErrNotFound) || OutcomeOf(err) != Gone {
		t.Errorf("load of what is not there: %s: %v", OutcomeOf(err), err)
	}
	r = newRig(t, 3)
	r.store.onPut[1] = answer(fmt.Errorf("put: %w: %w", ErrNotFound, sdkError{404}))
	_, err = r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}})
	if OutcomeOf(err) != Gone {
		t.Errorf("append to what was deleted: %s: %v", OutcomeOf(err), err)
	}
	r = newRig(t, 3)
	ctx, cancel := context.WithCancel(t.Context())
	r.store.onGet[1] = after(cancel, answer(fmt.Errorf("%w: %w", context.Canceled, sdkError{0})))
	_, err = r.Load(ctx, testID)
	if OutcomeOf(err) != Cancelled {
		t.Errorf("cancelled: %s: %v", OutcomeOf(err), err)
	}
}

// Test409WhileTheVersionStands: nobody else is blamed by a store that answers 409 for ever, to
// a version that stands.
func Test409WhileTheVersionStands(t *testing.T) {
	r := newRig(t, 16)
	r.store.everyPut = answer(ErrConflict)
	_, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{mod("m1")}})
	if len(r.store.history) == 1 && strings.Contains(err.Error(), "modified by another user") {
		t.Errorf("%d reads gave the same ETag: %v", r.store.gets, err)
	}
}

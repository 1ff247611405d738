package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestReusedID: of case "id reused". An id that comes again with other content is refused
// by every operation; with the same it is answered as before, also when others have
// written since, and also what it set.
func TestReusedID(t *testing.T) {
	by := func(user, kind string) Modification {
		m := mod("m1")
		m.UserID, m.Type = user, kind
		return m
	}
	first := Edit{Fields: fields("title", `"b"`, "plan", `{"a": 1}`), Remove: []string{"x"}, Modifications: []Modification{by("u", Updated)}}
	again := first
	again.Fields = fields("title", `"b"`, "plan", `{"a":1}`)
	again.Modifications = []Modification{by("u", Updated)}
	again.Modifications[0].Timestamp = "2030-01-01T00:00:00Z"
	others := map[string]Edit{
		"another value":                    {Fields: fields("title", `"c"`, "plan", `{"a":1}`), Remove: []string{"x"}, Modifications: []Modification{by("u", Updated)}},
		"fewer fields":                     {Fields: fields("title", `"b"`), Remove: []string{"x"}, Modifications: []Modification{by("u", Updated)}},
		"more fields":                      {Fields: fields("title", `"b"`, "plan", `{"a":1}`, "y", `1`), Remove: []string{"x"}, Modifications: []Modification{by("u", Updated)}},
		"not removed":                      {Fields: again.Fields, Modifications: []Modification{by("u", Updated)}},
		"another user":                     {Fields: again.Fields, Remove: []string{"x"}, Modifications: []Modification{by("v", Updated)}},
		"another type":                     {Fields: again.Fields, Remove: []string{"x"}, Modifications: []Modification{by("u", Approved)}},
		"one more entry, and other fields": {Fields: fields("title", `"c"`), Modifications: []Modification{mod("m2"), by("u", Updated)}},
	}
	calls := map[string]func(r *rig, e Edit) error{
		"append": func(r *rig, e Edit) error { _, err := r.Append(t.Context(), testID, e); return err },
		"save": func(r *rig, e Edit) error {
			base, err := r.Load(t.Context(), testID)
			if err == nil {
				_, err = r.Save(t.Context(), testID, base, e)
			}
			return err
		},
	}
	for name, call := range calls {
		r := newRig(t, 3)
		if _, err := r.Append(t.Context(), testID, first); err != nil {
			t.Fatal(err)
		}
		r.store.interlope("theirs", fields("title", `"theirs"`, "plan", `"theirs"`))()
		before := r.store.body(testKey)
		if err := call(r, again); err != nil {
			t.Errorf("%s: the same again: %v", name, err)
		}
		for what, other := range others {
			err := call(r, other)
			reused, ok := errors.AsType[*ReusedIDError](err)
			if !ok || reused.ID != "m1" || reused.Key != testKey || reused.StatusCode() != 422 {
				t.Errorf("%s with %s: %v", name, what, err)
			}
		}
		if r.store.body(testKey) != before {
			t.Errorf("%s: something was stored", name)
		}
	}
}

func TestReusedIDOfACreate(t *testing.T) {
	r := newRig(t, 3)
	create := func(title string) error {
		doc := mustParse(t, fmt.Sprintf(`{"changeId":"CHG-9","title":%q,"plan":"p","modifications":[]}`, title))
		_, err := r.Create(t.Context(), "CHG-9", doc, mod("m1"))
		return err
	}
	if err := create("a"); err != nil {
		t.Fatal(err)
	}
	if err := create("a"); err != nil {
		t.Errorf("the same again: %v", err)
	}
	for _, loses := range []bool{false, true} {
		if loses {
			r.store.onPut[r.store.puts+1] = requestLost
		}
		err := create("b")
		if _, reused := errors.AsType[*ReusedIDError](err); !reused || OutcomeOf(err) != Failed {
			t.Errorf("with another title: %v", err)
		}
	}
}

// What an older version, or other software, has stored has no digest: it is told by its
// user and type. What may come out differently (Once) is never held against its digest.
func TestEntriesWithoutDigest(t *testing.T) {
	r := newRig(t, 3)
	r.store.set(testKey, []byte(`{"changeId":"CHG-1","modifications":[{"modification_id":"m1","timestamp":"2025-10-20T12:00:00Z","user_id":"u","modification_type":"updated"}]}`))
	edit := Edit{Fields: fields("title", `"b"`), Modifications: []Modification{mod("m1")}}
	if _, err := r.Append(t.Context(), testID, edit); err != nil {
		t.Errorf("the same user and type: %v", err)
	}
	edit.Modifications[0].UserID = "v"
	if _, err := r.Append(t.Context(), testID, edit); err == nil {
		t.Error("another user was not told")
	}
	edit.Once = "m1"
	if _, err := r.Append(t.Context(), testID, edit); err != nil {
		t.Errorf("made once, by whoever: %v", err)
	}
	edit = Edit{Fields: fields("title", `"c"`), Modifications: []Modification{mod("m2")}, Once: "m2"}
	for range 2 {
		done, err := r.Append(t.Context(), testID, edit)
		if err != nil {
			t.Fatal(err)
		}
		if m, _ := done.Change().Modification("m2"); m.ContentDigest != "" {
			t.Errorf("an edit that may come out differently has the digest %s", m.ContentDigest)
		}
		edit.Fields = fields("title", `"d"`)
	}
}

// TestContentDigest: edits have the same digest only if they are the same.
func TestContentDigest(t *testing.T) {
	values := rapid.SampledFrom([]string{`1`, `"1"`, `"a b"`, `"a  b"`, `[1, 2]`, `[1,2]`, `{"a":[]}`, `null`})
	names := rapid.SampledFrom([]string{"a", "b", "ab", ""})
	draw := func(t *rapid.T) (map[string]json.RawMessage, []string, Modification) {
		set := map[string]json.RawMessage{}
		for range rapid.IntRange(0, 2).Draw(t, "fields") {
			set[names.Draw(t, "name")] = json.RawMessage(values.Draw(t, "value"))
		}
		var remove []string
		if rapid.Bool().Draw(t, "remove") {
			remove = []string{names.Draw(t, "removed")}
		}
		m := mod(rapid.SampledFrom([]string{"m", "mm"}).Draw(t, "id"))
		m.UserID = rapid.SampledFrom([]string{"", "m", "u"}).Draw(t, "user")
		m.CustomerCode = rapid.SampledFrom([]string{"", "u"}).Draw(t, "customer")
		return set, remove, m
	}
	spelled := func(set map[string]json.RawMessage, remove []string, m Modification) string {
		all, err := json.Marshal([]any{set, remove, m})
		if err != nil {
			t.Fatal(err)
		}
		return string(all)
	}
	rapid.Check(t, func(t *rapid.T) {
		setA, removeA, a := draw(t)
		setB, removeB, b := draw(t)
		same := spelled(setA, removeA, a) == spelled(setB, removeB, b)
		if (ContentDigest(setA, removeA, a) == ContentDigest(setB, removeB, b)) != same {
			t.Errorf("%s and %s", spelled(setA, removeA, a), spelled(setB, removeB, b))
		}
	})
}

// A digest is as long as any other: what it is in has a length of its own otherwise.
func TestDigestsHaveOneLength(t *testing.T) {
	for n := range 200 {
		if d := ContentDigest(nil, nil, Modification{ID: fmt.Sprint("m-", n)}); len(d) != 16 {
			t.Fatalf("%q", d)
		}
	}
}

// TestDigestOfSetAndRemoved: no part of a digest passes for others; setting a field is not
// removing two that are called like it and its value.
func TestDigestOfSetAndRemoved(t *testing.T) {
	set := Edit{Fields: fields("locked", `true`), Modifications: []Modification{mod("m1")}}
	remove := Edit{Remove: []string{"locked", "true"}, Modifications: []Modification{mod("m1")}}
	if ContentDigest(set.Fields, nil, mod("m1")) == ContentDigest(nil, remove.Remove, mod("m1")) {
		t.Error("setting locked to true has the digest of removing locked and true")
	}
	r := newRig(t, 3)
	if _, err := r.Append(t.Context(), testID, set); err != nil {
		t.Fatal(err)
	}
	_, err := r.Append(t.Context(), testID, remove)
	if _, reused := errors.AsType[*ReusedIDError](err); !reused {
		t.Errorf("the removal under the same id is answered %v: %s", err, r.store.body(testKey))
	}
}

// TestCreateWithTheIDInItsHistory: an entry of the document's own history does not pass for
// that of the call, and a repetition is answered alike.
func TestCreateWithTheIDInItsHistory(t *testing.T) {
	r := newRig(t, 3)
	doc := mustParse(t, `{"changeId":"CHG-9","modifications":[{"modification_id":"m1","timestamp":"2025-01-01T00:00:00Z","user_id":"mallory","modification_type":"approved"}]}`)
	_, err := r.Create(t.Context(), "CHG-9", doc, mod("m1"))
	if err == nil && !strings.Contains(r.store.body("archive/CHG-9.json"), `"user_id":"u"`) {
		t.Errorf("success, and the modification of u is not stored: %s", r.store.body("archive/CHG-9.json"))
	}
	if _, again := r.Create(t.Context(), "CHG-9", doc, mod("m1")); (again == nil) != (err == nil) {
		t.Errorf("repeated it is answered %v, at first %v", again, err)
	}
}

// TestCreateWithAnotherHistory: a document with another history is another content.
func TestCreateWithAnotherHistory(t *testing.T) {
	r := newRig(t, 3)
	create := func(history string) error {
		_, err := r.Create(t.Context(), "CHG-9", mustParse(t, `{"changeId":"CHG-9","modifications":[`+history+`]}`), mod("m1"))
		return err
	}
	if err := create(""); err != nil {
		t.Fatal(err)
	}
	err := create(`{"modification_id":"imported","timestamp":"2025-01-01T00:00:00Z","user_id":"x","modification_type":"created"}`)
	if err == nil && !strings.Contains(r.store.body("archive/CHG-9.json"), "imported") {
		t.Errorf("success, and the imported entry is not stored: %s", r.store.body("archive/CHG-9.json"))
	}
}

// TestReusedIDOfAnOddEntry: an entry of other software that can't be decoded, since its time
// is a number or its user is none, is not the call's own.
func TestReusedIDOfAnOddEntry(t *testing.T) {
	for _, odd := range []string{
		`{"modification_id":"m1","timestamp":1760961600,"user_id":"mallory","modification_type":"approved"}`,
		`{"modification_id":"m1","timestamp":"2025-10-20T12:00:00Z","user_id":{"name":"mallory"},"modification_type":"approved"}`,
		`{"modification_id":"m1","timestamp":"2025-10-20T12:00:00Z","user_id":"mallory","modification_type":"approved","customer_code":7}`,
	} {
		r := newRig(t, 3)
		r.store.set(testKey, []byte(`{"changeId":"CHG-1","title":"a","modifications":[`+odd+`]}`))
		_, err := r.Append(t.Context(), testID, Edit{Fields: fields("title", `"b"`), Modifications: []Modification{mod("m1")}})
		if err == nil && !strings.Contains(r.store.body(testKey), `"user_id":"u"`) {
			t.Errorf("success, and nothing of it is stored: %s", r.store.body(testKey))
		}
	}
}

// The digest of a creation has the second id too: with another it is no repetition.
func TestSecondIDOfACreate(t *testing.T) {
	r := newRig(t, 3)
	create := func(second string) error {
		doc := mustParse(t, `{"changeId":"CHG-9","announcement_id":"`+second+`","title":"a","modifications":[]}`)
		_, err := r.Create(t.Context(), "CHG-9", doc, mod("m1"))
		return err
	}
	if err := create("A-1"); err != nil {
		t.Fatal(err)
	}
	if err := create("A-2"); err == nil {
		t.Errorf("success, and A-2 is not stored: %s", r.store.body("archive/CHG-9.json"))
	}
}

package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestRemovedFieldsAreGone and nothing else is: all others keep their bytes and their
// order, in documents of any style, together with whatever else an edit does.
func TestRemovedFieldsAreGone(t *testing.T) {
	names := []string{"a", "b", "é", "d"}
	entries := []string{`"modifications":[]`, `"modifications":null`, `"modifications":[{"modification_id":"old"}]`, ``}
	rapid.Check(t, func(t *rapid.T) {
		members := []string{`"changeId":"C"`, rapid.SampledFrom(entries).Draw(t, "history")}
		for _, name := range names {
			members = append(members, fmt.Sprintf(`%q : {"%s,":[1, "]}"]}`, name, name))
		}
		members = slices.DeleteFunc(rapid.Permutation(members).Draw(t, "members"), func(m string) bool { return m == "" })
		lead := rapid.SampledFrom([]string{"", " ", "\n  ", "\r\n\t"}).Draw(t, "lead")
		body := "{" + lead
		for i, m := range members {
			if i > 0 {
				body += rapid.SampledFrom([]string{",", " ,"}).Draw(t, "comma") + lead
			}
			body += m
		}
		before := mustParse(t, body+lead+"}")
		edit := Edit{Modifications: []Modification{mod("m1")}, Fields: map[string]json.RawMessage{}}
		for _, name := range slices.Concat(names, []string{"none"}) {
			switch rapid.IntRange(0, 2).Draw(t, name) {
			case 1:
				edit.Remove = append(edit.Remove, name)
			case 2:
				edit.Fields[name] = json.RawMessage(`"set"`)
			}
		}
		next, err := before.Apply(edit)
		if err != nil {
			t.Fatal(err)
		}
		after := next.(*Change)

		for _, name := range names {
			was, _ := before.Field(name)
			now, there := after.Field(name)
			switch want, set := edit.Fields[name]; {
			case slices.Contains(edit.Remove, name):
				if there {
					t.Errorf("%s is still there:\n%s", name, after.Encode())
				}
			case set:
				if string(now) != string(want) {
					t.Errorf("%s is %s", name, now)
				}
			case string(now) != string(was):
				t.Errorf("%s was %s and is %s", name, was, now)
			}
		}
		left := slices.DeleteFunc(before.FieldNames(), func(name string) bool { return slices.Contains(edit.Remove, name) })
		if got := after.FieldNames(); !slices.Equal(got[:len(left)], left) {
			t.Errorf("the order was %q and is %q", left, got)
		}
		if !after.HasModification("m1") || after.HasModification("old") != before.HasModification("old") {
			t.Errorf("the history is %q", after.ModificationIDs())
		}
	})
}

func TestRemovalIsRefused(t *testing.T) {
	doc := mustParse(t, `{"changeId":"C","title":"x","announcement_id":"A"}`)
	for name, edit := range map[string]Edit{
		"the id":            {Remove: []string{"changeId"}},
		"the other id":      {Remove: []string{"announcement_id"}},
		"the history":       {Remove: []string{"modifications"}},
		"a field twice":     {Remove: []string{"title", "title"}},
		"and set":           {Remove: []string{"title"}, Fields: fields("title", `"y"`)},
		"without any entry": {},
	} {
		if name != "without any entry" {
			edit.Modifications = []Modification{mod("m1")}
		}
		if _, err := doc.Apply(edit); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRemovalIsAChangeLikeAnyOther for a save that is merged with what others stored.
func TestRemovalIsAChangeLikeAnyOther(t *testing.T) {
	removing := func(name string) Edit { return Edit{Remove: []string{name}} }
	for _, tt := range []struct {
		name         string
		theirs, ours Edit
		want         Outcome
		title        string // stored afterwards; empty: absent
	}{
		{"nobody else wrote", Edit{}, removing("title"), Committed, ""},
		{"they changed another field", Edit{Fields: fields("plan", `"q"`)}, removing("title"), Committed, ""},
		{"they changed it", Edit{Fields: fields("title", `"b"`)}, removing("title"), Conflict, `"b"`},
		{"they removed it too", removing("title"), removing("title"), Committed, ""},
		{"they removed what I change", removing("title"), Edit{Fields: fields("title", `"b"`)}, Conflict, ""},
		{"they removed what I submit as it was", removing("title"), Edit{Fields: fields("title", `"a"`)}, Committed, ""},
		{"it was never there", Edit{}, removing("none"), Committed, `"a"`},
		{"they added what I remove unseen", Edit{Fields: fields("new", `1`)}, removing("new"), Conflict, `"a"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, 3)
			tt.theirs.Modifications = []Modification{mod("theirs")}
			if _, err := r.Append(t.Context(), testID, tt.theirs); err != nil {
				t.Fatal(err)
			}
			tt.ours.Modifications = []Modification{mod("ours")}
			_, err := r.Save(t.Context(), testID, r.base, tt.ours)
			if got := OutcomeOf(err); got != tt.want {
				t.Fatalf("%s (%v), want %s", got, err, tt.want)
			}
			stored, err := r.Load(t.Context(), testID)
			if err != nil {
				t.Fatal(err)
			}
			title, _ := stored.Document.Field("title")
			if string(title) != tt.title {
				t.Errorf("title is %s, want %s", title, tt.title)
			}
		})
	}
}

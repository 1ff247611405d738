package archive

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// spellings are values with the ways in which they can be written. The first
// "value" is absence.
var spellings = [][]string{
	{""},
	{`null`, ` null `},
	{`1`, "\t1\n"},
	{`1.0`},
	{`1.00`},
	{`12345678901234567890`},
	{`12345678901234567891`},
	{`"a"`, `"\u0061"`},
	{`{"x":1,"y":[]}`, `{ "y" : [ ], "x" : 1 }`},
	{`[1,2]`, `[ 1, 2 ]`},
	{`[2,1]`},
}

func TestMergeMatchesTheTable(t *testing.T) {
	names := []string{"a", "b", "c"}
	rapid.Check(t, func(t *rapid.T) {
		var remove []string
		value := rapid.IntRange(0, len(spellings)-1)
		write := func(v int) string { return rapid.SampledFrom(spellings[v]).Draw(t, "spelling") }
		doc := func(values map[string]int) *Change {
			var b strings.Builder
			b.WriteString(`{"changeId":"C"`)
			for _, name := range names {
				if values[name] != 0 {
					fmt.Fprintf(&b, `,%q:%s`, name, write(values[name]))
				}
			}
			return mustParse(t, b.String()+"}")
		}
		base, theirs, ours := map[string]int{}, map[string]int{}, map[string]int{}
		submitted := map[string]json.RawMessage{}
		for _, name := range names {
			base[name], theirs[name], ours[name] = value.Draw(t, "base"), value.Draw(t, "theirs"), value.Draw(t, "ours")
			if rapid.Bool().Draw(t, "untouched by them") {
				theirs[name] = base[name]
			}
			if ours[name] != 0 {
				submitted[name] = json.RawMessage(write(ours[name]))
			} else if rapid.Bool().Draw(t, "removed") {
				remove = append(remove, name)
			}
		}

		merged, conflicts := merge(doc(base), doc(theirs), Edit{Fields: submitted, Remove: remove})

		wantSet, wantRemove, wantConflicts := map[string]json.RawMessage{}, []string(nil), []string(nil)
		for _, name := range names {
			b, th, o := base[name], theirs[name], ours[name]
			iRemove := slices.Contains(remove, name)
			switch iChanged, theyChanged := o != 0 && o != b || iRemove && th != 0, th != b; {
			case iChanged && !theyChanged && iRemove:
				wantRemove = append(wantRemove, name)
			case iChanged && !theyChanged:
				wantSet[name] = submitted[name]
			case iChanged && o != th:
				wantConflicts = append(wantConflicts, name)
			}
		}
		var gotConflicts []string
		for _, c := range conflicts {
			gotConflicts = append(gotConflicts, c.Field)
			if (c.Base == nil) != (base[c.Field] == 0) || (c.Theirs == nil) != (theirs[c.Field] == 0) {
				t.Errorf("conflict %+v confuses absent and null", c)
			}
		}
		if d := cmp.Diff(wantSet, merged.Fields) + cmp.Diff(wantRemove, merged.Remove) + cmp.Diff(wantConflicts, gotConflicts); d != "" {
			t.Error(d)
		}
	})
}

func TestSave(t *testing.T) {
	// The stored document is {title: a, plan: p} when the user loads it; others
	// then write "theirs".
	tests := []struct {
		name        string
		theirs      map[string]json.RawMessage
		ours        map[string]json.RawMessage
		withoutBase bool
		want        Outcome
		title, plan string // stored afterwards
	}{
		{"nobody else wrote", nil, fields("title", `"b"`), false, Committed, `"b"`, `"p"`},
		{"nobody else wrote, no base document", nil, fields("title", `"b"`), true, Committed, `"b"`, `"p"`},
		{"they changed another field", fields("plan", `"q"`), fields("title", `"b"`), false, Committed, `"b"`, `"q"`},
		{"the whole document is submitted", fields("plan", `"q"`),
			fields("changeId", `"CHG-1"`, "title", `"b"`, "plan", `"p"`), false, Committed, `"b"`, `"q"`},
		{"only unchanged fields are submitted", fields("title", `"b"`, "plan", `"q"`),
			fields("title", ` "\u0061"`, "plan", `"p"`), false, Committed, `"b"`, `"q"`},
		{"both changed it to the same", fields("title", `"b"`), fields("title", `"\u0062"`), false, Committed, `"b"`, `"p"`},
		{"both changed it", fields("title", `"c"`), fields("title", `"b"`), false, Conflict, `"c"`, `"p"`},
		{"both changed it, and another field merges", fields("title", `"c"`),
			fields("title", `"b"`, "plan", `"q"`), false, Conflict, `"c"`, `"p"`},
		{"they only appended, no base document", map[string]json.RawMessage{}, fields("title", `"b"`), true, Conflict, `"a"`, `"p"`},
		{"no fields at all", fields("title", `"c"`), nil, false, Committed, `"c"`, `"p"`},
	}
	for _, tt := range tests {
		for _, when := range []string{"before the read", "before the write"} {
			t.Run(tt.name+"/"+when, func(t *testing.T) {
				r := newRig(t, 3)
				if tt.withoutBase {
					r.base.Document = nil
				}
				switch others := r.store.interlope("x1", tt.theirs); {
				case tt.theirs == nil:
				case when == "before the read":
					others()
				default:
					r.store.onPut[1] = after(others, nil)
				}
				edit := Edit{Fields: tt.ours, Modifications: []Modification{mod("m1")}}
				for range 2 { // the second time repeats the first
					_, err := r.Save(t.Context(), testID, r.base, edit)
					if got := OutcomeOf(err); got != tt.want {
						t.Fatalf("ended as %s (%v), want %s", got, err, tt.want)
					}
					c := mustParse(t, r.store.body(testKey))
					title, _ := c.Field("title")
					plan, _ := c.Field("plan")
					if string(title) != tt.title || string(plan) != tt.plan {
						t.Errorf("title %s, plan %s; want %s, %s", title, plan, tt.title, tt.plan)
					}
				}
				want := 0
				if tt.want == Committed {
					want = 1
				}
				if got := r.times("m1"); got != want {
					t.Errorf("stored %d times, want %d", got, want)
				}
			})
		}
	}
}

func TestSaveOfAnObjectThatIsGone(t *testing.T) {
	r := newRig(t, 3)
	r.store.remove()
	_, err := r.Save(t.Context(), testID, r.base, Edit{Fields: fields("title", `"b"`), Modifications: []Modification{mod("m1")}})
	if OutcomeOf(err) != Gone || r.store.body(testKey) != "" {
		t.Errorf("ended as %v; the store holds %q", err, r.store.body(testKey))
	}
}

// TestConflictSettlesNoEarlierCall: a call that is repeated while the first is between two
// attempts is told of a conflict, and the first one merges once the field is again what its
// caller had loaded. It is stored once, whatever was answered.
func TestConflictSettlesNoEarlierCall(t *testing.T) {
	r := newRig(t, 3)
	edit := Edit{Fields: fields("title", `"mine"`), Modifications: []Modification{mod("m1")}}
	r.store.onPut[1] = answer(ErrThrottled)
	var repeated error
	r.clock.OnSleep = func(n int) {
		if n > 1 {
			return
		}
		r.store.interlope("x1", fields("title", `"theirs"`))()
		_, repeated = r.Save(t.Context(), testID, r.base, edit)
		r.store.interlope("x2", fields("title", `"a"`))()
	}
	if _, err := r.Save(t.Context(), testID, r.base, edit); err != nil || OutcomeOf(repeated) != Conflict {
		t.Errorf("the first call: %v, its repetition: %v", err, repeated)
	}
	if _, err := r.Save(t.Context(), testID, r.base, edit); err != nil || r.times("m1") != 1 {
		t.Errorf("repeated once more: %v, stored %d times", err, r.times("m1"))
	}
}

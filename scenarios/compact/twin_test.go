package compact

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios/history"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// twins are a document and its compact stand-in, as a store has them.
type twins struct {
	change *archive.Change
	other  *version
}

var originals = []string{
	`{"changeId": "C", "title": "A", "modifications": [{"modification_id": "m1"}, {"old": 1}, {"modification_id": ""}], "status": 1.50}`,
	`{"changeId": "C"}`,
	`{"title": null, "announcement_id": "C", "modifications": null}`,
	`{"announcement_id": {"not": "used"}, "changeId": "\u0043", "modifications": [{"modification_id": "m1"}, {"modification_id": "m1"}]}`,
}

var names = rapid.SampledFrom([]string{
	"title", "status", "new", "another new", "ä\"", "changeId", "announcement_id", "modifications", "bad\xff",
})

var values = rapid.SampledFrom([]string{
	`"A"`, `"B"`, ` "B" `, `1.50`, `null`, `{"a": [1, 2]}`, `"C"`, `"\u0043"`, `{"not":"used"}`, ``, `[`, `1 2`,
})

// anEdit is mostly a good one, with ids that come again.
func anEdit(t *rapid.T) archive.Edit {
	e := archive.Edit{Fields: map[string]json.RawMessage{}}
	for range rapid.IntRange(0, 2).Draw(t, "fields") {
		e.Fields[names.Draw(t, "name")] = json.RawMessage(values.Draw(t, "value"))
	}
	for range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "removals") {
		e.Remove = append(e.Remove, names.Draw(t, "removed"))
	}
	for range rapid.SampledFrom([]int{1, 1, 1, 2, 3, 0}).Draw(t, "modifications") {
		m := mod(rapid.SampledFrom([]string{"m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9", "", "a b"}).Draw(t, "id"))
		m.UserID = rapid.SampledFrom([]string{"ann", "bob"}).Draw(t, "user")
		if rapid.IntRange(0, 15).Draw(t, "odd") == 0 {
			m.MeetingMetadata = json.RawMessage(values.Draw(t, "metadata"))
		}
		e.Modifications = append(e.Modifications, m)
	}
	return e
}

// TestTwins: edits of a document and of its stand-in, on any version, stored or
// not, in any order, have the same results.
func TestTwins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := must(archive.ParseChange([]byte(rapid.SampledFrom(originals).Draw(t, "original"))))
		all := []twins{{c, FromChange(c).(*version)}}
		for range rapid.IntRange(1, 15).Draw(t, "edits") {
			on := all[rapid.IntRange(0, len(all)-1).Draw(t, "version")]
			edit := anEdit(t)
			c, errC := on.change.Apply(edit)
			v, errV := on.other.Apply(edit)
			if (errC == nil) != (errV == nil) || errV != nil && !errors.Is(errV, archive.ErrInvalid) {
				t.Fatalf("%v: a change says %v, its twin %v", edit, errC, errV)
			}
			if errC != nil {
				continue
			}
			next := twins{c.(*archive.Change), v.(*version)}
			if rapid.Bool().Draw(t, "stored") {
				next.change = must(archive.JSONCodec("C", c.Encode())).(*archive.Change)
				next.other = must(Codec("C", v.Encode())).(*version)
			}
			all = append(all, next)
		}
		for _, one := range all {
			same(t, one)
		}
		for _, one := range all {
			for _, base := range all {
				sameRelation(t, one, base)
			}
		}
	})
}

func same(t *rapid.T, one twins) {
	c, v := one.change, one.other
	if diff := cmp.Diff(history.EntryIDs(c), v.ModificationIDs()); diff != "" {
		t.Fatalf("history: %s", diff)
	}
	if c.HistoryLen() != v.HistoryLen() {
		t.Fatalf("%s: a change has %d entries, its twin %d", c.Encode(), c.HistoryLen(), v.HistoryLen())
	}
	for _, id := range append([]string{"", "m2", "m9"}, v.ModificationIDs()...) {
		if c.HasModification(id) != v.HasModification(id) {
			t.Fatalf("%s: a change holds %q: %v, its twin not", c.Encode(), id, c.HasModification(id))
		}
	}
	fields := slices.DeleteFunc(c.FieldNames(), func(name string) bool { return name == "modifications" })
	if diff := cmp.Diff(fields, v.FieldNames()); diff != "" {
		t.Fatalf("fields: %s", diff)
	}
	for _, name := range append(fields, "none") {
		want, _ := c.Field(name)
		got, known := v.Field(name)
		if string(got) != string(want) || known != (want != nil) {
			t.Fatalf("field %s is %s, its twin's %s", name, want, got)
		}
	}
	if c.ID() != v.ID() {
		t.Fatalf("ids %s and %s", c.ID(), v.ID())
	}
}

// sameRelation compares how two versions are told apart and described. Texts and
// checksums differ where those of JSON do.
func sameRelation(t *rapid.T, one, base twins) {
	c, b := describe(one.change, nil), describe(base.change, nil)
	want := describe(one.change, b).Written(b, "v1")
	got := one.other.Written(base.other, "v1")
	if (want.Sum == b.Read().Sum) != (got.Sum == base.other.sum()) || (want.Fields == b.Read().Fields) != (got.Fields == base.other.fields) {
		t.Fatalf("checksums\n%s\n%s", one.change.Encode(), base.change.Encode())
	}
	equal := string(one.other.Encode()) == string(base.other.Encode())
	if equal != (c.Read().Sum == b.Read().Sum && c.Read().Fields == b.Read().Fields) {
		t.Fatalf("same text: %v\n%s\n%s", equal, one.change.Encode(), base.change.Encode())
	}
	got.Sum, got.Fields, want.Sum, want.Fields = 0, 0, 0, 0
	if diff := cmp.Diff(norm(want), norm(got)); diff != "" {
		t.Fatalf("%s\non %s\n%s", one.change.Encode(), base.change.Encode(), diff)
	}
}

func describe(c *archive.Change, base history.Content) history.Content {
	return history.NewJSONDescriber().Content("", "", c.Encode(), base)
}

// norm makes no difference between no and an empty list.
func norm(d history.Doc) history.Doc {
	if len(d.Add) == 0 {
		d.Add, d.Entries = nil, nil
	}
	return d
}

// TestForeignBodiesAreRefused: copies of a text too, which is not at its place.
func TestForeignBodiesAreRefused(t *testing.T) {
	v := grown(t, 3)
	body := v.Encode()
	room := append(make([]byte, 0, 4*headSize), body...)
	whole := slices.Clone(body[:headSize])
	for name, other := range map[string][]byte{
		"nothing": nil, "empty": {}, "JSON": []byte(`{"changeId": "C", "and": "more"}`),
		"as long": []byte(strings.Repeat("x", textSize)), "a copy": slices.Clone(body), "a copy with room": room,
		"a copy of all": whole[:textSize:headSize], "its beginning": body[:8:headSize], "its end": body[8:],
		"without room": body[:textSize:textSize],
	} {
		if d, err := Codec("C", other); !errors.Is(err, archive.ErrInvalid) || d != nil {
			t.Errorf("%s: %v, %v", name, d, err)
		}
	}
	if _, err := Codec("D", body); !errors.Is(err, archive.ErrInvalid) {
		t.Errorf("another id: %v", err)
	}
	if d, err := Codec("C", body); err != nil || d.(*version) != v {
		t.Errorf("its own text: %v", err)
	}
}

// TestForkedVersionsKeepTheirHistories: writers without conditions.
func TestForkedVersionsKeepTheirHistories(t *testing.T) {
	base := grown(t, 3)
	var forks []*version
	for i := range 4 {
		one := must(base.Apply(archive.Edit{Modifications: []archive.Modification{mod(fmt.Sprint("f", i))}}))
		forks = append(forks, settled(t, one))
		again := must(base.Apply(archive.Edit{Modifications: []archive.Modification{mod(fmt.Sprint("f", i))}})).(*version)
		if string(again.Encode()) != string(one.Encode()) || settled(t, again).len() != 4 {
			t.Error("the same content is told apart")
		}
		if i == 0 && settled(t, again).log != forks[0].log {
			t.Error("the log is copied for what it holds")
		}
	}
	for i, v := range forks {
		for k := range forks {
			if v.HasModification(fmt.Sprint("f", k)) != (i == k) {
				t.Errorf("fork %d and f%d", i, k)
			}
		}
		if v.len() != 4 || !v.HasModification(base.ModificationIDs()[2]) || base.len() != 3 {
			t.Errorf("fork %d: %v", i, v.ModificationIDs())
		}
	}
	if forks[0].log != base.log || forks[1].log == base.log {
		t.Error("the first must go on with the log, the others not")
	}
}

// TestAttemptsLeaveNothingBehind: memory grows with what is committed only, and a
// text alone keeps its version.
func TestAttemptsLeaveNothingBehind(t *testing.T) {
	body := grown(t, 100).Encode()
	attempts := func(n int) {
		for i := range n {
			doc := must(Codec("C", body))
			must(doc.Apply(archive.Edit{Modifications: []archive.Modification{mod(fmt.Sprint("attempt-", i))}})).Encode()
		}
	}
	attempts(1000)
	before := heap()
	attempts(50_000)
	if grew := heap() - before; grew > 100_000 {
		t.Errorf("50,000 attempts left %d bytes behind", grew)
	}
	if v := versionOf(body); v == nil || v.len() != 100 || !v.HasModification(fmt.Sprintf("m-%024d", 99)) {
		t.Error("the version is gone")
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

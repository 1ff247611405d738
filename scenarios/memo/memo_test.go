package memo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"holdfast/archive"
	"holdfast/scenarios/history"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const text = `{"changeId": "C", "title": "A", "modifications": [{"old": 1}, {"modification_id": "m0"}], "status": "x"}`

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func edit(id string) archive.Edit {
	return archive.Edit{Modifications: []archive.Modification{{ID: id, Timestamp: "2026-01-02T03:04:05Z", UserID: "u", Type: archive.Updated}}}
}

var edits = rapid.Custom(func(t *rapid.T) archive.Edit {
	e := edit(rapid.SampledFrom([]string{"m0", "m1", "m2", ""}).Draw(t, "id"))
	m := &e.Modifications[0]
	m.UserID = rapid.SampledFrom([]string{"u", "v"}).Draw(t, "user")
	m.MeetingMetadata = rapid.SampledFrom([]json.RawMessage{nil, nil, {}, json.RawMessage(`{}`)}).Draw(t, "metadata")
	m.Fields = rapid.SampledFrom([]map[string]json.RawMessage{nil, nil, {"note": json.RawMessage(`1`)}, {"note": json.RawMessage(`2`)}}).Draw(t, "more")
	if rapid.Bool().Draw(t, "two") {
		e.Modifications = append(e.Modifications, edit("m3").Modifications...)
	}
	if rapid.Bool().Draw(t, "field") {
		name := rapid.SampledFrom([]string{"title", "new", "changeId"}).Draw(t, "name")
		e.Fields = map[string]json.RawMessage{name: json.RawMessage(rapid.SampledFrom([]string{`"A"`, `"B"`, `"C"`, ``}).Draw(t, "value"))}
	}
	return e
})

// TestAsWithoutMemory: documents and descriptions are those of the plain codec
// and the JSON describer, with repetitions in any order.
func TestAsWithoutMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, plain := New(nil), history.NewJSONDescriber(nil)
		bodies := [][]byte{[]byte(text), []byte(`{"announcement_id": "C"}`), []byte(`{}`), nil}
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			body := bodies[rapid.IntRange(0, len(bodies)-1).Draw(t, "body")]
			if rapid.IntRange(0, 5).Draw(t, "copied") == 0 {
				body = bytes.Clone(body)
			}
			base := bodies[rapid.IntRange(0, len(bodies)-1).Draw(t, "base")]
			if rapid.Bool().Draw(t, "described") {
				sameDescription(t, m, plain, body, base)
			}
			id := rapid.SampledFrom([]string{"C", "C", "C", "D"}).Draw(t, "id")
			got, err := m.Codec(id, body)
			want, wantErr := archive.JSONCodec(id, body)
			if fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Fatalf("reading %s as %s: %v, want %v", body, id, err, wantErr)
			}
			if err != nil {
				continue
			}
			e := edits.Draw(t, "edit")
			got, err = got.Apply(e)
			want, wantErr = want.Apply(e)
			if fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Fatalf("editing %s: %v, want %v", body, err, wantErr)
			}
			if err != nil {
				continue
			}
			if string(got.Encode()) != string(want.Encode()) || got.HasModification("m1") != want.HasModification("m1") {
				t.Fatalf("edited to %s, want %s", got.Encode(), want.Encode())
			}
			bodies = append(bodies, got.Encode())
		}
	})
}

func sameDescription(t *rapid.T, m, plain history.Describer, body, base []byte) {
	write := func(d history.Describer) (all []history.Doc) {
		on := d.Content("k", "v1", base, nil)
		c := d.Content("k", "v2", body, on)
		return append(all, on.Read(), c.Read(), c.Written(on, "v1"), c.Written(on, "v3"), c.Written(nil, ""))
	}
	if diff := cmp.Diff(write(plain), write(m)); diff != "" {
		t.Fatalf("%s on %s: %s", body, base, diff)
	}
}

// TestRepetitionsAreTheSame slice, so that stores and describers know them.
func TestRepetitionsAreTheSame(t *testing.T) {
	m, body := New(nil), []byte(text)
	var seen *byte
	for range 3 {
		doc := must(m.Codec("C", body))
		if doc != must(m.Codec("C", body)) || unsafe.SliceData(doc.Encode()) != &body[0] {
			t.Fatal("a body is parsed again")
		}
		first := must(doc.Apply(edit("m1")))
		text := must(first.Apply(edit("m2"))).Encode()
		if seen != nil && &text[0] != seen {
			t.Fatal("an edit is made again")
		}
		seen = &text[0]
		snapshot := archive.Snapshot{Document: must(m.Codec("C", text))}
		if c := snapshot.Change(); c == nil || len(c.ModificationIDs()) != 4 {
			t.Fatalf("as a change: %v", c)
		}
	}
	empty := edit("m1")
	empty.Modifications[0].MeetingMetadata = json.RawMessage{}
	if _, err := must(m.Codec("C", body)).Apply(empty); !errors.Is(err, archive.ErrInvalid) {
		t.Errorf("an edit that is almost a good one: %v", err)
	}
	reused := edit("m4") // what was handed over may be used again
	reused.Fields = map[string]json.RawMessage{"title": json.RawMessage(`"B"`)}
	reused.Modifications[0].MeetingMetadata = json.RawMessage(`1`)
	fresh := cloneEdit(reused)
	must(must(m.Codec("C", body)).Apply(reused))
	for _, change := range []func(){
		func() { reused.Modifications[0].ID = "m5" },
		func() { reused.Modifications[0].MeetingMetadata[0] = '2' },
		func() { reused.Fields["title"][1] = 'C' },
		func() { reused.Fields["new"] = json.RawMessage(`1`) },
		func() { reused.Remove = []string{"plan"} },
	} {
		change()
		got, want := must(must(m.Codec("C", body)).Apply(reused)), must(must(archive.JSONCodec("C", body)).Apply(reused))
		if string(got.Encode()) != string(want.Encode()) {
			t.Errorf("an edit was changed: it gives %s, want %s", got.Encode(), want.Encode())
		}
	}
	if !sameEdit(&fresh, &must(m.Codec("C", body)).(*document).edits[1].by) {
		t.Error("the remembered edit changed with the caller's")
	}
	longer := []byte(text + "\n")
	for _, part := range [][]byte{longer, longer[:len(text)], longer} {
		if doc := must(m.Codec("C", part)); len(doc.Encode()) != len(part) {
			t.Error("a body is taken for another that begins at the same place")
		}
	}
	if other := must(must(m.Codec("C", body)).Apply(edit("m3"))); !other.HasModification("m3") || other.HasModification("m1") {
		t.Errorf("another edit gives %s", other.Encode())
	}
}

// TestEveryPartOfAnEditCounts: a part that Modification or Edit gets later is noticed here.
func TestEveryPartOfAnEditCounts(t *testing.T) {
	whole := edit("m1")
	if kind := reflect.TypeFor[archive.Edit](); kind.NumField() != 5 { // Once and valid say nothing to Apply
		t.Errorf("an edit has %d parts", kind.NumField())
	}
	for i := range reflect.TypeFor[archive.Modification]().NumField() {
		other := cloneEdit(whole)
		if !sameEdit(&whole, &other) {
			t.Fatal("a copy differs")
		}
		switch part := reflect.ValueOf(&other.Modifications[0]).Elem().Field(i); part.Kind() {
		case reflect.String:
			part.SetString("changed")
		case reflect.Map:
			part.Set(reflect.ValueOf(map[string]json.RawMessage{"note": json.RawMessage("{}")}))
		case reflect.Bool:
			part.SetBool(true)
		default:
			part.SetBytes([]byte("{}"))
		}
		if sameEdit(&whole, &other) {
			t.Errorf("part %d makes no difference", i)
		}
	}
}

// TestMemoryIsBounded: also that of a document that somebody keeps.
func TestMemoryIsBounded(t *testing.T) {
	m := New(nil)
	m.most = 1 << 20
	body := fmt.Appendf(nil, `{"changeId": "C", "modifications": [{}], "big": %q}`, bytes.Repeat([]byte("x"), m.most/40))
	kept := must(m.Codec("C", body)).(*document)
	watched := m.Content("", "", bytes.Clone(body), nil).(*document)
	for i := range 130 {
		doc := must(kept.Apply(edit(fmt.Sprint("m", i))))
		watched.Written(m.Content("", "", doc.Encode(), nil), "v")
		total := 0
		for _, d := range m.documents {
			total += len(d.Encode())
		}
		if total > m.most || total > m.bytes || len(kept.edits) > 40 || len(watched.written) > 40 {
			t.Fatalf("after %d edits %d bytes are kept, and %d edits, %d comparisons", i, total, len(kept.edits), len(watched.written))
		}
	}
	if m.forgotten < 3 {
		t.Errorf("it was full %d times", m.forgotten)
	}
	small := must(m.Codec("C", []byte(text))).(*document)
	for i := range 3 * mostEach {
		must(small.Apply(edit(fmt.Sprint("m", i))))
	}
	for _, d := range m.documents {
		m.Content("", "", d.Encode(), nil)
		m.Content("", "", small.Encode(), nil).Written(d, "v")
	}
	if len(small.edits) > mostEach || len(small.written) > mostEach {
		t.Errorf("%d edits and %d comparisons of one version are kept", len(small.edits), len(small.written))
	}
}

// BenchmarkRepeated is an attempt that was made before: read, look, edit.
func BenchmarkRepeated(b *testing.B) {
	m, body := New(nil), []byte(text)
	e := edit("m1")
	b.ReportAllocs()
	for b.Loop() {
		doc := must(m.Codec("C", body))
		if doc.HasModification("m1") {
			b.Fatal("held")
		}
		must(doc.Apply(e)).Encode()
	}
}

// fixed is a store that answers the same for ever, as it stands.
type fixed struct {
	archive.Store
	body []byte
}

func (f *fixed) Get(context.Context, string) ([]byte, string, error) { return f.body, "v1", nil }

func (f *fixed) Put(context.Context, string, []byte, archive.Condition) (string, error) {
	return "", archive.ErrPreconditionFailed
}

type still struct{ archive.Clock }

func (still) Now() time.Time { return time.Unix(1_700_000_000, 0) }

type nowhere struct{}

func (nowhere) Add(*history.Event) {}

// BenchmarkRecordRepeated is what recording it costs: a read and a write.
func BenchmarkRecordRepeated(b *testing.B) {
	m, body := New(nil), []byte(text)
	next := must(must(m.Codec("C", body)).Apply(edit("m1"))).Encode()
	c := history.NewRecorderWith(nowhere{}, still{}, m).Client("ann", "", &fixed{body: body})
	ctx, key := context.Background(), "archive/C.json"
	b.ReportAllocs()
	for b.Loop() {
		_, etag, _ := c.Get(ctx, key)
		if _, err := c.Put(ctx, key, next, archive.IfMatch(etag)); !errors.Is(err, archive.ErrPreconditionFailed) {
			b.Fatal(err)
		}
	}
}

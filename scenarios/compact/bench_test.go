package compact

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/history"
)

var lengths = []int{10, 1_000, 100_000}

// grown is a document with so many entries in its history, all settled.
func grown(t testing.TB, entries int) *version {
	t.Helper()
	v := FromChange(mustParse(t, `{"changeId": "C", "title": "A", "status": "x", "modifications": []}`)).(*version)
	for i := range entries {
		v = settled(t, must(v.Apply(archive.Edit{Modifications: []archive.Modification{mod(fmt.Sprintf("m-%024d", i))}})))
	}
	return v
}

func settled(t testing.TB, d archive.Document) *version {
	t.Helper()
	return must(Codec(d.(*version).ID(), d.Encode())).(*version)
}

// BenchmarkAttempt is what the update loop does with documents in one attempt
// that another's write is in the way of.
func BenchmarkAttempt(b *testing.B) {
	for _, entries := range lengths {
		b.Run(fmt.Sprint(entries), func(b *testing.B) {
			body := grown(b, entries).Encode()
			edit := prepared(b, archive.Edit{Modifications: []archive.Modification{mod("m-0123456789abcdefghjkmnpq")}})
			b.ReportAllocs()
			for b.Loop() {
				doc := must(Codec("C", body))
				if doc.HasModification(edit.Modifications[0].ID) {
					b.Fatal("held")
				}
				must(doc.Apply(edit)).Encode()
			}
		})
	}
}

// BenchmarkSave is an attempt that sets a field of a document with thirty.
func BenchmarkSave(b *testing.B) {
	text := []byte(`{"changeId": "C"`)
	for i := range 29 {
		text = fmt.Appendf(text, `, "field%d": "the value of field %d"`, i, i)
	}
	body := FromChange(mustParse(b, string(text)+"}")).Encode()
	edit := prepared(b, archive.Edit{
		Fields: map[string]json.RawMessage{"field7": json.RawMessage(`"another value"`)}, Modifications: []archive.Modification{mod("m")},
	})
	b.ReportAllocs()
	for b.Loop() {
		must(must(Codec("C", body)).Apply(edit)).Encode()
	}
}

// BenchmarkCommit is an attempt that commits and is read.
func BenchmarkCommit(b *testing.B) {
	for _, entries := range lengths {
		b.Run(fmt.Sprint(entries), func(b *testing.B) {
			body := grown(b, entries).Encode()
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n++
				edit := archive.Edit{Modifications: []archive.Modification{mod(fmt.Sprintf("n-%024d", n))}}
				body = must(must(Codec("C", body)).Apply(edit)).Encode()
			}
		})
	}
}

// prepared is an edit as the update loop hands it to documents.
func prepared(t testing.TB, e archive.Edit) archive.Edit {
	t.Helper()
	c := &catcher{version: grown(t, 0)}
	a := must(archive.New(archive.Options{Store: c, Codec: func(string, []byte) (archive.Document, error) { return c, nil }}))
	_, _ = a.Append(context.Background(), "C", e)
	return c.edit
}

// catcher is a store with one document, which catches the edit.
type catcher struct {
	archive.Store
	*version
	edit archive.Edit
}

func (c *catcher) Get(context.Context, string) ([]byte, string, error) { return nil, "v", nil }

func (c *catcher) Apply(e archive.Edit) (archive.Document, error) {
	c.edit = e
	return nil, archive.ErrInvalid
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

// BenchmarkRecord is what recording adds to an attempt that another's write is
// in the way of: a read, a write and a wait.
func BenchmarkRecord(b *testing.B) {
	for _, entries := range lengths {
		b.Run(fmt.Sprint(entries), func(b *testing.B) {
			v := grown(b, entries)
			next := must(v.Apply(archive.Edit{Modifications: []archive.Modification{mod("x")}})).Encode()
			c := history.NewRecorderWith(nowhere{}, still{}, NewDescriber(nil)).Client("ann", "", &fixed{body: v.Encode()})
			ctx, key, wait := context.Background(), "archive/C.json", c.Observer().Wait
			info := archive.WaitInfo{CallInfo: archive.CallInfo{Key: key}, Cause: archive.ErrPreconditionFailed}
			b.ReportAllocs()
			for b.Loop() {
				_, etag, _ := c.Get(ctx, key)
				_, _ = c.Put(ctx, key, next, archive.IfMatch(etag))
				wait(ctx, info)
			}
		})
	}
}

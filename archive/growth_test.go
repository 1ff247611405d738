package archive

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// grown is a document with so many entries, in the style of those that are in use.
func grown(entries int) string {
	var b strings.Builder
	b.WriteString(`{"changeId":"CHG-1","title":"a","modifications":[`)
	for i := range entries {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, `{"modification_id":"m-%024d","timestamp":"2025-10-20T12:00:00Z","user_id":"user-%d","modification_type":"processed","customer_code":"hts"}`, i, i%100)
	}
	b.WriteString("]}")
	return b.String()
}

// TestTooLarge: a document that would become larger than is allowed is refused with an
// error of its own before it is sent; one that is too large already may shrink.
func TestTooLarge(t *testing.T) {
	for _, most := range []int{0, 2000} {
		r := newRig(t, 3)
		if most > 0 {
			r.maxBytes = most
		} else {
			most = DefaultMaxBytes
		}
		room := most - len(testDoc) - 500
		long := fmt.Sprintf("%q", strings.Repeat("x", room))
		if _, err := r.Append(t.Context(), testID, Edit{Fields: fields("plan", long), Modifications: []Modification{mod("m1")}}); err != nil {
			t.Fatal(err)
		}
		puts := r.store.puts
		_, err := r.Append(t.Context(), testID, Edit{Fields: fields("title", long), Modifications: []Modification{mod("m2")}})
		large, ok := errors.AsType[*TooLargeError](err)
		if !ok || large.Most != most || large.Bytes <= most || large.StatusCode() != 413 || r.store.puts != puts || OutcomeOf(err) != Failed {
			t.Errorf("%v after %d writes", err, r.store.puts-puts)
		}
		r.maxBytes = 100
		if _, err := r.Append(t.Context(), testID, Edit{Fields: fields("plan", `""`), Modifications: []Modification{mod("m3")}}); err != nil {
			t.Errorf("shrinking: %v", err)
		}
	}
}

// TestRoomForBackEnds: who may edit can't use up the room that the back ends' entries need,
// be it in a new document, in many saves or in one.
func TestRoomForBackEnds(t *testing.T) {
	text := func(n int) string { return fmt.Sprintf("%q", strings.Repeat("x", n)) }
	large := func(err error) bool {
		e, ok := errors.AsType[*TooLargeError](err)
		return ok && e.Most == 90_000
	}
	r := newRig(t, 0)
	r.maxBytes = 100_000
	doc := mustParse(t, `{"changeId":"CHG-2","plan":`+text(95_000)+`}`)
	if _, err := r.Create(t.Context(), "CHG-2", doc, mod("new")); !large(err) {
		t.Errorf("created: %v", err)
	}
	if _, err := r.Save(t.Context(), testID, r.base, Edit{Fields: fields("plan", text(95_000)), Modifications: []Modification{mod("one")}}); !large(err) {
		t.Errorf("saved: %v", err)
	}
	snap := r.base
	for n, size := 0, 30_000; size > 10; n++ {
		next, err := r.Save(t.Context(), testID, snap, Edit{Fields: fields(fmt.Sprint("fill", n), text(size)), Modifications: []Modification{mod(fmt.Sprint("m", n))}})
		switch {
		case err == nil:
			snap = next
		case large(err):
			size /= 2
		default:
			t.Fatal(err)
		}
	}
	for n := range 30 {
		m := mod(fmt.Sprint("p", n))
		m.Type = Processed
		if _, err := r.Append(t.Context(), testID, Edit{Modifications: []Modification{m}, Once: m.ID}); err != nil {
			t.Fatalf("after the last save, which is told to 30 customers, the entry of the %d. is refused: %v", n+1, err)
		}
	}
	snap, err := r.Update(t.Context(), testID, func(Snapshot) (Edit, error) {
		return Edit{Fields: fields("plan", text(2000)), Modifications: []Modification{mod("up")}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Save(t.Context(), testID, snap, Edit{Fields: fields("plan", text(3000)), Modifications: []Modification{mod("more")}}); !large(err) {
		t.Errorf("a save of what is in the reserve: %v", err)
	}
	if _, err := r.Save(t.Context(), testID, snap, Edit{Fields: fields("plan", text(0)), Modifications: []Modification{mod("less")}}); err != nil {
		t.Errorf("a save that makes it smaller: %v", err)
	}
}

// BenchmarkAppendGrown is a whole call on a document with 10,000 entries, without the
// store's time.
func BenchmarkAppendGrown(b *testing.B) {
	body := []byte(grown(10_000))
	store := &fixedStore{body: body}
	a, err := New(Options{Store: store})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if _, err := a.Append(b.Context(), testID, Edit{Modifications: []Modification{mod(fmt.Sprint("m", n))}}); err != nil {
			b.Fatal(err)
		}
	}
}

// fixedStore gives the same version for ever, and takes every write.
type fixedStore struct {
	Store
	body []byte
}

func (s *fixedStore) Get(context.Context, string) ([]byte, string, error) { return s.body, `"1"`, nil }

func (s *fixedStore) Put(context.Context, string, []byte, Condition) (string, error) {
	return `"2"`, nil
}

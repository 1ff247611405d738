package history

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"holdfast/archive"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// memory is a store with conditional writes and MD5 ETags.
type memory struct {
	mu     sync.Mutex
	bodies map[string][]byte
	etags  map[string]string
	fail   error // answers the next write, which is not applied
}

func newMemory() *memory { return &memory{bodies: map[string][]byte{}, etags: map[string]string{}} }

func (m *memory) Get(_ context.Context, key string) ([]byte, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.etags[key] == "" {
		return nil, "", archive.ErrNotFound
	}
	return m.bodies[key], m.etags[key], nil
}

func (m *memory) Head(ctx context.Context, key string) (string, error) {
	_, etag, err := m.Get(ctx, key)
	return etag, err
}

func (m *memory) check(key string, cond archive.Condition) error {
	if err := m.fail; err != nil {
		m.fail = nil
		return err
	}
	if cond.IsAbsent() && m.etags[key] != "" || cond.ETag() != "" && cond.ETag() != m.etags[key] {
		return archive.ErrPreconditionFailed
	}
	return nil
}

func (m *memory) Put(_ context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check(key, cond); err != nil {
		return "", err
	}
	m.bodies[key], m.etags[key] = body, fmt.Sprintf("%q", fmt.Sprintf("%x", md5.Sum(body)))
	return m.etags[key], nil
}

func (m *memory) Delete(_ context.Context, key string, cond archive.Condition) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check(key, cond); err != nil {
		return err
	}
	delete(m.etags, key)
	return nil
}

// log is a sink that keeps events.
type log struct {
	mu     sync.Mutex
	events []*Event
}

func (l *log) Add(e *Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e.Clone())
}

func (l *log) last() *Event { return l.events[len(l.events)-1] }

const key = "archive/C.json"

func document(entries []string, title string) []byte {
	mods := make([]string, len(entries))
	for i, id := range entries {
		mods[i] = fmt.Sprintf(`{"modification_id": %q}`, id)
	}
	return fmt.Appendf(nil, `{"changeId": "C", "title": %q, "modifications": [%s], "status": 1}`, title, bytes.Join(raws(mods), []byte(", ")))
}

func raws(texts []string) (all [][]byte) {
	for _, s := range texts {
		all = append(all, []byte(s))
	}
	return all
}

// entryDigests are those of the entries of a document.
func entryDigests(ids ...string) (all []Sum) {
	for _, id := range ids {
		all = append(all, Digest(fmt.Appendf(nil, `{"modification_id": %q}`, id)))
	}
	return all
}

func TestRecordedCalls(t *testing.T) {
	ctx, l, store := context.Background(), &log{}, newMemory()
	rec := NewRecorder(l, archive.WallClock{})
	c := rec.Client("ann", "r1/", store)
	expect := func(want Event) {
		t.Helper()
		got := *l.last()
		if got.At < got.Start || got.At <= 0 {
			t.Errorf("times %d to %d", got.Start, got.At)
		}
		got.At, got.Start = 0, 0
		if got.Doc != nil {
			d := *got.Doc
			d.Sum, d.Fields = 0, 0
			got.Doc = &d
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	first, _ := archive.ParseChange(document([]string{"a"}, "A"))
	whole, title := Whole(nil, first), []Held{{"title", Digest([]byte(`"A"`))}}
	v0, v1, v2 := document([]string{"a"}, "A"), document([]string{"a", "b"}, "A"), document([]string{"a", "b"}, "B")

	c.Begin(Operation{Do: "save", ID: "C", IDs: []string{"b"}, Sets: []string{"title"}, Base: "x", Due: 7})
	expect(Event{Kind: Invoke, Actor: "ann", Op: 1, Key: "r1/" + key, Do: "save", IDs: []string{"b"}, Sets: []string{"title"}, Base: "x", Due: 7})
	_, _, _ = c.Get(ctx, key)
	expect(Event{Kind: Get, Actor: "ann", Op: 1, Key: "r1/" + key, Answer: NotFound})
	e0, _ := c.Put(ctx, key, v0, archive.IfAbsent())
	expect(Event{Kind: Put, Actor: "ann", Op: 1, Key: "r1/" + key, If: IfAbsent, Answer: OK, ETag: e0, Doc: &Doc{N: 1, Add: []string{"a"}, Entries: entryDigests("a"), Holds: title, Whole: whole}})
	e1, _ := c.Put(ctx, key, v1, archive.IfMatch(e0)) // on top of its own write
	expect(Event{Kind: Put, Actor: "ann", Op: 1, Key: "r1/" + key, If: IfMatch, IfETag: e0, Answer: OK, ETag: e1,
		Doc: &Doc{N: 2, Of: e0, Keep: 1, Add: []string{"b"}, Entries: entryDigests("b"), Holds: title}})
	_, _ = c.Put(ctx, key, v2, archive.IfMatch(e0))
	expect(Event{Kind: Put, Actor: "ann", Op: 1, Key: "r1/" + key, If: IfMatch, IfETag: e0, Answer: PreconditionFailed,
		Doc: &Doc{N: 2, Of: e1, Keep: 2, Add: []string{}, Entries: []Sum{}, Set: []Set{NewSet("title", []byte(`"A"`), []byte(`"B"`))}}})
	_, _ = c.Head(ctx, key)
	expect(Event{Kind: Head, Actor: "ann", Op: 1, Key: "r1/" + key, Answer: OK, ETag: e1})
	store.fail = context.DeadlineExceeded // cut short: nobody knows what became of it
	_, _ = c.Put(ctx, key, v2, archive.Condition{})
	expect(Event{Kind: Put, Actor: "ann", Op: 1, Key: "r1/" + key, If: IfNone, Answer: UnknownAnswer, Text: "context deadline exceeded",
		Doc: &Doc{N: 2, Of: e1, Keep: 2, Add: []string{}, Entries: []Sum{}, Set: []Set{NewSet("title", []byte(`"A"`), []byte(`"B"`))}}})
	_, _ = c.Put(ctx, key, []byte("no JSON"), archive.IfMatch("zz"))
	if d := l.last().Doc; d.Bad == "" || d.N != 0 || d.Of != e1 {
		t.Errorf("not a document: %+v", d)
	}
	store.fail = errors.New("denied")
	_ = c.Delete(ctx, key, archive.IfMatch(e1))
	expect(Event{Kind: Delete, Actor: "ann", Op: 1, Key: "r1/" + key, IfETag: e1, Answer: OtherError, Text: "denied"})
	c.Finish(archive.Snapshot{}, &archive.ETagMismatchError{Expected: "x", Fields: []archive.FieldConflict{{Field: "title"}}})
	got := l.last()
	if got.Kind != Return || got.Outcome != UserConflict || len(got.Fields) != 1 || got.Text == "" || got.Op != 1 {
		t.Errorf("%+v", got)
	}
	c.Begin(Operation{Do: "load", ID: "C"})
	answered, _ := archive.ParseChange(v1)
	c.Finish(archive.Snapshot{Document: answered, ETag: e1}, nil)
	expect(Event{Kind: Return, Actor: "ann", Op: 2, Key: "r1/" + key, Outcome: Committed, ETag: e1, Shown: true})
	c.Begin(Operation{Do: "append", ID: "C"})
	c.Finish(archive.Snapshot{}, fmt.Errorf("append: %w", context.Canceled))
	if got := l.last(); got.Outcome != Cancelled || got.Op != 3 {
		t.Errorf("%+v", got)
	}
}

// TestCrash: the operation ends without an answer, and the successor has read nothing.
func TestCrash(t *testing.T) {
	ctx, l, store := context.Background(), &log{}, newMemory()
	c := NewRecorder(l, archive.WallClock{}).Client("ann", "r1/", store)
	c.Begin(Operation{Do: "append", ID: "C"})
	_, _ = c.Put(ctx, key, document([]string{"a"}, "A"), archive.IfAbsent())
	c.Crash()
	got := *l.last()
	got.At = 0
	want := Event{Kind: Return, Actor: "ann", Op: 1, Key: "r1/" + key, Outcome: Crashed, Text: "the client died"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, _ = c.Put(ctx, key, document([]string{"a", "b"}, "A"), archive.Condition{})
	if e := l.last(); e.Op != 0 || e.Doc.Of != "" || e.Doc.Keep != 0 {
		t.Errorf("the successor knows: %+v %+v", e, e.Doc)
	}
	events := len(l.events)
	c.Crash() // idle
	if len(l.events) != events {
		t.Errorf("an idle client's death is recorded: %+v", l.last())
	}
}

// TestOtherKeysBetweenReadAndWrite: what a write is built on is known when the
// client has looked at a few other objects since.
func TestOtherKeysBetweenReadAndWrite(t *testing.T) {
	ctx, l, store := context.Background(), &log{}, newMemory()
	c := NewRecorder(l, archive.WallClock{}).Client("ann", "", store)
	e0, _ := c.Put(ctx, "one", document([]string{"a"}, "A"), archive.IfAbsent())
	e1, _ := c.Put(ctx, "two", document(nil, "A"), archive.IfAbsent())
	_, _ = c.Put(ctx, "one", document([]string{"a", "b"}, "B"), archive.IfMatch(e0))
	if d := l.last().Doc; d.Of != e0 || d.Keep != 1 || len(d.Set) != 1 {
		t.Errorf("%+v", d)
	}
	for range 2 * mostKnown {
		_, _, _ = c.Get(ctx, "one")
	}
	_, _ = c.Put(ctx, "two", document([]string{"a"}, "A"), archive.Condition{})
	if d := l.last().Doc; d.Of != e1 || d.Keep != 0 || len(d.Add) != 1 {
		t.Errorf("%+v", d)
	}
	for _, other := range []string{"three", "four", "five", "six"} {
		_, _ = c.Put(ctx, other, document(nil, "A"), archive.IfAbsent())
	}
	_, _ = c.Put(ctx, "one", document([]string{"a", "b", "c"}, "B"), archive.Condition{})
	if d := l.last().Doc; d.Of != "" || d.Keep != 0 || len(d.Add) != 3 {
		t.Errorf("%+v", d)
	}
}

// TestSameETagWithAnotherBody: a store that breaks its word is recorded as it is.
func TestSameETagWithAnotherBody(t *testing.T) {
	ctx, l, store := context.Background(), &log{}, newMemory()
	c := NewRecorder(l, archive.WallClock{}).Client("ann", "", store)
	store.etags[key] = "fixed"
	var docs []Doc
	for _, body := range [][]byte{document([]string{"a"}, "A"), document([]string{"b"}, "A"), document([]string{"a"}, "A"), []byte("{}")} {
		store.bodies[key] = body
		if _, _, err := c.Get(ctx, key); err != nil {
			t.Fatal(err)
		}
		docs = append(docs, *l.last().Doc)
	}
	if docs[0].Sum == docs[1].Sum || docs[0].Sum != docs[2].Sum || docs[3].Bad == "" {
		t.Errorf("%+v", docs)
	}
}

// TestDescriptions compares what is recorded, with all its short cuts, with a
// description from nothing but the two bodies.
func TestDescriptions(t *testing.T) {
	ids := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 0, 6)
	title := rapid.SampledFrom([]string{"A", "B", `},{"modification_id": "a"}`})
	rapid.Check(t, func(t *rapid.T) {
		ctx, l, store := context.Background(), &log{}, newMemory()
		rec := NewRecorder(l, archive.WallClock{})
		clients := []*Client{rec.Client("ann", "", store), rec.Client("bob", "", store)}
		var base []byte
		for range rapid.IntRange(1, 8).Draw(t, "writes") {
			body := document(ids.Draw(t, "ids"), title.Draw(t, "title"))
			if base != nil && rapid.Bool().Draw(t, "grows") {
				body = bytes.Replace(base, []byte(`], "status"`), []byte(rapid.SampledFrom([]string{
					`, {"modification_id": "x"}], "status"`, `, {"x": [1]} , {"y": 2}  ], "status"`, `, 7], "status"`, `,], "status"`,
					`, {}], "more": [{}], "status"`, `, {"modification_id": "x"}], "status2"`,
				}).Draw(t, "inserted")), 1)
			}
			c := clients[rapid.IntRange(0, 1).Draw(t, "client")]
			_, _, _ = c.Get(ctx, key)
			_, _ = c.Put(ctx, key, body, archive.Condition{})
			compare(t, l.last().Doc, base, body)
			_, _, _ = clients[0].Get(ctx, key)
			compareRead(t, l.last().Doc, body)
			base = body
		}
	})
}

func compareRead(t *rapid.T, got *Doc, body []byte) {
	want := newContent(newShape(nil), bytes.Clone(body), nil).Read()
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Fatalf("read of %s: %s", body, diff)
	}
}

func compare(t *rapid.T, got *Doc, base, body []byte) {
	var entries []json.RawMessage
	names := func(body []byte) (ids []string) {
		entries = nil
		if c, err := archive.ParseChange(body); err == nil {
			entries, ids = c.RawModifications(), EntryIDs(c)
		}
		return ids
	}
	names(base)
	old := entries
	ids := names(body)
	keep := 0
	for keep < min(len(old), len(entries)) && bytes.Equal(old[keep], entries[keep]) {
		keep++
	}
	fresh := newContent(newShape(nil), bytes.Clone(body), nil)
	if got.N != len(entries) || got.Keep != keep || len(got.Add) != len(ids)-keep || got.Sum != fresh.sum || got.Fields != fresh.fields || got.Bad != fresh.bad {
		t.Fatalf("wrote %s\non %s\ngot %+v, want n %d keep %d", body, base, got, len(entries), keep)
	}
	for i, id := range got.Add {
		if ids[keep+i] != id {
			t.Fatalf("added %v, want %v", got.Add, ids[keep:])
		}
	}
}

// TestConcurrentClients is for the race detector: clients share the recorder.
func TestConcurrentClients(t *testing.T) {
	ctx, l, store := context.Background(), &log{}, newMemory()
	rec := NewRecorder(l, archive.WallClock{})
	_, _ = rec.Client(SetupActor, "", store).Put(ctx, key, document([]string{"s"}, "A"), archive.IfAbsent())
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			c := rec.Client(fmt.Sprint("c", n), "", store)
			for i := range 30 {
				c.Begin(Operation{Do: "append", ID: "C"})
				body, etag, _ := c.Get(ctx, key)
				doc, err := archive.ParseChange(body)
				if err != nil {
					t.Error(err)
					return
				}
				edit := archive.Edit{Modifications: []archive.Modification{{ID: fmt.Sprintf("%d-%d", n, i), UserID: "u", Type: archive.Updated, Timestamp: "2026-01-02T03:04:05Z"}}}
				if i%3 == 0 {
					edit.Fields = map[string]json.RawMessage{"title": fmt.Appendf(nil, "%d", i)}
				}
				next, err := doc.Apply(edit)
				if err != nil {
					t.Error(err)
					return
				}
				etag, err = c.Put(ctx, key, next.Encode(), archive.IfMatch(etag))
				c.Finish(archive.Snapshot{Document: next, ETag: etag}, err)
			}
		})
	}
	wg.Wait()
	ops := map[int]bool{}
	for _, e := range l.events {
		if e.Kind == Invoke && ops[e.Op] {
			t.Errorf("operation number %d is used twice", e.Op)
		}
		ops[e.Op] = true
		if e.Kind == Put && e.Answer == OK && e.Op > 0 && (e.Doc.Keep != e.Doc.N-1 || len(e.Doc.Add) != 1 || e.Doc.Of != e.IfETag) {
			t.Errorf("%+v", e.Doc)
		}
	}
}

func TestMemoryOfVersionsIsBounded(t *testing.T) {
	cs := newContents(nil)
	for i := range 5000 {
		body := bytes.Repeat([]byte{byte(i)}, 10_000)
		cs.put(fmt.Sprint("key", i), "v", &content{body: body})
		cs.put("same", fmt.Sprint("v", i%3), &content{body: body})
	}
	total := 0
	for _, c := range cs.versions {
		total += len(c.body)
	}
	if total > mostRemembered || total != cs.bytes || len(cs.order) != len(cs.versions) {
		t.Errorf("%d bytes in %d versions, counted %d", total, len(cs.versions), cs.bytes)
	}
}

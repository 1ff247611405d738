package delivery

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"holdfast/archive"
)

// shelf is a store that counts its reads, and answers the next writes as it is told.
type shelf struct {
	archive.Store // nil: nothing but what follows is called
	mu            sync.Mutex
	bodies        map[string][]byte
	reads, writes int
	loses         int // so many replies of writes that are applied
}

func newShelf(keys ...string) *shelf {
	s := &shelf{bodies: map[string][]byte{}}
	for _, key := range keys {
		s.bodies[key] = []byte(testDoc)
	}
	return s
}

func (s *shelf) Get(_ context.Context, key string) ([]byte, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	body, ok := s.bodies[key]
	if !ok {
		return nil, "", archive.ErrNotFound
	}
	return body, etagOf(body), nil
}

func (s *shelf) Put(_ context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	if was, ok := s.bodies[key]; ok && cond != archive.IfMatch(etagOf(was)) {
		return "", archive.ErrPreconditionFailed
	} else if !ok {
		return "", archive.ErrNotFound
	}
	s.bodies[key] = body
	if s.loses > 0 {
		s.loses--
		return "", errLost
	}
	return etagOf(body), nil
}

func (s *shelf) Delete(_ context.Context, key string, _ archive.Condition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.bodies, key)
	return nil
}

// calls are those since the last time.
func (s *shelf) calls() string {
	text := fmt.Sprintf("%d reads, %d writes", s.reads, s.writes)
	s.reads, s.writes = 0, 0
	return text
}

// appends appends entries of these ids by a core over a store.
func appends(t *testing.T, store archive.Store, ids ...string) error {
	t.Helper()
	core, err := archive.New(archive.Options{Store: store, Policy: archive.Policy{Kind: archive.None, Retries: 5}})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if _, err := core.Append(t.Context(), testID, archive.Edit{Modifications: []archive.Modification{{ID: id, UserID: "u", Type: archive.Processed}}}); err != nil {
			return err
		}
	}
	return nil
}

func (s *shelf) entries(t *testing.T) (ids []string) {
	t.Helper()
	mods, err := mustParse(t, string(s.bodies[testKey])).Modifications()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mods {
		ids = append(ids, m.ID)
	}
	return ids
}

// TestWriteThroughSparesReads for as long as nobody else writes, and loses nothing of who does.
func TestWriteThroughSparesReads(t *testing.T) {
	s := newShelf(testKey)
	w := NewWriteThrough(s)
	for _, step := range []struct {
		what  string
		do    func() error
		calls string
	}{
		{"the first", func() error { return appends(t, w, "a") }, "1 reads, 1 writes"},
		{"two more", func() error { return appends(t, w, "b", "c") }, "0 reads, 2 writes"},
		{"somebody else", func() error { return appends(t, s, "x") }, "1 reads, 1 writes"},
		{"on top of what is old", func() error { return appends(t, w, "d") }, "1 reads, 2 writes"},
		{"again alone", func() error { return appends(t, w, "e") }, "0 reads, 1 writes"},
		{"what is stored already", func() error { return appends(t, w, "e") }, "0 reads, 0 writes"},
		{"a version is an answer once", func() error { return appends(t, w, "e") }, "1 reads, 0 writes"},
		{"a reply is lost", func() error { s.loses = 1; return appends(t, w, "f") }, "2 reads, 1 writes"},
		{"after it", func() error { return appends(t, w, "g") }, "1 reads, 1 writes"},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		if got := s.calls(); got != step.calls {
			t.Errorf("%s: %s, want %s", step.what, got, step.calls)
		}
	}
	if got, want := s.entries(t), []string{"a", "b", "c", "x", "d", "e", "f", "g"}; !slices.Equal(got, want) {
		t.Errorf("stored %v, want %v", got, want)
	}
}

// TestWriteThroughForgets what it deletes, and what is beyond the latest few.
func TestWriteThroughForgets(t *testing.T) {
	s := newShelf(testKey)
	w := NewWriteThrough(s)
	if err := appends(t, w, "a"); err != nil {
		t.Fatal(err)
	}
	if err := w.Delete(t.Context(), testKey, archive.Condition{}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Get(t.Context(), testKey); err == nil {
		t.Error("what was deleted is read")
	}
	for n := range mostKnown + 1 {
		key := fmt.Sprint(n)
		s.bodies[key] = []byte("old")
		if _, err := w.Put(t.Context(), key, []byte(key), archive.IfMatch(etagOf([]byte("old")))); err != nil {
			t.Fatal(err)
		}
	}
	s.calls()
	for n := range mostKnown + 1 {
		body, etag, err := w.Get(t.Context(), fmt.Sprint(n))
		if string(body) != fmt.Sprint(n) || etag != etagOf(body) || err != nil {
			t.Errorf("object %d: %q, %s, %v", n, body, etag, err)
		}
	}
	if got := s.calls(); got != "1 reads, 0 writes" {
		t.Errorf("%s, want one read: of the oldest", got)
	}
}

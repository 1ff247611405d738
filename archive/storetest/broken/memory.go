// Package broken has a store in memory that keeps its word, and for each kind of fault one
// that does not: what looks for faults must find them, and nothing in the sound one.
package broken

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast/archive"
)

// Memory is the dumb store that is right: one lock, one map. Create one with [NewMemory].
type Memory struct {
	mu      sync.Mutex
	objects map[string]object
	writes  int
}

type object struct {
	body     []byte
	etag     string
	modified time.Time
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{objects: map[string]object{}} }

// Get implements [archive.Store].
func (m *Memory) Get(ctx context.Context, key string) ([]byte, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[key]
	if !ok {
		return nil, "", archive.ErrNotFound
	}
	return bytes.Clone(o.body), o.etag, nil
}

// Head implements [archive.Store].
func (m *Memory) Head(ctx context.Context, key string) (string, error) {
	_, etag, err := m.Get(ctx, key)
	return etag, err
}

// Put implements [archive.Store].
func (m *Memory) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check(key, cond); err != nil {
		return "", err
	}
	m.writes++
	etag := fmt.Sprintf(`"%d"`, m.writes)
	m.objects[key] = object{bytes.Clone(body), etag, archive.WallClock{}.Now()}
	return etag, nil
}

// Delete implements [archive.Store].
func (m *Memory) Delete(ctx context.Context, key string, cond archive.Condition) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check(key, cond); err != nil {
		return err
	}
	delete(m.objects, key)
	return nil
}

// List implements [archive.Lister], three objects at a time.
func (m *Memory) List(_ context.Context, prefix, after string) ([]archive.Listed, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var page []archive.Listed
	for _, key := range slices.Sorted(maps.Keys(m.objects)) {
		if strings.HasPrefix(key, prefix) && key > after && len(page) < 3 {
			page = append(page, archive.Listed{Key: key, Modified: m.objects[key].modified})
		}
	}
	return page, nil
}

// Check answers as a write or delete under cond would, and does nothing.
func (m *Memory) Check(key string, cond archive.Condition) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.check(key, cond)
}

func (m *Memory) check(key string, cond archive.Condition) error {
	o, present := m.objects[key]
	switch {
	case cond.IsAbsent() && present, cond.ETag() != "" && present && cond.ETag() != o.etag:
		return archive.ErrPreconditionFailed
	case cond.ETag() != "" && !present:
		return archive.ErrNotFound
	}
	return nil
}

// Twisted is a sound store with some of its calls replaced by wrong ones.
type Twisted struct {
	*Memory
	OnGet    func(context.Context, string) ([]byte, string, error)
	OnHead   func(context.Context, string) (string, error)
	OnPut    func(context.Context, string, []byte, archive.Condition) (string, error)
	OnDelete func(context.Context, string, archive.Condition) error
}

// Get implements [archive.Store].
func (s *Twisted) Get(ctx context.Context, key string) ([]byte, string, error) {
	if s.OnGet != nil {
		return s.OnGet(ctx, key)
	}
	return s.Memory.Get(ctx, key)
}

// Head implements [archive.Store].
func (s *Twisted) Head(ctx context.Context, key string) (string, error) {
	if s.OnHead != nil {
		return s.OnHead(ctx, key)
	}
	return s.Memory.Head(ctx, key)
}

// Put implements [archive.Store].
func (s *Twisted) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if s.OnPut != nil {
		return s.OnPut(ctx, key, body, cond)
	}
	return s.Memory.Put(ctx, key, body, cond)
}

// Delete implements [archive.Store].
func (s *Twisted) Delete(ctx context.Context, key string, cond archive.Condition) error {
	if s.OnDelete != nil {
		return s.OnDelete(ctx, key, cond)
	}
	return s.Memory.Delete(ctx, key, cond)
}

// Pause lets others in, where a broken store has left a gap.
func Pause() { _ = archive.WallClock{}.Sleep(context.Background(), 50*time.Microsecond) }

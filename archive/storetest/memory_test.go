package storetest_test

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

// memory is the dumb store that is right: one lock, one map.
type memory struct {
	mu      sync.Mutex
	objects map[string]object
	writes  int
}

type object struct {
	body     []byte
	etag     string
	modified time.Time
}

func newMemory() *memory { return &memory{objects: map[string]object{}} }

func (m *memory) Get(ctx context.Context, key string) ([]byte, string, error) {
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

func (m *memory) Head(ctx context.Context, key string) (string, error) {
	_, etag, err := m.Get(ctx, key)
	return etag, err
}

func (m *memory) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
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
	m.objects[key] = object{bytes.Clone(body), etag, time.Now()}
	return etag, nil
}

func (m *memory) Delete(ctx context.Context, key string, cond archive.Condition) error {
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

// List implements archive.Lister, three objects at a time.
func (m *memory) List(_ context.Context, prefix, after string) ([]archive.Listed, error) {
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

func (m *memory) check(key string, cond archive.Condition) error {
	o, present := m.objects[key]
	switch {
	case cond.IsAbsent() && present, cond.ETag() != "" && present && cond.ETag() != o.etag:
		return archive.ErrPreconditionFailed
	case cond.ETag() != "" && !present:
		return archive.ErrNotFound
	}
	return nil
}

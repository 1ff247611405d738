package delivery

import (
	"context"
	"slices"
	"sync"

	"holdfast/archive"
)

// WriteThrough is a store for who is an object's only writer as a rule, as the consumer of a
// FIFO group is: what it has stored last is the answer to the next read of that object, so
// that an [archive.Archive.AppendAll] costs a write and no read.
//
// The condition of the write still decides. If somebody else has written since, the store
// refuses it, and the core reads again, from the store: a version is an answer once, and what
// a write without success was made of is not kept. So nothing is lost or overwritten; a
// refused write is what a wrong guess costs. Until then a version that is older than the
// stored one is taken for it: an edit that would be too large only there, or only there has an
// id that was used, ends as such. What only reads, as [archive.Archive.Load], and whoever
// works on what is read, as a [Backend], must have the store itself.
//
// It is safe for concurrent use if the store is.
type WriteThrough struct {
	archive.Store
	mu    sync.Mutex
	known []version // by when they were stored
}

// version is what was stored under a key.
type version struct {
	key, etag string
	body      []byte
}

// mostKnown is of how many objects a WriteThrough keeps a version, which are not larger
// than [archive.DefaultMaxBytes] each.
const mostKnown = 16

// NewWriteThrough returns a store that has stored nothing yet.
func NewWriteThrough(store archive.Store) *WriteThrough { return &WriteThrough{Store: store} }

// Get implements [archive.Store].
func (w *WriteThrough) Get(ctx context.Context, key string) ([]byte, string, error) {
	if v, ok := w.take(key); ok {
		return v.body, v.etag, nil
	}
	return w.Store.Get(ctx, key)
}

// Put implements [archive.Store].
func (w *WriteThrough) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	w.take(key)
	etag, err := w.Store.Put(ctx, key, body, cond)
	if err == nil && etag != "" {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.known = append(w.known[max(len(w.known)+1-mostKnown, 0):], version{key, etag, body})
	}
	return etag, err
}

// Delete implements [archive.Store].
func (w *WriteThrough) Delete(ctx context.Context, key string, cond archive.Condition) error {
	w.take(key)
	return w.Store.Delete(ctx, key, cond)
}

// take returns what was stored last under a key, and forgets it.
func (w *WriteThrough) take(key string) (version, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	of := func(v version) bool { return v.key == key }
	i := slices.IndexFunc(w.known, of)
	if i < 0 {
		return version{}, false
	}
	v := w.known[i]
	w.known = slices.DeleteFunc(w.known, of)
	return v, true
}

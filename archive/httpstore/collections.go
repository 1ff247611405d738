package httpstore

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"holdfast/archive"
)

// methodMakeCollection makes a collection (RFC 4918).
const methodMakeCollection = "MKCOL"

// known are collections that need not be made.
type known struct {
	mu   sync.Mutex
	them map[string]bool
}

// mostKnown bounds the memory; beyond it all are asked for anew.
const mostKnown = 10_000

func (k *known) has(path string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.them[path]
}

func (k *known) add(path string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.them == nil || len(k.them) >= mostKnown {
		k.them = map[string]bool{}
	}
	k.them[path] = true
}

func (k *known) forget(path string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.them, path)
}

// alone is a context without what its maker has put into it: what is meant for a call's own
// request must not meet others.
type alone struct{ context.Context }

func (alone) Value(any) any { return nil }

// needCollection makes a collection, and those that it is in, unless that is known not to be
// needed.
func (s *Store) needCollection(ctx context.Context, path string) error {
	if !s.collections || path == "" || s.there.has(path) || ctx.Err() != nil {
		return nil // of a context that has ended the PUT tells
	}
	root := *s
	root.prefix = ""
	err := root.do(alone{ctx}, &call{method: methodMakeCollection, key: path})
	if errors.Is(err, archive.ErrConflict) { // what it is in is missing
		if parent(path) == "" {
			return fmt.Errorf("make collection %s: %s is no collection that is there: make it, or correct the URL", path, s.URL())
		}
		s.there.forget(parent(path))
		if err := s.needCollection(ctx, parent(path)); err != nil {
			return err
		}
		err = root.do(alone{ctx}, &call{method: methodMakeCollection, key: path})
	}
	var refused *StatusError
	if err == nil || errors.As(err, &refused) && isThere(refused.Status) {
		s.there.add(path)
		return nil
	}
	return err
}

// isThere reports whether an answer to MKCOL says that nothing is to be made: the collection is
// there, or the server knows none.
func isThere(status int) bool {
	switch status {
	case http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusNotFound, http.StatusBadRequest, http.StatusForbidden:
		return true // if it may only not be made, the PUT will tell
	}
	return false
}

// parent is the collection that a path is in; empty: that of the URL.
func parent(path string) string { return path[:max(strings.LastIndexByte(path, '/'), 0)] }

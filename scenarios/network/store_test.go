package network_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios/network"
)

// doer makes calls by a function.
type doer func(ctx context.Context, m network.Method, key string, body []byte, cond archive.Condition) ([]byte, string, error)

func (do doer) Do(ctx context.Context, m network.Method, key string, body []byte, cond archive.Condition) ([]byte, string, error) {
	return do(ctx, m, key, body, cond)
}

// TestStoreOfOneCall: each method of a store is one call, and making that call is calling
// the method again.
func TestStoreOfOneCall(t *testing.T) {
	failed := errors.New("failed")
	var got []string
	inner := &network.Store{Doer: doer(func(_ context.Context, m network.Method, key string, body []byte, cond archive.Condition) ([]byte, string, error) {
		got = append(got, fmt.Sprintf("%s %s %q %v", m, key, body, cond))
		return []byte("body"), "etag", failed
	})}
	store := &network.Store{Doer: doer(func(ctx context.Context, m network.Method, key string, body []byte, cond archive.Condition) ([]byte, string, error) {
		return network.Do(ctx, inner, m, key, body, cond)
	})}
	if body, etag, err := store.Get(t.Context(), "k"); string(body) != "body" || etag != "etag" || err != failed {
		t.Errorf("get: %q, %q, %v", body, etag, err)
	}
	if etag, err := store.Head(t.Context(), "k"); etag != "etag" || err != failed {
		t.Errorf("head: %q, %v", etag, err)
	}
	if etag, err := store.Put(t.Context(), "k", []byte("new"), archive.IfAbsent()); etag != "etag" || err != failed {
		t.Errorf("put: %q, %v", etag, err)
	}
	if err := store.Delete(t.Context(), "k", archive.IfMatch("old")); err != failed {
		t.Errorf("delete: %v", err)
	}
	none := archive.Condition{}
	want := []string{
		fmt.Sprintf(`get k "" %v`, none), fmt.Sprintf(`head k "" %v`, none),
		fmt.Sprintf(`put k "new" %v`, archive.IfAbsent()), fmt.Sprintf(`delete k "" %v`, archive.IfMatch("old")),
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

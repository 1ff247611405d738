package network_test

import (
	"context"
	"errors"
	"testing"

	"holdfast/archive"
	"holdfast/scenarios/network"
)

// doer makes calls by a function.
type doer func(ctx context.Context, c network.Call) network.Reply

func (do doer) Do(ctx context.Context, c network.Call) network.Reply { return do(ctx, c) }

// TestStoreOfOneCall: each method of a store is one call, and making that call is calling the
// method again.
func TestStoreOfOneCall(t *testing.T) {
	failed := errors.New("failed")
	var got []network.Call
	inner := network.Store{Doer: doer(func(_ context.Context, c network.Call) network.Reply {
		got = append(got, c)
		return network.Reply{Body: []byte("body"), ETag: "etag", Err: failed}
	})}
	store := network.Store{Doer: doer(func(ctx context.Context, c network.Call) network.Reply { return c.On(ctx, inner) })}
	if body, etag, err := store.Get(t.Context(), "k"); string(body) != "body" || etag != "etag" || err != failed { //nolint:errorlint // the very one
		t.Errorf("get: %q, %q, %v", body, etag, err)
	}
	if etag, err := store.Head(t.Context(), "k"); etag != "etag" || err != failed { //nolint:errorlint // the very one
		t.Errorf("head: %q, %v", etag, err)
	}
	if etag, err := store.Put(t.Context(), "k", []byte("new"), archive.IfAbsent()); etag != "etag" || err != failed { //nolint:errorlint // the very one
		t.Errorf("put: %q, %v", etag, err)
	}
	if err := store.Delete(t.Context(), "k", archive.IfMatch("old")); err != failed { //nolint:errorlint // the very one
		t.Errorf("delete: %v", err)
	}
	want := []network.Call{
		{Method: network.MethodGet, Key: "k"}, {Method: network.MethodHead, Key: "k"},
		{Method: network.MethodPut, Key: "k", Body: []byte("new"), Condition: archive.IfAbsent()},
		{Method: network.MethodDelete, Key: "k", Condition: archive.IfMatch("old")},
	}
	if len(got) != len(want) {
		t.Fatalf("%d calls, want %d", len(got), len(want))
	}
	for i, c := range got {
		w := want[i]
		if c.Method != w.Method || c.Key != w.Key || string(c.Body) != string(w.Body) || c.Condition != w.Condition {
			t.Errorf("call %d is %+v, want %+v", i, c, w)
		}
		if c.Conditional() != (i >= 2) || c.Method.Writes() != (i >= 2) {
			t.Errorf("%s: conditional %v, writes %v", c.Method, c.Conditional(), c.Method.Writes())
		}
	}
}

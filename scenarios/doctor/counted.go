package doctor

import (
	"context"
	"sync/atomic"

	"holdfast/archive"
	"holdfast/archive/wire"
)

// countedStore counts calls, of which each is a request.
type countedStore struct {
	archive.Store
	n *atomic.Int64
}

func (s countedStore) Get(ctx context.Context, key string) ([]byte, string, error) {
	s.n.Add(1)
	return s.Store.Get(ctx, key)
}

func (s countedStore) Head(ctx context.Context, key string) (string, error) {
	s.n.Add(1)
	return s.Store.Head(ctx, key)
}

func (s countedStore) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	s.n.Add(1)
	return s.Store.Put(ctx, key, body, cond)
}

func (s countedStore) Delete(ctx context.Context, key string, cond archive.Condition) error {
	s.n.Add(1)
	return s.Store.Delete(ctx, key, cond)
}

type countedLister struct {
	countedStore
	lister archive.Lister
}

func (s countedLister) List(ctx context.Context, prefix, after string) ([]archive.Listed, error) {
	s.n.Add(1)
	return s.lister.List(ctx, prefix, after)
}

type countedSender struct {
	wire.Sender
	n *atomic.Int64
}

func (s countedSender) Send(ctx context.Context, r wire.Request) (wire.Answer, error) {
	s.n.Add(1)
	return s.Sender.Send(ctx, r)
}

package world

import (
	"context"
	"errors"
	"fmt"

	"holdfast/archive"
)

// List implements [archive.Lister]. A listing takes as long as a read, and is of no key:
// no fault befalls it, and it uses up nothing of what the store can serve.
func (p *port) List(ctx context.Context, prefix, after string) ([]archive.Listed, error) {
	if err := unsent(ctx); err != nil {
		return nil, err
	}
	w := p.world
	if err := w.Sleep(ctx, w.Latency.Request.Sample(p.rng)+w.Latency.Read.Sample(p.rng)); err != nil {
		return nil, fmt.Errorf("%w: %w", err, errLostRead)
	}
	page := w.model.List(prefix, after, Epoch)
	if err := w.Sleep(ctx, w.Latency.Reply.Sample(p.rng)); err != nil {
		return nil, fmt.Errorf("%w: %w", err, errLostRead)
	}
	return page, nil
}

// List implements [archive.Lister], if the store of the world does.
func (s watched) List(ctx context.Context, prefix, after string) ([]archive.Listed, error) {
	lister, ok := s.Store.(archive.Lister)
	if !ok {
		return nil, errNoListing
	}
	return lister.List(ctx, prefix, after)
}

// errNoListing: whoever opened the world gave it a store that can't be listed.
var errNoListing = errors.New("the store of this world can't be listed")

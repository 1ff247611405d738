package campaign

import (
	"context"
	"errors"
	"sync"

	"holdfast/archive"
)

// Gap is what is not published of a shard: all its units from one on.
type Gap struct {
	Shard, First, Last int // units of the stage
	// Garbled is why they can't be read, if there is something under their name; nil: there is
	// nothing.
	Garbled *GarbledError
}

// fetching is how many shards are read at the same time.
const fetching = 16

// Collect gives what all units of a stage have shown, of as many as it has: each that is
// published exactly once, in the order of their numbers, and says which are not. An error of
// add ends it. Where determinism was lost it gives nothing: a [DeterminismError].
func (c *Campaign) Collect(ctx context.Context, stage Stage, units int, add func(unit int, result []byte) error) ([]Gap, error) {
	known, err := c.names(ctx, stage)
	if err != nil {
		return nil, err
	}
	var all []Gap
	err = c.chains(ctx, stage, units, known, func(ch chain) error {
		if ch.missing != nil {
			all = append(all, *ch.missing)
		}
		return ch.give(add)
	})
	return all, err
}

// chain is what is published of a shard.
type chain struct {
	first   int // unit of the stage
	results [][]byte
	missing *Gap // after them; nil: nothing
	err     error
}

func (ch *chain) give(add func(unit int, result []byte) error) error {
	for i, result := range ch.results {
		if err := add(ch.first+i, result); err != nil {
			return err
		}
	}
	return nil
}

// chains calls each with those of all shards, in their order, while others are being read.
func (c *Campaign) chains(ctx context.Context, stage Stage, units int, known map[string]bool, each func(chain) error) error {
	var reading sync.WaitGroup
	defer reading.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	begun := make(chan chan chain, fetching)
	reading.Go(func() {
		defer close(begun)
		for i := range c.Plan.Shards {
			read := make(chan chain, 1)
			select {
			case begun <- read:
			case <-ctx.Done():
				return
			}
			reading.Go(func() { read <- c.chain(ctx, stage, i, units, known) })
		}
	})
	for read := range begun {
		ch := <-read
		if ch.err != nil {
			return ch.err
		}
		if err := each(ch); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// CollectShard is [Campaign.Collect] of one shard. Nil: nothing is missing.
func (c *Campaign) CollectShard(ctx context.Context, stage Stage, shard, units int, add func(unit int, result []byte) error) (*Gap, error) {
	ch := c.chain(ctx, stage, shard, units, nil)
	if ch.err != nil {
		return nil, ch.err
	}
	return ch.missing, ch.give(add)
}

// chain reads the pieces of a shard. Known are those that a listing has shown; nil: nobody has
// listed.
func (c *Campaign) chain(ctx context.Context, stage Stage, shard, units int, known map[string]bool) chain {
	first, end := Range(shard, c.Plan.Shards, units)
	ch := chain{first: first}
	if known == nil {
		if err := c.undisputedShard(ctx, stage, shard); err != nil {
			return chain{err: err}
		}
	}
	for len(ch.results) < end-first {
		next := piece{stage, shard, len(ch.results)}
		var found [][]byte
		err := archive.ErrNotFound
		if known == nil || known[next.key()] {
			found, err = c.fetch(ctx, next, end-first)
		}
		garbled, isGarbled := errors.AsType[*GarbledError](err)
		switch {
		case isGarbled || errors.Is(err, archive.ErrNotFound):
			ch.missing = &Gap{shard, first + len(ch.results), end - 1, garbled}
			return ch
		case err != nil:
			return chain{err: err}
		}
		ch.results = append(ch.results, found...)
	}
	return ch
}

// names are those of the pieces of a stage, in which nothing is disputed; nil: the store can't list
// them.
func (c *Campaign) names(ctx context.Context, stage Stage) (map[string]bool, error) {
	all, err := c.List(ctx, string(stage)+"shards/")
	switch {
	case errors.Is(err, ErrNoListing):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if err := c.undisputed(ctx, stage); err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(all))
	for _, o := range all {
		known[o.Key] = true
	}
	return known, nil
}

package campaign

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"time"

	"holdfast/archive"
)

// work is a shard of a stage that is being played.
type work struct {
	*Shard
	stage     Stage
	of        int       // units of the stage
	first     int       // unit of the stage that is the shard's first
	units     int       // of the shard
	next      int       // unit of the shard that is not published
	results   [][]byte  // of units from next on, in a row
	bytes     int       // of results
	published time.Time // something was, last
}

func (w *work) place() piece { return piece{w.stage, w.Index, w.next} }

// resume goes on after what is published.
func (w *work) resume(ctx context.Context) error {
	for w.next < w.units {
		found, err := w.fetch(ctx, w.place(), w.units)
		if errors.Is(err, archive.ErrNotFound) {
			break
		}
		if err != nil {
			return err
		}
		w.next += len(found)
	}
	w.tell(w.next)
	return nil
}

// fetch returns the results of a piece, of a shard that has so many units.
func (c *Campaign) fetch(ctx context.Context, p piece, units int) ([][]byte, error) {
	body, err := c.Get(ctx, p.key())
	if err != nil {
		return nil, err
	}
	return c.decode(p, body, units)
}

// due reports whether what is complete is to be published.
func (w *work) due() bool {
	every := cmp.Or(w.Every, DefaultEvery)
	return len(w.results) > 0 && (w.bytes >= publishBytes || every > 0 && w.clock.Now().Sub(w.published) >= every)
}

// complete are the units of the shard that are published or have a result here.
func (w *work) complete() int { return w.next + len(w.results) }

// finish publishes what is left when a worker ends, by an error or none, and returns why the shard
// is not complete.
func (w *work) finish(ctx context.Context, ending error) error {
	if _, lost := errors.AsType[*DeterminismError](ending); lost {
		return ending
	}
	if err := w.publish(ctx, ending); err != nil {
		return err
	}
	if earlier, is := errors.AsType[*LostError](ending); is { // nothing is lost any more
		return earlier.Err
	}
	return ending
}

// publish publishes what is complete, until others have published all of it or it is the
// next piece. A worker that ends, by an error, has little time for it, and so has one that is
// told to end while it publishes.
func (w *work) publish(ctx context.Context, ending error) error {
	ctx, cancel := w.outlast(ctx)
	defer cancel()
	within := PublishFor
	if ending != nil {
		within = LastFor
		var cancel context.CancelFunc
		ctx, cancel = w.clock.WithTimeout(ctx, within)
		defer cancel()
	}
	w.published = w.clock.Now()
	for len(w.results) > 0 {
		if err := w.piece(ctx, within); err != nil {
			return err
		}
	}
	return nil
}

// outlast is a context that ends [LastFor] after another, so that what is being published then
// is not lost.
func (w *work) outlast(ctx context.Context) (context.Context, context.CancelFunc) {
	last, cancel := context.WithCancel(context.WithoutCancel(ctx))
	remain := context.AfterFunc(ctx, func() {
		_ = w.clock.Sleep(last, LastFor) // it ends early when all is published
		cancel()
	})
	return last, func() { remain(); cancel() }
}

// piece publishes a piece, or takes the one that is there in its place.
func (w *work) piece(ctx context.Context, within time.Duration) error {
	body, err := w.encode(w.place(), w.results)
	if err != nil {
		return w.lost(err)
	}
	err = w.claim(ctx, w.place().key(), body, within)
	switch {
	case err == nil:
		w.take(len(w.results))
		w.mark(ctx)
		return nil
	case !errors.Is(err, archive.ErrPreconditionFailed):
		return w.lost(err)
	}
	there, err := w.fetch(ctx, w.place(), w.units)
	if err != nil {
		return w.lost(err)
	}
	for i := range min(len(there), len(w.results)) {
		if !bytes.Equal(there[i], w.results[i]) {
			return &DeterminismError{
				Where: w.at(w.place().key()), Stage: w.stage, Shard: w.Index, Unit: w.first + w.next + i,
				There: digest(there[i]), Here: digest(w.results[i]),
			}
		}
	}
	w.take(len(there))
	w.mark(ctx)
	return nil
}

// take goes on after units that are published.
func (w *work) take(n int) {
	w.next += n
	w.results = w.results[min(n, len(w.results)):]
	w.bytes = 0
	for _, r := range w.results {
		w.bytes += len(r)
	}
}

func (w *work) lost(err error) error {
	first := w.first + w.next
	return &LostError{w.Index, first, first + len(w.results) - 1, err}
}

// mark says how far the shard is. It decides nothing, so it may fail.
func (w *work) mark(ctx context.Context) {
	_ = w.Put(ctx, w.stage.mark(w.Index, w.next, w.of), nil)
}

func (w *work) tell(complete int) {
	w.Shard.complete.Store(int64(complete))
	w.Shard.units.Store(int64(w.units))
	if w.Progress != nil {
		w.Progress(complete, w.units)
	}
}

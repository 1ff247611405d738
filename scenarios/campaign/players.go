package campaign

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// ahead is how many units may wait for one before them, for each player: their results are
// in memory.
const ahead = 4

// stopEvery is the time between two looks for a stop: a request each.
const stopEvery = 5 * time.Second

// played is what a unit of the shard has shown.
type played struct {
	unit   int
	result []byte
	err    error
}

// players play units at the same time, in order.
type players struct {
	mu      sync.Mutex
	moved   sync.Cond
	next    int // unit to be played
	units   int
	settled int // units that are complete in a row
	room    int // how far they may be ahead of that
	ended   bool
}

// take returns the next unit to be played.
func (p *players) take() (unit int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		p.next = max(p.next, p.settled) // what others have published meanwhile
		if p.ended || p.next >= p.units {
			return 0, false
		}
		if p.next < p.settled+p.room {
			p.next++
			return p.next - 1, true
		}
		p.moved.Wait()
	}
}

func (p *players) settle(units int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settled = units
	p.moved.Broadcast()
}

// end lets nobody begin another unit.
func (p *players) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.moved.Broadcast()
}

// play has the units played that are not published, and publishes now and then. What it
// leaves in w.results is complete in a row. Its error is why not all are.
func (w *work) play(ctx context.Context, play func(context.Context, int) ([]byte, error)) error {
	if w.stopped(ctx) {
		return ErrStopped
	}
	n := min(cmp.Or(w.Workers, runtime.GOMAXPROCS(0)), w.units-w.next)
	p := &players{next: w.next, units: w.units, settled: w.next, room: ahead * n}
	p.moved.L = &p.mu
	results := make(chan played)
	var playing sync.WaitGroup
	for range n {
		playing.Go(func() {
			for unit, ok := p.take(); ok; unit, ok = p.take() {
				result, err := play(ctx, w.first+unit)
				results <- played{unit, result, err}
			}
		})
	}
	go func() { playing.Wait(); close(results) }()
	return w.gather(ctx, p, results)
}

// gather takes results as they come, until all who play have ended.
func (w *work) gather(ctx context.Context, p *players, results <-chan played) error {
	var ending, failure error
	early, failed, looked := map[int][]byte{}, w.units, w.clock.Now()
	for r := range results {
		if r.err == nil {
			early[r.unit] = r.result
			w.Shard.played.Add(1)
		} else if r.unit < failed {
			failed, failure = r.unit, fmt.Errorf("unit %d (shard %d): %w", w.first+r.unit, w.Index, r.err)
		}
		w.advance(early)
		if ending == nil && w.due() {
			ending = w.publish(ctx, nil)
			w.advance(early)
		}
		p.settle(w.complete())
		if now := w.clock.Now(); ending == nil && now.Sub(looked) >= stopEvery {
			if looked = now; w.stopped(ctx) {
				ending = ErrStopped
			}
		}
		if ending != nil || failure != nil || ctx.Err() != nil {
			p.end()
		}
	}
	switch {
	case ending != nil && !errors.Is(ending, ErrStopped):
		return ending
	case w.complete() == w.units: // maybe by others, whatever befell here
		return nil
	}
	return cmp.Or(failure, ending, context.Cause(ctx))
}

// advance takes the results that are complete in a row.
func (w *work) advance(early map[int][]byte) {
	for unit := range early {
		if unit < w.complete() { // others have published it
			delete(early, unit)
		}
	}
	for {
		result, ok := early[w.complete()]
		if !ok {
			break
		}
		delete(early, w.complete())
		w.results = append(w.results, result)
		w.bytes += len(result)
	}
	w.tell(w.complete())
}

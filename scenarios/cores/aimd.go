package cores

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"holdfast/archive"
)

// additive increase, multiplicative decrease, as it is used on contention windows: MILD of
// MACAW (Bharghavan, Demers, Shenker and Zhang, SIGCOMM 1994, section 3.1). A client keeps a
// window of slots for each object: refused, it is half as wide again, at most 64; committed, it
// is a slot narrower, at least 2. Before an attempt it waits for 1 to so many slots, drawn
// evenly. A slot is what a write is at risk for: here half of the client's last read and write.
//
// It differs from the paper in that a client whose window is at its least begins a call at
// once: there is no carrier to sense, and whoever has met nobody need not wait. Clients tell
// each other nothing of their windows.
const (
	widen     = 1.5
	widest    = 64.0
	narrowest = 2.0
)

// aimdPacer is it in one client.
type aimdPacer struct {
	clock archive.Clock

	mu          sync.Mutex
	rng         *rand.Rand
	windows     map[string]float64 // by key, in slots
	read, write time.Duration      // how long the last ones took
}

func newAIMD(e Environment) (Core, error) {
	p := &aimdPacer{clock: e.Clock, rng: rand.New(rand.NewPCG(e.Rand.Uint64(), e.Rand.Uint64())), windows: map[string]float64{}}
	e.Store = around{e.Store, p.request}
	e.Observer = archive.Observers(e.Observer, archive.Observer{Attempt: p.attempted})
	return paced(e, p)
}

// attempted adapts the window to how a write ended.
func (p *aimdPacer) attempted(_ context.Context, info archive.AttemptInfo) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := max(p.windows[info.Key], narrowest)
	switch {
	case info.Err == nil && info.Wrote:
		p.windows[info.Key] = max(w-1, narrowest)
	case beaten(info.Err):
		p.windows[info.Key] = min(w*widen, widest)
	}
}

// backoff implements [pacer].
func (p *aimdPacer) backoff(r *retry, rng *rand.Rand) time.Duration {
	if !r.refused() {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slots(max(p.windows[r.key], narrowest), rng)
}

func (p *aimdPacer) slots(window float64, rng *rand.Rand) time.Duration {
	return time.Duration((1 + rng.Float64()*(window-1)) * float64(p.read+p.write) / 2)
}

// request waits before a call's first request, and measures all.
func (p *aimdPacer) request(ctx context.Context, write bool) (func(error), error) {
	if r := retryOf(ctx); r != nil && !r.begun {
		r.begun = true
		p.mu.Lock()
		wait := time.Duration(0)
		if w := p.windows[r.key]; w > narrowest {
			wait = p.slots(w, p.rng)
		}
		p.mu.Unlock()
		if err := p.clock.Sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
	sent := p.clock.Now()
	return func(err error) {
		if err != nil && !beaten(err) && !errors.Is(err, archive.ErrNotFound) {
			return // one that was not served
		}
		took := p.clock.Now().Sub(sent)
		p.mu.Lock()
		defer p.mu.Unlock()
		if write {
			p.write = took
		} else {
			p.read = took
		}
	}, nil
}

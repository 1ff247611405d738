package explore

import (
	"context"
	"sync"
	"sync/atomic"
)

// Player plays parts of a search, one after the other on one goroutine.
type Player struct {
	config *Config
	runner *runner
	length int // of schedules, about, for a strategy that draws them
}

// NewPlayer returns a player of a search's parts, which must be closed.
func (c Config) NewPlayer(ctx context.Context) (*Player, error) {
	if err := c.prepare(); err != nil {
		return nil, err
	}
	return c.newPlayer(ctx)
}

func (c *Config) newPlayer(ctx context.Context) (*Player, error) {
	p := &Player{config: c, runner: c.newRunner()}
	if c.Strategy == Exhaustive {
		return p, nil
	}
	p.runner.keeping = true
	_, err := p.runner.play(ctx, first{})
	if p.length = max(len(p.runner.taken), 1); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Close ends what the player has started.
func (p *Player) Close() { p.runner.close() }

// Play plays a part to its end, or to its first violation. An interrupt is an error: half a
// part shows nothing that anybody else would see.
func (p *Player) Play(ctx context.Context, u Unit) (*Shown, error) {
	shown, err := p.play(ctx, u, progress{})
	if err == nil && shown.unseen {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	return shown, nil
}

// progress watches how a part is played. Both functions may be nil.
type progress struct {
	played func()      // a schedule was, and judged
	enough func() bool // the part is to be left as it is
}

func (p *Player) play(ctx context.Context, u Unit, watch progress) (*Shown, error) {
	shown := &Shown{}
	left := func() bool {
		shown.unseen = ctx.Err() != nil || watch.enough != nil && watch.enough()
		return shown.unseen
	}
	judged := func() {
		shown.Schedules++
		if watch.played != nil {
			watch.played()
		}
	}
	p.runner.tally = tally{}
	var err error
	if p.config.Strategy == Exhaustive {
		err = p.exhaust(ctx, u, shown, left, judged)
	} else {
		err = p.draw(ctx, u, shown, left, judged)
	}
	shown.tally = p.runner.tally
	return shown, err
}

// searching is a search that this machine plays.
type searching struct {
	*Config
	units func(i int) (Unit, bool) // false: there are not so many

	mu        sync.Mutex // of all that follows
	next      int        // part that nobody has begun
	pool      *pool
	err       error
	schedules atomic.Int64 // played so far, of all parts
	violating atomic.Int64 // the first part, of those played, with a violation
}

// search plays all parts of a search, or as many as its bounds allow. The result is the same
// whatever the number of workers: what counts is the first part, in their order, that has a
// violation.
func (c *Config) search(ctx context.Context) (*pool, error) {
	s := &searching{Config: c, units: c.drawn, pool: newPool(c.Strategy)}
	s.violating.Store(1<<63 - 1)
	if c.Strategy == Exhaustive {
		all, err := c.split(ctx, branches)
		if err != nil && ctx.Err() == nil {
			return nil, err
		}
		s.pool.total.unseen = err != nil // it was interrupted, and there are none
		s.units = func(i int) (u Unit, ok bool) {
			if ok = i < len(all); ok {
				u = all[i]
			}
			return u, ok
		}
	}
	var wg sync.WaitGroup
	for range c.Workers {
		wg.Go(func() {
			if err := s.work(ctx); err != nil {
				s.fail(err)
			}
		})
	}
	wg.Wait()
	return s.pool, s.err
}

// take returns the next part to play.
func (s *searching) take() (i int, u Unit, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i = s.next
	if s.err != nil || int64(i) > s.violating.Load() {
		return i, u, false
	}
	u, ok = s.units(i)
	s.next++
	return i, u, ok
}

func (s *searching) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

func (s *searching) work(ctx context.Context) error {
	var p *Player
	for {
		i, u, ok := s.take()
		if !ok || s.Strategy != Exhaustive && ctx.Err() != nil {
			return nil
		}
		if p == nil { // not before there is something to play
			var err error
			if p, err = s.newPlayer(ctx); err != nil {
				return err
			}
			defer p.Close()
		}
		shown, err := p.play(ctx, u, progress{s.tell, func() bool {
			return s.violating.Load() < int64(i) || s.Strategy == Exhaustive && s.Schedules > 0 && s.schedules.Load() >= int64(s.Schedules)
		}})
		if err != nil {
			return err
		}
		if shown.Violation != nil {
			lower(&s.violating, int64(i))
		}
		s.mu.Lock()
		s.pool.add(i, shown)
		s.mu.Unlock()
	}
}

const progressEvery = 4096

// tell counts a schedule that was played.
func (s *searching) tell() {
	n := s.schedules.Add(1)
	if s.Progress != nil && n%progressEvery == 0 {
		s.Progress(int(n))
	}
}

// lower sets a number to the smaller one.
func lower(n *atomic.Int64, to int64) {
	for {
		old := n.Load()
		if old <= to || n.CompareAndSwap(old, to) {
			return
		}
	}
}

package profile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// The sizes of the loads.
const (
	rivals = 8  // writers of one object
	apart  = 16 // clients with an object each
	races  = 6
)

// observed is what the loads have shown, beside the samples of lone calls.
type observed struct {
	perKey   float64 // writes a second of one key that were accepted while others were turned away; 0: none were
	apart    together
	rivals   together
	conflict int // of those who lost a race: answered 409
	lost     int // all who lost one
}

// together is what clients did who were busy all the time.
type together struct {
	requests, reads, writes, attempts int
	throttled                         int
	seconds                           float64
	rate                              float64 // requests a second
	reading, writing, refusing        time.Duration
}

// observe plays the loads.
func (o *observed) observe(ctx context.Context, p *probe) error {
	for _, load := range []struct {
		doing            string
		requests, within float64 // shares
		play             func(context.Context, *probe) error
	}{
		{"single calls", 0.32, 0.45, o.single},
		{"large objects", 0.06, 0.15, o.large},
		{"clients apart", 0.26, 0.15, o.many},
		{"races", 0.09, 0.1, o.race},
		{"writers of one object", 0.22, 0.15, o.contend},
	} {
		p.begin(load.doing, load.requests, load.within)
		if err := load.play(ctx, p); err != nil && !errors.Is(err, errEnough) {
			return fmt.Errorf("%s: %w", load.doing, err)
		}
	}
	return nil
}

// single makes calls that meet nobody, of each kind in turn, so that a store that becomes slower
// becomes so for all.
func (o *observed) single(ctx context.Context, p *probe) error {
	s, began := p.w.Store("prober"), p.w.Now()
	for range 3 { // connections are made, which later calls find
		_, _ = p.do(ctx, func() error { _, err := s.Head(ctx, p.prefix+"nothing"); return err })
	}
	stale, _, err := p.put(ctx, s, smallKey, network.SmallObject, 0, archive.IfAbsent())
	if err != nil {
		return err
	}
	etag := stale
	for n := 1; err == nil; n++ {
		etag, err = p.round(ctx, s, smallKey, etag, stale, n)
		err = p.again(ctx, s, smallKey, &etag, err)
	}
	if decided := len(p.samples[puts]) + len(p.samples[refusals]); p.refused*5 > decided {
		o.perKey = float64(decided) / p.w.Now().Sub(began).Seconds()
	}
	return err
}

// again lets a load go on after what may pass, with the ETag that is there now.
func (p *probe) again(ctx context.Context, s archive.Store, key string, etag *string, err error) error {
	if err == nil {
		return nil
	}
	if err := p.passing(ctx, err); err != nil {
		return err
	}
	now, _, err := p.get(ctx, s, key)
	if err != nil {
		return p.passing(ctx, err)
	}
	*etag = now
	return nil
}

// round makes a call of each kind: of nothing, a read, a write and one that is refused.
func (p *probe) round(ctx context.Context, s archive.Store, key, etag, stale string, n int) (string, error) {
	took, err := p.do(ctx, func() error { _, err := s.Head(ctx, p.prefix+"nothing"); return err })
	switch {
	case err == nil:
		return etag, &UnsoundError{"HEAD of a key that was never written answers 200"}
	case !errors.Is(err, archive.ErrNotFound):
		return etag, err
	}
	p.sample(heads, took)
	if _, took, err = p.get(ctx, s, key); err != nil {
		return etag, err
	}
	p.sample(gets, took)
	next, took, err := p.put(ctx, s, key, network.SmallObject, n, archive.IfMatch(etag))
	if err != nil {
		return etag, err
	}
	p.sample(puts, took)
	_, took, err = p.put(ctx, s, key, network.SmallObject, -n, archive.IfMatch(stale))
	switch {
	case err == nil:
		return etag, &UnsoundError{"a write was accepted on the condition of an ETag that had been replaced"}
	case errors.Is(err, archive.ErrPreconditionFailed):
		p.sample(refusals, took)
		err = nil
	}
	return next, err
}

// large writes and reads an object of 100 KB.
func (o *observed) large(ctx context.Context, p *probe) error {
	s := p.w.Store("prober")
	etag, _, err := p.put(ctx, s, largeKey, network.LargeObject, 0, archive.IfAbsent())
	if err != nil {
		return p.passing(ctx, err) // a store that bears little is known by its small objects
	}
	for n := 1; err == nil; n++ {
		err = p.largeRound(ctx, s, &etag, n)
		err = p.again(ctx, s, largeKey, &etag, err)
	}
	return err
}

func (p *probe) largeRound(ctx context.Context, s archive.Store, etag *string, n int) error {
	next, took, err := p.put(ctx, s, largeKey, network.LargeObject, n, archive.IfMatch(*etag))
	if err != nil {
		return err
	}
	*etag = next
	p.sample(putsOfLarge, took)
	if _, took, err = p.get(ctx, s, largeKey); err == nil {
		p.sample(getsOfLarge, took)
	}
	return err
}

// client does something again and again until there is enough, or it fails.
type client func(ctx context.Context, s archive.Store, t *tally, n int) error

// tally is what one client did.
type tally struct {
	together
	ends time.Time
}

// crowd lets clients do something at the same time, and adds up what they did.
func (p *probe) crowd(ctx context.Context, clients int, do func(i int) client) (together, error) {
	group, began := world.NewGroup(p.w), p.w.Now()
	tallies, errs := make([]tally, clients), make([]error, clients)
	for i := range clients {
		s, act := p.w.Store(fmt.Sprint("client", i)), do(i)
		group.Go(func() {
			for n := 1; errs[i] == nil; n++ {
				err := act(ctx, s, &tallies[i], n)
				if errors.Is(err, archive.ErrThrottled) {
					tallies[i].throttled++
				}
				if err != nil {
					err = p.passing(ctx, err)
				}
				errs[i] = err
			}
			tallies[i].ends = p.w.Now()
		})
	}
	group.Wait()
	var all together
	for i := range tallies {
		t := &tallies[i]
		if errs[i] != nil && !errors.Is(errs[i], errEnough) {
			return all, errs[i]
		}
		all.add(&t.together, t.ends.Sub(began).Seconds())
	}
	return all, nil
}

func (t *together) add(o *together, seconds float64) {
	t.requests, t.reads, t.writes, t.attempts = t.requests+o.requests, t.reads+o.reads, t.writes+o.writes, t.attempts+o.attempts
	t.throttled += o.throttled
	t.reading, t.writing, t.refusing = t.reading+o.reading, t.writing+o.writing, t.refusing+o.refusing
	t.seconds = max(t.seconds, seconds)
	if seconds > 0 {
		t.rate += float64(o.requests) / seconds
	}
}

// many lets clients read and write an object each, so that they meet at the store only.
func (o *observed) many(ctx context.Context, p *probe) (err error) {
	etags := make([]string, apart)
	keys := make([]string, apart)
	for i := range apart {
		keys[i] = apartKey(i)
	}
	_, err = p.crowd(ctx, apart, func(i int) client {
		return func(ctx context.Context, s archive.Store, _ *tally, n int) (err error) {
			if etags[i], _, err = p.put(ctx, s, keys[i], network.SmallObject, n, archive.IfAbsent()); err == nil {
				err = errEnough
			}
			return err
		}
	})
	if err != nil {
		return err
	}
	o.apart, err = p.crowd(ctx, apart, func(i int) client {
		return func(ctx context.Context, s archive.Store, t *tally, _ int) error {
			return p.update(ctx, s, keys[i], t)
		}
	})
	return err
}

// update reads and writes an object; that its condition fails is no error.
func (p *probe) update(ctx context.Context, s archive.Store, key string, t *tally) error {
	etag, took, err := p.get(ctx, s, key)
	if err != nil {
		return err
	}
	t.requests, t.reads, t.reading = t.requests+1, t.reads+1, t.reading+took
	_, took, err = p.put(ctx, s, key, network.SmallObject, p.number(), archive.IfMatch(etag))
	switch {
	case err == nil:
		t.writes, t.writing = t.writes+1, t.writing+took
	case errors.Is(err, archive.ErrPreconditionFailed), errors.Is(err, archive.ErrConflict):
		t.refusing += took
	default:
		return err
	}
	t.requests, t.attempts = t.requests+1, t.attempts+1
	return nil
}

// number is another each time.
func (p *probe) number() (n int) {
	p.locked(func() { n = p.sent })
	return n
}

// race lets writes of one version race, of which one may win, and counts how the others are
// refused.
func (o *observed) race(ctx context.Context, p *probe) error {
	s := p.w.Store("prober")
	for range races {
		etag, _, err := p.get(ctx, s, smallKey)
		if err != nil {
			return err
		}
		won, conflicts, lost := 0, 0, 0
		_, err = p.crowd(ctx, rivals, func(i int) client {
			return func(ctx context.Context, s archive.Store, _ *tally, _ int) error {
				_, took, err := p.put(ctx, s, smallKey, network.SmallObject, p.number()+1000*(i+1), archive.IfMatch(etag))
				if errors.Is(err, archive.ErrPreconditionFailed) {
					p.sample(losses, took)
				}
				p.locked(func() {
					switch {
					case err == nil:
						won++
					case errors.Is(err, archive.ErrConflict):
						conflicts, lost = conflicts+1, lost+1
					case errors.Is(err, archive.ErrPreconditionFailed):
						lost++
					}
				})
				if err == nil || errors.Is(err, archive.ErrConflict) || errors.Is(err, archive.ErrPreconditionFailed) {
					return errEnough
				}
				return err
			}
		})
		o.conflict, o.lost = o.conflict+conflicts, o.lost+lost
		switch {
		case won > 1:
			return &UnsoundError{fmt.Sprintf("of %d racing writes of one version %d were accepted", rivals, won)}
		case err != nil:
			return err
		}
	}
	return nil
}

// contend lets writers update one object, each as soon as its last attempt has ended.
func (o *observed) contend(ctx context.Context, p *probe) (err error) {
	o.rivals, err = p.crowd(ctx, rivals, func(int) client {
		return func(ctx context.Context, s archive.Store, t *tally, _ int) error {
			return p.update(ctx, s, smallKey, t)
		}
	})
	return err
}

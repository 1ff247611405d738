package cores

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"holdfast/archive"
)

// pacer says when the production core makes the attempts of its calls, in place of its policy:
// of that only the bounds matter. It is what policies are that no kind of the archive's is: the
// kinds are those that production may use, and what is there for comparison only stays here.
//
// Waits that the store has asked for, and those that spare one which did not serve an attempt
// ([archive.OutageWait]), are the production core's: a pacer's are never shorter.
type pacer interface {
	// backoff is how long to wait before the next attempt.
	backoff(r *retry, rng *rand.Rand) time.Duration
}

// retry is an attempt that follows another of its call.
type retry struct {
	key    string
	number int   // 1 first
	cause  error // why the attempt before it failed
	begun  bool  // a request of the call was about to be sent
}

// refused reports whether another writer was in the way.
func (r *retry) refused() bool { return beaten(r.cause) }

// schedule is a pacer that knows nothing but the retry.
type schedule func(r *retry, rng *rand.Rand) time.Duration

func (s schedule) backoff(r *retry, rng *rand.Rand) time.Duration { return s(r, rng) }

// scheduled is the production core with the waits of a schedule.
func scheduled(s schedule) func(Environment) (Core, error) {
	return func(e Environment) (Core, error) { return paced(e, s) }
}

// paced is the production core with the waits of a pacer, which its clock draws. A call carries
// its retries in its context, where its observer has put them.
func paced(e Environment, p pacer) (Core, error) {
	e.Clock = &pacedClock{Clock: e.Clock, pacer: p, rng: rand.New(rand.NewPCG(e.Rand.Uint64(), e.Rand.Uint64()))}
	e.Observer = archive.Observers(e.Observer, archive.Observer{
		Start: func(ctx context.Context, info archive.CallInfo) context.Context {
			return context.WithValue(ctx, retryKey{}, &retry{key: info.Key})
		},
		Wait: func(ctx context.Context, info archive.WaitInfo) {
			r := retryOf(ctx)
			r.number, r.cause = info.Attempt-1, info.Cause
		},
	})
	// Some wait, so that the clock is asked for one.
	e.Policy.Kind, e.Policy.Base, e.Policy.Cap = archive.Constant, time.Nanosecond, time.Nanosecond
	return production(e)
}

type retryKey struct{}

// retryOf is the retry that a call is about to make; nil: the context is of no call.
func retryOf(ctx context.Context) *retry {
	r, _ := ctx.Value(retryKey{}).(*retry)
	return r
}

// pacedClock draws the waits of calls anew.
type pacedClock struct {
	archive.Clock
	pacer pacer
	mu    sync.Mutex // calls of one client may wait at the same time
	rng   *rand.Rand
}

// Sleep waits as the pacer says, or for d if that is longer.
func (c *pacedClock) Sleep(ctx context.Context, d time.Duration) error {
	if r := retryOf(ctx); r != nil {
		c.mu.Lock()
		d = max(d, c.pacer.backoff(r, c.rng))
		c.mu.Unlock()
	}
	return c.Clock.Sleep(ctx, d)
}

// around is a store around whose requests something is done.
type around struct {
	archive.Store
	// request is called before a request is sent, and what it returns after the answer. Its
	// error is that of a request which was not sent.
	request func(ctx context.Context, write bool) (answered func(error), err error)
}

func (a around) Get(ctx context.Context, key string) (body []byte, etag string, err error) {
	answered, err := a.request(ctx, false)
	if err != nil {
		return nil, "", unsent(err)
	}
	body, etag, err = a.Store.Get(ctx, key)
	answered(err)
	return body, etag, err
}

func (a around) Head(ctx context.Context, key string) (etag string, err error) {
	answered, err := a.request(ctx, false)
	if err != nil {
		return "", unsent(err)
	}
	etag, err = a.Store.Head(ctx, key)
	answered(err)
	return etag, err
}

func (a around) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (etag string, err error) {
	answered, err := a.request(ctx, true)
	if err != nil {
		return "", unsent(err)
	}
	etag, err = a.Store.Put(ctx, key, body, cond)
	answered(err)
	return etag, err
}

func (a around) Delete(ctx context.Context, key string, cond archive.Condition) error {
	answered, err := a.request(ctx, true)
	if err != nil {
		return unsent(err)
	}
	err = a.Store.Delete(ctx, key, cond)
	answered(err)
	return err
}

func unsent(err error) error { return fmt.Errorf("%w before the request was sent", err) }

package world

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"holdfast/archive"
)

// Real is the real world: tasks are goroutines, time is that of a clock which all
// share, the wall clock but in tests, and so is the store. Schedules vary from run
// to run.
type Real struct {
	archive.Clock
	store  archive.Store
	tasks  sync.WaitGroup
	settle func()
	prefix string // of the keys that are watched
	tell   func(key, etag string, body []byte)
}

var _ World = (*Real)(nil)

// NewReal returns a world around a store. Settle, which may be nil, waits until
// the transport has sent what it had held back.
func NewReal(clock archive.Clock, store archive.Store, settle func()) *Real {
	return &Real{Clock: clock, store: store, settle: settle}
}

// Settle implements [World].
func (r *Real) Settle(context.Context) {
	if r.settle != nil {
		r.settle()
	}
}

// Store implements [World].
func (r *Real) Store(string) archive.Store {
	if r.tell != nil {
		return watched{r.store, r}
	}
	return r.store
}

// Watch implements [World].
func (r *Real) Watch(prefix string, tell func(key, etag string, body []byte)) {
	r.prefix, r.tell = prefix, tell
}

// watched tells of writes.
type watched struct {
	archive.Store
	world *Real
}

func (s watched) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	etag, err := s.Store.Put(ctx, key, body, cond)
	if err == nil && strings.HasPrefix(key, s.world.prefix) {
		s.world.tell(key, etag, body)
	}
	return etag, err
}

// Serve implements [World].
func (r *Real) Serve(h http.Handler) (Door, error) { return openSocket(h) }

// Run implements [World]. Its error is always nil.
func (r *Real) Run(ctx context.Context, main func(context.Context)) error {
	main(ctx)
	r.tasks.Wait()
	return nil
}

// Go implements [World].
func (r *Real) Go(task func()) { r.tasks.Go(task) }

// WithTimeout implements [World].
func (r *Real) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d)
}

// NewSignal implements [World].
func (r *Real) NewSignal() Signal { return archive.NewSignal() }

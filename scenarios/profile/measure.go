package profile

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// Config bounds a measurement. Its zero value is the default.
type Config struct {
	// Requests are sent at most, those that delete what was made among them, unless deletions
	// fail. 0: [DefaultRequests].
	Requests int
	// Within is how long it measures. 0: [DefaultWithin].
	Within time.Duration
	// Sandbox: the store is a place of the measurement's own, and whoever opened it removes
	// what is written there, which are [Keys].
	Sandbox bool
	// Source is what the profile says of its origin. Requests and samples are filled in.
	Source network.Source
	// Progress, which may be nil, is told the share of the requests that were sent, and what
	// for. Its calls are made one at a time.
	Progress func(share float64, doing string)
}

// The default bounds, which cost about a third of a cent on S3 Standard.
const (
	DefaultRequests = 600
	DefaultWithin   = 20 * time.Second
)

// fewestRequests still measure something.
const fewestRequests = 200

// Validate reports why nothing can be measured so.
func (c Config) Validate() error {
	if c.Requests != 0 && c.Requests < fewestRequests {
		return fmt.Errorf("measuring a store takes %d requests or more, not %d", fewestRequests, c.Requests)
	}
	return nil
}

// Measured is what was found out.
type Measured struct {
	Profile *network.Profile
	// Fit holds what the model makes of the profile against what was measured.
	Fit []Fitted
	// Agrees: all of Fit does.
	Agrees bool
}

// Saved is a profile in a file, with what the model of it makes of what was measured.
type Saved struct {
	Store  string   `json:"store"`
	File   string   `json:"file"`
	Fit    []Fitted `json:"fit"`
	Agrees bool     `json:"agrees"`
}

// Measure measures a store. It makes keys below profile-ID/ and deletes them, also when ctx
// ends or something fails, unless that is for others; the error says which could not be.
//
// A store whose conditional writes don't hold is not worth a profile: that is an [UnsoundError].
func Measure(ctx context.Context, store archive.Store, c Config) (*Measured, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	prefix := ""
	if !c.Sandbox {
		var id [5]byte
		rand.Read(id[:])
		prefix = "profile-" + hex.EncodeToString(id[:]) + "/"
	}
	return measureIn(ctx, world.NewReal(archive.WallClock{}, store, nil), prefix, c)
}

// Keys are all that a measurement writes, in a sandbox.
func Keys() []string {
	keys := []string{smallKey, largeKey}
	for i := range apart {
		keys = append(keys, apartKey(i))
	}
	return keys
}

const (
	smallKey = "small"
	largeKey = "large"
)

func apartKey(i int) string { return fmt.Sprintf("apart%02d", i) }

// measureIn measures the store of a world.
func measureIn(ctx context.Context, w world.World, prefix string, c Config) (*Measured, error) {
	p := newProbe(w, prefix, c)
	var seen observed
	var failure error
	ran := w.Run(ctx, func(ctx context.Context) {
		failure = seen.observe(ctx, p)
		if !c.Sandbox {
			failure = errors.Join(failure, p.clear(ctx))
		}
	})
	if err := cmp.Or(ran, failure, ctx.Err()); err != nil {
		return nil, fmt.Errorf("measure the store: %w", err)
	}
	prof, err := seen.profile(p)
	if err != nil {
		return nil, fmt.Errorf("measure the store: %w", err)
	}
	prof.Source = c.Source
	prof.Source.Requests, prof.Source.Samples = p.sent, map[string]int{}
	for kind, all := range p.samples {
		prof.Source.Samples[kind] = len(all)
	}
	m, err := seen.fitted(ctx, prof)
	if err != nil {
		return nil, fmt.Errorf("play the model of the store: %w", err)
	}
	return m, nil
}

// UnsoundError is a store whose conditional writes don't hold.
type UnsoundError struct{ What string }

func (e *UnsoundError) Error() string {
	return e.What + ": the store does not keep its conditions, so that no retry settings are right for it; ask simulate doctor"
}

// errEnough ends a load when its requests or its time are used up.
var errEnough = errors.New("enough")

// probe makes calls and keeps how long they took.
type probe struct {
	w      world.World
	prefix string
	config Config
	locker
	sent    int
	most    int // requests of the load that is being played
	until   time.Time
	samples map[string][]time.Duration
	keys    map[string]bool // that may have been written
	refused int             // 429 and 503
}

// The kinds of lone calls.
const (
	heads        = "head" // of nothing
	gets         = "get"
	puts         = "put"
	refusals     = "refused"
	getsOfLarge  = "get_large"
	putsOfLarge  = "put_large"
	losses       = "lost" // to a write in flight, answered 412
	fewestOfKind = 5      // that make a distribution
)

func newProbe(w world.World, prefix string, c Config) *probe {
	c.Requests, c.Within = cmp.Or(c.Requests, DefaultRequests), cmp.Or(c.Within, DefaultWithin)
	return &probe{w: w, prefix: prefix, config: c, samples: map[string][]time.Duration{}, keys: map[string]bool{}}
}

// begin begins a load that may use a share of the requests and of the time; the last part of
// both is left to loads that follow.
func (p *probe) begin(doing string, requests, within float64) {
	p.most = p.sent + int(requests*float64(p.config.Requests))
	p.until = p.w.Now().Add(time.Duration(within * float64(p.config.Within)))
	p.tell(doing)
}

func (p *probe) tell(doing string) {
	if p.config.Progress != nil {
		p.config.Progress(float64(p.sent)/float64(p.config.Requests), doing)
	}
}

// do makes a call, if it may, and returns how long it took.
func (p *probe) do(ctx context.Context, call func() error) (time.Duration, error) {
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	began := p.w.Now()
	var may bool
	p.locked(func() {
		if may = p.sent < p.most && began.Before(p.until); may {
			p.sent++
		}
	})
	if !may {
		return 0, errEnough
	}
	err := call()
	took := p.w.Now().Sub(began)
	if errors.Is(err, archive.ErrThrottled) {
		p.locked(func() { p.refused++ })
	}
	return took, err
}

// put writes one of the probe's keys.
func (p *probe) put(ctx context.Context, s archive.Store, key string, size, n int, cond archive.Condition) (etag string, took time.Duration, err error) {
	p.locked(func() { p.keys[key] = true })
	took, err = p.do(ctx, func() (err error) {
		etag, err = s.Put(ctx, p.prefix+key, body(size, n), cond)
		return err
	})
	return etag, took, err
}

func (p *probe) get(ctx context.Context, s archive.Store, key string) (etag string, took time.Duration, err error) {
	took, err = p.do(ctx, func() (err error) {
		_, etag, err = s.Get(ctx, p.prefix+key)
		return err
	})
	return etag, took, err
}

// body is of a size, and differs from every other with another n.
func body(size, n int) []byte {
	b := slices.Repeat([]byte("x"), size)
	copy(b, fmt.Sprintf("holdfast measures how fast this store is: %d ", n))
	return b
}

func (p *probe) sample(kind string, took time.Duration) {
	p.locked(func() { p.samples[kind] = append(p.samples[kind], took) })
}

// pause is how long the probe leaves a store alone that asks for it.
const pause = 100 * time.Millisecond

// passing lets the load go on after an answer that says nothing of the next call, a moment later.
func (p *probe) passing(ctx context.Context, err error) error {
	for _, kind := range []error{archive.ErrConflict, archive.ErrThrottled, archive.ErrUnavailable, archive.ErrOutcomeUnknown} {
		if errors.Is(err, kind) && ctx.Err() == nil {
			return p.w.Sleep(ctx, pause)
		}
	}
	return err
}

// clearWithin bounds the deletion of the probe's keys.
const clearWithin = 30 * time.Second

// clear deletes what the probe made.
func (p *probe) clear(ctx context.Context) error {
	ctx, cancel := p.w.WithTimeout(context.WithoutCancel(ctx), clearWithin)
	defer cancel()
	s := p.w.Store("prober")
	var left []string
	var last error
	for _, key := range slices.Sorted(maps.Keys(p.keys)) {
		err := world.Insist(ctx, p.w, "delete "+key, func(ctx context.Context) error {
			p.sent++
			err := s.Delete(ctx, p.prefix+key, archive.Condition{})
			if errors.Is(err, archive.ErrNotFound) {
				return nil
			}
			return err
		})
		if err != nil {
			left, last = append(left, key), err
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("%d objects under %s could not be deleted (%s …): %w", len(left), p.prefix, left[0], last)
	}
	return nil
}

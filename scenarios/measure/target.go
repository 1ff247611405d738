package measure

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/archive/s3store/fakes3"
	"holdfast/scenarios"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// Target is the store of the real world. Its zero value is the embedded S3.
type Target struct {
	Store     string            `json:"store,omitempty"`    // empty or "fake": the embedded S3; else s3://bucket/prefix
	Endpoint  string            `json:"endpoint,omitempty"` // URL of a server other than AWS; empty: AWS
	PathStyle s3store.PathStyle `json:"path_style,omitempty"`
	// ID tells the keys of the run from those of others: they are below simulate-ID/.
	// Empty: one that nobody else has.
	ID string `json:"id,omitempty"`
}

// Embedded is the name of the embedded S3.
const Embedded = "fake"

// Name is what results call the store.
func (t Target) Name() string { return cmp.Or(t.Store, Embedded) }

// TargetError is a store that could not be opened, or left as it was.
type TargetError struct{ err error }

func (e *TargetError) Error() string { return e.err.Error() }
func (e *TargetError) Unwrap() error { return e.err }

// Validate reports what is wrong with the target without asking the store.
func (t Target) Validate() error {
	if t.Name() == Embedded {
		return nil
	}
	_, err := t.config(0)
	return err
}

// config is that of the adapter.
func (t Target) config(timeout time.Duration) (s3store.Config, error) {
	bucket, prefix, err := s3store.ParseURL(t.Store)
	if err != nil {
		return s3store.Config{}, fmt.Errorf("--store: %w", err)
	}
	c := s3store.Config{Bucket: bucket, Prefix: prefix, Endpoint: t.Endpoint, PathStyle: t.PathStyle, RequestTimeout: timeout}
	return c, c.Validate()
}

// opened is the store that a run plays against, and how to leave it as it was.
type opened struct {
	name     string // as results state it
	settings s3store.Settings
	base     *s3store.Store
	server   *fakes3.Server     // of the embedded S3
	network  *network.Transport // what befalls the requests; nil: nothing

	mu   sync.Mutex
	made map[string]bool // keys that the run may have written, below base's prefix
}

// cleanupTimeout bounds the deletion of the keys that a run made.
const cleanupTimeout = time.Minute

// open starts the embedded S3 or connects to the store that was asked for, under a
// prefix that no other run uses.
func (t Target) open(ctx context.Context, run *scenarios.Run) (*opened, error) {
	o := &opened{name: t.Name()}
	if err := o.connect(ctx, t, run); err != nil {
		return nil, &TargetError{err}
	}
	return o, nil
}

func (o *opened) connect(ctx context.Context, t Target, run *scenarios.Run) error {
	var via func(http.RoundTripper) http.RoundTripper
	if run.Scenario.Latency != nil || len(run.Scenario.Faults) > 0 {
		via = func(base http.RoundTripper) http.RoundTripper {
			o.network = network.NewTransport(base, run.AddedLatency(), run.TransportStream())
			if limit := run.Scenario.Throttle(); limit.Kind != "" {
				o.network.Limit(limit.Throttle)
			}
			return o.network
		}
	}
	if o.name == Embedded {
		return o.serve(via, run.RequestTimeout())
	}
	config, err := t.config(run.RequestTimeout())
	if err != nil {
		return err
	}
	if via != nil {
		config.Transport = via(&http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: s3store.IdleConnsPerHost})
	}
	store, err := s3store.Open(ctx, config)
	if err != nil {
		return fmt.Errorf("open %s: %w", t.Store, err)
	}
	if err := checkStore(ctx, store); err != nil {
		return err
	}
	o.base, o.settings, o.made = store.WithPrefix("simulate-"+cmp.Or(t.ID, NewID())+"/"), store.Settings(), map[string]bool{}
	return nil
}

// NewID is short, unique among runs of one second, and safe in a key.
func NewID() string {
	var b [5]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// checkStore asks again while the store is only too busy to answer. One that can't be
// reached is mostly a wrong address, and nobody wants to wait to be told so.
func checkStore(ctx context.Context, store *s3store.Store) error {
	var refused error
	err := world.Insist(ctx, patience, "connect", func(ctx context.Context) error {
		if refused = store.Check(ctx); errors.Is(refused, archive.ErrThrottled) {
			return refused
		}
		return nil
	})
	return cmp.Or(err, refused)
}

// patience is the time of the calls that are made around a run.
var patience = world.NewReal(archive.WallClock{}, nil, nil)

// serve starts the embedded S3.
func (o *opened) serve(via func(http.RoundTripper) http.RoundTripper, timeout time.Duration) (err error) {
	if o.server, err = fakes3.Start(); err != nil {
		return err
	}
	o.base = o.server.Store()
	if via != nil {
		o.base = o.server.StoreVia(via)
	}
	o.base = o.base.WithRequestTimeout(timeout)
	o.settings = o.base.Settings()
	return nil
}

// world returns a world with an empty store for the n-th repetition of the run.
func (o *opened) world(n int) world.World {
	return world.NewReal(archive.WallClock{}, o.repetition(n), o.settle)
}

// settle waits for the writes whose clients have given up.
func (o *opened) settle() {
	if o.network != nil {
		o.network.Wait()
	}
}

func (o *opened) repetition(n int) archive.Store {
	sub := fmt.Sprintf("r%05d/", n)
	store := o.base.WithPrefix(sub)
	if o.made != nil {
		return &tracked{Store: store, prefix: sub, target: o}
	}
	return store
}

// tracked remembers every key before it is written, so that also a write whose
// answer never came is cleaned up.
type tracked struct {
	*s3store.Store
	prefix string
	target *opened
}

func (s *tracked) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	s.target.mu.Lock()
	s.target.made[s.prefix+key] = true
	s.target.mu.Unlock()
	return s.Store.Put(ctx, key, body, cond)
}

// close is [opened.leave]; its error is a [TargetError].
func (o *opened) close(ctx context.Context) error {
	if err := o.leave(ctx); err != nil {
		return &TargetError{err}
	}
	return nil
}

// leave stops the embedded S3, or deletes exactly the keys that the run made,
// also when ctx has ended.
func (o *opened) leave(ctx context.Context) error {
	if o.network != nil {
		if err := o.network.Close(); err != nil {
			return err
		}
	}
	if o.server != nil {
		return o.server.Close()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	var failed []string
	var last error
	for _, key := range slices.Sorted(maps.Keys(o.made)) {
		err := world.Insist(ctx, patience, "delete "+key, func(ctx context.Context) error {
			err := o.base.Delete(ctx, key, archive.Condition{})
			if errors.Is(err, archive.ErrNotFound) {
				return nil
			}
			return err
		})
		if err != nil {
			failed, last = append(failed, key), err
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of the %d objects that the run made under %s%s could not be deleted (%s …): %w",
			len(failed), len(o.made), strings.TrimSuffix(o.name, "/")+"/", "simulate-*", failed[0], last)
	}
	return nil
}

package main

import (
	"cmp"
	"context"
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

// target is the store that a run plays against, and how to leave it as it was.
type target struct {
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

// openTarget starts the embedded S3 or connects to the store that was asked
// for, under a prefix that no other run uses.
func openTarget(ctx context.Context, o storeOptions, run *scenarios.Run, runID string) (*target, error) {
	t := &target{name: o.store}
	var via func(http.RoundTripper) http.RoundTripper
	if run.Scenario.Latency != nil || len(run.Scenario.Faults) > 0 {
		via = func(base http.RoundTripper) http.RoundTripper {
			t.network = network.NewTransport(base, run.AddedLatency(), run.TransportStream())
			if limit := run.Scenario.Throttle(); limit.Kind != "" {
				t.network.Limit(limit.Throttle)
			}
			return t.network
		}
	}
	if o.store == "fake" {
		if err := t.serve(via, run.RequestTimeout()); err != nil {
			return nil, couldNotRun("%w", err)
		}
		return t, nil
	}
	bucket, prefix, err := s3store.ParseURL(o.store)
	if err != nil {
		return nil, usage("--store: %w", err)
	}
	config := s3store.Config{
		Bucket: bucket, Prefix: prefix, Endpoint: o.endpoint, PathStyle: o.pathStyle, RequestTimeout: run.RequestTimeout(),
	}
	if via != nil {
		config.Transport = via(&http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: s3store.IdleConnsPerHost})
	}
	if err := config.Validate(); err != nil {
		return nil, usage("%w", err)
	}
	store, err := s3store.Open(ctx, config)
	if err != nil {
		return nil, couldNotRun("open %s: %w", o.store, err)
	}
	if err := checkStore(ctx, store); err != nil {
		return nil, couldNotRun("%w", err)
	}
	t.base, t.settings, t.made = store.WithPrefix("simulate-"+runID+"/"), store.Settings(), map[string]bool{}
	return t, nil
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
func (t *target) serve(via func(http.RoundTripper) http.RoundTripper, timeout time.Duration) (err error) {
	if t.server, err = fakes3.Start(); err != nil {
		return err
	}
	t.base = t.server.Store()
	if via != nil {
		t.base = t.server.StoreVia(via)
	}
	t.base = t.base.WithRequestTimeout(timeout)
	t.settings = t.base.Settings()
	return nil
}

// world returns a world with an empty store for the n-th repetition of the run.
func (t *target) world(n int) world.World {
	return world.NewReal(archive.WallClock{}, t.repetition(n), t.settle)
}

// settle waits for the writes whose clients have given up.
func (t *target) settle() {
	if t.network != nil {
		t.network.Wait()
	}
}

func (t *target) repetition(n int) archive.Store {
	sub := fmt.Sprintf("r%05d/", n)
	store := t.base.WithPrefix(sub)
	if t.made != nil {
		return &tracked{Store: store, prefix: sub, target: t}
	}
	return store
}

// tracked remembers every key before it is written, so that also a write whose
// answer never came is cleaned up.
type tracked struct {
	*s3store.Store
	prefix string
	target *target
}

func (s *tracked) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	s.target.mu.Lock()
	s.target.made[s.prefix+key] = true
	s.target.mu.Unlock()
	return s.Store.Put(ctx, key, body, cond)
}

// close stops the embedded S3, or deletes exactly the keys that the run made,
// also when ctx has ended.
func (t *target) close(ctx context.Context) error {
	if t.network != nil {
		if err := t.network.Close(); err != nil {
			return err
		}
	}
	if t.server != nil {
		return t.server.Close()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	var failed []string
	var last error
	for _, key := range slices.Sorted(maps.Keys(t.made)) {
		err := world.Insist(ctx, patience, "delete "+key, func(ctx context.Context) error {
			err := t.base.Delete(ctx, key, archive.Condition{})
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
		return couldNotRun("%d of the %d objects that the run made under %s%s could not be deleted (%s …): %w",
			len(failed), len(t.made), strings.TrimSuffix(t.name, "/")+"/", "simulate-*", failed[0], last)
	}
	return nil
}

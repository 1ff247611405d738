package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/archive/s3store/fakes3"
)

// target is the store that a run plays against, and how to leave it as it was.
type target struct {
	name     string // as results state it
	settings s3store.Settings
	base     *s3store.Store
	server   *fakes3.Server // of the embedded S3

	mu   sync.Mutex
	made map[string]bool // keys that the run may have written, below base's prefix
}

// cleanupTimeout bounds the deletion of the keys that a run made.
const cleanupTimeout = time.Minute

// openTarget starts the embedded S3 or connects to the store that was asked
// for, under a prefix that no other run uses.
func openTarget(ctx context.Context, o storeOptions, runID string) (*target, error) {
	if o.store == "fake" {
		server, err := fakes3.Start()
		if err != nil {
			return nil, couldNotRun("%w", err)
		}
		t := &target{name: "fake", server: server, base: server.Store()}
		t.settings = t.base.Settings()
		return t, nil
	}
	bucket, prefix, err := s3store.ParseURL(o.store)
	if err != nil {
		return nil, usage("--store: %w", err)
	}
	config := s3store.Config{Bucket: bucket, Prefix: prefix, Endpoint: o.endpoint, PathStyle: o.pathStyle}
	if err := config.Validate(); err != nil {
		return nil, usage("%w", err)
	}
	store, err := s3store.Open(ctx, config)
	if err != nil {
		return nil, couldNotRun("open %s: %w", o.store, err)
	}
	if err := store.Check(ctx); err != nil {
		return nil, couldNotRun("%w", err)
	}
	t := &target{name: o.store, base: store.WithPrefix("simulate-" + runID + "/"), settings: store.Settings(), made: map[string]bool{}}
	return t, nil
}

// repetition returns an empty store for the n-th repetition of the run.
func (t *target) repetition(n int) archive.Store {
	sub := fmt.Sprintf("r%05d/", n)
	store := archive.Store(t.base.WithPrefix(sub))
	if t.made != nil {
		store = &tracked{Store: store, prefix: sub, target: t}
	}
	return store
}

// tracked remembers every key before it is written, so that also a write whose
// answer never came is cleaned up.
type tracked struct {
	archive.Store
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
	if t.server != nil {
		return t.server.Close()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	var failed []string
	var last error
	for key := range t.made {
		err := t.base.Delete(ctx, key, archive.Condition{})
		if err != nil && !errors.Is(err, archive.ErrNotFound) {
			failed, last = append(failed, key), err
		}
	}
	if len(failed) > 0 {
		return couldNotRun("%d of the %d objects that the run made under %s%s could not be deleted (%s …): %w",
			len(failed), len(t.made), strings.TrimSuffix(t.name, "/")+"/", "simulate-*", failed[0], last)
	}
	return nil
}

package storerace

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"holdfast/archive"
	"holdfast/archive/storefault"
)

// QuickTimeout is the longest that [Quick] looks, and then again to remove what it wrote.
const QuickTimeout = 5 * time.Second

// quickUpdates find a store that lets two writers win in one race of ten with 92 %; creates
// go the same way in most stores.
const quickUpdates, quickCreates = 24, 8

// Quick finds out in about 120 requests whether a store ignores conditions, so that a
// program need not trust it: conditions with no rival about, and races of two. It writes
// below the prefix, where nothing may be and nobody else write, and removes what it wrote.
// A store that it finds nothing against may still break its promises in one race of a hundred.
//
// Its error is a [*storefault.Error] if the store must not be trusted with documents;
// anything else says that it could not be tried.
func Quick(ctx context.Context, store archive.Store, prefix string) error {
	ctx, cancel := context.WithTimeout(ctx, QuickTimeout)
	defer cancel()
	field := Field{Stores: []archive.Store{store}, Prefix: prefix}
	updates, creates := Named("update").On(field), Named("create").On(field)
	err := quick(ctx, store, prefix+"alone", updates, creates)
	cleaning, stop := context.WithTimeout(context.WithoutCancel(ctx), QuickTimeout)
	defer stop()
	for _, key := range append([]string{prefix + "alone"}, append(updates.Keys(), creates.Keys()...)...) {
		if left := remove(cleaning, store, key); left != nil && err == nil {
			err = fmt.Errorf("delete %s, which the check of the store wrote: %w", key, left)
		}
	}
	return err
}

// remove deletes a key, and tries again what may pass.
func remove(ctx context.Context, store archive.Store, key string) (err error) {
	for wait := 50 * time.Millisecond; wait < time.Second; wait *= 2 {
		err = store.Delete(ctx, key, archive.Condition{})
		if err == nil || errors.Is(err, archive.ErrNotFound) {
			return nil
		}
		if !archive.WorthRetrying(err) || (archive.WallClock{}).Sleep(ctx, wait) != nil {
			break
		}
	}
	return err
}

func quick(ctx context.Context, store archive.Store, key string, updates, creates *Course) error {
	if err := alone(ctx, store, key); err != nil {
		return err
	}
	courses := []struct {
		*Course
		races int
		Tally
	}{{Course: updates, races: quickUpdates}, {Course: creates, races: quickCreates}}
	var all sync.WaitGroup
	for i := range courses { // at once, so that there is time for them on a store that is far away
		all.Go(func() {
			c := &courses[i]
			c.Tally = c.Play(ctx, Plan{Races: c.races, Racers: []int{2}, BodyBytes: []int{64}}, nil)
		})
	}
	all.Wait()
	for _, c := range courses {
		for _, fault := range c.Faults {
			if storefault.Of(fault.Kind).Severity == storefault.Unsafe {
				return fault
			}
		}
	}
	for _, c := range courses {
		switch {
		case c.Judged < c.races:
			return fmt.Errorf("check of the store: %d of %d races (%s) were judged: %w", c.Judged, c.races, c.kind.Name, errors.Join(c.Why, ctx.Err()))
		case c.Refused == c.races: // a limit, which is no proof against the store
			return fmt.Errorf("check of the store: nothing is known of its races (%s): %s", c.kind.Name, c.Worst.Seen)
		}
	}
	return nil
}

// alone tries the conditions of writes, with no rival about.
func alone(ctx context.Context, store archive.Store, key string) error {
	put := func(body string, cond archive.Condition) (string, error) {
		etag, err := store.Put(ctx, key, []byte(body), cond)
		if err == nil && etag == "" {
			return "", storefault.Errorf(storefault.NoETag, "put %s (%s): it was acknowledged without an ETag", key, cond)
		}
		if err != nil {
			err = fmt.Errorf("put %s (%s): %w", key, cond, err)
		}
		return etag, err
	}
	refuse := func(cond archive.Condition, why string) error {
		_, err := put("it must be refused", cond)
		switch {
		case err == nil:
			return storefault.Errorf(storefault.IgnoredCondition, "put %s (%s): it was acknowledged, though %s", key, cond, why)
		case !refused(err):
			return err
		}
		return nil
	}
	first, err := put("first", archive.IfAbsent())
	if err != nil {
		return err
	}
	if err := refuse(archive.IfAbsent(), "there is an object"); err != nil {
		return err
	}
	second, err := put("second", archive.IfMatch(first))
	if err != nil {
		return err
	}
	if err := refuse(archive.IfMatch(first), "there is another version"); err != nil {
		return err
	}
	if _, err := put("third", archive.IfMatch(second)); err != nil {
		return err
	}
	body, _, err := store.Get(ctx, key)
	switch {
	case err != nil:
		return fmt.Errorf("get %s: %w", key, err)
	case string(body) != "third":
		return storefault.Errorf(storefault.LostWrite, "get %s: %.60q is stored, but %q was acknowledged last", key, body, "third")
	}
	return nil
}

package storetest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"holdfast/archive"
)

// Listing checks what an [archive.Lister] promises, over a store whose objects it lists.
// It writes so many objects, below "storetest/": to see a store's second page, more than
// it gives at a time. It returns what is wrong.
func Listing(ctx context.Context, store archive.Store, lister archive.Lister, objects int) error {
	prefix := key("listing", "")
	var want []string
	for i := range objects {
		want = append(want, fmt.Sprintf("%s%05d.json", prefix, i))
	}
	// What the prefix leaves out, and what sorts by bytes and not as people do.
	want = append(want, prefix+"Z", prefix+"a/b", prefix+"\u00e9")
	// Not an object that is called like the prefix without its slash: MinIO then lists
	// nothing below it.
	for _, k := range append(slices.Clone(want), key("listed"), key("list")) {
		if _, err := put(ctx, store, k, "x", archive.Condition{}); err != nil {
			return err
		}
	}
	slices.Sort(want)
	if err := mustList(ctx, lister, prefix, "", want); err != nil {
		return err
	}
	if err := mustList(ctx, lister, prefix, want[objects/2], want[objects/2+1:]); err != nil {
		return err
	}
	between := want[0] + "-" // which is no object
	if err := mustList(ctx, lister, prefix, between, want[1:]); err != nil {
		return err
	}
	if err := store.Delete(ctx, want[0], archive.Condition{}); err != nil {
		return fmt.Errorf("delete %s: %w", want[0], err)
	}
	if err := mustList(ctx, lister, prefix, "", want[1:]); err != nil {
		return err
	}
	return mustChange(ctx, store, lister, prefix, want[1])
}

// mustList checks that the pages hold exactly these keys, in their order.
func mustList(ctx context.Context, lister archive.Lister, prefix, after string, want []string) error {
	var got []string
	for at := after; ; {
		page, err := lister.List(ctx, prefix, at)
		if err != nil {
			return fmt.Errorf("list %s after %q: %w", prefix, at, err)
		}
		if len(page) == 0 {
			break
		}
		for _, o := range page {
			got = append(got, o.Key)
		}
		last := page[len(page)-1].Key
		if last <= at || len(got) > len(want) {
			return fmt.Errorf("list %s after %q: the page ends with %q, %d objects are listed so far, want %d", prefix, at, last, len(got), len(want))
		}
		at = last
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("list %s after %q: %d objects, want %d: %s", prefix, after, len(got), len(want), brief(fmt.Sprint(got)))
	}
	return nil
}

// mustChange checks that a write changes when its object was modified.
func mustChange(ctx context.Context, store archive.Store, lister archive.Lister, prefix, k string) error {
	modified := func() (time.Time, error) {
		page, err := lister.List(ctx, prefix, "")
		if err != nil || len(page) == 0 || page[0].Key != k {
			return time.Time{}, fmt.Errorf("list %s: want %s first, got %d objects: %w", prefix, k, len(page), err)
		}
		return page[0].Modified, nil
	}
	before, err := modified()
	if err != nil {
		return err
	}
	const steps, step = 15, 100 * time.Millisecond // S3 tells seconds
	for range steps {
		if err := (archive.WallClock{}).Sleep(ctx, step); err != nil {
			return err
		}
		if _, err := put(ctx, store, k, "x", archive.Condition{}); err != nil {
			return err
		}
		if now, err := modified(); err != nil || now.After(before) {
			return err
		}
	}
	return fmt.Errorf("list %s: %s was modified %v, and is so %v and many writes later", prefix, k, before, steps*step)
}

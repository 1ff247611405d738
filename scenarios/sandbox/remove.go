package sandbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
)

// The bounds of a removal.
const (
	workers = 16
	// calledFor is how long a call is repeated that gets no usable answer; the last one may
	// take as long as a request may. If it deletes, the store is asked for nothing else then.
	calledFor = 5 * time.Second
	looksFor  = 10 * time.Second // for versions, and at the manifest
)

// within is how long the deletion of so many may take: some fifty times what S3 needs.
func within(objects int) time.Duration {
	return time.Minute + time.Duration(objects)*6*time.Millisecond
}

// remover removes what is a run's, and then its manifest.
type remover struct {
	bucket
	id, where string
	ours      func(key string) bool // of a key below the sandbox's prefix
	known     []s3store.Entry       // that are to be removed, found or not
	told      func(where string, objects int, within time.Duration)
	limit     time.Duration
}

// Removed is what came of a removal.
type Removed struct {
	Objects int // or versions and delete markers, that were deleted, the manifest's included
	Left    int // that could not be
}

// LeftError says that some of what a run has written is still there, and its manifest with it.
type LeftError struct {
	ID    string // the run's
	Place string // the exact prefix
	Err   error  // why
	text  string
}

func (e *LeftError) Error() string { return e.text }
func (e *LeftError) Unwrap() error { return e.Err }

func (r *remover) left(err error, format string, args ...any) error {
	at := place(r.where, r.id)
	return &LeftError{r.id, at, err, fmt.Sprintf("clean up %s: %s: %v", at, fmt.Sprintf(format, args...), err)}
}

// remove deletes what is known, or found if the bucket keeps versions or nothing is known,
// until nothing that is the run's is found any more.
func (r *remover) remove(ctx context.Context) (done Removed, err error) {
	todo := r.known
	if r.versions || todo == nil && r.Inventory != nil {
		if todo, err = r.find(ctx); err != nil {
			return done, r.left(err, "what is there could not be listed, and nothing was deleted")
		}
	}
	r.limit = within(len(todo))
	if r.told != nil {
		r.told(place(r.where, r.id), len(todo), r.limit)
	}
	ctx, cancel := context.WithTimeout(ctx, r.limit)
	defer cancel()
	if done, err = r.clear(ctx, todo, r.find); err != nil {
		return done, err
	}
	if err := r.mayRemoveManifest(ctx); err != nil {
		return done, err
	}
	manifest := []s3store.Entry{{Key: prefixOf(r.id) + manifestName}}
	if r.versions {
		if manifest, err = r.findManifest(ctx); err != nil {
			return done, r.left(err, "all is gone but the manifest")
		}
	}
	last, err := r.clear(ctx, manifest, r.findManifest)
	return Removed{done.Objects + last.Objects, last.Left}, err
}

// versionsByNow asks again whether the bucket keeps versions: that may have been turned on
// since the run began.
func (r *remover) versionsByNow(ctx context.Context) error {
	if r.versions { // and has some for ever
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, looksFor)
	defer cancel()
	known, err := r.findVersions(ctx, "")
	if err == nil && !known {
		if _, err = r.findVersions(ctx, prefixOf(r.id)+manifestName); errors.Is(err, archive.ErrNotFound) {
			err = nil
		}
	}
	if err != nil {
		return r.left(err, "nothing was deleted")
	}
	return nil
}

// mayRemoveManifest looks whether what stands in its place is one of the run's.
func (r *remover) mayRemoveManifest(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, looksFor)
	defer cancel()
	_, err := readManifest(ctx, r.Store, r.id)
	if err == nil || errors.Is(err, archive.ErrNotFound) {
		return nil
	}
	return r.left(err, "all else is gone, and manifest.json stays")
}

// mostRounds in which nothing is found but what the store said it had deleted.
const mostRounds = 3

// clear deletes entries, until nothing of their kind is found any more: a store may list a
// part of them, and a write may have been late.
func (r *remover) clear(ctx context.Context, todo []s3store.Entry, find func(context.Context) ([]s3store.Entry, error)) (done Removed, err error) {
	type version struct{ key, version string }
	deleted := map[version]bool{}
	for vain := 0; len(todo) > 0; {
		n, key, err := r.deleteAll(ctx, todo)
		done.Objects += n
		if done.Left = len(todo) - n; err != nil {
			late := ""
			if errors.Is(err, context.DeadlineExceeded) {
				late = fmt.Sprintf(" within %v", r.limit)
			}
			return done, r.left(err, "%d of %d objects could not be deleted%s (%s)", done.Left, len(todo), late, key)
		}
		if r.Inventory == nil {
			break
		}
		for _, e := range todo {
			deleted[version{e.Key, e.Version}] = true
		}
		if todo, err = find(ctx); err != nil {
			return done, r.left(err, "%d objects were deleted, but not whether any is left could be looked for", done.Objects)
		}
		vain++
		if slices.ContainsFunc(todo, func(e s3store.Entry) bool { return !deleted[version{e.Key, e.Version}] }) {
			vain = 0
		}
		if vain == mostRounds && len(todo) > 0 {
			done.Left = len(todo)
			return done, r.left(errors.New("the store said that it had deleted them"), "%d still there", len(todo))
		}
	}
	return done, nil
}

// find lists what is the run's, without its manifest.
func (r *remover) find(ctx context.Context) (found []s3store.Entry, err error) {
	err = r.list(ctx, prefixOf(r.id), func(e s3store.Entry) {
		if key, in := strings.CutPrefix(e.Key, prefixOf(r.id)); in && key != manifestName && r.ours(key) {
			found = append(found, e)
		}
	})
	return found, cutOff(err, found)
}

// findManifest lists the versions of the manifest.
func (r *remover) findManifest(ctx context.Context) (found []s3store.Entry, err error) {
	key := prefixOf(r.id) + manifestName
	err = r.list(ctx, key, func(e s3store.Entry) {
		if e.Key == key {
			found = append(found, e)
		}
	})
	return found, cutOff(err, found)
}

// cutOff lets pass that the server does not say where a listing goes on: once what was found is
// deleted, another listing shows the rest.
func cutOff(err error, found []s3store.Entry) error {
	if errors.Is(err, s3store.ErrNoMarker) && len(found) > 0 {
		return nil
	}
	return err
}

// deleteAll deletes what is old first: no server has to bring back an old version in the
// place of the latest while another request deletes that one too.
func (r *remover) deleteAll(ctx context.Context, all []s3store.Entry) (deleted int, key string, err error) {
	var old, latest []s3store.Entry
	for _, e := range all {
		if e.Version != "" && !e.Latest {
			old = append(old, e)
		} else {
			latest = append(latest, e)
		}
	}
	for _, some := range [][]s3store.Entry{old, latest} {
		n, failed, why := r.deleteSome(ctx, some)
		if deleted += n; why != nil {
			return deleted, failed, why
		}
	}
	return deleted, "", nil
}

// deleteSome deletes several at a time, and says how many it has. The error is why the
// first of the others, key, is not.
func (r *remover) deleteSome(ctx context.Context, all []s3store.Entry) (deleted int, key string, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var mu sync.Mutex
	var wg sync.WaitGroup
	work := make(chan s3store.Entry)
	for range min(workers, len(all)) {
		wg.Go(func() {
			for e := range work {
				failed := r.delete(ctx, e)
				mu.Lock()
				if failed == nil {
					deleted++
				} else if err == nil {
					key, err = e.Key, failed
				}
				mu.Unlock()
				if archive.WorthRetrying(failed) {
					stop() // it is not this object's fault
				}
			}
		})
	}
	for _, e := range all {
		select {
		case work <- e:
		case <-ctx.Done():
		}
	}
	close(work)
	wg.Wait()
	if err == nil && deleted < len(all) { // the time was over between two deletions
		err = context.Cause(ctx)
	}
	return deleted, key, err
}

func (r *remover) delete(ctx context.Context, e s3store.Entry) error {
	return persist(ctx, "delete "+e.Key, func(ctx context.Context) (err error) {
		if e.Version == "" {
			err = r.Delete(ctx, e.Key, archive.Condition{})
		} else {
			err = r.DeleteVersion(ctx, e.Key, e.Version)
		}
		if errors.Is(err, archive.ErrNotFound) {
			return nil
		}
		return err
	})
}

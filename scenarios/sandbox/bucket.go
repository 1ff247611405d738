package sandbox

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/scenarios/world"
)

// Inventory is a store that can tell what it holds, old versions too. [s3store.Store] is one.
type Inventory interface {
	Versioning(ctx context.Context) (string, error)
	VersionOf(ctx context.Context, key string) (string, error)
	DeleteVersion(ctx context.Context, key, version string) error
	Entries(ctx context.Context, prefix string, versions bool) iter.Seq2[s3store.Entry, error]
	Folders(ctx context.Context, prefix string, versions bool) iter.Seq2[s3store.Folder, error]
}

var _ Inventory = (*s3store.Store)(nil)

// bucket is a store with what is known of it.
type bucket struct {
	archive.Store
	Inventory      // nil: it can't tell what it holds
	versions  bool // it keeps versions, or has kept them
	// spend, which may be nil, is asked before each request that looks for versions.
	spend func() error
}

func (b *bucket) maySend() error {
	if b.spend == nil {
		return nil
	}
	return b.spend()
}

// findVersions finds out whether the bucket keeps versions. Whoever may not ask for that
// can see it by an object that was just written, if one is named.
func (b *bucket) findVersions(ctx context.Context, written string) (known bool, err error) {
	if b.Inventory == nil {
		return true, nil
	}
	if written != "" {
		version := ""
		err = world.Insist(ctx, patience, "look for versions", func(ctx context.Context) (err error) {
			if err = b.maySend(); err == nil {
				version, err = b.VersionOf(ctx, written)
			}
			return err
		})
		b.versions = version != ""
		return err == nil, err
	}
	state := ""
	err = world.Insist(ctx, patience, "look for versions", func(ctx context.Context) (err error) {
		if err = b.maySend(); err == nil {
			state, err = b.Versioning(ctx)
		}
		return err
	})
	switch {
	case err == nil:
		b.versions = state != ""
		return true, nil
	case archive.WorthRetrying(err) || errors.Is(err, ErrSpent) || ctx.Err() != nil:
		return false, err
	}
	return false, nil // it may not be asked, or does not know what that is
}

// absent is a key of the sandbox that is never written.
const absent = "nothing-is-stored-here"

// mayRemoveVersions tries what the clean-up will need, on an object that is not there.
func (b *bucket) mayRemoveVersions(ctx context.Context, prefix string) error {
	if !b.versions {
		return nil
	}
	err := b.maySend()
	if err == nil {
		err = b.DeleteVersion(ctx, prefix+absent, "null")
	}
	if err == nil {
		err = b.maySend()
	}
	if err == nil {
		for _, err = range b.Entries(ctx, prefix, true) {
			break
		}
	}
	if err != nil && !archive.WorthRetrying(err) && !errors.Is(err, ErrSpent) {
		return fmt.Errorf("the bucket keeps versions: allow s3:ListBucketVersions and s3:DeleteObjectVersion, or play on one without versions: %w", err)
	}
	return err
}

// persist repeats a call while the store gives no usable answer, for calledFor.
func persist(ctx context.Context, what string, call func(context.Context) error) error {
	for t := newTries(); ; {
		if err := call(ctx); err == nil || !t.again(ctx, err) {
			return t.failed(what, err)
		}
	}
}

// tries are those of one request, for calledFor.
type tries struct {
	start time.Time
	pause time.Duration
}

func newTries() tries { return tries{time.Now(), 50 * time.Millisecond} }

// again waits, and reports whether it is to be tried again.
func (t *tries) again(ctx context.Context, err error) bool {
	if !archive.WorthRetrying(err) || time.Since(t.start)+t.pause > calledFor || (archive.WallClock{}).Sleep(ctx, t.pause) != nil {
		return false
	}
	t.pause *= 2
	return true
}

func (t *tries) failed(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s, for %v: %w", what, time.Since(t.start).Round(time.Millisecond), err)
}

// through calls each with all that a listing has. A page, which is a request, is asked for
// again for calledFor, however many pages there are.
func through[T any](ctx context.Context, prefix string, listing iter.Seq2[T, error], key func(T) string, each func(T)) error {
	t, failure := newTries(), error(nil)
	for e, err := range listing {
		switch failure = err; {
		case err == nil && !strings.HasPrefix(key(e), prefix):
			return fmt.Errorf("list %s: the server lists what was not asked for: %q", prefix, key(e))
		case err == nil:
			each(e)
			t = newTries()
		case !t.again(ctx, err):
			return t.failed("list "+prefix, err)
		}
	}
	return failure // it ended with one
}

// list calls each with all that there is below a prefix.
func (b *bucket) list(ctx context.Context, prefix string, each func(s3store.Entry)) error {
	return through(ctx, prefix, b.Entries(ctx, prefix, b.versions), func(e s3store.Entry) string { return e.Key }, each)
}

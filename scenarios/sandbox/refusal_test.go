package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/scenarios/sandbox"
)

var errDenied = errors.New("403 AccessDenied")

// denying refuses what its user has no permission for.
type denying struct {
	*s3store.Store
	versioning, listing, deleting, deletingVersions, writing error
}

func (d *denying) Versioning(ctx context.Context) (string, error) {
	if d.versioning != nil {
		return "", d.versioning
	}
	return d.Store.Versioning(ctx)
}

func (d *denying) DeleteVersion(ctx context.Context, key, version string) error {
	if d.deletingVersions != nil {
		return d.deletingVersions
	}
	return d.Store.DeleteVersion(ctx, key, version)
}

func (d *denying) Delete(ctx context.Context, key string, cond archive.Condition) error {
	if d.deleting != nil {
		return d.deleting
	}
	return d.Store.Delete(ctx, key, cond)
}

func (d *denying) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if d.writing != nil {
		return "", d.writing
	}
	return d.Store.Put(ctx, key, body, cond)
}

func (d *denying) Entries(ctx context.Context, prefix string, versions bool) iter.Seq2[s3store.Entry, error] {
	if d.listing != nil {
		return func(yield func(s3store.Entry, error) bool) { yield(s3store.Entry{}, d.listing) }
	}
	return d.Store.Entries(ctx, prefix, versions)
}

// TestVersionsThatMayNotBeRemoved: such a bucket is refused before anything is written.
func TestVersionsThatMayNotBeRemoved(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		versioned := strings.HasSuffix(t.Name(), "versioned")
		for name, d := range map[string]*denying{
			"versions may not be deleted": {Store: store, deletingVersions: errDenied},
			"versions may not be listed":  {Store: store, listing: errDenied},
		} {
			box, err := sandbox.Open(t.Context(), d, sandbox.Config{Where: where})
			if !versioned {
				if err != nil {
					t.Fatal(err)
				}
				d.listing = nil
				if err := box.Close(t.Context()); err != nil {
					t.Error(err)
				}
				continue
			}
			if err == nil || !errors.Is(err, errDenied) || !strings.Contains(err.Error(), "allow s3:ListBucketVersions and s3:DeleteObjectVersion") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestVersioningThatMayNotBeAsked is seen by what is written.
func TestVersioningThatMayNotBeAsked(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		if !strings.HasSuffix(t.Name(), "versioned") {
			return // the embedded server answers a HEAD with a version there too, and lists none
		}
		d := &denying{Store: store, versioning: errDenied}
		box := open(t, d, sandbox.Config{Parts: 2})
		play(t, box)
		found, err := sandbox.Find(t.Context(), d, where, box.ID)
		if err != nil || len(found) != 1 || found[0].Objects < 11 {
			t.Errorf("found %+v, %v", found, err)
		}
		if err := box.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestWhatCouldNotBeDeletedIsSaid, with its exact prefix, and its manifest stays so that it
// can be found.
func TestWhatCouldNotBeDeletedIsSaid(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		d := &denying{Store: store}
		box := open(t, d, sandbox.Config{Parts: 2})
		play(t, box)
		d.deleting, d.deletingVersions = errDenied, errDenied
		err := box.Close(t.Context())
		left, ok := errors.AsType[*sandbox.LeftError](err)
		if !ok || left.Place != box.Place() || !errors.Is(err, errDenied) || !strings.Contains(err.Error(), box.Place()+": ") {
			t.Errorf("%v", err)
		}
		d.deleting, d.deletingVersions, d.listing = nil, nil, errDenied
		if err := box.Close(t.Context()); err == nil || !strings.Contains(err.Error(), box.Place()) {
			t.Errorf("%v", err)
		}
		found, err := sandbox.Find(t.Context(), store, where, box.ID)
		if err != nil || len(found) != 1 || found[0].Manifest == nil {
			t.Fatalf("found %+v, %v", found, err)
		}
		if _, err := found[0].Remove(t.Context(), store, where, nil); err != nil {
			t.Error(err)
		}
	})
}

// TestAStoreThatIsGone is not asked for every object.
func TestAStoreThatIsGone(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		if strings.HasSuffix(t.Name(), "versioned") {
			return // the same, and it takes ten seconds
		}
		d := &denying{Store: store}
		var keys []string
		for i := range 100 {
			keys = append(keys, strings.Repeat("x", i+1))
		}
		box := open(t, d, sandbox.Config{Keys: keys})
		for _, key := range keys {
			put(t, box.Part(1), key, "")
		}
		d.deleting, d.deletingVersions = archive.ErrUnavailable, archive.ErrUnavailable
		start := time.Now()
		err := box.Close(t.Context())
		if took := time.Since(start); took > 20*time.Second || err == nil || !strings.Contains(err.Error(), "100 of 100 objects could not be deleted") {
			t.Errorf("after %v: %v", took, err)
		}
		d.deleting, d.deletingVersions = nil, nil
		if err := box.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestAManifestThatMayBeThere is removed, though the run was never begun.
func TestAManifestThatMayBeThere(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := sandbox.Open(ctx, &interrupting{store, cancel}, sandbox.Config{Where: where})
		if err == nil {
			t.Error("it is opened")
		}
	})
}

// interrupting ends its user's context when something was written.
type interrupting struct {
	*s3store.Store
	cancel context.CancelFunc
}

func (i *interrupting) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if _, err := i.Store.Put(ctx, key, body, cond); err != nil {
		return "", err
	}
	i.cancel()
	return "", errors.Join(archive.ErrOutcomeUnknown, ctx.Err())
}

// plain is a store that can't tell what it holds.
type plain struct{ archive.Store }

// TestAStoreWithoutInventory: its runs are found by their names.
func TestAStoreWithoutInventory(t *testing.T) {
	inBuckets(t, func(t *testing.T, whole, s3 *s3store.Store) {
		if strings.HasSuffix(t.Name(), "versioned") {
			return // such a store can't tell
		}
		store := plain{s3}
		box := open(t, store, sandbox.Config{Parts: 2})
		for n := 1; n <= 2; n++ {
			put(t, box.Part(n), "k", "")
		}
		if _, lists := box.Part(1).(archive.Lister); lists {
			t.Error("it lists")
		}
		if _, err := sandbox.Find(t.Context(), store, where); !errors.Is(err, sandbox.ErrNoInventory) {
			t.Error(err)
		}
		found, err := sandbox.Find(t.Context(), store, where, box.ID, "9999999999")
		if err != nil || len(found) != 1 || found[0].Manifest == nil || !found[0].Running() {
			t.Fatalf("found %+v, %v", found, err)
		}
		if _, err := found[0].Remove(t.Context(), store, where, nil); err != nil {
			t.Error(err)
		}
		if after := snapshot(t, whole); slices.ContainsFunc(after, func(e string) bool { return strings.Contains(e, box.ID) }) {
			t.Errorf("left are %v", after)
		}
		if err := box.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// foldersOf lists folders in its own way.
type foldersOf struct {
	*s3store.Store
	folders []string
}

func (f foldersOf) Folders(context.Context, string, bool) iter.Seq2[s3store.Folder, error] {
	return func(yield func(s3store.Folder, error) bool) {
		for _, name := range f.folders {
			if !yield(s3store.Folder{Name: name, At: time.Now()}, nil) {
				return
			}
		}
	}
}

func TestServersThatListNoFolders(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		box := open(t, store, sandbox.Config{Parts: 2})
		play(t, box)
		for _, folders := range [][]string{nil, {"simulate-/simulate-0123456789/", "simulate-/" + box.Prefix()}} {
			found, err := sandbox.Find(t.Context(), foldersOf{store, folders}, where)
			if err != nil || len(found) != 2 {
				t.Errorf("%v: found %+v, %v", folders, found, err)
			}
		}
		if err := box.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestMoreThanAListing: the embedded server lists a thousand versions and not where the next
// begin.
func TestMoreThanAListing(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		box := open(t, store, sandbox.Config{Keys: []string{"k"}})
		for range 2100 {
			put(t, box.Part(1), "k", "")
		}
		if err := box.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// pretending says that it deletes, and does not.
type pretending struct{ *s3store.Store }

func (pretending) Delete(context.Context, string, archive.Condition) error { return nil }
func (pretending) DeleteVersion(context.Context, string, string) error     { return nil }

func TestAStoreThatDoesNotDelete(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		box := open(t, pretending{store}, sandbox.Config{})
		put(t, box.Part(1), "k", "")
		if err := box.Close(t.Context()); err == nil || !strings.Contains(err.Error(), "1 still there: the store said that it had deleted them") {
			t.Error(err)
		}
		found, err := sandbox.Find(t.Context(), store, where, box.ID)
		if err != nil || len(found) != 1 {
			t.Fatalf("found %+v, %v", found, err)
		}
		if _, err := found[0].Remove(t.Context(), store, where, nil); err != nil {
			t.Error(err)
		}
	})
}

func TestIDsThatNobodyWouldFind(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		for _, id := range []string{"x", "../other", "0123456789a"} {
			if _, err := sandbox.Open(t.Context(), store, sandbox.Config{Where: where, ID: id}); err == nil {
				t.Errorf("%q is taken", id)
			}
		}
	})
}

// down answers no write for a while, and only after a moment.
type down struct {
	*s3store.Store
	is atomic.Bool
}

func (d *down) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if d.is.Load() {
		time.Sleep(200 * time.Millisecond)
		return "", archive.ErrUnavailable
	}
	return d.Store.Put(ctx, key, body, cond)
}

// TestAnOutage ends no run, and who waits for the manifest does not wait for everybody's turn.
func TestAnOutage(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		d := &down{Store: store}
		box := open(t, d, sandbox.Config{Ended: func(err error) { t.Errorf("ended: %v", err) }})
		part := box.Part(1)
		d.is.Store(true)
		start := time.Now()
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				if _, err := part.Put(t.Context(), fmt.Sprint("k", i), nil, archive.Condition{}); !errors.Is(err, archive.ErrUnavailable) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("they waited for %v", took)
		}
		d.is.Store(false)
		put(t, part, "k1", "")
		if err := box.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

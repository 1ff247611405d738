package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/archive/s3store/fakes3"
	"holdfast/archive/storetest/broken"
	"holdfast/scenarios/sandbox"
)

// losing applies the first write and loses its answer, and refuses all that come after it.
type losing struct {
	*s3store.Store
	then error
	n    int
}

func (l *losing) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if l.n++; l.n > 1 {
		return "", l.then
	}
	if _, err := l.Store.Put(ctx, key, body, cond); err != nil {
		return "", err
	}
	return "", archive.ErrOutcomeUnknown
}

// TestAManifestOfAnEarlierTry is removed too, whatever the last try came to.
func TestAManifestOfAnEarlierTry(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		if _, err := sandbox.Open(t.Context(), &losing{Store: store, then: errDenied}, sandbox.Config{Where: where}); !errors.Is(err, errDenied) {
			t.Error(err)
		}
		allowed := sandbox.NewAllowance(requestsOf(t) - 3)
		lost := &losing{Store: store, then: archive.ErrUnavailable}
		if _, err := sandbox.Open(t.Context(), lost, sandbox.Config{Where: where, Allowance: allowed}); !errors.Is(err, sandbox.ErrSpent) || lost.n != 1 {
			t.Errorf("%v after %d writes", err, lost.n)
		}
	})
}

// lister lists what it likes.
type lister struct {
	*s3store.Store
	entries func(prefix string, versions bool) iter.Seq2[s3store.Entry, error]
}

func (l *lister) Entries(ctx context.Context, prefix string, versions bool) iter.Seq2[s3store.Entry, error] {
	if l.entries == nil {
		return l.Store.Entries(ctx, prefix, versions)
	}
	return l.entries(prefix, versions)
}

// TestListingsOfWhatWasNotAskedFor delete nothing, whatever they list.
func TestListingsOfWhatWasNotAskedFor(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		l := &lister{Store: store}
		box := open(t, l, sandbox.Config{Parts: 2})
		play(t, box)
		l.entries = func(_ string, versions bool) iter.Seq2[s3store.Entry, error] {
			return store.Entries(t.Context(), "", versions)
		}
		if err := box.Close(t.Context()); err == nil || !strings.Contains(err.Error(), "the server lists what was not asked for") {
			t.Error(err)
		}
		// A key of the run's form, but not below its prefix.
		l.entries = func(_ string, versions bool) iter.Seq2[s3store.Entry, error] {
			return func(yield func(s3store.Entry, error) bool) {
				yield(s3store.Entry{Key: "r00001/archive/CHG-0.json"}, nil)
			}
		}
		if err := box.Close(t.Context()); err == nil || !strings.Contains(err.Error(), "the server lists what was not asked for") {
			t.Error(err)
		}
		l.entries = nil
		if err := box.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestPagesThatAreAskedForAgain: each may fail several times, as none is the whole listing's.
func TestPagesThatAreAskedForAgain(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		l := &lister{Store: store}
		box := open(t, l, sandbox.Config{Parts: 2})
		play(t, box)
		failed := 0
		l.entries = func(prefix string, versions bool) iter.Seq2[s3store.Entry, error] {
			return func(yield func(s3store.Entry, error) bool) {
				for e, err := range store.Entries(t.Context(), prefix, versions) {
					if failed++; !yield(s3store.Entry{}, archive.ErrUnavailable) || !yield(e, err) {
						return
					}
				}
			}
		}
		if err := box.Close(t.Context()); err != nil {
			t.Error(err)
		}
		versioned := strings.HasSuffix(t.Name(), "versioned")
		if versioned && failed < 10 {
			t.Errorf("%d pages have failed", failed)
		}
	})
}

// TestOneThatCannotBeLookedAt does not hide the others.
func TestOneThatCannotBeLookedAt(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		l := &lister{Store: store}
		bad, good := open(t, l, sandbox.Config{}), open(t, l, sandbox.Config{})
		l.entries = func(prefix string, versions bool) iter.Seq2[s3store.Entry, error] {
			if prefix == bad.Prefix() {
				return func(yield func(s3store.Entry, error) bool) { yield(s3store.Entry{}, errDenied) }
			}
			return store.Entries(t.Context(), prefix, versions)
		}
		found, err := sandbox.Find(t.Context(), l, where, bad.ID, good.ID)
		if err != nil || len(found) != 2 {
			t.Fatalf("found %+v, %v", found, err)
		}
		for _, f := range found {
			if f.ID == bad.ID && (!errors.Is(f.Err, errDenied) || f.Manifest != nil || !strings.Contains(f.Why, errDenied.Error())) || f.ID == good.ID && f.Manifest == nil {
				t.Errorf("found %+v", f)
			}
		}
		l.entries = nil
		for _, box := range []*sandbox.Sandbox{bad, good} {
			if err := box.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestAbsurdManifests are nobody's.
func TestAbsurdManifests(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		for _, parts := range []int{-1, 0, 10_000_001, 1 << 62} {
			put(t, store, "simulate-0123456789/manifest.json", fmt.Sprintf(`{"schema": "simulate.manifest/v1", "id": "0123456789", "parts": %d, "keys": ["k"]}`, parts))
			for _, s := range []archive.Store{store, plain{store}} {
				found, err := sandbox.Find(t.Context(), s, where, "0123456789")
				if err != nil || len(found) > 0 && found[0].Manifest != nil {
					t.Errorf("%d parts: found %+v, %v", parts, found, err)
				}
			}
		}
		removeAll(t, store, "simulate-0123456789/manifest.json")
		if _, err := sandbox.Open(t.Context(), store, sandbox.Config{Where: where, Parts: 5_000_001, Keys: []string{"a", "b"}}); !errors.Is(err, archive.ErrInvalid) {
			t.Error(err)
		}
	})
}

// TestAManifestOfSomebodyElse is not written over by who writes without conditions.
func TestAManifestOfSomebodyElse(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		const key = "simulate-aaaaaaaaaa/manifest.json"
		put(t, store, key, "hers")
		for _, unconditional := range []bool{false, true} {
			if _, err := sandbox.Open(t.Context(), store, sandbox.Config{Where: where, ID: "aaaaaaaaaa", Unconditional: unconditional}); err == nil {
				t.Errorf("unconditional %v: it is opened", unconditional)
			}
		}
		if body, _, err := store.Get(t.Context(), key); err != nil || string(body) != "hers" {
			t.Errorf("%q, %v", body, err)
		}
		removeAll(t, store, key)
	})
}

// TestRemoveLooksAgain: what was found may be another's by the time that it is removed.
func TestRemoveLooksAgain(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		box := open(t, store, sandbox.Config{})
		put(t, box.Part(1), "k", "")
		found, err := sandbox.Find(t.Context(), store, where, box.ID)
		if err != nil || len(found) != 1 {
			t.Fatalf("found %+v, %v", found, err)
		}
		put(t, store, box.Prefix()+"manifest.json", "hers")
		before := len(snapshot(t, store.WithPrefix(box.Prefix())))
		if done, err := found[0].Remove(t.Context(), store, where, nil); err == nil || done.Objects > 0 {
			t.Errorf("removed %+v, %v", done, err)
		}
		if after := len(snapshot(t, store.WithPrefix(box.Prefix()))); after != before {
			t.Errorf("%d objects by now, of %d", after, before)
		}
		// One that was dead, and is written again.
		alive, _ := sandbox.Find(t.Context(), store, where, box.ID)
		if len(alive) != 1 || alive[0].Manifest != nil {
			t.Fatalf("found %+v", alive)
		}
		old := found[0]
		old.Age = sandbox.Dead
		put(t, store, box.Prefix()+"manifest.json", fmt.Sprintf(`{"schema": "simulate.manifest/v1", "id": %q, "parts": 1, "keys": ["k"], "alive": "2026-01-01T00:00:00Z"}`, box.ID))
		if _, err := old.Remove(t.Context(), store, where, nil); err == nil || !strings.Contains(err.Error(), "it is running") {
			t.Error(err)
		}
		removeAll(t, store, box.Prefix())
		_ = box.Close(t.Context())
	})
}

// TestVersionsThatBeginInTheMiddle of a run are removed too.
func TestVersionsThatBeginInTheMiddle(t *testing.T) {
	server, err := fakes3.StartVersioned()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	store := server.Store().WithPrefix("p")
	late := &lateVersions{Store: store}
	box := open(t, late, sandbox.Config{Parts: 2})
	late.on = true
	play(t, box)
	if err := box.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if left := snapshot(t, store); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}

// lateVersions says that there are none until they are on.
type lateVersions struct {
	*s3store.Store
	on bool
}

func (l *lateVersions) Versioning(ctx context.Context) (string, error) {
	if !l.on {
		return "", nil
	}
	return l.Store.Versioning(ctx)
}

// gone is a store that at some moment answers nothing more, not even what it holds.
type gone struct {
	*broken.Memory
	is bool
}

func (g *gone) Versioning(context.Context) (string, error) {
	if g.is {
		return "", archive.ErrUnavailable
	}
	return "", nil
}

func (g *gone) VersionOf(context.Context, string) (string, error)   { return "", nil }
func (g *gone) DeleteVersion(context.Context, string, string) error { return nil }
func (g *gone) Entries(context.Context, string, bool) iter.Seq2[s3store.Entry, error] {
	return func(yield func(s3store.Entry, error) bool) { yield(s3store.Entry{}, archive.ErrUnavailable) }
}
func (g *gone) Folders(context.Context, string, bool) iter.Seq2[s3store.Folder, error] {
	return func(func(s3store.Folder, error) bool) {}
}

// TestAStoreThatIsGoneIsNotWaitedFor longer than is said.
func TestAStoreThatIsGoneIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gone{Memory: broken.NewMemory()}
		box := open(t, g, sandbox.Config{})
		put(t, box.Part(1), "k", "")
		g.is = true
		start := time.Now()
		if err := box.Close(t.Context()); !strings.Contains(fmt.Sprint(err), "nothing was deleted") {
			t.Error(err)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// counting loses every third answer to a write, and counts what it is asked.
type counting struct {
	archive.Store
	sent, lost int
}

func (c *counting) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	c.sent++
	etag, err := c.Store.Put(ctx, key, body, cond)
	if c.lost++; c.lost%3 == 1 {
		return "", archive.ErrOutcomeUnknown
	}
	return etag, err
}

func (c *counting) Get(ctx context.Context, key string) ([]byte, string, error) {
	c.sent++
	return c.Store.Get(ctx, key)
}

// TestLostAnswersAreCounted: what finds out what became of a manifest is a request too.
func TestLostAnswersAreCounted(t *testing.T) {
	for most := 1; most < 12; most++ {
		c, sent := &counting{Store: broken.NewMemory()}, 0
		box, err := sandbox.Open(t.Context(), c, sandbox.Config{
			Where: where, Allowance: sandbox.NewAllowance(most), Ended: func(error) { sent = c.sent },
		})
		for i := 0; err == nil && i < 100; i++ {
			if _, err = box.Part(1).Put(t.Context(), fmt.Sprint("k", i), nil, archive.Condition{}); archive.WorthRetrying(err) {
				err = nil
			}
		}
		if !errors.Is(err, sandbox.ErrSpent) || sent != most {
			t.Errorf("%d were sent, of %d: %v", sent, most, err)
		}
	}
}

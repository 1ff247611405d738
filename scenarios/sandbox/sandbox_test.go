package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/archive/s3store/fakes3"
	"holdfast/scenarios/sandbox"
)

const where = "s3://holdfast/p"

// buckets are the ways to keep objects.
var buckets = map[string]func() (*fakes3.Server, error){"plain": fakes3.Start, "versioned": fakes3.StartVersioned}

// inBuckets runs a test in each, beside objects that it must leave alone, and looks that it has.
func inBuckets(t *testing.T, test func(t *testing.T, whole, store *s3store.Store)) {
	for name, begin := range buckets {
		t.Run(name, func(t *testing.T) {
			server, err := begin()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = server.Close() })
			whole := server.Store()
			for _, key := range []string{"archive/CHG-1.json", "p/archive/CHG-1.json", "p/simulate-out/x", "p/simulate-0123456789/r00001/k", "q"} {
				put(t, whole, key, "not yours")
			}
			put(t, whole, "q", "twice")
			if err := whole.Delete(t.Context(), "p/archive/gone", archive.Condition{}); err != nil {
				t.Fatal(err)
			}
			before := snapshot(t, whole)
			test(t, whole, whole.WithPrefix("p"))
			if after := snapshot(t, whole); !slices.Equal(before, after) {
				t.Errorf("the bucket has changed:\nbefore %v\nafter  %v", before, after)
			}
		})
	}
}

func put(t *testing.T, s archive.Store, key, body string) {
	t.Helper()
	if _, err := s.Put(t.Context(), key, []byte(body), archive.Condition{}); err != nil {
		t.Fatal(err)
	}
}

// snapshot is all that a bucket holds, versions and delete markers too.
func snapshot(t *testing.T, s *s3store.Store) []string {
	t.Helper()
	versioning, err := s.Versioning(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for e, err := range s.Entries(t.Context(), "", versioning != "") {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%s %s %d", e.Key, e.Version, e.Bytes))
	}
	slices.Sort(all)
	return all
}

func open(t *testing.T, store archive.Store, c sandbox.Config) *sandbox.Sandbox {
	t.Helper()
	c.Where = where
	box, err := sandbox.Open(t.Context(), store, c)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// play writes, overwrites and deletes in both parts.
func play(t *testing.T, box *sandbox.Sandbox) {
	t.Helper()
	var wg sync.WaitGroup
	for n := 1; n <= 2; n++ {
		store := box.Part(n)
		for i := range 5 {
			key := fmt.Sprintf("archive/CHG-%d.json", i)
			wg.Go(func() {
				for range 3 {
					if _, err := store.Put(t.Context(), key, []byte("{}"), archive.Condition{}); err != nil {
						t.Error(err)
					}
				}
				if err := store.Delete(t.Context(), key+".none", archive.Condition{}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if body, _, err := box.Part(2).Get(t.Context(), "archive/CHG-3.json"); err != nil || string(body) != "{}" {
		t.Errorf("%s, %v", body, err)
	}
	if etag, err := box.Part(1).Head(t.Context(), "archive/CHG-3.json"); err != nil || etag == "" {
		t.Errorf("%s, %v", etag, err)
	}
	page, err := box.Part(1).(archive.Lister).List(t.Context(), "archive/", "archive/CHG-3.json")
	if err != nil || len(page) != 1 || page[0].Key != "archive/CHG-4.json" {
		t.Errorf("listed are %v, %v", page, err)
	}
}

func TestTheBucketIsLeftAsItWas(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		told := ""
		box := open(t, store, sandbox.Config{Parts: 2, Keys: []string{"archive/CHG-0.json"}, Cleaning: func(where string, objects int, within time.Duration) {
			told = fmt.Sprint(where, objects >= 10, within >= time.Minute)
		}})
		play(t, box)
		if err := box.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if want := box.Place() + "true true"; told != want || box.Place() != "s3://holdfast/p/"+box.Prefix() {
			t.Errorf("told %q, want %q", told, want)
		}
	})
}

// TestWhatAKilledRunHasLeft can be found by its manifest, and is removed, and what others have
// put beside it is not.
func TestWhatAKilledRunHasLeft(t *testing.T) {
	inBuckets(t, func(t *testing.T, whole, store *s3store.Store) {
		ctx, kill := context.WithCancel(t.Context())
		box, err := sandbox.Open(ctx, store, sandbox.Config{Where: where, Parts: 2, Program: "v1", Command: "simulate run x"})
		if err != nil {
			t.Fatal(err)
		}
		play(t, box)
		kill()
		foreign := []string{"hers", "r00001/archive/hers.json", "r00003/archive/CHG-1.json", "r1/archive/CHG-1.json"}
		for _, key := range foreign {
			put(t, store, box.Prefix()+key, "not yours")
		}
		found, err := sandbox.Find(t.Context(), store, where, box.ID)
		if err != nil || len(found) != 1 {
			t.Fatalf("found %+v, %v", found, err)
		}
		l := found[0]
		if l.ID != box.ID || l.Place != box.Place() || l.Manifest == nil || l.Manifest.Program != "v1" || l.Manifest.Command != "simulate run x" {
			t.Errorf("found %+v, with the manifest %+v", l, l.Manifest)
		}
		if l.Objects < 11 || l.Bytes < 20 || l.Foreign != len(foreign) || !l.Running() {
			t.Errorf("found %+v", l)
		}
		done, err := l.Remove(t.Context(), store, where, nil)
		if err != nil || done.Objects != l.Objects || done.Left != 0 {
			t.Errorf("removed %+v of %d, %v", done, l.Objects, err)
		}
		left := snapshot(t, store.WithPrefix(box.Prefix()))
		if len(left) != len(foreign) {
			t.Errorf("left are %v, want %v", left, foreign)
		}
		removeAll(t, store, box.Prefix())
	})
}

func removeAll(t *testing.T, s *s3store.Store, prefix string) {
	t.Helper()
	versioning, err := s.Versioning(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for e, err := range s.Entries(t.Context(), prefix, versioning != "") {
		if err == nil && e.Version != "" {
			err = s.DeleteVersion(t.Context(), e.Key, e.Version)
		} else if err == nil {
			err = s.Delete(t.Context(), e.Key, archive.Condition{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestWithoutAManifest nothing is a run's: a folder of the same form, or with a manifest of
// somebody else, is shown and stays.
func TestWithoutAManifest(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		for _, body := range []string{"", `{"schema": "simulate.manifest/v1", "id": "9999999999"}`} {
			if body != "" {
				put(t, store, "simulate-0123456789/manifest.json", body)
			}
			found, err := sandbox.Find(t.Context(), store, where)
			if err != nil || len(found) != 1 || found[0].Manifest != nil || found[0].Why == "" || found[0].Objects != 0 || found[0].Foreign == 0 || found[0].Running() {
				t.Fatalf("found %+v, %v", found, err)
			}
			if _, err := found[0].Remove(t.Context(), store, where, nil); err == nil {
				t.Error("it is removed")
			}
		}
		removeAll(t, store, "simulate-0123456789/manifest.json")
	})
}

// watchful looks, whenever something is written, whether the manifest names it.
type watchful struct {
	*s3store.Store
	t *testing.T
}

func (w watchful) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	dir, name, _ := strings.Cut(key, "/")
	if name != "manifest.json" {
		_, name, _ = strings.Cut(name, "/")
		var m sandbox.Manifest
		text, _, err := w.Get(ctx, dir+"/manifest.json")
		if err != nil || json.Unmarshal(text, &m) != nil || !slices.Contains(m.Keys, name) {
			w.t.Errorf("%s is written, and the manifest has %v, %v", key, m.Keys, err)
		}
	}
	return w.Store.Put(ctx, key, body, cond)
}

func TestKeysAreNamedBeforeTheyAreWritten(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		box := open(t, watchful{store, t}, sandbox.Config{Parts: 2})
		play(t, box)
		if err := box.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestPartsThatThereAreNot are not written to.
func TestPartsThatThereAreNot(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		box := open(t, store, sandbox.Config{})
		for _, n := range []int{0, 2} {
			if _, err := box.Part(n).Put(t.Context(), "k", nil, archive.Condition{}); !errors.Is(err, archive.ErrInvalid) {
				t.Errorf("part %d: %v", n, err)
			}
		}
		if err := box.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// requestsOf is how many TestAllowance may send: versions cost two more to be looked for.
func requestsOf(t *testing.T) int {
	if strings.HasSuffix(t.Name(), "versioned") {
		return 7
	}
	return 5
}

func TestAllowance(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		var ended error
		allowed := sandbox.NewAllowance(requestsOf(t)) // looking for versions, the manifest twice, a write, a read
		box := open(t, store, sandbox.Config{Allowance: allowed, Ended: func(err error) { ended = err }})
		part := box.Part(1)
		put(t, part, "k", "")
		if _, err := part.Head(t.Context(), "k"); err != nil || ended != nil || !allowed.Spent() {
			t.Errorf("%v, ended: %v", err, ended)
		}
		_, _, err := part.Get(t.Context(), "k")
		if !errors.Is(err, sandbox.ErrSpent) || archive.WorthRetrying(err) || !errors.Is(ended, sandbox.ErrSpent) {
			t.Errorf("%v, ended: %v", err, ended)
		}
		if _, err := part.Put(t.Context(), "another", nil, archive.Condition{}); !errors.Is(err, sandbox.ErrSpent) {
			t.Error(err)
		}
		if err := box.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestSomebodyTakesTheManifest: the run writes no key any more that nobody would find.
func TestSomebodyTakesTheManifest(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		ended := make(chan error, 1)
		box := open(t, store, sandbox.Config{Ended: func(err error) { ended <- err }})
		put(t, box.Part(1), "k", "")
		put(t, store, box.Prefix()+"manifest.json", "{}")
		_, err := box.Part(1).Put(t.Context(), "another", nil, archive.Condition{})
		if err == nil || !strings.Contains(err.Error(), "somebody else has removed or replaced the run's manifest") || len(ended) != 1 {
			t.Errorf("%v, told %d times", err, len(ended))
		}
		left, ok := errors.AsType[*sandbox.LeftError](box.Close(t.Context()))
		if !ok || left.ID != box.ID || !strings.Contains(left.Error(), "manifest.json stays: manifest.json was not written by simulate for this run") {
			t.Errorf("%v", left)
		}
		if body, _, err := store.Get(t.Context(), box.Prefix()+"manifest.json"); err != nil || string(body) != "{}" {
			t.Errorf("what is somebody else's is %q by now, %v", body, err)
		}
		if rest := snapshot(t, store.WithPrefix(box.Prefix()+"r00001")); len(rest) > 0 {
			t.Errorf("left are %v", rest)
		}
		removeAll(t, store, box.Prefix())
	})
}

// TestManifestThatLostItsAnswer: the run's own write is not somebody else's.
func TestManifestThatLostItsAnswer(t *testing.T) {
	inBuckets(t, func(t *testing.T, _, store *s3store.Store) {
		box := open(t, &forgetful{Store: store}, sandbox.Config{})
		for i := range 6 {
			key, lost := fmt.Sprint("k", i), error(nil)
			for range 3 {
				if _, lost = box.Part(1).Put(t.Context(), key, nil, archive.Condition{}); !archive.WorthRetrying(lost) {
					break
				}
			}
			if lost != nil {
				t.Errorf("%s: %v", key, lost)
			}
		}
		if err := box.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// forgetful drops the answer to every third write of a manifest.
type forgetful struct {
	*s3store.Store
	n int
}

func (f *forgetful) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	etag, err := f.Store.Put(ctx, key, body, cond)
	if !strings.HasSuffix(key, "/manifest.json") {
		return etag, err
	}
	if f.n++; f.n%3 == 1 {
		return "", archive.ErrOutcomeUnknown
	}
	return etag, err
}

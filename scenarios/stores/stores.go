// Package stores has stores that break a promise each, around one that keeps its word: what
// tells whose fault something is must find them, and must not take it for the core's.
package stores

import (
	"context"
	"errors"

	"holdfast/archive"
	"holdfast/archive/storefault"
)

// Planted is a store that breaks one promise.
type Planted struct {
	Name string
	// Fault is what it does, Kind what must be found.
	Fault string
	Kind  storefault.Kind
	// Scenario of the library in which it shows, in virtual time.
	Scenario string
	twist    func(*twisted)
}

// Around returns what the actors of a repetition have in front of the store. Nothing in it is
// locked, so that it is for worlds whose tasks take turns.
func (p *Planted) Around(repetition int) func(archive.Store) archive.Store {
	shared := &memory{objects: map[string]*object{}, calls: repetition}
	return func(s archive.Store) archive.Store {
		t := &twisted{Store: s, memory: shared}
		p.twist(t)
		return t
	}
}

// The scenarios in which they show.
const (
	writers    = "three-writers"
	burst      = "burst"
	createRace = "create-race"
	deleteRace = "delete-race"
	storm      = "storm"

	userBackend = "user-vs-backend"
)

// All are the planted stores.
func All() []Planted {
	return []Planted{
		{"two-winners", "of ten writers that lose a race one is told that it has won", storefault.TwoWinners, storm, acceptsLosers(10)},
		{"if-match-ignored", "If-Match is ignored", storefault.IgnoredCondition, userBackend, ignores(archive.Condition.ETag)},
		{"conditions-dropped", "every 20th condition is dropped", storefault.TwoWinners, burst, dropsConditions(20)},
		{"if-none-match-ignored", "If-None-Match is ignored", storefault.TwoCreators, createRace, ignores(absence)},
		{"write-lost", "every 7th write is acknowledged, and not stored", storefault.LostWrite, writers, losesWrites(7)},
		{"refused-and-kept", "every 5th write is stored, and answered 412", storefault.RefusedAndKept, writers, keepsRefused(5)},
		{"puts-doubled", "every write is sent twice, and answered as the second", storefault.RefusedAndKept, writers, doublesPuts},
		{"etag-of-another", "every 5th write is answered with the ETag that was there before", storefault.SharedETag, writers, answersOldETag(5)},
		{"etags-rewritten", "what is read has another ETag than what was written", storefault.UnstableETag, writers, rewritesETags},
		{"body-torn", "every 5th read gets half of a body", storefault.StrangeBody, writers, tearsReads(5)},
		{"body-under-older", "every 5th read gets the body under the ETag of the version before", storefault.BodyUnderOlder, writers, readsMixed(5, true)},
		{"body-under-newer", "every 5th read gets the body before under the ETag of the version", storefault.BodyUnderNewer, writers, readsMixed(5, false)},
		{"stale-read", "every 5th read gets the version before", storefault.StaleRead, writers, readsStale(5)},
		{"absent-read", "every 7th read finds nothing", storefault.StaleRead, writers, readsNothing(7)},
		{"delete-undone", "what was deleted is back at the next read", storefault.UndoneDelete, deleteRace, undoesDeletes},
	}
}

func absence(c archive.Condition) string {
	if c.IsAbsent() {
		return c.String()
	}
	return ""
}

// memory is what the store of one repetition remembers beside what it stores.
type memory struct {
	objects map[string]*object
	calls   int // that could be twisted, and where the repetition begins to count
}

// object is what it remembers of a key.
type object struct {
	acknowledged int // writes so far
	now, before  version
	deleted      bool
}

// version holds a body as it was given: virtual worlds never change one.
type version struct {
	body []byte
	etag string
}

func (m *memory) of(key string) *object {
	o := m.objects[key]
	if o == nil {
		o = &object{}
		m.objects[key] = o
	}
	return o
}

// each reports true of every n-th call.
func (m *memory) each(n int) bool {
	m.calls++
	return m.calls%n == 0
}

// twisted is a store as one actor reaches it, some of whose calls are replaced by wrong ones.
type twisted struct {
	archive.Store
	*memory
	get func(ctx context.Context, key string) ([]byte, string, error)
	put func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error)
}

// Get implements [archive.Store].
func (t *twisted) Get(ctx context.Context, key string) ([]byte, string, error) {
	if t.get != nil {
		return t.get(ctx, key)
	}
	return t.Store.Get(ctx, key)
}

// Put implements [archive.Store].
func (t *twisted) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	if t.put != nil {
		return t.put(ctx, key, body, cond)
	}
	return t.write(ctx, key, body, cond)
}

// Delete implements [archive.Store].
func (t *twisted) Delete(ctx context.Context, key string, cond archive.Condition) error {
	err := t.Store.Delete(ctx, key, cond)
	if err == nil {
		t.of(key).deleted = true
	}
	return err
}

// write writes, and remembers what was there.
func (t *twisted) write(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	etag, err := t.Store.Put(ctx, key, body, cond)
	if o := t.of(key); err == nil {
		o.acknowledged++
		o.before, o.now = o.now, version{body, etag}
	}
	return etag, err
}

func acceptsLosers(n int) func(*twisted) {
	return func(t *twisted) {
		t.put = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
			before := t.of(key).acknowledged
			etag, err := t.write(ctx, key, body, cond)
			if errors.Is(err, archive.ErrPreconditionFailed) && t.of(key).acknowledged > before && t.each(n) {
				return t.write(ctx, key, body, archive.Condition{})
			}
			return etag, err
		}
	}
}

// ignores ignores the conditions of which this is not empty.
func ignores(which func(archive.Condition) string) func(*twisted) {
	return func(t *twisted) {
		t.put = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
			if which(cond) != "" {
				cond = archive.Condition{}
			}
			return t.write(ctx, key, body, cond)
		}
	}
}

func dropsConditions(n int) func(*twisted) {
	return func(t *twisted) {
		t.put = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
			if t.each(n) {
				cond = archive.Condition{}
			}
			return t.write(ctx, key, body, cond)
		}
	}
}

func losesWrites(n int) func(*twisted) {
	return func(t *twisted) {
		t.put = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
			if etag, err := t.Head(ctx, key); err == nil && etag == cond.ETag() && t.each(n) {
				return `"of what was not stored"`, nil
			}
			return t.write(ctx, key, body, cond)
		}
	}
}

func keepsRefused(n int) func(*twisted) {
	return func(t *twisted) {
		t.put = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
			etag, err := t.write(ctx, key, body, cond)
			if err == nil && t.each(n) {
				return "", archive.ErrPreconditionFailed
			}
			return etag, err
		}
	}
}

func doublesPuts(t *twisted) {
	t.put = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
		if etag, err := t.write(ctx, key, body, cond); err != nil {
			return etag, err
		}
		return t.write(ctx, key, body, cond)
	}
}

func answersOldETag(n int) func(*twisted) {
	return func(t *twisted) {
		t.put = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
			etag, err := t.write(ctx, key, body, cond)
			if err == nil && cond.ETag() != "" && t.each(n) {
				return cond.ETag(), nil
			}
			return etag, err
		}
	}
}

// rewritesETags shows readers other ETags, and takes these in conditions.
func rewritesETags(t *twisted) {
	const suffix = `-read"`
	shown := func(etag string) string { return etag[:max(len(etag)-1, 0)] + suffix }
	t.get = func(ctx context.Context, key string) ([]byte, string, error) {
		body, etag, err := t.Store.Get(ctx, key)
		if err == nil {
			etag = shown(etag)
		}
		return body, etag, err
	}
	t.put = func(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
		if now := t.of(key).now.etag; cond.ETag() != "" && cond.ETag() == shown(now) {
			cond = archive.IfMatch(now)
		} else if stored, err := t.Head(ctx, key); err == nil && cond.ETag() == shown(stored) {
			cond = archive.IfMatch(stored) // of what the harness wrote
		}
		return t.write(ctx, key, body, cond)
	}
}

// readsInstead lets every n-th read be answered with something else, if there is anything.
func readsInstead(n int, instead func(o *object, read version) (version, bool)) func(*twisted) {
	return func(t *twisted) {
		t.get = func(ctx context.Context, key string) ([]byte, string, error) {
			body, etag, err := t.Store.Get(ctx, key)
			if err != nil || !t.each(n) {
				return body, etag, err
			}
			if other, ok := instead(t.of(key), version{body, etag}); ok {
				return other.body, other.etag, nil
			}
			return body, etag, nil
		}
	}
}

func tearsReads(n int) func(*twisted) {
	return readsInstead(n, func(_ *object, read version) (version, bool) {
		return version{read.body[:len(read.body)/2], read.etag}, true
	})
}

func readsMixed(n int, older bool) func(*twisted) {
	return readsInstead(n, func(o *object, read version) (version, bool) {
		if older {
			return version{read.body, o.before.etag}, o.before.etag != "" && o.now.etag == read.etag
		}
		return version{o.before.body, read.etag}, o.before.etag != "" && o.now.etag == read.etag
	})
}

func readsStale(n int) func(*twisted) {
	return readsInstead(n, func(o *object, read version) (version, bool) {
		return o.before, o.before.etag != "" && o.now.etag == read.etag
	})
}

func readsNothing(n int) func(*twisted) {
	return func(t *twisted) {
		t.get = func(ctx context.Context, key string) ([]byte, string, error) {
			if t.each(n) {
				return nil, "", archive.ErrNotFound
			}
			return t.Store.Get(ctx, key)
		}
	}
}

func undoesDeletes(t *twisted) {
	t.get = func(ctx context.Context, key string) ([]byte, string, error) {
		o := t.of(key)
		if o.deleted && o.now.etag != "" {
			o.deleted = false
			_, _ = t.Store.Put(ctx, key, o.now.body, archive.IfAbsent())
		}
		return t.Store.Get(ctx, key)
	}
}

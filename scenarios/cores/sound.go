package cores

import (
	"context"
	"errors"
	"fmt"

	"holdfast/archive"
)

// Sound lists cores that keep every promise in another way than production: the judge
// must not take a habit for a fault.
func Sound() []Spec {
	var all []Spec
	for _, s := range []struct {
		name  string
		habit habit
	}{
		{"head-first", headFirst},
		{"one-try", oneTry},
		{"cached-base", cachedBase},
		{"hedged-reads", hedgedReads},
		{"verify-after-write", verifyAfterWrite},
	} {
		all = append(all, Spec{Name: s.name, Policy: archive.DefaultPolicy(), New: withHabit(s.habit)})
		if s.habit == oneTry {
			one := &all[len(all)-1]
			one.Policy, one.OwnPolicy = archive.Policy{Kind: archive.None}, true
		}
	}
	return all
}

// habit is something that the reference core does otherwise, and as rightly.
type habit int

const (
	noHabit          habit = iota
	headFirst              // asks by HEAD, before a write, whether its version still stands
	oneTry                 // makes one attempt: that is its policy
	cachedBase             // begins with the version it knows, and reads only if that has been replaced
	hedgedReads            // reads twice, and takes the answer that is usable
	verifyAfterWrite       // reads what it has written
)

// withHabit is the reference core with a habit.
func withHabit(h habit) func(Environment) (Core, error) {
	return func(e Environment) (Core, error) {
		core, err := inLoop(noFlaw)(e)
		if err == nil {
			core.(*reference).habit = h
		}
		return core, err
	}
}

// current is the version that an attempt builds on.
func (u *update) current(ctx context.Context) (archive.Snapshot, error) {
	if known, ok := u.cache[u.key]; ok && u.habit == cachedBase && u.attempts == 1 && u.change != nil {
		return known, nil // a write on top of it is conditional like any other
	}
	return u.look(ctx)
}

// remember keeps a version for the next call. A 404 is remembered as nothing.
func (r *reference) remember(key string, s archive.Snapshot) {
	if r.habit != cachedBase {
		return
	}
	if r.cache == nil {
		r.cache = map[string]archive.Snapshot{}
	}
	r.cache[key] = s
	if s.Document == nil {
		delete(r.cache, key)
	}
}

// get reads the object, hedging or not: of two answers the one that came first, every
// other time the second, or that which is usable.
func (u *update) get(ctx context.Context) (body []byte, etag string, err error) {
	body, etag, err = u.Store.Get(ctx, u.key)
	if u.habit != hedgedReads {
		return body, etag, err
	}
	again, etagAgain, errAgain := u.Store.Get(ctx, u.key)
	if usable(errAgain) && (u.attempts%2 == 0 || !usable(err)) {
		return again, etagAgain, errAgain
	}
	return body, etag, err
}

func usable(err error) bool { return err == nil || errors.Is(err, archive.ErrNotFound) }

// overtaken asks whether the version that a write would replace still stands. If not,
// nothing was sent, and the attempt has failed as if the store had refused it.
func (u *update) overtaken(ctx context.Context, current archive.Snapshot) error {
	if u.habit != headFirst {
		return nil
	}
	etag, err := u.Store.Head(ctx, u.key)
	if errors.Is(err, archive.ErrNotFound) {
		etag, err = "", nil
	}
	if err == nil && etag != current.ETag {
		err = fmt.Errorf("%w: HEAD shows %q, not %q", archive.ErrPreconditionFailed, etag, current.ETag)
	}
	return err
}

// verified reads what was written. By now others may have written on top; only another
// content under the same ETag would be wrong.
func (u *update) verified(ctx context.Context, etag string) (string, error) {
	if u.habit != verifyAfterWrite {
		return etag, nil
	}
	body, now, err := u.Store.Get(ctx, u.key)
	if err != nil || now != etag {
		return etag, nil //nolint:nilerr // the acknowledgement stands
	}
	if doc, err := u.Codec(u.id, body); err != nil || !u.holds(doc) {
		return "", fmt.Errorf("version %s was acknowledged, and holds something else: %w", etag, archive.ErrOutcomeUnknown)
	}
	return etag, nil
}

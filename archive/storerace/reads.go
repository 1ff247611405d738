package storerace

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"holdfast/archive"
	"holdfast/archive/storefault"
)

// raceReaders: all read, again and again, while one replaces the object by a body of
// another length.
func raceReaders(r *round) error {
	if err := r.present(); err != nil {
		return err
	}
	whole := r.size
	if r.played%2 == 0 {
		r.size /= 2
	}
	next := r.body("the writer")
	r.size = whole
	var (
		writeErr error
		finished atomic.Bool
	)
	seen, errs := make([][]version, r.racers), make([]error, r.racers)
	together(r.racers+1, func(i int) {
		if i < r.racers {
			seen[i], errs[i] = r.readUntil(i, &finished)
			return
		}
		_ = archive.WallClock{}.Sleep(r.ctx, r.upTo(r.took/2)) // the readers are reading
		writeErr = r.alone(i, next, archive.IfMatch(r.now.etag))
		finished.Store(true)
	})
	if writeErr != nil {
		return writeErr
	}
	for i, reads := range seen {
		err := r.inOrder(reads, len(r.past)-2)
		if err == nil && faulty(errs[i]) {
			err = errs[i]
		}
		if err != nil {
			return fmt.Errorf("reader %d, while one writes: %w", i+1, err)
		}
	}
	return errors.Join(errs...)
}

// readUntil reads until the write has been answered, and at least once. The errors that it
// returns are those of reads that were not answered.
func (r *round) readUntil(reader int, finished *atomic.Bool) (seen []version, err error) {
	const most = 1000
	for range most {
		last := finished.Load()
		body, etag, getErr := r.store(reader).Get(r.ctx, r.key)
		switch {
		case faulty(getErr):
			return seen, getErr
		case errors.Is(getErr, archive.ErrNotFound):
			return seen, storefault.Errorf(storefault.StaleRead, "get %s: %v, but there is an object", r.key, getErr)
		case getErr != nil:
			err = getErr
		default:
			seen = append(seen, version{string(body), etag})
		}
		if last {
			break
		}
	}
	if len(seen) > 0 {
		return seen, nil
	}
	return nil, err
}

// inOrder judges what one reader has seen, none of which may be older than the version of
// that number, or than what it saw before.
func (r *round) inOrder(reads []version, least int) error {
	for _, got := range reads {
		i, err := r.versionOf(got)
		if err != nil {
			return err
		}
		if i < least {
			return storefault.Errorf(storefault.StaleRead, "get %s: the body is that of %s, but that of %s was acknowledged, or had been read, before",
				r.key, author(got.body), author(r.past[least].body))
		}
		least = i
	}
	return nil
}

// versionOf is the number of the version that was read, whose body and ETag must be those
// of one write.
func (r *round) versionOf(got version) (int, error) {
	byBody := slices.IndexFunc(r.past, func(v version) bool { return v.body == got.body })
	byETag := slices.IndexFunc(r.past, func(v version) bool { return v.etag == got.etag })
	switch {
	case byBody < 0 && r.older(got.body):
		return 0, storefault.Errorf(storefault.StaleRead, "get %s: the body is that of %s, which was replaced long before", r.key, author(got.body))
	case byBody < 0:
		return 0, storefault.Errorf(storefault.StrangeBody, "get %s: %d bytes that nobody wrote: %.60q", r.key, len(got.body), got.body)
	case byETag < 0:
		return 0, storefault.Errorf(storefault.UnstableETag, "get %s: the body is that of %s, whose ETag was %s, but it came with %s",
			r.key, author(got.body), r.past[byBody].etag, got.etag)
	case byETag < byBody:
		return 0, storefault.Errorf(storefault.BodyUnderOlder, "get %s: the body is that of %s, under the ETag %s of %s",
			r.key, author(got.body), got.etag, author(r.past[byETag].body))
	case byETag > byBody:
		return 0, storefault.Errorf(storefault.BodyUnderNewer, "get %s: the body is that of %s, under the ETag %s of %s",
			r.key, author(got.body), got.etag, author(r.past[byETag].body))
	}
	return byBody, nil
}

// raceReadsAfterWrite: what was acknowledged on one way is there on every other, at once:
// an update, a deletion, a creation.
func raceReadsAfterWrite(r *round) error {
	if err := r.present(); err != nil {
		return err
	}
	if r.played%3 == 0 {
		if err := r.absent(); err != nil {
			return err
		}
		if err := r.readAfter("a delete", nil); err != nil {
			return err
		}
		if err := r.begin(r.body("the creator")); err != nil {
			return err
		}
		return r.readAfter("a create", r.now)
	}
	if err := r.alone(0, r.body("the writer"), archive.IfMatch(r.now.etag)); err != nil {
		return err
	}
	return r.readAfter("an update", r.now)
}

// readAfter reads and looks on every way, all at once. want nil: nothing is there.
func (r *round) readAfter(what string, want *version) error {
	readers := max(r.racers, len(r.field.Stores))
	errs := make([]error, readers)
	together(readers, func(i int) {
		if i%2 == 1 {
			errs[i] = r.headAfter(i, want)
		} else {
			errs[i] = r.getAfter(i, want)
		}
	})
	for _, err := range errs {
		fault, bad := errors.AsType[*storefault.Error](err)
		if !bad {
			continue
		}
		kind := fault.Kind
		if kind == storefault.StaleRead && want != nil {
			later, err := r.seenLater(func(stored *version) error { return r.mustBe(stored, want) })
			if err != nil {
				return err
			}
			if !later {
				kind = storefault.LostWrite
			}
		}
		return storefault.Errorf(kind, "after %s was acknowledged: %s", what, fault.Seen)
	}
	return errors.Join(errs...)
}

func (r *round) mustBe(stored, want *version) error {
	if stored == nil || stored.body != want.body {
		return storefault.Errorf(storefault.LostWrite, "get %s: %s", r.key, r.tell(stored))
	}
	return nil
}

func (r *round) getAfter(reader int, want *version) error {
	body, etag, err := r.store(reader).Get(r.ctx, r.key)
	switch {
	case errors.Is(err, archive.ErrNotFound) && want == nil:
		return nil
	case errors.Is(err, archive.ErrNotFound):
		return storefault.Errorf(storefault.StaleRead, "get %s: %v, but it was written", r.key, err)
	case err != nil:
		return err
	case want == nil:
		return storefault.Errorf(storefault.StaleRead, "get %s: the body of %s, which was deleted", r.key, author(string(body)))
	}
	return r.inOrder([]version{{string(body), etag}}, len(r.past)-1)
}

func (r *round) headAfter(reader int, want *version) error {
	etag, err := r.store(reader).Head(r.ctx, r.key)
	switch {
	case errors.Is(err, archive.ErrNotFound) && want == nil:
		return nil
	case errors.Is(err, archive.ErrNotFound):
		return storefault.Errorf(storefault.StaleRead, "head %s: %v, but it was written", r.key, err)
	case err != nil:
		return err
	case want == nil:
		return storefault.Errorf(storefault.StaleRead, "head %s: ETag %s, but it was deleted", r.key, etag)
	case etag == want.etag:
		return nil
	case slices.ContainsFunc(r.past, func(v version) bool { return v.etag == etag }):
		return storefault.Errorf(storefault.StaleRead, "head %s: ETag %s, which is that of a version before", r.key, etag)
	}
	return storefault.Errorf(storefault.UnstableETag, "head %s: ETag %s, but the write was answered with %s", r.key, etag, want.etag)
}

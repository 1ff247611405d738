package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"holdfast/archive"
	"holdfast/scenarios/world"
)

// A sandbox may be shared by the processes of one load, which open it by the same ID. They
// have one manifest: each reads it, adds the keys that it is going to write, and writes it on
// condition that nobody else has meanwhile; who is overtaken does it again.

// mostOvertaken is how often in a row a write of a shared manifest may be overtaken: each time
// somebody else has written, so that of many all come through sooner.
const mostOvertaken = 100

// errOvertaken says that another process has written the manifest first.
var errOvertaken = fmt.Errorf("%w: another process of the load has written it first", archive.ErrConflict)

// writeShared stores the manifest with the keys of all.
func (s *Sandbox) writeShared(ctx context.Context) error {
	for try := 1; ; try++ {
		err := s.writeOnce(ctx)
		if !errors.Is(err, errOvertaken) || try == mostOvertaken {
			return err
		}
		pause := time.Duration(rand.Int64N(int64(min(try, 10)) * int64(10*time.Millisecond)))
		if patience.Sleep(ctx, pause) != nil {
			return err
		}
	}
}

// join takes over what another process has written into the manifest, after a write of this
// one's was refused. The etag is its own, and the error nil, if it was its own write.
func (s *Sandbox) join(ctx context.Context, key string, body []byte, refused error) (etag string, err error) {
	stored, etag, err := s.standing(ctx, key, refused)
	switch {
	case err != nil:
		return "", err
	case bytes.Equal(stored, body):
		return etag, nil
	}
	named, err := s.adopt(stored, etag)
	switch {
	case err != nil:
		return "", err
	case named: // somebody has just written what this one would have
		return etag, nil
	}
	return "", errOvertaken
}

// adopt makes what is stored the manifest that this process adds to, and reports whether it
// names all that this one names.
func (s *Sandbox) adopt(stored []byte, etag string) (named bool, err error) {
	m, err := parseManifest(stored, s.ID)
	if err != nil || !m.Shared || m.Parts != s.Parts {
		return false, errTaken
	}
	theirs := len(m.Keys)
	m.Keys = slices.Compact(slices.Sorted(slices.Values(append(m.Keys, s.manifest.Keys...))))
	s.manifest, s.etag = *m, etag
	clear(s.unsettled)
	return len(m.Keys) == theirs, nil
}

// beatShared writes the manifest if nobody has since the last time: many processes write it
// as seldom as one does.
func (s *Sandbox) beatShared(ctx context.Context) error {
	if err := s.take(); err != nil {
		return err
	}
	before := s.etag
	stored, etag, err := s.Get(ctx, s.Prefix()+manifestName)
	switch {
	case errors.Is(err, archive.ErrNotFound):
		s.failed = s.end(fmt.Errorf("write %s: %w", s.Prefix()+manifestName, errTaken))
		return s.failed
	case err != nil:
		return err
	case etag == before:
		return s.write(ctx)
	}
	if _, err := s.adopt(stored, etag); err != nil {
		s.failed = s.end(fmt.Errorf("write %s: %w", s.Prefix()+manifestName, err))
		return s.failed
	}
	return nil
}

// Leave ends this process's part in a shared sandbox, and removes nothing: that is for who
// knows that all others have ended, see [Leaving.Remove].
func (s *Sandbox) Leave() {
	s.stop()
	s.beat.Wait()
}

// World is a world of the n-th part of a sandbox, for who reads what is in it and writes
// nothing: it need not be open.
func World(store archive.Store, id string, n int) world.World {
	return world.NewReal(archive.WallClock{}, reading{store, prefixOf(id) + partName(n)}, nil)
}

// reading is a store below a prefix.
type reading struct {
	archive.Store
	prefix string
}

func (r reading) Get(ctx context.Context, key string) ([]byte, string, error) {
	return r.Store.Get(ctx, r.prefix+key)
}

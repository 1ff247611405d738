package sandbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/archive/storefault"
	"holdfast/scenarios/world"
)

const (
	manifestName   = "manifest.json"
	manifestSchema = "simulate.manifest/v1"
)

// beatEvery is the time between two writes of the manifest; a run whose manifest is older
// than [Dead] has missed five.
const beatEvery = 10 * time.Second

// Manifest is what a run leaves about itself: the object manifest.json of its sandbox. It
// names no machine and no user.
type Manifest struct {
	Schema  string    `json:"schema"`
	ID      string    `json:"id"`
	Program string    `json:"program,omitempty"` // its version
	Command string    `json:"command,omitempty"` // that plays the same again
	Started time.Time `json:"started"`
	// Alive is when it was written last, which makes each one another.
	Alive time.Time `json:"alive"`
	// The run may have written each of Keys below r00001/ and so on, as many as Parts.
	Parts int      `json:"parts"`
	Keys  []string `json:"keys"`
	// Shared: several processes write it. Then Program and Command are of the first.
	Shared bool `json:"shared,omitempty"`
}

var partForm = regexp.MustCompile(`^r(\d{5,})/`)

// names reports whether the run may have written a key of its sandbox.
func (m *Manifest) names(key string) bool {
	if key == manifestName {
		return true
	}
	dir := partForm.FindStringSubmatch(key)
	if dir == nil {
		return false
	}
	n, err := strconv.Atoi(dir[1])
	if err != nil || n < 1 || n > m.Parts || partName(n) != dir[0] {
		return false
	}
	_, found := slices.BinarySearch(m.Keys, strings.TrimPrefix(key, dir[0]))
	return found
}

// readManifest returns that of a run; the error says why there is none that can be
// relied on.
func readManifest(ctx context.Context, store archive.Store, id string) (*Manifest, error) {
	var body []byte
	err := world.Insist(ctx, patience, "read "+prefixOf(id)+manifestName, func(ctx context.Context) (err error) {
		body, _, err = store.Get(ctx, prefixOf(id)+manifestName)
		return err
	})
	if err != nil {
		return nil, err
	}
	return parseManifest(body, id)
}

func parseManifest(body []byte, id string) (*Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(body, &m); err != nil || m.Schema != manifestSchema || m.ID != id || m.tooMany() != nil {
		return nil, errNotOurs
	}
	slices.Sort(m.Keys)
	return &m, nil
}

// mostNamed is how many objects a manifest may name: far more than any run writes.
const mostNamed = 10_000_000

// tooMany reports that it names none, or more than may be.
func (m *Manifest) tooMany() error {
	if m.Parts < 1 || m.Parts > mostNamed/max(len(m.Keys), 1) {
		return fmt.Errorf("%w: %d keys in each of %d parts, and a manifest may name %d objects", archive.ErrInvalid, len(m.Keys), m.Parts, mostNamed)
	}
	return nil
}

var errNotOurs = errors.New("manifest.json was not written by simulate for this run")

// write stores the manifest: whoever writes a key tries again if it was not stored. Only one
// goroutine does so at a time.
func (s *Sandbox) write(ctx context.Context) error {
	if s.Shared {
		return s.writeShared(ctx)
	}
	return s.writeOnce(ctx)
}

func (s *Sandbox) writeOnce(ctx context.Context) error {
	if s.failed != nil {
		return s.failed
	}
	if err := s.manifest.tooMany(); err != nil {
		return err
	}
	if err := s.take(); err != nil {
		return err
	}
	s.manifest.Alive = time.Now().UTC()
	body, err := json.MarshalIndent(&s.manifest, "", "  ")
	if err != nil {
		return err
	}
	key := s.Prefix() + manifestName
	etag, err := s.Put(ctx, key, body, s.condition())
	if errors.Is(err, archive.ErrPreconditionFailed) || errors.Is(err, archive.ErrNotFound) {
		if s.Shared {
			etag, err = s.join(ctx, key, body, err)
		} else {
			etag, err = s.afterOwn(ctx, key, body, err)
		}
	}
	if fault, bad := errors.AsType[*storefault.Error](err); bad && s.Unconditional && fault.Kind == storefault.NoETag {
		return nil // which nobody needs here
	}
	switch {
	case err == nil:
		s.etag = etag
		clear(s.unsettled)
		return nil
	case archive.MayBeApplied(err):
		s.unsettled[sha256.Sum256(body)] = true
	case !archive.WorthRetrying(err) && ctx.Err() == nil: // otherwise it passes, or the run ends anyway
		s.failed = s.end(fmt.Errorf("write %s: %w", key, err))
	}
	return fmt.Errorf("write %s: %w", key, err)
}

func (s *Sandbox) condition() archive.Condition {
	switch {
	case s.Unconditional:
		return archive.Condition{}
	case s.etag == "":
		return archive.IfAbsent()
	}
	return archive.IfMatch(s.etag)
}

// errTaken ends a run.
var errTaken = errors.New("somebody else has removed or replaced the run's manifest")

// standing reads what stands in the place of a manifest whose write was refused.
func (s *Sandbox) standing(ctx context.Context, key string, refused error) (stored []byte, etag string, err error) {
	if err := s.take(); err != nil {
		return nil, "", err
	}
	stored, etag, err = s.Get(ctx, key)
	switch {
	case errors.Is(err, archive.ErrNotFound) && s.etag == "" && errors.Is(refused, archive.ErrPreconditionFailed):
		err = archive.ErrConflict // it was there a moment ago
	case errors.Is(err, archive.ErrNotFound):
		err = errTaken
	}
	return stored, etag, err
}

// afterOwn goes on from an earlier write that was applied without an answer. What somebody
// else has written is not gone on from.
func (s *Sandbox) afterOwn(ctx context.Context, key string, body []byte, refused error) (etag string, err error) {
	stored, etag, err := s.standing(ctx, key, refused)
	switch {
	case err != nil:
		return "", err
	case bytes.Equal(stored, body):
		return etag, nil
	case !s.unsettled[sha256.Sum256(stored)]:
		return "", errTaken
	}
	s.etag = etag
	if err := s.take(); err != nil {
		return "", err
	}
	etag, err = s.Put(ctx, key, body, s.condition())
	if errors.Is(err, archive.ErrPreconditionFailed) || errors.Is(err, archive.ErrNotFound) {
		return "", errTaken
	}
	return etag, err
}

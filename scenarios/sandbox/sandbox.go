// Package sandbox is a place of a run's own in a store that holds other things too: what the
// run writes there can be told from all else, and removed, also after the run was killed.
//
// Below the prefix that the user chose, a run has simulate-ID/, and in it a manifest, which
// is written before anything else and names every key before it is written for the first
// time. So whoever finds the manifest knows what may be removed: what it names, and nothing
// else, even if it stands beside it. The manifest goes last.
package sandbox

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/scenarios/world"
)

// Config says whose a sandbox is.
type Config struct {
	// Where is what the store is called in messages, such as s3://bucket/prefix.
	Where string
	// ID tells the run from others, in the form of [NewID]. Empty: a new one.
	ID string
	// Program and Command are for whoever finds the manifest: which version of what was run.
	Program, Command string
	// Through is the store as the run reaches it, if it is not as the sandbox does for
	// itself: over a network that is slow, say.
	Through archive.Store
	// Unconditional has the manifest written without conditions: for who examines a store, and
	// can't know yet what it makes of them.
	Unconditional bool
	// Shared lets other processes that are given the same ID have the sandbox open at the same
	// time. Who ends with it calls [Sandbox.Leave] in the place of Close.
	Shared bool
	// Parts is how many parts the sandbox has, at least one.
	Parts int
	// Keys will be written in each part. Others can be too; each costs a write of the
	// manifest the first time.
	Keys []string
	// Allowance bounds the requests; nil: there may be any number. Those of [Sandbox.Close]
	// do not count.
	Allowance *Allowance
	// Ended, which may be nil, is told at most once why nothing more can be written: the
	// allowance is spent ([ErrSpent]), or the manifest is no longer the run's.
	Ended func(error)
	// Cleaning, which may be nil, is told when [Sandbox.Close] begins to delete so many
	// objects, or versions, and how long that may take.
	Cleaning func(where string, objects int, within time.Duration)
}

// Sandbox is an open one. It is safe for concurrent use.
type Sandbox struct {
	Config
	bucket
	run  context.Context // that of Open
	stop context.CancelFunc
	beat sync.WaitGroup
	once sync.Once // for Ended

	writing  sync.Mutex // one write of the manifest at a time
	manifest Manifest
	etag     string
	failed   error // why the manifest can't be written any more; nothing else is then
	attempts int   // to name keys in it
	attempt  error // what came of the last
	// unsettled are hashes of manifests that may have been written since etag was.
	unsettled map[[sha256.Size]byte]bool

	mu     sync.Mutex
	named  map[string]bool // keys that the manifest names
	wanted map[string]bool // keys that it is to name
	made   map[string]bool // keys that may have been written, with their parts
}

// NewID is short, unique among the runs of a bucket, and safe in a key.
func NewID() string {
	var b [5]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Open makes a sandbox in a store, which may be an [Inventory]: without one, versions that
// the store keeps are not found, and neither is what others have put into the sandbox. A
// bucket with versions that may not be removed is refused. Everything that the sandbox
// writes before it is closed ends with ctx.
func Open(ctx context.Context, store archive.Store, c Config) (*Sandbox, error) {
	c.ID, c.Parts = cmp.Or(c.ID, NewID()), max(c.Parts, 1)
	s := &Sandbox{Config: c, bucket: bucket{Store: store}, named: map[string]bool{}, wanted: map[string]bool{}, made: map[string]bool{},
		unsettled: map[[sha256.Size]byte]bool{}}
	if !idForm.MatchString(s.Prefix()) {
		return nil, fmt.Errorf("begin a run at %s: %q is none of its ids, so that nobody would find it", s.Place(), c.ID)
	}
	s.Inventory, _ = store.(Inventory)
	s.spend = s.take
	s.manifest = Manifest{
		Schema: manifestSchema, ID: c.ID, Program: c.Program, Command: c.Command,
		Started: time.Now().UTC(), Parts: c.Parts, Shared: c.Shared, Keys: slices.Compact(slices.Sorted(slices.Values(c.Keys))),
	}
	for _, key := range c.Keys {
		s.named[key] = true
	}
	s.run, s.stop = context.WithCancel(ctx)
	if err := s.begin(s.run); err != nil {
		s.stop()
		return nil, err
	}
	s.beat.Go(s.heartbeat)
	return s, nil
}

// begin writes the manifest, once it is known that all can be removed again.
func (s *Sandbox) begin(ctx context.Context) error {
	known, err := s.findVersions(ctx, "")
	if err == nil && known {
		err = s.mayRemoveVersions(ctx, s.Prefix())
	}
	if err != nil {
		return s.refused(err)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.mayOverwrite(ctx); err != nil {
		return fmt.Errorf("begin a run at %s: %w", s.Place(), err)
	}
	err = world.Insist(ctx, patience, "write its manifest", func(ctx context.Context) error { return s.write(ctx) })
	if err != nil {
		failed := fmt.Errorf("begin a run at %s: %w", s.Place(), err)
		if len(s.unsettled) > 0 || archive.MayBeApplied(err) { // by an earlier try
			return errors.Join(failed, s.clean(ctx))
		}
		return failed
	}
	if known || s.Inventory == nil {
		return nil
	}
	if _, err = s.findVersions(ctx, s.Prefix()+manifestName); err == nil && s.versions {
		err = s.mayRemoveVersions(ctx, s.Prefix())
	}
	if err != nil {
		return errors.Join(s.refused(err), s.clean(ctx))
	}
	return nil
}

// mayOverwrite looks, for a manifest that is written without conditions, that nothing is there.
func (s *Sandbox) mayOverwrite(ctx context.Context) error {
	if !s.Unconditional {
		return nil
	}
	key := s.Prefix() + manifestName
	err := world.Insist(ctx, patience, "look for "+key, func(ctx context.Context) error {
		if err := s.take(); err != nil {
			return err
		}
		_, _, err := s.Get(ctx, key)
		return err
	})
	switch {
	case errors.Is(err, archive.ErrNotFound):
		return nil
	case err == nil:
		return fmt.Errorf("%s is there already, and is somebody else's", key)
	}
	return err
}

// Check reports whether another way to the store leads to this one: through it the manifest is
// to be found, by then or in a few seconds.
func (s *Sandbox) Check(ctx context.Context, way archive.Store) error {
	for t := newTries(); ; {
		if err := s.take(); err != nil {
			return err
		}
		_, err := readManifest(ctx, way, s.ID)
		late := err
		if errors.Is(err, archive.ErrNotFound) { // a store may show a write late
			late = errors.Join(err, archive.ErrUnavailable)
		}
		switch {
		case err == nil || errors.Is(err, errNotOurs): // which is there, however it is garbled
			return nil
		case t.again(ctx, late):
		case errors.Is(err, archive.ErrNotFound):
			return fmt.Errorf("what was written at %s is not there: it leads to another store", s.Place())
		default:
			return err
		}
	}
}

func (s *Sandbox) refused(err error) error {
	return fmt.Errorf("begin a run at %s: what it writes could not be removed again: %w", s.Place(), err)
}

// Prefix is the sandbox's, below that of the store.
func (s *Sandbox) Prefix() string { return prefixOf(s.ID) }

// Place is where the sandbox is, for messages.
func (s *Sandbox) Place() string { return place(s.Where, s.ID) }

func prefixOf(id string) string { return "simulate-" + id + "/" }

func place(where, id string) string { return strings.TrimSuffix(where, "/") + "/" + prefixOf(id) }

// Part is the store of the n-th part, from 1. It is an [archive.Lister] if what it
// is reached through is one.
func (s *Sandbox) Part(n int) archive.Store {
	if s.Through != nil {
		return s.PartThrough(n, s.Through)
	}
	return s.PartThrough(n, s.Store)
}

// PartThrough is [Sandbox.Part] as it is reached through another way to the whole store.
func (s *Sandbox) PartThrough(n int, way archive.Store) archive.Store {
	p := &part{Store: way, box: s, number: n, dir: s.PartPrefix(n)}
	if lister, ok := way.(archive.Lister); ok {
		return listing{p, lister}
	}
	return p
}

// PartPrefix is what stands before the keys of the n-th part, below the prefix of the store.
func (s *Sandbox) PartPrefix(n int) string { return s.Prefix() + partName(n) }

// Claim is for who writes a key of the n-th part by other means than its store: so it will be
// removed. It must come before the write.
func (s *Sandbox) Claim(n int, key string) error {
	p := &part{box: s, number: n, dir: s.PartPrefix(n)}
	return p.write(key)
}

func partName(n int) string { return fmt.Sprintf("r%05d/", n) }

// end tells why nothing more can be written.
func (s *Sandbox) end(err error) error {
	s.once.Do(func() {
		if s.Ended != nil {
			s.Ended(err)
		}
	})
	return err
}

// claim has the manifest name a key of a part before it is written. What was asked of it
// while it was being written is named by the next write, all at once.
func (s *Sandbox) claim(p *part, key string) error {
	if p.number < 1 || p.number > s.Parts {
		return fmt.Errorf("write %s%s: %w: the sandbox has %d parts", p.dir, key, archive.ErrInvalid, s.Parts)
	}
	s.mu.Lock()
	named := s.named[key]
	if !named {
		s.wanted[key] = true
	}
	s.made[partName(p.number)+key] = true
	begun := s.attempts
	s.mu.Unlock()
	if named {
		return nil
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	named = s.named[key]
	batch := slices.Collect(maps.Keys(s.wanted))
	tried := s.attempts > begun && s.attempt != nil // it was to name this key too
	failed := s.attempt
	if !named && !tried {
		s.attempts++
	}
	s.mu.Unlock()
	switch {
	case named:
		return nil
	case tried:
		return fmt.Errorf("write %s%s: %w", p.dir, key, failed)
	}
	before := s.manifest.Keys
	s.manifest.Keys = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(before), batch...))))
	err := s.write(s.run)
	s.mu.Lock()
	s.attempt = err
	s.mu.Unlock()
	if err != nil {
		if !s.Shared { // where others have added some meanwhile; and to name too many does no harm
			s.manifest.Keys = before
		}
		return fmt.Errorf("write %s%s: %w", p.dir, key, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range batch {
		s.named[key] = true
		delete(s.wanted, key)
	}
	return nil
}

// heartbeat shows whoever finds the manifest that the run goes on.
func (s *Sandbox) heartbeat() {
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-s.run.Done():
			return
		}
		s.writing.Lock()
		beat := s.write
		if s.Shared {
			beat = s.beatShared
		}
		_ = beat(s.run) // the next one may succeed, or it is told why not
		s.writing.Unlock()
	}
}

// Close removes what the run has written, also when the context of [Open] has ended: all
// versions of it, and the manifest last. It takes no longer than it tells
// [Config.Cleaning], and a few seconds to look what there is. What it could not remove is a
// [LeftError].
func (s *Sandbox) Close(ctx context.Context) error {
	s.stop()
	s.beat.Wait()
	return s.clean(ctx)
}

func (s *Sandbox) clean(ctx context.Context) error {
	s.mu.Lock()
	made := maps.Clone(s.made)
	s.mu.Unlock()
	r := &remover{bucket: s.bucket, id: s.ID, where: s.Where, told: s.Cleaning, ours: func(key string) bool { return made[key] }}
	r.spend = nil
	for _, key := range slices.Sorted(maps.Keys(made)) {
		r.known = append(r.known, s3store.Entry{Key: s.Prefix() + key})
	}
	ctx = context.WithoutCancel(ctx)
	if err := r.versionsByNow(ctx); err != nil {
		return err
	}
	_, err := r.remove(ctx)
	return err
}

// patience is the time of the sandbox's own calls.
var patience = world.NewReal(archive.WallClock{}, nil, nil)

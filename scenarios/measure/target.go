package measure

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
	"holdfast/scenarios"
	"holdfast/scenarios/network"
	"holdfast/scenarios/world"
)

// Target is the store of the real world. Its zero value is the embedded S3.
type Target struct {
	Store     string            `json:"store,omitempty"`      // empty or "fake": the embedded S3; else s3://bucket/prefix
	Endpoint  string            `json:"endpoint,omitempty"`   // of s3: URL of a server other than AWS; empty: AWS
	PathStyle s3store.PathStyle `json:"path_style,omitempty"` // of s3
	// ID tells the keys of the run from those of others: they are below simulate-ID/.
	// Empty: one that nobody else has.
	ID string `json:"id,omitempty"`
}

// Embedded is the name of the embedded S3.
const Embedded = "fake"

// Name is what results call the store.
func (t Target) Name() string { return cmp.Or(t.Store, Embedded) }

// TargetError is a store that could not be opened, or left as it was.
type TargetError struct{ err error }

func (e *TargetError) Error() string { return e.err.Error() }
func (e *TargetError) Unwrap() error { return e.err }

// Validate reports what is wrong with the target without asking the store.
func (t Target) Validate() error {
	_, err := t.kind()
	return err
}

// opened is the store that a run plays against, and how to leave it as it was.
type opened struct {
	backing
	name    string             // as results state it
	prefix  string             // of the run's keys
	network *network.Transport // what befalls the requests; nil: nothing

	mu   sync.Mutex
	made map[string]bool // keys that the run may have written, below the prefix
}

// cleanupTimeout bounds the deletion of the keys that a run made.
const cleanupTimeout = time.Minute

// open starts the embedded S3 or connects to the store that was asked for, under a
// prefix that no other run uses. Ended is told why the run can't go on.
func (t Target) open(ctx context.Context, run *scenarios.Run, ended func(error)) (*opened, error) {
	o := &opened{name: t.Name()}
	if err := o.connect(ctx, t, run, ended); err != nil {
		return nil, &TargetError{err}
	}
	return o, nil
}

func (o *opened) connect(ctx context.Context, t Target, run *scenarios.Run, ended func(error)) error {
	kind, err := t.kind()
	if err != nil {
		return err
	}
	vigil := network.NewVigil(network.OutageAfter, func(gone *network.OutageError) { ended(gone) })
	w := wire{timeout: run.RequestTimeout(), through: vigil.Over}
	if run.Scenario.Latency != nil || len(run.Scenario.Faults) > 0 {
		w.through = func(base http.RoundTripper) http.RoundTripper {
			o.network = network.NewTransport(vigil.Over(base), run.AddedLatency(), run.TransportStream())
			if limit := run.Scenario.Throttle(); limit.Kind != "" {
				o.network.Limit(limit.Throttle)
			}
			return o.network
		}
	}
	if o.backing, err = kind.open(ctx, t, w); err != nil || kind.ours {
		return err
	}
	if err := checkStore(ctx, o.backing); err != nil {
		return errors.Join(err, o.backing.Close())
	}
	o.prefix, o.made = "simulate-"+cmp.Or(t.ID, NewID())+"/", map[string]bool{}
	return nil
}

// NewID is short, unique among runs of one second, and safe in a key.
func NewID() string {
	var b [5]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// checkStore asks again while the store is only too busy to answer. One that can't be
// reached is mostly a wrong address, and nobody wants to wait to be told so.
func checkStore(ctx context.Context, store backing) error {
	var refused error
	err := world.Insist(ctx, patience, "connect", func(ctx context.Context) error {
		if refused = store.Check(ctx); errors.Is(refused, archive.ErrThrottled) {
			return refused
		}
		return nil
	})
	return cmp.Or(err, refused)
}

// patience is the time of the calls that are made around a run.
var patience = world.NewReal(archive.WallClock{}, nil, nil)

// world returns a world with an empty store for the n-th repetition of the run.
func (o *opened) world(n int) world.World {
	return world.NewReal(archive.WallClock{}, o.repetition(n), o.settle)
}

// settle waits for the writes whose clients have given up.
func (o *opened) settle() {
	if o.network != nil {
		o.network.Wait()
	}
}

func (o *opened) repetition(n int) archive.Store {
	sub := fmt.Sprintf("r%05d/", n)
	store := o.at(o.prefix + sub)
	if o.made == nil {
		return store
	}
	tracking := &tracked{Store: store, prefix: sub, target: o}
	if lister, ok := store.(archive.Lister); ok {
		return trackedLister{tracking, lister}
	}
	return tracking
}

// tracked remembers every key before it is written, so that also a write whose
// answer never came is cleaned up.
type tracked struct {
	archive.Store
	prefix string
	target *opened
}

func (s *tracked) Put(ctx context.Context, key string, body []byte, cond archive.Condition) (string, error) {
	s.target.mu.Lock()
	s.target.made[s.prefix+key] = true
	s.target.mu.Unlock()
	return s.Store.Put(ctx, key, body, cond)
}

// trackedLister is one that can list.
type trackedLister struct {
	*tracked
	archive.Lister
}

// close is [opened.leave]; its error is a [TargetError].
func (o *opened) close(ctx context.Context) error {
	if err := o.leave(ctx); err != nil {
		return &TargetError{err}
	}
	return nil
}

// leave deletes exactly the keys that the run made, also when ctx has ended, and closes
// the store.
func (o *opened) leave(ctx context.Context) error {
	if o.network != nil {
		if err := o.network.Close(); err != nil {
			return errors.Join(err, o.backing.Close())
		}
	}
	return errors.Join(o.clean(ctx), o.backing.Close())
}

func (o *opened) clean(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	store := o.at(o.prefix)
	var failed []string
	var last error
	for _, key := range slices.Sorted(maps.Keys(o.made)) {
		if _, gone := errors.AsType[*network.OutageError](last); gone {
			failed = append(failed, key) // it would be as long in vain
			continue
		}
		err := world.Insist(ctx, patience, "delete "+key, func(ctx context.Context) error {
			err := store.Delete(ctx, key, archive.Condition{})
			if errors.Is(err, archive.ErrNotFound) {
				return nil
			}
			return err
		})
		if err != nil {
			failed, last = append(failed, key), err
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of the %d objects that the run made under %s/%s could not be deleted (%s …): %w",
			len(failed), len(o.made), strings.TrimSuffix(o.name, "/"), o.prefix, failed[0], last)
	}
	return nil
}

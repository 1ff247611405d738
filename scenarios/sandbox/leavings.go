package sandbox

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"holdfast/archive"
	"holdfast/archive/s3store"
)

// Dead is how old a manifest is whose run has ended without cleaning up: it is written
// anew every ten seconds.
const Dead = time.Minute

// Leaving is the sandbox of a run that has not cleaned up, or not yet.
type Leaving struct {
	ID    string
	Place string // its exact prefix
	// Manifest is nil if there is none that can be relied on, and Why says so: then
	// nothing tells whose the objects are, and all are Foreign.
	Manifest *Manifest
	Why      string
	// Objects of the run, or versions and delete markers of them, the manifest's included.
	Objects int
	Bytes   int64
	// Foreign are objects beside them that the run has not written: they stay.
	Foreign int
	// Age of the manifest, by the store's clock if it tells the time, else by this
	// machine's and that of the run's.
	Age time.Duration
}

// Running reports whether the run seems to go on.
func (l *Leaving) Running() bool { return l.Manifest != nil && l.Age < Dead }

var idForm = regexp.MustCompile(`^simulate-([0-9a-f]{10})/$`)

// ErrNoInventory says that a store can't tell which runs have left something in it.
var ErrNoInventory = errors.New("the store can't list what it holds: name the runs")

// Find finds the sandboxes in a store; of runs that are named, theirs alone. It asks for
// nothing but what is below simulate-ID/, and writes nothing.
func Find(ctx context.Context, store archive.Store, where string, ids ...string) ([]Leaving, error) {
	b := bucket{Store: store}
	b.Inventory, _ = store.(Inventory)
	if _, err := b.findVersions(ctx, ""); err != nil {
		return nil, err
	}
	var now time.Time
	switch {
	case b.Inventory != nil:
		folders, at, err := b.folders(ctx)
		if err != nil {
			return nil, err
		}
		now = at
		ids = theirs(folders, ids)
	case len(ids) == 0:
		return nil, ErrNoInventory
	}
	var found []Leaving
	for _, id := range ids {
		l, err := b.look(ctx, where, id, now)
		if err != nil {
			return nil, fmt.Errorf("look what is below %s: %w", place(where, id), err)
		}
		if l.Manifest != nil || l.Foreign > 0 {
			found = append(found, *l)
		}
	}
	return found, nil
}

// folders are those whose names begin as a sandbox's does. Where a server makes none of them,
// or some that there are not (gofakes3 on files has simulate-/simulate-ID/), what is in them is
// listed.
func (b *bucket) folders(ctx context.Context) (folders []string, at time.Time, err error) {
	folders, at, err = b.Folders(ctx, "simulate-", b.versions)
	strange := slices.ContainsFunc(folders, func(f string) bool { return strings.IndexByte(f, '/') != len(f)-1 })
	if err != nil || len(folders) > 0 && !strange {
		return folders, at, err
	}
	folders = nil
	for e, err := range b.Entries(ctx, "simulate-", b.versions) {
		if err != nil {
			return nil, at, err
		}
		if folder, _, ok := strings.Cut(e.Key, "/"); ok && !slices.Contains(folders, folder+"/") {
			folders = append(folders, folder+"/")
		}
	}
	return folders, at, nil
}

// theirs are the ids that folders name, of those that are wanted; none: of all.
func theirs(folders, wanted []string) []string {
	var ids []string
	for _, folder := range folders {
		if m := idForm.FindStringSubmatch(folder); m != nil && (len(wanted) == 0 || slices.Contains(wanted, m[1])) {
			ids = append(ids, m[1])
		}
	}
	return ids
}

// look counts what a run has left.
func (b *bucket) look(ctx context.Context, where, id string, now time.Time) (*Leaving, error) {
	l := &Leaving{ID: id, Place: place(where, id)}
	m, err := readManifest(ctx, b.Store, id)
	switch {
	case err == nil:
		l.Manifest = m
		l.Age = time.Since(m.Alive)
	case errors.Is(err, archive.ErrNotFound):
		l.Why = "there is no manifest"
	case errors.Is(err, errNotOurs):
		l.Why = err.Error()
	default:
		return nil, err
	}
	if b.Inventory == nil {
		return l, nil
	}
	prefix, newest := prefixOf(id), time.Time{}
	err = list(ctx, *b, prefix, func(e s3store.Entry) {
		key := strings.TrimPrefix(e.Key, prefix)
		if l.Manifest == nil || !l.Manifest.names(key) {
			l.Foreign++
			return
		}
		l.Objects++
		l.Bytes += e.Bytes
		if key == manifestName && e.Modified.After(newest) {
			newest = e.Modified
		}
	})
	if !now.IsZero() && !newest.IsZero() {
		l.Age = max(now.Sub(newest), 0) // a store may tell the time in whole seconds
	}
	return l, err
}

// Remove removes what a run has left, and nothing beside it. Told, which may be nil, is
// [Config.Cleaning].
func (l *Leaving) Remove(ctx context.Context, store archive.Store, where string, told func(where string, objects int, within time.Duration)) (Removed, error) {
	if l.Manifest == nil {
		return Removed{}, fmt.Errorf("%s: %s: nothing tells which of the objects are a run's", l.Place, l.Why)
	}
	r := &remover{bucket: bucket{Store: store}, id: l.ID, where: where, ours: l.Manifest.names, told: told}
	r.Inventory, _ = store.(Inventory)
	known, err := r.findVersions(ctx, "")
	if err == nil && !known {
		_, err = r.findVersions(ctx, prefixOf(l.ID)+manifestName)
	}
	if err != nil {
		return Removed{}, r.left(err, "nothing was deleted")
	}
	if r.Inventory == nil {
		for n := range l.Manifest.Parts {
			for _, key := range l.Manifest.Keys {
				r.known = append(r.known, s3store.Entry{Key: prefixOf(l.ID) + partName(n+1) + key})
			}
		}
	}
	return r.remove(ctx)
}

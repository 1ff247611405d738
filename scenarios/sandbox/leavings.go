package sandbox

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
	// Err is why it could not be looked at; nil: it was.
	Err error
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
// nothing but what is below simulate-ID/, and writes nothing. One that can't be looked at is
// no reason not to find the others: [Leaving.Err].
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
		l := b.look(ctx, where, id, now)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("look what is below %s: %w", l.Place, ctx.Err())
		}
		if l.Manifest != nil || l.Foreign > 0 || l.Err != nil {
			found = append(found, *l)
		}
	}
	return found, nil
}

// folders are those whose names begin as a sandbox's does. Where a server makes none of them,
// or some that there are not (gofakes3 on files has simulate-/simulate-ID/), what is in them is
// listed.
func (b *bucket) folders(ctx context.Context) (folders []string, at time.Time, err error) {
	const all = "simulate-"
	strange := false
	err = through(ctx, all, b.Folders(ctx, all, b.versions), func(f s3store.Folder) string { return f.Name }, func(f s3store.Folder) {
		folders, at = append(folders, f.Name), f.At
		strange = strange || strings.IndexByte(f.Name, '/') != len(f.Name)-1
	})
	if err != nil || len(folders) > 0 && !strange {
		return folders, at, err
	}
	seen := map[string]bool{}
	err = b.list(ctx, all, func(e s3store.Entry) {
		if folder, _, ok := strings.Cut(e.Key, "/"); ok {
			seen[folder] = true
		}
	})
	folders = nil
	for _, folder := range slices.Sorted(maps.Keys(seen)) {
		folders = append(folders, folder+"/")
	}
	return folders, at, err
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
func (b *bucket) look(ctx context.Context, where, id string, now time.Time) *Leaving {
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
		return l.unseen(err)
	}
	if b.Inventory == nil {
		return l
	}
	prefix, newest := prefixOf(id), time.Time{}
	err = b.list(ctx, prefix, func(e s3store.Entry) {
		key, _ := strings.CutPrefix(e.Key, prefix)
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
	if err != nil && !errors.Is(err, s3store.ErrNoMarker) { // then there are more than are counted
		return l.unseen(err)
	}
	if !now.IsZero() && !newest.IsZero() {
		l.Age = max(now.Sub(newest), 0) // a store may tell the time in whole seconds
	}
	return l
}

// unseen is one that could not be looked at.
func (l *Leaving) unseen(err error) *Leaving {
	return &Leaving{ID: l.ID, Place: l.Place, Err: err, Why: "it could not be looked at: " + err.Error()}
}

// Remove removes what a run has left, and nothing beside it. Told, which may be nil, is
// [Config.Cleaning].
func (l *Leaving) Remove(ctx context.Context, store archive.Store, where string, told func(where string, objects int, within time.Duration)) (Removed, error) {
	if l.Manifest == nil {
		return Removed{}, fmt.Errorf("%s: %s: nothing tells which of the objects are a run's", l.Place, l.Why)
	}
	r := &remover{bucket: bucket{Store: store}, id: l.ID, where: where, told: told}
	// It may have been a while since it was found.
	m, err := readManifest(ctx, store, l.ID)
	switch {
	case errors.Is(err, archive.ErrNotFound):
		return Removed{}, fmt.Errorf("%s: its manifest is gone by now: nothing was deleted", l.Place)
	case err != nil:
		return Removed{}, r.left(err, "nothing was deleted")
	case l.Age >= Dead && !m.Alive.Equal(l.Manifest.Alive):
		return Removed{}, fmt.Errorf("%s: its manifest was written anew meanwhile, so it is running: nothing was deleted", l.Place)
	}
	r.ours = m.names
	r.Inventory, _ = store.(Inventory)
	if err := r.versionsByNow(ctx); err != nil {
		return Removed{}, err
	}
	if r.Inventory == nil {
		for n := range m.Parts {
			for _, key := range m.Keys {
				r.known = append(r.known, s3store.Entry{Key: prefixOf(l.ID) + partName(n+1) + key})
			}
		}
	}
	return r.remove(ctx)
}
